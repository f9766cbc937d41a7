using System.Management.Automation;
using TcpShell.Live.Devices;
using TcpShell.Tracing;

namespace TcpShell.Errors;

// Errors of devices: of capturing, watching and injecting on real interfaces.
internal static partial class ErrorRecords
{
    /// <summary>A device cannot be used, for whatever reason.</summary>
    /// <param name="failed">Why.</param>
    /// <param name="target">The user's word for the device, or what was to go there.</param>
    /// <param name="filter">The user's filter, if there was one.</param>
    public static ErrorRecord DeviceFailed(CaptureException failed, object? target, string? filter = null)
    {
        (string id, ErrorCategory category, string advice) = failed.Error switch
        {
            CaptureError.BackendMissing => ("CaptureBackendMissing", ErrorCategory.NotInstalled, "Everything that needs no interface works without it: labs, capture files, scripts. docs/permissions.md tells what to install."),
            CaptureError.PermissionDenied => ("PermissionDenied", ErrorCategory.PermissionDenied, PermissionAdvice),
            CaptureError.DeviceNotFound => ("DeviceNotFound", ErrorCategory.ObjectNotFound, "Get-TcpDevice lists the devices that there are."),
            CaptureError.FilterNotUnderstood => ("FilterNotUnderstood", ErrorCategory.ParserError, "Write it in libpcap's language, as for tcpdump: 'tcp port 443', 'host 10.0.0.2 and not port 22' (man pcap-filter). Get-TcpDevice tells the kind of device."),
            CaptureError.NeighborNotFound => ("NeighborNotFound", ErrorCategory.ObjectNotFound, "Look at the address, or say where the frame shall go: -DestinationMac, ff:ff:ff:ff:ff:ff for everybody."),
            CaptureError.DeviceUnsuitable => ("DeviceUnsuitable", ErrorCategory.InvalidArgument, "Get-TcpDevice lists the devices, with their Ethernet addresses where they have one."),
            _ => ("DeviceFailed", ErrorCategory.DeviceError, "Get-TcpDevice shows whether it is there and up."),
        };
        return Create(failed, id, category, failed.Error == CaptureError.FilterNotUnderstood ? filter ?? target : target, advice);
    }

    /// <summary>A segment cannot be given to PacketDotNet.</summary>
    public static ErrorRecord SegmentNotConvertible(SegmentRecord segment, string problem) => Create(
        new InvalidDataException($"Segment {segment.Number} cannot be given to PacketDotNet: {problem}"),
        "SegmentNotConvertible",
        ErrorCategory.InvalidData,
        segment,
        "Dissect() and TcpOptions of the segment itself show what is in it, damaged or not.");

    /// <summary>A field of a segment was given beside a packet that is sent as it is.</summary>
    public static ErrorRecord FieldOfWholePacket(string parameter) => Create(
        new ArgumentException($"-{parameter} cannot change a packet that is sent as it is (-Packet)."),
        "FieldOfWholePacket",
        ErrorCategory.InvalidArgument,
        parameter,
        "Change the packet before: ConvertTo-PacketDotNet gives one that can be changed. Or make the segment with -From and -To.");

    private static string PermissionAdvice => OperatingSystem.IsWindows()
        ? "Run PowerShell as administrator, or install Npcap without the restriction to administrators (docs/permissions.md)."
        : OperatingSystem.IsMacOS()
            ? "Run PowerShell with sudo, or give yourself access to /dev/bpf* (docs/permissions.md)."
            : "Run PowerShell as root, or give pwsh the right once: sudo setcap cap_net_raw,cap_net_admin=eip \"$(readlink -f \"$(command -v pwsh)\")\" (docs/permissions.md).";
}
