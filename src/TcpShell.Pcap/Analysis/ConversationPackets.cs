using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Finds the packets of conversations in their captures again: by both ends and by frame numbers, for the number of a conversation depends on what
/// else was looked at when it was read.
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
            string remark = found.Analysis is { } verdict ? SegmentRemark.Text(verdict.Flags, verdict.DuplicateAckNumber) : "";
            int number = (int)Math.Min(found.Frame.Number, int.MaxValue);
            SegmentRecord? segment = recorder.Record(found.Packet, found.Frame.Timestamp, found.Frame.Comment ?? "", number, remark, found.Conversation.Stream);
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
    public static IEnumerable<StreamPiece> Stream(IReadOnlyList<CaptureReader> readers, TcpConversation conversation, int maximumWaiting = 4 * 1024 * 1024)
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
        ILookup<(Endpoint, Endpoint), TcpConversation> byEnds = conversations
            .SelectMany(one => new[] { (Ends: (one.Client.Endpoint, one.Server.Endpoint), One: one), (Ends: (one.Server.Endpoint, one.Client.Endpoint), One: one) })
            .ToLookup(pair => pair.Ends, pair => pair.One);
        var tracker = new ConversationTracker(filter: new ConversationFilter
        {
            Addresses = conversations.Select(conversation => conversation.Client.Endpoint.Address).ToHashSet(),
            Ports = conversations.Select(conversation => conversation.Client.Endpoint.Port).ToHashSet(),
        });
        foreach (CapturedFrame frame in CapturedFrames.InOrder(readers).TakeWhile(frame => frame.Number <= last))
        {
            if (first.Remove(frame.Number, out TcpConversation? begins) && begins.Start != frame.Timestamp)
            {
                throw new CaptureChangedException(begins);
            }

            // Also where nothing of it is wanted: a fragment may be a part of what is.
            tracker.Add(frame, out DecodedPacket packet, out SegmentAnalysis? analysis);
            TcpConversation? conversation = byEnds[(packet.SourceEndpoint, packet.DestinationEndpoint)]
                .FirstOrDefault(one => frame.Number >= one.FirstFrame && frame.Number <= one.LastFrame);
            if (conversation is not null)
            {
                yield return new(conversation, frame, packet, analysis);
            }
        }

        if (first.Count > 0)
        {
            throw new CaptureChangedException(first.Values.First());
        }
    }

    private readonly record struct Found(TcpConversation Conversation, CapturedFrame Frame, DecodedPacket Packet, SegmentAnalysis? Analysis);
}
