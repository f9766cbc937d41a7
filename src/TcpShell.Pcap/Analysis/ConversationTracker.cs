using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Sorts frames into TCP conversations, as they come, and keeps them all: for a capture of a usual size, and for who wants the verdict on each
/// segment. <see cref="CaptureAnalysis"/> is for captures of any size.
/// </summary>
/// <remarks>
/// <para>Conversations are told apart by addresses and ports; a SYN with another initial sequence number than the end used before
/// starts a new one (Wireshark's "port numbers reused"). VLANs and tunnels are not told apart.</para>
/// <para>The states of both ends are replayed through the transition table of the engine. A change is noted when a segment shows it:
/// a user's call with the segment that it makes the end send, the arrival of a SYN or a FIN with the end's acknowledgment, the arrival
/// of an ACK or a reset when it passes. So an end whose peer's FIN got lost is not taken for closed.</para>
/// </remarks>
public sealed class ConversationTracker
{
    private readonly FlowAnalysis _flows;
    private readonly FrameDecoder _decoder;
    private readonly ConversationFilter? _filter;
    private readonly List<TcpConversation> _conversations = [];

    /// <summary>Starts with no conversation.</summary>
    /// <param name="options">What is looked at; null for the usual. The limits on conversations do not count here.</param>
    /// <param name="filter">Which conversations are analysed; the others have a number and nothing else. Null for all. Times and endings do not count here.</param>
    public ConversationTracker(AnalysisOptions? options = null, ConversationFilter? filter = null)
    {
        options ??= new();
        _filter = filter;
        _flows = new(options, filter);
        _decoder = new(options, FlowTable.Secret);
    }

    /// <summary>All conversations so far, by <see cref="TcpConversation.Stream"/>.</summary>
    public IReadOnlyList<TcpConversation> Conversations => _conversations;

    /// <summary>Frames added.</summary>
    public long Frames => _decoder.Counts.Frames;

    /// <summary>Frames with a TCP segment, each of them in a conversation; of a fragmented one the frame that completes it.</summary>
    public long Segments => _decoder.Counts.Segments;

    /// <summary>Frames with a fragment of an IP packet with TCP.</summary>
    public long Fragments => _decoder.Counts.Fragments;

    /// <summary>Frames that are cut or have lengths that cannot be.</summary>
    public long Malformed => _decoder.Counts.Malformed;

    /// <summary>Frames with a link type that is not known.</summary>
    public long Unsupported => _decoder.Counts.Unsupported;

    /// <summary>Adds a frame of a capture.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(in CapturedFrame frame) => Add(frame, out _);

    /// <summary>Adds a frame of a capture.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <param name="packet">What is in it; valid as long as the frame's data.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(in CapturedFrame frame, out DecodedPacket packet) => Add(frame, out packet, out _);

    /// <summary>Adds a frame of a capture.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <param name="packet">What is in it, valid as long as the frame's data; the whole packet if this was its last fragment.</param>
    /// <param name="analysis">What is to be said of its segment; null if it is none.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(in CapturedFrame frame, out DecodedPacket packet, out SegmentAnalysis? analysis)
    {
        packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
        return Add(frame.Timestamp, ref packet, frame.Number, out analysis);
    }

    /// <summary>Adds a packet that was decoded already.</summary>
    /// <param name="time">When it was seen.</param>
    /// <param name="packet">The packet; nothing of it is kept, but for fragments.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(Timestamp time, in DecodedPacket packet)
    {
        DecodedPacket whole = packet;
        return Add(time, ref whole, 0, out _);
    }

    private TcpConversation? Add(Timestamp time, ref DecodedPacket packet, long number, out SegmentAnalysis? analysis)
    {
        analysis = null;
        var segment = new SegmentSummary { Time = time.Nanoseconds, Frame = number };
        bool isTaken = _decoder.TryTake(packet, ref segment, out DecodedPacket whole);
        packet = whole;
        if (!isTaken)
        {
            return null;
        }

        TcpConversation? conversation = _flows.Add(segment, out TcpAnalysisFlags flags, out long ackRtt);
        _flows.Released.Clear();
        foreach (TcpConversation begun in _flows.Begun)
        {
            begun.Stream = _conversations.Count;
            begun.IsSkipped |= _filter is not null && !_filter.FitsStream(begun.Stream);
            _conversations.Add(begun);
        }

        _flows.Begun.Clear();
        if (conversation is { IsSkipped: false } && segment.Kind == PacketStatus.Tcp)
        {
            bool isClients = segment.Source == conversation.Client.Endpoint;
            int duplicate = (flags & TcpAnalysisFlags.DuplicateAck) != 0 ? (isClients ? conversation.Client : conversation.Server).Wireshark.DuplicateAcks : 0;
            analysis = new(conversation, isClients, flags, duplicate, ackRtt >= 0 ? new TimeSpan(ackRtt / 100) : null);
        }

        return conversation;
    }
}
