using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Puts a segment of one's own making into a simulated network, legal or not.</summary>
/// <remarks>
/// <para>With a connection, what is not given is taken from it: its end points, SND.NXT, RCV.NXT, its window. The connection itself knows nothing of the segment. With -From and -To anybody can pretend to be anybody; what is not given is 0.</para>
/// <para>Checksums and lengths are right, unless given. The cmdlet lets virtual time pass until the segment has arrived.</para>
/// </remarks>
/// <example>
/// <para>A forged reset with a guessed number</para>
/// <code>$c = New-TcpConnection
/// $c | Send-TcpSegment -Flags RST -Relative -SequenceNumber 1000 -PassThru
/// Get-TcpSegment | Select-Object -Last 1
/// (Get-TcpConnection -HostName server -Port $c.Local.Port).State</code>
/// <para>It lies inside of the window but not at its edge: the server asks back with a challenge ACK (RFC 5961) and stays.</para>
/// </example>
/// <example>
/// <para>Out of nowhere</para>
/// <code>Send-TcpSegment -From 10.0.0.9:4444 -To 10.0.0.2:80 -Flags SYN,FIN -SequenceNumber 1000 -Checksum 0xbad -PassThru | Format-List Info, Verdict</code>
/// <para>The checksum is wrong, so nothing else in it matters.</para>
/// </example>
[Cmdlet(VerbsCommunications.Send, "TcpSegment", DefaultParameterSetName = EndpointSet, SupportsShouldProcess = true)]
[OutputType(typeof(SegmentRecord))]
public sealed class SendTcpSegmentCommand : NetworkCmdlet
{
    private const string ConnectionSet = "Connection";
    private const string EndpointSet = "Endpoint";

    /// <summary>The connections in whose name the segment is sent.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ConnectionSet)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>Who pretends to send it: an address and a port, or a host and a port.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EndpointSet)]
    [ListenerEndpoint]
    public string From { get; set; } = null!;

    /// <summary>Whom it is for: an address and a port, or a host and a port.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EndpointSet)]
    [ListenerEndpoint]
    public string To { get; set; } = null!;

    /// <summary>The control bits: SYN,ACK or S. or SA; ACK with a connection and None without one by default.</summary>
    [Parameter]
    [TcpFlags]
    public TcpFlags? Flags { get; set; }

    /// <summary>The sequence number.</summary>
    [Parameter]
    [Alias("Seq")]
    public uint? SequenceNumber { get; set; }

    /// <summary>The acknowledgment number.</summary>
    [Parameter]
    [Alias("Ack")]
    public uint? AcknowledgmentNumber { get; set; }

    /// <summary>Counts the given numbers from the connection's initial ones, as listings do.</summary>
    [Parameter(ParameterSetName = ConnectionSet)]
    public SwitchParameter Relative { get; set; }

    /// <summary>The window as it stands in the header, not scaled.</summary>
    [Parameter]
    public ushort? Window { get; set; }

    /// <summary>The urgent pointer.</summary>
    [Parameter]
    public ushort UrgentPointer { get; set; }

    /// <summary>Text (as UTF-8), or octets.</summary>
    [Parameter]
    [AllowEmptyString]
    [Payload]
    public byte[]? Payload { get; set; }

    /// <summary>The octets of the options, at most 40; padded with zeros to whole words. By default none, or the connection's timestamps where they are in force.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public byte[]? Option { get; set; }

    /// <summary>The reserved bits, 0 to 7.</summary>
    [Parameter]
    [ValidateRange(0, 7)]
    public byte ReservedBits { get; set; }

    /// <summary>A checksum that is not calculated.</summary>
    [Parameter]
    public ushort? Checksum { get; set; }

    /// <summary>A data offset in words that is not calculated, 0 to 15.</summary>
    [Parameter]
    [ValidateRange(0, 15)]
    public byte? DataOffset { get; set; }

    /// <summary>Time to live, IPv6's hop limit.</summary>
    [Parameter]
    public byte Ttl { get; set; } = 64;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = EndpointSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Leaves the time alone: the segment is only put on its way.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Gives the segment as Get-TcpSegment lists it.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == EndpointSet)
        {
            TcpNetwork network = Resolve(Network);
            Endpoint source = FindEndpoint(network, From);
            Endpoint destination = FindEndpoint(network, To);
            Send(network, source, destination, Make(source, destination, null));
            return;
        }

        foreach (HostedConnection connection in Connection)
        {
            Send(NetworkOf(connection), connection.Local, connection.Remote, Make(connection.Local, connection.Remote, connection));
        }
    }

    private TcpSegment Make(Endpoint source, Endpoint destination, HostedConnection? connection)
    {
        SeqNumber sequence = SequenceNumber is { } seq
            ? Relative ? new SeqNumber(unchecked(connection!.Iss.Value + seq)) : seq
            : connection?.SndNxt ?? 0;
        SeqNumber acknowledgment = AcknowledgmentNumber is { } ack
            ? Relative ? new SeqNumber(unchecked(connection!.Irs.Value + ack)) : ack
            : connection?.RcvNxt ?? 0;
        TcpOptions options = Option is null ? connection?.Tcp.CurrentOptions(connection.Network!.Now) ?? default : new TcpOptions { Wire = Option };
        return new TcpSegment
        {
            SourcePort = source.Port,
            DestinationPort = destination.Port,
            SequenceNumber = sequence,
            AcknowledgmentNumber = acknowledgment,
            Flags = Flags ?? (connection is null ? TcpFlags.None : TcpFlags.ACK),
            ReservedBits = ReservedBits,
            Window = Window ?? (ushort)Math.Min(connection is null ? 0 : connection.RcvWnd >> connection.RcvScale, ushort.MaxValue),
            UrgentPointer = UrgentPointer,
            Options = options,
            Payload = Payload ?? [],
        };
    }

    private void Send(TcpNetwork network, Endpoint source, Endpoint destination, in TcpSegment segment)
    {
        if (!MayAct(network, destination, $"Send a segment in the name of {source}"))
        {
            return;
        }

        TracedPacket packet;
        try
        {
            var header = new PacketHeader(source.Address, destination.Address) { Ttl = Ttl };
            var bytes = new byte[PacketWriter.SizeOf(header, segment)];
            PacketWriter.Write(header, segment, bytes, new HeaderOverrides { Checksum = Checksum, DataOffset = DataOffset });
            packet = network.Inject(bytes, "made by hand");
        }
        catch (ArgumentException wrong)
        {
            WriteError(ErrorRecords.SegmentNotPossible(wrong, destination));
            return;
        }

        if (!NoWait)
        {
            RunUntil(network, () => packet.Fate != PacketFate.InFlight);
        }

        if (PassThru)
        {
            WriteObject(SegmentRecorder.Record(network.Trace, network.Origin).FirstOrDefault(record => record.Number == packet.Number));
        }
    }
}
