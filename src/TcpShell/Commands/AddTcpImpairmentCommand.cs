using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Makes a simulated network lose, refuse, corrupt, duplicate, delay, reorder or mark packets.</summary>
/// <remarks>
/// <para>Which packets: first what they are (-Flags, -From, -To, -DataOnly), then which of those in their order (-Skip, -Every, -Count), then chance (-Probability). Each impairment has random numbers of its own, so adding one changes nothing in what the others do.</para>
/// </remarks>
/// <example>
/// <para>The first SYN,ACK is lost</para>
/// <code>Add-TcpImpairment -Drop -Flags SYN,ACK -Count 1
/// New-TcpConnection | Out-Null
/// Get-TcpSegment</code>
/// <para>The segment list shows what was lost, and the retransmissions that repaired it.</para>
/// </example>
/// <example>
/// <para>A bad link</para>
/// <code>$net = New-TcpNetwork -Seed 42
/// $net | Add-TcpImpairment -Drop -Probability 5%
/// $net | Add-TcpImpairment -Reorder 15ms -Probability 5% -DataOnly -From client
/// New-TcpConnection | Send-TcpData ([byte[]]::new(50kb))
/// Get-TcpImpairment</code>
/// <para>Hits says how often each has struck. The same seed gives the same losses.</para>
/// </example>
/// <example>
/// <para>A path that carries less than the hosts think</para>
/// <code>Add-TcpImpairment -Refuse PacketTooBig -Mtu 1300 -From client | Out-Null
/// $c = New-TcpConnection
/// $c | Send-TcpData ([byte[]]::new(5kb)) -PassThru | Get-TcpSegment
/// $c.PathMtu</code>
/// <para>A router tells the client by ICMP what the path carries; the segments go again in smaller pieces (RFC 1191).</para>
/// </example>
[Cmdlet(VerbsCommon.Add, "TcpImpairment", DefaultParameterSetName = nameof(ImpairmentKind.Drop))]
[OutputType(typeof(Impairment))]
public sealed class AddTcpImpairmentCommand : NetworkCmdlet
{
    /// <summary>The packets are lost.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Drop))]
    public SwitchParameter Drop { get; set; }

    /// <summary>One bit of the TCP segment is flipped, so that its checksum is wrong.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Corrupt))]
    public SwitchParameter Corrupt { get; set; }

    /// <summary>A copy arrives as well, the link's latency later.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Duplicate))]
    public SwitchParameter Duplicate { get; set; }

    /// <summary>The packets arrive so much later; others may overtake them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Delay))]
    [Duration]
    public TimeSpan Delay { get; set; }

    /// <summary>The packets are held back so long that the next ones overtake them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Reorder))]
    [Duration]
    public TimeSpan Reorder { get; set; }

    /// <summary>The packets are marked as having met congestion (CE, RFC 3168), as routers do in place of dropping. Only packets of connections that agreed on ECN are; see the setting Ecn in about_TcpOptions.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Mark))]
    public SwitchParameter Mark { get; set; }

    /// <summary>The packets are lost, and a router on the way tells their sender so by ICMP: HostUnreachable, PortUnreachable, AdministrativelyProhibited, PacketTooBig and others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(ImpairmentKind.Refuse))]
    [Choice]
    public IcmpErrorKind Refuse { get; set; }

    /// <summary>With -Refuse PacketTooBig: only packets with more octets than this are refused, 68 to 65535.</summary>
    [Parameter(ParameterSetName = nameof(ImpairmentKind.Refuse))]
    public int Mtu { get; set; }

    /// <summary>Only segments with exactly these control bits, PSH apart. FIN and RST alone also stand for FIN,ACK and RST,ACK.</summary>
    [Parameter]
    [TcpFlags]
    public TcpFlags? Flags { get; set; }

    /// <summary>Only packets from this host.</summary>
    [Parameter]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? From { get; set; }

    /// <summary>Only packets to this host.</summary>
    [Parameter]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? To { get; set; }

    /// <summary>Only segments with data.</summary>
    [Parameter]
    public SwitchParameter DataOnly { get; set; }

    /// <summary>Spares the first so many.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    /// <summary>Only every so-many-th.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Every { get; set; } = 1;

    /// <summary>Only so many times in all.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>The probability that a packet is struck: 5%, or 0.05.</summary>
    [Parameter]
    [Probability]
    public double Probability { get; set; } = 1;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        var kind = Enum.Parse<ImpairmentKind>(ParameterSetName);
        var selector = new PacketSelector
        {
            Flags = Flags,
            From = From is null ? null : FindHost(network, From).Name,
            To = To is null ? null : FindHost(network, To).Name,
            DataOnly = DataOnly,
            Skip = Skip,
            Every = Every,
            Count = Count,
            Probability = Probability,
        };
        TimeSpan? delay = kind switch
        {
            ImpairmentKind.Delay => Delay,
            ImpairmentKind.Reorder => Reorder,
            _ => null,
        };
        try
        {
            WriteObject(kind == ImpairmentKind.Refuse ? network.AddRefusal(Refuse, selector, Mtu) : network.AddImpairment(kind, selector, delay));
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            WriteError(ErrorRecords.ValueOutOfRange(wrong, wrong.ActualValue));
        }
    }
}
