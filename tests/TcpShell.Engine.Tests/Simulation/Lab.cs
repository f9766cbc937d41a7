using System.Globalization;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>
/// The default lab (client 10.0.0.1, server 10.0.0.2 with a listener on port 80, 10 ms one way) and what happens in it, as lines that a
/// test can spell out: packets as <c>0.02 client P. 1:101 ack 1</c>, changes of state as <c>0.02 client SynSent -> Established</c>.
/// </summary>
internal sealed class Lab
{
    public static readonly Endpoint ClientEnd = Endpoint.Parse("10.0.0.1:49152");
    public static readonly Endpoint ServerEnd = Endpoint.Parse("10.0.0.2:80");
    public static readonly TimeSpan Long = TimeSpan.FromDays(1);

    public Lab(
        ITcpApplication? application = null,
        TcpSettings? settings = null,
        TcpSettings? serverSettings = null,
        long seed = 0,
        LinkOptions? links = null)
    {
        Network = new SimulatedNetwork(seed, links);
        Client = Network.AddHost("client", null, settings);
        Server = Network.AddHost("server", null, serverSettings ?? settings);
        Listener = Network.Listen(Server, new Endpoint(default, 80), application ?? Applications.Manual);
    }

    public SimulatedNetwork Network { get; }

    public TcpHost Client { get; }

    public TcpHost Server { get; }

    public Listener Listener { get; }

    /// <summary>The packets so far, numbers relative to the SYN of each direction.</summary>
    public string[] Packets => [.. Describe(Network.Trace)];

    /// <summary>The changes of state so far, without the listener's first.</summary>
    public string[] States => [.. Network.StateChanges.Skip(1).Select(Describe)];

    public HostedConnection Connect(TcpSettings? settings = null) => Network.Connect(Client, ServerEnd, settings: settings);

    /// <summary>Opens a connection; the time is 0.03 s then, when the third segment has arrived.</summary>
    public (HostedConnection Client, HostedConnection Server) Establish(TcpSettings? settings = null)
    {
        HostedConnection client = Connect(settings);
        Network.RunFor(TimeSpan.FromMilliseconds(30));
        Assert.Equal(TcpState.Established, client.State);
        return (client, Accepted);
    }

    /// <summary>The server's newest connection.</summary>
    public HostedConnection Accepted => Server.Connections[^1];

    public Impairment Drop(TcpFlags? flags = null, string? from = null, int? count = 1, int skip = 0, bool data = false) =>
        Network.AddImpairment(
            ImpairmentKind.Drop, new PacketSelector { Flags = flags, From = from, Count = count, Skip = skip, DataOnly = data });

    public void RunTo(double seconds) => Network.RunFor(Timestamp.FromSeconds(seconds) - Network.Now);

    public byte[] ReceiveAll(HostedConnection connection)
    {
        byte[] data = new byte[connection.ReceiveQueue];
        Assert.Equal(data.Length, Network.Receive(connection, data));
        return data;
    }

    /// <summary>Puts a segment into the network as if one end of the connection had sent it.</summary>
    public TracedPacket Inject(Endpoint from, Endpoint to, TcpSegment segment, HeaderOverrides overrides = default) =>
        Network.Inject(Write(from, to, segment, overrides), "forged");

    public static byte[] Write(Endpoint from, Endpoint to, TcpSegment segment, HeaderOverrides overrides = default)
    {
        segment = segment with { SourcePort = from.Port, DestinationPort = to.Port };
        var header = new PacketHeader(from.Address, to.Address);
        byte[] bytes = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, bytes, overrides);
        return bytes;
    }

    public static byte[] Pattern(int length, int seed = 0)
    {
        byte[] data = new byte[length];
        new SeededRandom(seed, "pattern").Fill(data);
        return data;
    }

    public static TcpCallException Refuses(TcpCallError error, Func<object> call)
    {
        TcpCallException refused = Assert.Throws<TcpCallException>(call);
        Assert.Equal(error, refused.Error);
        return refused;
    }

    public static string Describe(StateChange change) => $"{Seconds(change.Time)} {change.Host} {change.From} -> {change.To}";

    public static string Seconds(Timestamp time) => time.TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Describe(IEnumerable<TracedPacket> packets)
    {
        var bases = new Dictionary<(Endpoint, Endpoint), SeqNumber>();
        foreach (TracedPacket packet in packets)
        {
            DecodedPacket decoded = packet.Decode();
            TcpSegment segment = decoded.Segment;
            if (segment.Flags.Has(TcpFlags.SYN))
            {
                bases[(decoded.SourceEndpoint, decoded.DestinationEndpoint)] = segment.SequenceNumber;
            }

            uint sequence = (uint)(segment.SequenceNumber - bases.GetValueOrDefault((decoded.SourceEndpoint, decoded.DestinationEndpoint)));
            uint ack =
                (uint)(segment.AcknowledgmentNumber - bases.GetValueOrDefault((decoded.DestinationEndpoint, decoded.SourceEndpoint)));
            string end = segment.Payload.Length > 0 ? $":{sequence + (uint)segment.Payload.Length}" : "";
            string acknowledges = segment.Flags.Has(TcpFlags.ACK) ? $" ack {ack}" : "";
            string fate = packet.Fate switch
            {
                PacketFate.Lost => " lost",
                PacketFate.Corrupted => " corrupted",
                PacketFate.Unreachable => " unreachable",
                _ => "",
            };
            yield return $"{Seconds(packet.Sent)} {packet.From} {segment.Flags.ToTcpdump()} {sequence}{end}{acknowledges}{fate}";
        }
    }
}
