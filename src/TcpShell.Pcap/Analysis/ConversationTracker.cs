using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Sorts frames into TCP conversations, as they come, for who wants the verdict on each segment. Memory is taken for open conversations only,
/// within the limits of <see cref="AnalysisOptions"/>, which are looked at as often as in <see cref="CaptureAnalysis"/>: so both give the same
/// conversations the same numbers. Who needs conversations that are over keeps them.
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
    private readonly OpenFlows _flows;
    private readonly FrameDecoder _decoder;
    private readonly ConversationFilter? _filter;
    private long _latest = long.MinValue;
    private int _sinceLook;

    /// <summary>Starts with no conversation.</summary>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    /// <param name="filter">
    /// Which conversations are analysed; the others have a number and nothing else. Null for all. How a conversation ends is not known yet, so
    /// endings do not count here.
    /// </param>
    public ConversationTracker(AnalysisOptions? options = null, ConversationFilter? filter = null)
    {
        options ??= new();
        _filter = filter;
        _flows = new(options, filter);
        _decoder = new(options, FlowTable.Secret);
    }

    /// <summary>Conversations that are open now, or closed a moment ago.</summary>
    public int OpenConversations => _flows.Count;

    /// <summary>Conversations so far, wanted or not.</summary>
    public int Streams => _flows.Streams;

    /// <summary>How often limits changed the result.</summary>
    public AnalysisLimits Limits => _flows.Limits(_decoder.Counts.FragmentsDropped);

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
        if (!(_filter?.FitsTime(frame.Timestamp.Nanoseconds) ?? true))
        {
            (packet, analysis) = (default, null);
            LookAtLimits(frame.Timestamp.Nanoseconds);
            return null;
        }

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

    /// <summary>The capture has ended: what is open comes out, and counts in <see cref="Limits"/>.</summary>
    public void Finish()
    {
        LetGo();
        _flows.Parts[0].RemoveAll();
        _flows.TakeReleased(null);
    }

    private TcpConversation? Add(Timestamp time, ref DecodedPacket packet, long number, out SegmentAnalysis? analysis)
    {
        analysis = null;
        TcpConversation? conversation = null;
        var segment = new SegmentSummary { Time = time.Nanoseconds, Frame = number };
        bool isTaken = _decoder.TryTake(packet, ref segment, out DecodedPacket whole);
        packet = whole;
        if (isTaken)
        {
            conversation = _flows.Parts[0].Add(segment, out TcpAnalysisFlags flags, out long ackRtt);
            _flows.NumberNewOnes();
            if (conversation is { IsSkipped: false } && segment.Kind == PacketStatus.Tcp)
            {
                analysis = SegmentAnalysis.Of(conversation, segment.Source == conversation.Client.Endpoint, flags, ackRtt);
            }
        }

        LookAtLimits(time.Nanoseconds);
        return conversation;
    }

    private void LookAtLimits(long time)
    {
        _latest = Math.Max(_latest, time);
        if (++_sinceLook == SegmentBatch.Frames)
        {
            _sinceLook = 0;
            LetGo();
        }
    }

    private void LetGo()
    {
        _flows.Parts[0].Sweep(_latest);
        _flows.KeepLimits();
        _flows.TakeReleased(null);
    }
}
