using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live;
using TcpShell.Live.Devices;
using TcpShell.Live.Tun;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Puts a TCP of this module's own on a real link, as a host beside the kernel's.</summary>
/// <remarks>
/// <para>The host has addresses that nobody else has, so the kernel's TCP does not interfere. With -Tun the kernel gets an interface whose other end is this host: what the kernel routes there arrives here (Linux, with the right to administer networks). With -Device it is on the network that the device is connected to, with an Ethernet address of its own, and answers ARP and neighbour discovery for its addresses; an address that somebody answers for, or that this machine has itself, is refused. A host of the link, or a gateway, that answers none of three questions, a second apart, is unreachable; connections to it learn that as from an ICMP error. Several hosts on one device have names of their own: eth0, eth0-2. That takes libpcap and the right to capture (docs/permissions.md).</para>
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
/// <example>
/// <para>A host of its own on the local network</para>
/// <code>New-TcpInterface -Device eth0 -Address 192.0.2.200/24 -Gateway 192.0.2.1 -WhatIf</code>
/// <para>Other machines can talk to it, and through the gateway it can talk to the world. The kernel of the same machine cannot.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpInterface", SupportsShouldProcess = true, DefaultParameterSetName = TunSet)]
[OutputType(typeof(LiveNetwork))]
public sealed class NewTcpInterfaceCommand : TcpCmdlet
{
    private const string TunSet = "Tun";
    private const string DeviceSet = "Device";

    /// <summary>The name of the TUN interface that the kernel gets, at most 15 characters.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = TunSet)]
    public string Tun { get; set; } = null!;

    /// <summary>The network device: a name of Get-TcpDevice.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DeviceSet)]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = null!;

    /// <summary>The host's addresses with the lengths of their networks' prefixes: 10.77.0.2/24, fd00:77::2/64.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public AddressPrefix[] Address { get; set; } = null!;

    /// <summary>The routers to everywhere else, one for each version of IP at most. By default those of the device that are in the host's networks.</summary>
    [Parameter(ParameterSetName = DeviceSet)]
    public IpAddress[]? Gateway { get; set; }

    /// <summary>The host's Ethernet address. Not a group's. By default one that no card has, made of the first address; wireless networks mostly take only the device's own.</summary>
    [Parameter(ParameterSetName = DeviceSet)]
    public MacAddress? MacAddress { get; set; }

    /// <summary>The kernel's own addresses on the interface; each of the host's has to be in the network of one of them. By default the first other address of each network: 10.77.0.1 for 10.77.0.2/24.</summary>
    [Parameter(ParameterSetName = TunSet)]
    public AddressPrefix[]? KernelAddress { get; set; }

    /// <summary>The largest IP packet, in octets: 68 to 65535, with IPv6 at least 1280.</summary>
    [Parameter(ParameterSetName = TunSet)]
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
        string name = ParameterSetName == TunSet ? Tun : Device;
        if (!ShouldProcess(name, $"Make an interface for a host with {string.Join(", ", Address)}"))
        {
            return;
        }

        try
        {
            IPacketDevice device = ParameterSetName == TunSet ? OpenTun() : OpenDevice();
            var network = new LiveNetwork(device, Address, settings, Seed, FreeName(device.Name));
            Lab.Enter(network);
            WriteObject(network);
        }
        catch (LiveException refused)
        {
            ThrowTerminatingError(ErrorRecords.InterfaceRefused(refused, name));
        }
        catch (CaptureException failed)
        {
            ThrowTerminatingError(ErrorRecords.DeviceFailed(failed, name));
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private TunDevice OpenTun()
    {
        IReadOnlyList<AddressPrefix> kernel = KernelAddress ?? TunDevice.KernelAddressesFor(Address);
        TunDevice.CheckHost(Address, kernel);
        return TunDevice.Open(Tun, kernel, Mtu);
    }

    /// <summary>Several hosts on one device are told apart: eth0, eth0-2, eth0-3.</summary>
    private static string FreeName(string name)
    {
        string[] taken = [.. Lab.Interfaces.Select(own => own.Name)];
        return Enumerable.Range(1, taken.Length + 1).Select(number => number == 1 ? name : $"{name}-{number}").First(candidate => !taken.Contains(candidate));
    }

    private IPacketDevice OpenDevice()
    {
        NetworkDevice device = CaptureBackend.Find(Device);
        IpAddress[] gateways = Gateway ?? [.. device.Gateways.Where(gateway => Address.Any(prefix => prefix.Contains(gateway))).DistinctBy(gateway => gateway.IsIPv6)];
        return CaptureBackend.OpenHost(device, Address, gateways, MacAddress, CancelToken);
    }
}
