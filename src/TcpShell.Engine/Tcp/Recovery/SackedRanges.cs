using TcpShell.Wire;

namespace TcpShell.Tcp.Recovery;

/// <summary>What the peer holds beyond a gap, as far as it has told: ranges by sequence number, disjoint and not touching (RFC 6675 4).</summary>
internal sealed class SackedRanges
{
    private readonly List<SackBlock> _ranges = [];

    /// <summary>How many ranges there are.</summary>
    public int Count => _ranges.Count;

    /// <summary>A range, from the left.</summary>
    public SackBlock this[int index] => _ranges[index];

    /// <summary>The place of the first range that ends after a number; <see cref="Count"/> if none does.</summary>
    public int FirstEndingAfter(SeqNumber number)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Right > number)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Adds a range and joins those that it meets.</summary>
    public void Add(SeqNumber left, SeqNumber right)
    {
        int first = FirstEndingAfter(left - 1); // one that ends at the left edge is met too
        int last = first;
        while (last < _ranges.Count && _ranges[last].Left <= right)
        {
            last++;
        }

        if (last > first)
        {
            left = SeqNumber.Min(left, _ranges[first].Left);
            right = SeqNumber.Max(right, _ranges[last - 1].Right);
            _ranges.RemoveRange(first, last - first);
        }

        _ranges.Insert(first, new(left, right));
    }

    /// <summary>What lies below a number is acknowledged.</summary>
    public void RemoveBelow(SeqNumber number)
    {
        int count = FirstEndingAfter(number);
        if (count > 0)
        {
            _ranges.RemoveRange(0, count);
        }

        if (_ranges.Count > 0 && _ranges[0].Left < number)
        {
            _ranges[0] = new(number, _ranges[0].Right);
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _ranges.Clear();

    /// <summary>
    /// IsLost of RFC 6675 4 for all numbers at once: whatever is not SACKed and lies below this number is lost, because three ranges, or more
    /// than two segments of octets, are SACKed above it [6675-2]. Null where nothing is lost.
    /// </summary>
    /// <param name="segmentSize">SMSS.</param>
    /// <param name="threshold">DupThresh.</param>
    public SeqNumber? LossEdge(int segmentSize, int threshold)
    {
        int octets = 0;
        for (int i = 1; i <= _ranges.Count; i++)
        {
            SackBlock range = _ranges[^i];
            octets += range.Right - range.Left;
            if (i >= threshold || octets > (threshold - 1) * segmentSize)
            {
                return range.Left;
            }
        }

        return null;
    }
}
