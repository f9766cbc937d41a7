using System.Management.Automation;
using TcpShell.Live;

namespace TcpShell.Errors;

// Errors of interfaces and of the operating system's connections.
internal static partial class ErrorRecords
{
    /// <summary>An interface cannot be made or used.</summary>
    public static ErrorRecord InterfaceRefused(LiveException refused, string name)
    {
        (string id, ErrorCategory category, string advice) = refused.Problem switch
        {
            LiveProblem.PermissionDenied => ("PermissionDenied", ErrorCategory.PermissionDenied, "Run PowerShell as root, or give it the capability CAP_NET_ADMIN. docs/permissions.md tells how, and what works without."),
            LiveProblem.NotSupported => ("InterfaceNotSupported", ErrorCategory.NotImplemented, "TUN devices take Linux and its module tun (modprobe tun), -Device an Ethernet device: Get-TcpDevice lists them. A lab (New-TcpNetwork) works everywhere."),
            LiveProblem.InUse => ("InterfaceInUse", ErrorCategory.ResourceExists, "Choose another name: 'ip link' lists those that are taken, Get-TcpInterface those of this session."),
            LiveProblem.AddressInUse => ("AddressInUse", ErrorCategory.ResourceExists, "Take an address of that network that nobody has."),
            LiveProblem.NotPossible => ("InterfaceNotPossible", ErrorCategory.InvalidArgument, "-Tun takes a name such as tcpsh0, and addresses such as 10.77.0.2/24 of a network that this machine does not use; -Device an Ethernet device of Get-TcpDevice, and free addresses of its network."),
            LiveProblem.Gone => ("InterfaceGone", ErrorCategory.ResourceUnavailable, "Somebody has removed it. New-TcpInterface makes it again."),
            _ => ("InterfaceFailed", ErrorCategory.NotSpecified, "Look at the message, and at what the system has logged."),
        };
        return Create(refused, id, category, name, advice);
    }

    /// <summary>A name of a host says nothing to anybody.</summary>
    public static ErrorRecord TargetNotFound(string target) => Create(
        new ItemNotFoundException($"'{target}' is neither an address nor the name of a host."),
        "TargetNotFound",
        ErrorCategory.ObjectNotFound,
        target,
        "Write an address, or a host of the network (its Hosts property). Names that the system resolves take -System.");

    /// <summary>The operating system did not even ask.</summary>
    public static ErrorRecord ProbeRefused(System.Net.Sockets.SocketException refused, Wire.Endpoint target) => Create(
        new InvalidOperationException($"{target} was not asked: {refused.Message}.", refused),
        "ProbeRefused",
        ErrorCategory.ConnectionError,
        target,
        "Look at the routes and the rules of this system for that address (ip route get, firewall).");

    /// <summary>A target has no port, and there is no -Port.</summary>
    public static ErrorRecord PortMissing(string target) => Create(
        new ArgumentException($"'{target}' has no port."),
        "PortMissing",
        ErrorCategory.InvalidArgument,
        target,
        $"Write the port behind it, or ports for all targets: -Target {target} -Port 80, 443.");

    /// <summary>No interface of this session has that name.</summary>
    public static ErrorRecord InterfaceNotFound(string name) => Create(
        new ItemNotFoundException($"This session has made no interface '{name}'."),
        "InterfaceNotFound",
        ErrorCategory.ObjectNotFound,
        name,
        "Get-TcpInterface lists those that it has made. Interfaces that other programs have made are left alone.");
}
