using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Simulation;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Makes a simulated network in virtual time, with a client and a server.</summary>
/// <remarks>
/// <para>The network has the hosts client (10.0.0.1) and server (10.0.0.2, with an echo service on port 80), unless -Empty is given. Any two hosts are joined by a link.</para>
/// <para>It becomes the session's current network: the one that other cmdlets mean when no -Network is named. Time in it moves only when a cmdlet moves it. The same seed and the same commands give the same packets, octet for octet.</para>
/// </remarks>
/// <example>
/// <para>A slow link with a fixed seed</para>
/// <code>$net = New-TcpNetwork -Latency 100ms -Bandwidth 1mbit -Seed 7
/// New-TcpConnection -Network $net</code>
/// <para>The round-trip time is twice the latency, and a little more for the link's speed.</para>
/// </example>
/// <example>
/// <para>A network of one's own</para>
/// <code>$net = New-TcpNetwork -Empty
/// $net | New-TcpHost a, b
/// New-TcpListener -HostName b -Port 7
/// New-TcpConnection b:7 -From a</code>
/// <para>Hosts get the next free address of 10.0.0.0/24 if none is named.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpNetwork")]
[OutputType(typeof(SimulatedNetwork))]
public sealed class NewTcpNetworkCommand : TcpCmdlet
{
    /// <summary>The network's name, for listings.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "lab";

    /// <summary>Where all randomness of the network comes from: losses by chance, jitter, initial sequence numbers.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <summary>How long a packet is on its way in one direction: half of the round-trip time. 10 ms by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Latency { get; set; } = new LinkOptions().Latency;

    /// <summary>Up to this much is added to the latency of each packet. Packets do not overtake each other by it.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Jitter { get; set; }

    /// <summary>How fast a link is: 10mbit, 1gbit, 64kbit, or bits per second. Infinitely fast by default.</summary>
    [Parameter]
    [Bandwidth]
    public long? Bandwidth { get; set; }

    /// <summary>How many packets can wait for a link that has a bandwidth. A further one is lost.</summary>
    [Parameter]
    public int QueueLength { get; set; } = new LinkOptions().QueueLength;

    /// <summary>How many packets wait for a link when it begins to mark further ones as having met congestion (RFC 3168), if their connection agreed on ECN. No marks by default.</summary>
    [Parameter]
    public int? MarkThreshold { get; set; }

    /// <summary>The largest IP packet that a link carries, in octets, 68 to 65535.</summary>
    [Parameter]
    public int Mtu { get; set; } = new LinkOptions().Mtu;

    /// <summary>Routers on each link, 0 to 255. A packet whose time to live is not larger is lost, and a router tells its sender so by ICMP.</summary>
    [Parameter]
    public int Hops { get; set; }

    /// <summary>Leaves out client and server: for hosts of one's own, by New-TcpHost.</summary>
    [Parameter]
    public SwitchParameter Empty { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var link = new LinkOptions
        {
            Latency = Latency,
            Jitter = Jitter,
            Bandwidth = Bandwidth,
            QueueLength = QueueLength,
            MarkThreshold = MarkThreshold,
            Mtu = Mtu, Hops = Hops,
        };
        SimulatedNetwork network;
        try
        {
            network = new SimulatedNetwork(Seed, link, Name);
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            ThrowTerminatingError(ErrorRecords.ValueOutOfRange(wrong, wrong.ActualValue));
            return;
        }

        if (!Empty)
        {
            DefaultLab.Furnish(network);
        }

        Lab.Enter(network);
        WriteObject(network);
    }
}
