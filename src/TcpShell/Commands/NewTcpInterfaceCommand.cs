using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Live;
using TcpShell.Live.Tun;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Puts a TCP of this module's own on a real link, as a host beside the kernel's.</summary>
/// <remarks>
/// <para>The host has addresses that nobody else has, so the kernel's TCP does not interfere. With -Tun the kernel gets an interface whose other end is this host: what the kernel routes there arrives here (Linux, with the right to administer networks).</para>
/// <para>The interface becomes the session's current network, and the cmdlets for connections, listeners, segments and impairments do in it what they do in a lab; only that time passes by itself. It lasts until Remove-TcpInterface, or until the session or the module ends. The trace keeps the last 64 MiB of packets (Trace.Limit).</para>
/// </remarks>
/// <example>
/// <para>A page from a server of the machine itself</para>
/// <code>$if = New-TcpInterface -Tun tcpsh0 -Address 10.77.0.2/24 -WhatIf
/// if ($if) { New-TcpConnection 10.77.0.1:80 -Interface $if | Send-TcpData "GET / HTTP/1.0`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText }</code>
/// <para>Without -WhatIf the interface is made. 10.77.0.1 is then the kernel's own address on it.</para>
/// </example>
/// <example>
/// <para>A server on IPv4 and IPv6</para>
/// <code>New-TcpInterface -Tun tcpsh0 -Address 10.77.0.2/24, fd00:77::2/64 -WhatIf
/// New-TcpListener 7 -Application Echo -WhatIf</code>
/// <para>Any program of the machine can talk to it: ncat 10.77.0.2 7.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpInterface", SupportsShouldProcess = true)]
[OutputType(typeof(LiveNetwork))]
public sealed class NewTcpInterfaceCommand : TcpCmdlet
{
    /// <summary>The name of the TUN interface that the kernel gets, at most 15 characters.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Tun { get; set; } = null!;

    /// <summary>The host's addresses with the lengths of their networks' prefixes: 10.77.0.2/24, fd00:77::2/64.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public AddressPrefix[] Address { get; set; } = null!;

    /// <summary>The kernel's own addresses on the interface. By default the first other address of each network: 10.77.0.1 for 10.77.0.2/24.</summary>
    [Parameter]
    public AddressPrefix[]? KernelAddress { get; set; }

    /// <summary>The largest IP packet, in octets: 68 to 65535, with IPv6 at least 1280.</summary>
    [Parameter]
    public int Mtu { get; set; } = 1500;

    /// <summary>Where the settings of the host's connections come from: linux or rfc.</summary>
    [Parameter]
    [ValidateSet("linux", "rfc")]
    public string Profile { get; set; } = "linux";

    /// <summary>Settings that differ from the profile, by name.</summary>
    [Parameter]
    public IDictionary? Option { get; set; }

    /// <summary>Where the randomness of impairments comes from.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        TcpSettings settings = Settings.From(this, Profile, Option);
        AddressPrefix[] kernel = KernelAddress ?? [.. Address.Where(prefix => prefix.Neighbour() is not null).Select(prefix => prefix with { Address = prefix.Neighbour()!.Value })];
        if (!ShouldProcess(Tun, $"Make an interface for a host with {string.Join(", ", Address)}"))
        {
            return;
        }

        try
        {
            if (Address.FirstOrDefault(prefix => !prefix.Address.IsUnicast) is { Length: > 0 } wrong)
            {
                throw new LiveException(LiveProblem.NotPossible, $"{wrong} is no address that a host can have.");
            }

            var network = new LiveNetwork(TunDevice.Open(Tun, kernel, Mtu), Address, settings, Seed);
            Lab.Enter(network);
            WriteObject(network);
        }
        catch (LiveException refused)
        {
            ThrowTerminatingError(ErrorRecords.InterfaceRefused(refused, Tun));
        }
    }
}
