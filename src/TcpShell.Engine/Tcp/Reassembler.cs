using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// The receive buffer: octets in order for the user, and octets beyond a gap, kept until the gap is filled [SHLD-31].
/// Whatever comes in whatever order, overlapping or twice, each octet is handed on once; where copies differ the first counts.
/// </summary>
internal sealed class Reassembler(int capacity)
{
    // A peer could send every second octet and make us keep thousands of islands; a bound keeps each arrival cheap.
    private const int MaximumIslands = 1024;

    private readonly ByteRing _ring = new(capacity);

    // Islands beyond RCV.NXT, as offsets from the first octet behind the ordered data; sorted, disjoint, not touching.
    private readonly List<(int From, int To)> _islands = [];

    // The island that changed last: RFC 2018 wants its block first.
    private int _latestFrom;

    /// <summary>Octets in order that the user has not taken yet.</summary>
    public int Available => _ring.Count;

    /// <summary>Runs of octets beyond a gap, with gaps between them.</summary>
    public int Islands => _islands.Count;

    /// <summary>Octets that wait beyond a gap.</summary>
    public int OutOfOrder
    {
        get
        {
            int sum = 0;
            foreach ((int from, int to) in _islands)
            {
                sum += to - from;
            }

            return sum;
        }
    }

    /// <summary>Octets that fit behind the ordered data: the largest window that can be offered.</summary>
    public int Free => _ring.Capacity - _ring.Count;

    /// <summary>Takes the data of a segment.</summary>
    /// <param name="offset">Where it begins, in octets from RCV.NXT; not negative.</param>
    /// <param name="data">Data; what lies beyond the buffer is left out.</param>
    /// <returns>Octets by which RCV.NXT moves: 0 while a gap remains before the data.</returns>
    public int Insert(int offset, ReadOnlySpan<byte> data)
    {
        if (offset >= Free)
        {
            return 0;
        }

        data = data[..Math.Min(data.Length, Free - offset)];
        if (data.IsEmpty || !FillGaps(offset, data))
        {
            return 0;
        }

        if (_islands[0].From > 0)
        {
            return 0;
        }

        int advance = _islands[0].To;
        _islands.RemoveAt(0);
        _ring.Extend(advance);
        for (int i = 0; i < _islands.Count; i++)
        {
            _islands[i] = (_islands[i].From - advance, _islands[i].To - advance);
        }

        return advance;
    }

    /// <summary>Hands octets to the user.</summary>
    /// <returns>Octets copied; 0 where none are there.</returns>
    public int Read(Span<byte> destination)
    {
        int count = Math.Min(destination.Length, _ring.Count);
        _ring.CopyTo(0, destination[..count]);
        _ring.RemoveFront(count, keepMemory: _islands.Count > 0);
        return count;
    }

    /// <summary>The islands as SACK blocks: the one that changed last first, then the others from the left (RFC 2018 4 [2018-3]).</summary>
    /// <param name="next">RCV.NXT.</param>
    /// <param name="most">How many fit in the header.</param>
    public SackBlocks ToSackBlocks(SeqNumber next, int most)
    {
        var blocks = new SackBlocks();
        int latest = _islands.FindIndex(island => island.From <= _latestFrom && _latestFrom < island.To);
        if (latest >= 0)
        {
            blocks.TryAdd(new(next + _islands[latest].From, next + _islands[latest].To));
        }

        for (int i = 0; i < _islands.Count && blocks.Count < most; i++)
        {
            if (i != latest)
            {
                blocks.TryAdd(new(next + _islands[i].From, next + _islands[i].To));
            }
        }

        return blocks;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _ring.Clear();
        _islands.Clear();
    }

    /// <summary>Writes what is new of the data and joins the islands that it touches.</summary>
    private bool FillGaps(int offset, ReadOnlySpan<byte> data)
    {
        int from = offset;
        int to = offset + data.Length;
        int first = 0;
        while (first < _islands.Count && _islands[first].To < from)
        {
            first++;
        }

        if (_islands.Count == MaximumIslands && (first == _islands.Count || _islands[first].From > to) && from > 0)
        {
            return false;
        }

        int position = from;
        int last = first;
        for (; last < _islands.Count && _islands[last].From <= to; last++)
        {
            Write(position, _islands[last].From, offset, data);
            position = Math.Max(position, _islands[last].To);
        }

        Write(position, to, offset, data);
        if (last > first)
        {
            from = Math.Min(from, _islands[first].From);
            to = Math.Max(to, _islands[last - 1].To);
            _islands.RemoveRange(first, last - first);
        }

        _islands.Insert(first, (from, to));
        _latestFrom = from;
        return true;
    }

    private void Write(int from, int to, int offset, ReadOnlySpan<byte> data)
    {
        if (to > from)
        {
            _ring.WriteAt(_ring.Count + from, data[(from - offset)..(to - offset)]);
        }
    }
}
