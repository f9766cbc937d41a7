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
    /// <param name="withControls">Whether SYN and FIN count as data, an octet each, and a SYN,ACK as an acknowledgment: all that is answered.</param>
    public static IEnumerable<DirectionEvent> Read(IEnumerable<SegmentRecord> segments, Endpoint source, bool withControls = false)
    {
        var seen = new SackedRanges();
        Timestamp? origin = null;
        long highest = 0;
        long acknowledged = 0;
        foreach (SegmentRecord segment in segments)
        {
            // A lab's time counts from its start, a capture's from its first segment.
            origin ??= segment.Reason is null ? segment.Time : Timestamp.Zero;
            int length = segment.Length + (withControls ? Controls(segment) : 0);
            if (segment.Source == source && length > 0 && segment.Icmp is null)
            {
                long first = Unwrap(segment.RelativeSequenceNumber, highest);
                long end = first + length;
                DataKind kind = first < acknowledged || Overlaps(seen, segment.SequenceNumber, length) ? DataKind.Again : first < highest ? DataKind.Late : DataKind.New;
                seen.Add(new(segment.SequenceNumber), new SeqNumber(segment.SequenceNumber) + length);
                if (end > highest)
                {
                    highest = end;
                    seen.RemoveBelow(new SeqNumber(segment.SequenceNumber) + length - Memory);
                }

                yield return new(Seconds(segment.Time, origin.Value), segment, kind, first, end);
            }
            else if (segment.Destination == source && IsAcknowledgment(segment, withControls))
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

    /// <summary>Segments with the seconds since the origin at which they were seen.</summary>
    /// <param name="segments">Segments of one connection, by time.</param>
    public static IEnumerable<(double Time, SegmentRecord Segment)> Timed(IEnumerable<SegmentRecord> segments)
    {
        Timestamp? origin = null;
        foreach (SegmentRecord segment in segments)
        {
            origin ??= segment.Reason is null ? segment.Time : Timestamp.Zero;
            yield return (Seconds(segment.Time, origin.Value), segment);
        }
    }

    /// <summary>Seconds from the origin to a time.</summary>
    private static double Seconds(Timestamp time, Timestamp origin) => (time.Nanoseconds - origin.Nanoseconds) / 1e9;

    /// <summary>The place in the stream that is nearest to one already known.</summary>
    private static long Unwrap(uint relative, long near) => near + unchecked((int)(relative - (uint)near));

    private static bool Overlaps(SackedRanges seen, uint sequenceNumber, int length)
    {
        SeqNumber first = new(sequenceNumber);
        int place = seen.FirstEndingAfter(first);
        return place < seen.Count && seen[place].Left < first + length;
    }

    private static int Controls(SegmentRecord segment) => (segment.Flags.Has(TcpFlags.SYN) ? 1 : 0) + (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0);

    private static bool IsAcknowledgment(SegmentRecord segment, bool isSynToo) =>
        segment.Flags.Has(TcpFlags.ACK) && !segment.Flags.HasAny(isSynToo ? TcpFlags.RST : TcpFlags.SYN | TcpFlags.RST) && segment.Fate != PacketFate.Lost;
}
