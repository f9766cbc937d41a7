namespace TcpShell.Pcap.Analysis;

/// <summary>Which octets of one direction were seen already, as ranges; says how many of each further range are new.</summary>
/// <remarks>
/// Data that comes in order makes one range. Of many holes the oldest are forgotten, as if they had been filled: what fills them
/// later counts as seen before.
/// </remarks>
internal sealed class SequenceRanges
{
    /// <summary>Ranges that are kept: more holes than a window with losses has in practice.</summary>
    public const int Capacity = 64;

    // Sorted, not touching each other; the first is the oldest.
    private readonly List<(long Start, long End)> _ranges = [];

    /// <summary>Notes a range.</summary>
    /// <param name="start">Its first octet, as an offset in the stream.</param>
    /// <param name="end">The octet after its last.</param>
    /// <returns>How many of its octets are new.</returns>
    public long Add(long start, long end)
    {
        if (start >= end)
        {
            return 0;
        }

        // From the end: that is where almost everything belongs.
        int after = _ranges.Count;
        while (after > 0 && _ranges[after - 1].Start > end)
        {
            after--;
        }

        long added = end - start;
        int first = after;
        while (first > 0 && _ranges[first - 1].End >= start)
        {
            (long otherStart, long otherEnd) = _ranges[--first];
            added -= Math.Max(0, Math.Min(end, otherEnd) - Math.Max(start, otherStart));
        }

        if (first == after)
        {
            _ranges.Insert(first, (start, end));
        }
        else
        {
            // The range joins all those that it touches.
            _ranges[first] = (Math.Min(start, _ranges[first].Start), Math.Max(end, _ranges[after - 1].End));
            _ranges.RemoveRange(first + 1, after - first - 1);
        }

        if (_ranges.Count > Capacity)
        {
            _ranges[1] = (_ranges[0].Start, _ranges[1].End);
            _ranges.RemoveAt(0);
        }

        return added;
    }
}
