using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// The receive buffer: octets in order for the user, and octets beyond a gap, kept until the gap is filled [SHLD-31].
/// Whatever comes in whatever order, overlapping or twice, each octet is handed on once; where copies differ the first counts.
/// </summary>
internal sealed class Reassembler(int capacity)
{
    // A peer could send every second octet and make us keep thousands of islands; a bound keeps each arrival cheap. What would make
    // one more is dropped, and the peer sends it again: no octet that was reported in a SACK block is ever given up [2018-5].
    private const int MaximumIslands = 1024;

    private readonly ByteRing _ring = new(capacity);

    // Islands beyond RCV.NXT, as offsets from the first octet behind the ordered data; sorted, disjoint, not touching.
    private readonly List<Island> _islands = [];

    // Counts what arrived beyond a gap, so that the island which changed last can be told from the others.
    private long _arrivals;

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
            foreach (Island island in _islands)
            {
                sum += island.To - island.From;
            }

            return sum;
        }
    }

    /// <summary>Octets that fit behind the ordered data: the largest window that can be offered.</summary>
    public int Free => _ring.Free;

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
            _islands[i] = _islands[i] with { From = _islands[i].From - advance, To = _islands[i].To - advance };
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

    /// <summary>The first run of octets of a segment that is here already, beyond a gap (RFC 2883 4).</summary>
    /// <param name="offset">Where the segment's data begins, in octets from RCV.NXT; not negative.</param>
    /// <param name="count">Octets of data.</param>
    /// <returns>Offsets of the run's first octet and of the one behind it; null where all of the data is new.</returns>
    public (int From, int To)? FirstDuplicate(int offset, int count)
    {
        foreach (Island island in _islands)
        {
            int from = Math.Max(island.From, offset);
            int to = Math.Min(island.To, offset + count);
            if (from < to)
            {
                return (from, to);
            }
        }

        return null;
    }

    /// <summary>Whether data overlaps the island that changed last, or touches it.</summary>
    /// <param name="offset">Where the data begins, in octets from RCV.NXT; not negative.</param>
    /// <param name="count">Octets of data; not positive for none.</param>
    public bool TouchesLatest(int offset, int count)
    {
        foreach (Island island in _islands)
        {
            if (island.Arrival == _arrivals)
            {
                return count > 0 && offset <= island.To && offset + count >= island.From;
            }
        }

        return false;
    }

    /// <summary>The islands as SACK blocks: the one that changed last first, then the one that did before it, and so on [2018-3, 2018-4].</summary>
    /// <param name="next">RCV.NXT.</param>
    /// <param name="most">How many fit in the header.</param>
    /// <param name="blocks">Where to add them.</param>
    public void AddSackBlocks(SeqNumber next, int most, ref SackBlocks blocks)
    {
        long before = long.MaxValue;
        for (int n = Math.Min(most, _islands.Count); n > 0; n--)
        {
            Island latest = default;
            foreach (Island island in _islands)
            {
                latest = island.Arrival < before && island.Arrival > latest.Arrival ? island : latest;
            }

            before = latest.Arrival;
            blocks.TryAdd(new(next + latest.From, next + latest.To));
        }
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

        _islands.Insert(first, new(from, to, ++_arrivals));
        return true;
    }

    private void Write(int from, int to, int offset, ReadOnlySpan<byte> data)
    {
        if (to > from)
        {
            _ring.WriteAt(_ring.Count + from, data[(from - offset)..(to - offset)]);
        }
    }

    /// <summary>A run of octets beyond a gap.</summary>
    /// <param name="From">Its first octet, from RCV.NXT.</param>
    /// <param name="To">The octet behind its last.</param>
    /// <param name="Arrival">Which arrival changed it last, from 1; no two islands share one.</param>
    private readonly record struct Island(int From, int To, long Arrival);
}
