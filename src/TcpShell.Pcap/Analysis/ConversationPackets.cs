using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Finds the packets of conversations in their captures again: by both ends and by frame numbers, for the number of a conversation depends on what
/// else was looked at when it was read. Nothing but these conversations is analysed, each as it was the first time.
/// </summary>
public static class ConversationPackets
{
    /// <summary>The segments of conversations, each with the verdict of the analysis.</summary>
    /// <param name="readers">The captures that the conversations were read from, in the same order, from their starts. They stay open.</param>
    /// <param name="conversations">The conversations.</param>
    /// <exception cref="CaptureChangedException">A capture is not what it was when they were read.</exception>
    public static IEnumerable<(TcpConversation Conversation, SegmentRecord Segment)> Segments(
        IReadOnlyList<CaptureReader> readers, IReadOnlyCollection<TcpConversation> conversations)
    {
        ArgumentNullException.ThrowIfNull(readers);
        var recorder = new SegmentRecorder(file: string.Join(';', readers.Select(reader => reader.Path)));
        foreach (Found found in Find(readers, conversations))
        {
            int number = (int)Math.Min(found.Frame.Number, int.MaxValue);
            SegmentRecord? segment = recorder.Record(
                found.Packet, found.Frame.Timestamp, found.Frame.Comment ?? "", number, found.Analysis?.Remark ?? "", found.Conversation.Stream);
            if (segment is not null)
            {
                yield return (found.Conversation, segment);
            }
        }
    }

    /// <summary>Both streams of octets of a conversation.</summary>
    /// <param name="readers">The captures that it was read from, in the same order, from their starts. They stay open.</param>
    /// <param name="conversation">The conversation.</param>
    /// <param name="maximumWaiting">The most octets of each direction that wait for what is missing before them.</param>
    /// <returns>The pieces of both directions, in the order in which they became complete.</returns>
    /// <exception cref="CaptureChangedException">A capture is not what it was when the conversation was read.</exception>
    public static IEnumerable<StreamPiece> Stream(
        IReadOnlyList<CaptureReader> readers, TcpConversation conversation, int maximumWaiting = StreamReassembly.UsualMaximumWaiting)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        var reassembly = new StreamReassembly(maximumWaiting);
        foreach (Found found in Find(readers, [conversation]).Where(found => found.Packet.Status == PacketStatus.Tcp))
        {
            bool isFromClient = found.Packet.SourceEndpoint == conversation.Client.Endpoint;
            foreach (StreamPiece piece in reassembly.Add(isFromClient, found.Frame.Timestamp, found.Packet.Segment, found.Packet.SegmentLength))
            {
                yield return piece;
            }
        }

        foreach (StreamPiece piece in reassembly.Finish())
        {
            yield return piece;
        }
    }

    private static IEnumerable<Found> Find(IReadOnlyList<CaptureReader> readers, IReadOnlyCollection<TcpConversation> conversations)
    {
        ArgumentNullException.ThrowIfNull(readers);
        ArgumentNullException.ThrowIfNull(conversations);
        Dictionary<long, TcpConversation> first = conversations.Where(conversation => conversation.FirstFrame > 0).ToDictionary(conversation => conversation.FirstFrame);
        long last = conversations.Select(conversation => conversation.LastFrame).DefaultIfEmpty(0).Max();
        ILookup<(Endpoint, Endpoint), Wanted> byEnds = conversations
            .Select(conversation => new Wanted(conversation))
            .SelectMany(one => new[] { (Ends: (one.Client, one.Server), One: one), (Ends: (one.Server, one.Client), One: one) })
            .ToLookup(pair => pair.Ends, pair => pair.One);
        var decoder = new FrameDecoder(
            new AnalysisOptions
            {
                VerifyChecksums = conversations.Any(conversation => conversation.Options.VerifyChecksums),
                MaximumFragmentBytes = conversations.Select(conversation => conversation.Options.MaximumFragmentBytes).DefaultIfEmpty(0).Max(),
            },
            FlowTable.Secret);
        foreach (CapturedFrame frame in FrameSource.InOrder(readers).TakeWhile(frame => frame.Number <= last))
        {
            if (first.Remove(frame.Number, out TcpConversation? begins) && begins.Start != frame.Timestamp)
            {
                throw new CaptureChangedException(begins);
            }

            // Also where nothing of it is wanted: a fragment may be a part of what is.
            DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
            var segment = new SegmentSummary { Time = frame.Timestamp.Nanoseconds, Frame = frame.Number };
            decoder.TryTake(packet, ref segment, out DecodedPacket whole);
            Wanted? wanted = byEnds[(whole.SourceEndpoint, whole.DestinationEndpoint)].FirstOrDefault(one => one.Holds(frame.Number));
            if (wanted is not null)
            {
                yield return new(wanted.Conversation, frame, whole, whole.Status == PacketStatus.Tcp ? wanted.Add(segment) : null);
            }
        }

        if (first.Count > 0)
        {
            throw new CaptureChangedException(first.Values.First());
        }
    }

    private readonly record struct Found(TcpConversation Conversation, CapturedFrame Frame, DecodedPacket Packet, SegmentAnalysis? Analysis);

    // A conversation that is analysed once more.
    private sealed class Wanted(TcpConversation conversation)
    {
        private TcpConversation? _again;

        public TcpConversation Conversation => conversation;

        public Endpoint Client => conversation.Client.Endpoint;

        public Endpoint Server => conversation.Server.Endpoint;

        public bool Holds(long frame) => frame >= conversation.FirstFrame && frame <= conversation.LastFrame;

        public SegmentAnalysis Add(in SegmentSummary segment)
        {
            // That a conversation before used the same ports was found out when it was read.
            bool isReuse = _again is null && (conversation.Client.Analysis.PortReuses > 0 || conversation.Server.Analysis.PortReuses > 0);
            _again ??= new(segment, conversation.Options, out _);
            _again.Key.Fits(segment, out bool isClients);
            TcpAnalysisFlags flags = _again.Add(segment, isClients, isReuse ? TcpAnalysisFlags.PortReuse : TcpAnalysisFlags.None, out long ackRtt);
            return SegmentAnalysis.Of(_again, isClients, flags, ackRtt);
        }
    }
}
