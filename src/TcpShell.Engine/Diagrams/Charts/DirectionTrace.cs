using TcpShell.Tcp.Recovery;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams.Charts;

/// <summary>Whether a segment's data was seen before.</summary>
internal enum DataKind
{
    /// <summary>The segment has no data.</summary>
    None,

    /// <summary>It goes on where the highest one ended.</summary>
    New,

    /// <summary>It fills a gap: it overtook nothing that was seen, or its first copy is not in the capture.</summary>
    Late,

    /// <summary>At least a part of it was seen before.</summary>
    Again,
}

/// <summary>A segment as one direction's charts see it: data of the direction, or an acknowledgment of the other end.</summary>
/// <param name="Time">Seconds since the origin.</param>
/// <param name="Segment">The segment.</param>
/// <param name="Kind">What of its data is new; None for an acknowledgment.</param>
/// <param name="First">Where its data begin in the stream; for an acknowledgment, what it acknowledges.</param>
/// <param name="End">The octet after its data; for an acknowledgment, the end of its window.</param>
internal readonly record struct DirectionEvent(double Time, SegmentRecord Segment, DataKind Kind, long First, long End)
{
    public bool IsData => Kind != DataKind.None;
}

/// <summary>Reads the segments of a connection as the data of one direction and the acknowledgments that they get. Streams may be longer than 2^32 octets.</summary>
internal static class DirectionTrace
{
    // What lies this far behind the highest octet is forgotten, for sequence numbers compare within half their circle only.
    private const int Memory = 1 << 30;

    /// <summary>Reads segments.</summary>
    /// <param name="segments">Segments of one connection, by time.</param>
    /// <param name="source">Whose data is meant.</param>
    public static IEnumerable<DirectionEvent> Read(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        var seen = new SackedRanges();
        Timestamp? origin = null;
        long highest = 0;
        long acknowledged = 0;
        foreach (SegmentRecord segment in segments)
        {
            // A lab's time counts from its start, a capture's from its first segment.
            origin ??= segment.Reason is null ? segment.Time : Timestamp.Zero;
            if (segment.Source == source && segment.Length > 0 && segment.Icmp is null)
            {
                long first = Unwrap(segment.RelativeSequenceNumber, highest);
                long end = first + segment.Length;
                DataKind kind = first < acknowledged || Overlaps(seen, segment) ? DataKind.Again : first < highest ? DataKind.Late : DataKind.New;
                seen.Add(new(segment.SequenceNumber), new SeqNumber(segment.SequenceNumber) + segment.Length);
                if (end > highest)
                {
                    highest = end;
                    seen.RemoveBelow(new SeqNumber(segment.SequenceNumber) + segment.Length - Memory);
                }

                yield return new(Seconds(segment.Time, origin.Value), segment, kind, first, end);
            }
            else if (segment.Destination == source && IsAcknowledgment(segment))
            {
                long first = Unwrap(segment.RelativeAcknowledgmentNumber, Math.Max(acknowledged, highest));
                if (first > acknowledged)
                {
                    acknowledged = first;
                    seen.RemoveBelow(new(segment.AcknowledgmentNumber));
                }

                yield return new(Seconds(segment.Arrived ?? segment.Time, origin.Value), segment, DataKind.None, first, first + segment.ScaledWindow);
            }
        }
    }

    /// <summary>Seconds from the origin to a time.</summary>
    private static double Seconds(Timestamp time, Timestamp origin) => (time.Nanoseconds - origin.Nanoseconds) / 1e9;

    /// <summary>The place in the stream that is nearest to one already known.</summary>
    private static long Unwrap(uint relative, long near) => near + unchecked((int)(relative - (uint)near));

    private static bool Overlaps(SackedRanges seen, SegmentRecord segment)
    {
        SeqNumber first = new(segment.SequenceNumber);
        int place = seen.FirstEndingAfter(first);
        return place < seen.Count && seen[place].Left < first + segment.Length;
    }

    private static bool IsAcknowledgment(SegmentRecord segment) =>
        segment.Flags.Has(TcpFlags.ACK) && !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST) && segment.Fate != PacketFate.Lost;
}
