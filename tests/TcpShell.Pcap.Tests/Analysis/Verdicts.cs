using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>
/// A conversation made by hand for the remarks about its segments. Numbers count from the SYNs, 20 ms lie between SYN and SYN,ACK, both ends offer a
/// window scale, and frames have numbers: the handshake has 1 to 3.
/// </summary>
internal sealed class Verdicts
{
    private const uint ClientStart = 1000;
    private const uint ServerStart = 5000;
    private readonly Exchange _packets = new();
    private readonly ConversationTracker _tracker = new();
    private Timestamp _now = Timestamp.FromSeconds(1000);
    private int _frames;

    /// <summary>Shakes hands.</summary>
    /// <param name="scale">The shift count that both ends offer; their SYNs have a window of 1000.</param>
    public Verdicts(byte scale = 7)
    {
        _packets.Options = new TcpOptions { MaximumSegmentSize = 1460, SackPermitted = true, WindowScale = scale };
        Send(isClients: true, Exchange.Syn, 0, 0, 0, 1000, 1);
        Send(isClients: false, Exchange.SynAck, 0, 1, 0, 1000, 20);
        _packets.Options = default;
        C(1, 1);
    }

    /// <summary><c>4 [TCP Window Full]</c>, one for each segment with a remark.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>The client sends an ACK, with data or without, so many milliseconds after the segment before.</summary>
    public Verdicts C(uint seq, uint ack, int length = 0, ushort window = 1000, int after = 1) => Send(isClients: true, Exchange.Ack, seq, ack, length, window, after);

    /// <summary>The server sends one.</summary>
    public Verdicts S(uint seq, uint ack, int length = 0, ushort window = 1000, int after = 1) => Send(isClients: false, Exchange.Ack, seq, ack, length, window, after);

    private Verdicts Send(bool isClients, TcpFlags flags, uint seq, uint ack, int length, ushort window, int after)
    {
        _now += TimeSpan.FromMilliseconds(after);
        _packets.Window = window;
        (Endpoint from, Endpoint to) = isClients ? (Exchange.Client, Exchange.Server) : (Exchange.Server, Exchange.Client);
        (uint own, uint other) = isClients ? (ClientStart, ServerStart) : (ServerStart, ClientStart);
        byte[] packet = _packets.Bytes(from, to, flags, own + seq, flags.HasFlag(TcpFlags.ACK) ? other + ack : 0, length);
        var frame = new CapturedFrame { Number = ++_frames, Timestamp = _now, LinkType = LinkType.Raw, Data = packet, OriginalLength = (uint)packet.Length };
        _tracker.Add(frame, out _, out SegmentAnalysis? analysis);
        if (analysis!.Value.Remark.Length > 0)
        {
            Remarks.Add($"{_frames} {analysis.Value.Remark}");
        }

        return this;
    }
}
