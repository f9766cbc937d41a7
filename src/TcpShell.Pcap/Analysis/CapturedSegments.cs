using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Reads the TCP segments of captures, each with the verdict of the analysis.</summary>
public static class CapturedSegments
{
    /// <summary>Reads segments as they come; what is read is kept nowhere but in the conversations' own numbers.</summary>
    /// <param name="readers">The captures. Several are read side by side in the order of their times, as one; frames are numbered over all of them. They stay open.</param>
    /// <param name="options">What is looked at; null for the usual.</param>
    /// <param name="filter">Whose segments are wanted; null for all. How a conversation ends is not known yet, so endings are not looked at.</param>
    public static IEnumerable<SegmentRecord> Read(IReadOnlyList<CaptureReader> readers, AnalysisOptions? options = null, ConversationFilter? filter = null)
    {
        ArgumentNullException.ThrowIfNull(readers);
        var tracker = new ConversationTracker(options, filter);
        var recorder = new SegmentRecorder(file: string.Join(';', readers.Select(reader => reader.Path)));
        foreach (CapturedFrame frame in CapturedFrames.InOrder(readers).Where(frame => filter?.FitsTime(frame.Timestamp.Nanoseconds) ?? true))
        {
            TcpConversation? conversation = tracker.Add(frame, out DecodedPacket packet, out SegmentAnalysis? analysis);
            int number = (int)Math.Min(frame.Number, int.MaxValue);
            SegmentRecord? segment = recorder.Record(
                packet, frame.Timestamp, frame.Comment ?? "", number, analysis is { } verdict ? SegmentRemark.Text(verdict.Flags, verdict.DuplicateAckNumber) : "", conversation?.Stream);
            if (segment is not null && (filter is null || analysis is not null))
            {
                yield return segment;
            }
        }
    }
}
