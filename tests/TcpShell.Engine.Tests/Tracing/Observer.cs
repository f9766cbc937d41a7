using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tracing;

/// <summary>Somebody who sees segments between a client and a server, one each millisecond, and keeps a record of each.</summary>
internal sealed class Observer(string client = "10.0.0.1:49152", string server = "10.0.0.2:80")
{
    private readonly SegmentRecorder _recorder = new();
    private readonly List<byte[]> _packets = [];
    private readonly List<SegmentRecord> _records = [];

    public Endpoint Client { get; } = Endpoint.Parse(client);

    public Endpoint Server { get; } = Endpoint.Parse(server);

    public IReadOnlyList<SegmentRecord> Records => _records;

    public IReadOnlyList<byte[]> Packets => _packets;

    public SegmentRecord FromClient(TcpFlags flags, uint seq, uint ack = 0, int length = 0, ushort window = 64240, TcpOptions options = default) =>
        See(Client, Server, Make(flags, seq, ack, length, window, options));

    public SegmentRecord FromServer(TcpFlags flags, uint seq, uint ack = 0, int length = 0, ushort window = 64240, TcpOptions options = default) =>
        See(Server, Client, Make(flags, seq, ack, length, window, options));

    public SegmentRecord See(Endpoint source, Endpoint destination, TcpSegment segment, HeaderOverrides overrides = default)
    {
        segment = segment with { SourcePort = source.Port, DestinationPort = destination.Port };
        var header = new PacketHeader(source.Address, destination.Address);
        byte[] bytes = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, bytes, overrides);
        _packets.Add(bytes);
        var time = new Timestamp((_packets.Count - 1) * 1_000_000L);
        SegmentRecord record = _recorder.Record(PacketDecoder.Decode(bytes, LinkType.Raw), time)!;
        _records.Add(record);
        return record;
    }

    public static TcpSegment Make(TcpFlags flags, uint seq, uint ack, int length, ushort window, TcpOptions options) => new()
    {
        Flags = flags,
        SequenceNumber = seq,
        AcknowledgmentNumber = ack,
        Window = window,
        Options = options,
        Payload = new byte[length],
    };
}
