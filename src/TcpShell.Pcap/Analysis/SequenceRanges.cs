using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>Which octets of one direction were seen already, as ranges; says how many of each further range are new.</summary>
/// <remarks>
/// Data that comes in order makes one range, which is kept in place. Of many holes the oldest are forgotten, as if they had been filled:
/// what fills them later counts as seen before.
/// </remarks>
internal struct SequenceRanges
{
    /// <summary>Ranges that are kept: more holes than a window with losses has in practice.</summary>
    public const int Capacity = 64;

    // The newest range; those before it, sorted and not touching each other, the oldest first.
    private long _start;
    private long _end;
    private List<(long Start, long End)>? _older;

    /// <summary>Notes a range.</summary>
    /// <param name="start">Its first octet, as an offset in the stream.</param>
    /// <param name="end">The octet after its last.</param>
    /// <returns>How many of its octets are new.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Add(long start, long end)
    {
        if (start >= end)
        {
            return 0;
        }

        if (_start == _end)
        {
            (_start, _end) = (start, end);
            return end - start;
        }

        if (start <= _end && start >= _start)
        {
            long added = Math.Max(0, end - _end);
            _end += added;
            return added;
        }

        return AddOutOfOrder(start, end);
    }

    private long AddOutOfOrder(long start, long end)
    {
        List<(long Start, long End)> ranges = _older ??= [];
        ranges.Add((_start, _end));

        // From the end: that is where almost everything belongs.
        int after = ranges.Count;
        while (after > 0 && ranges[after - 1].Start > end)
        {
            after--;
        }

        long added = end - start;
        int first = after;
        while (first > 0 && ranges[first - 1].End >= start)
        {
            (long otherStart, long otherEnd) = ranges[--first];
            added -= Math.Max(0, Math.Min(end, otherEnd) - Math.Max(start, otherStart));
        }

        if (first == after)
        {
            ranges.Insert(first, (start, end));
        }
        else
        {
            // The range joins all those that it touches.
            ranges[first] = (Math.Min(start, ranges[first].Start), Math.Max(end, ranges[after - 1].End));
            ranges.RemoveRange(first + 1, after - first - 1);
        }

        if (ranges.Count > Capacity)
        {
            ranges[1] = (ranges[0].Start, ranges[1].End);
            ranges.RemoveAt(0);
        }

        (_start, _end) = ranges[^1];
        ranges.RemoveAt(ranges.Count - 1);
        return added;
    }
}
