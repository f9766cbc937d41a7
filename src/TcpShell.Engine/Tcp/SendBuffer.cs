using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// What the user has given to be sent: octets that are in flight first, then those that wait for their first transmission. Where one SEND
/// ended and the next began is not kept, so that segments become as large as they can [MAY-16, SHLD-27], unless the user wants to have it kept.
/// </summary>
internal sealed class SendBuffer(int capacity)
{
    private readonly ByteRing _ring = new(capacity);
    private readonly List<SeqNumber> _recordEnds = [];

    /// <summary>The sequence number of the first octet held; the octet after the SYN at the beginning.</summary>
    public SeqNumber Start { get; private set; }

    /// <summary>The sequence number after the last octet held.</summary>
    public SeqNumber End => Start + _ring.Count;

    /// <summary>Octets held.</summary>
    public int Count => _ring.Count;

    /// <summary>Octets that can still be taken.</summary>
    public int Free => _ring.Free;

    /// <summary>Changes how many octets may be held; what is held stays.</summary>
    public void Resize(int capacity) => _ring.Capacity = capacity;

    /// <summary>Fixes the sequence number of the first octet, when the ISN is known.</summary>
    public void StartAt(SeqNumber start) => Start = start;

    /// <summary>Takes octets from the user, as many as there is room for.</summary>
    public int Append(ReadOnlySpan<byte> data) => _ring.Append(data);

    /// <summary>Copies octets for a segment.</summary>
    public void CopyTo(SeqNumber from, Span<byte> destination) => _ring.CopyTo(from - Start, destination);

    /// <summary>Forgets what is acknowledged. Numbers of SYN and FIN, which hold no octet, are passed over.</summary>
    public void Acknowledge(SeqNumber upTo)
    {
        int count = Math.Clamp(upTo - Start, 0, _ring.Count);
        _ring.RemoveFront(count);
        Start += count;
        if (_recordEnds.Count > 0)
        {
            _recordEnds.RemoveRange(0, FirstRecordEndAfter(Start));
        }
    }

    /// <summary>The last octet held ends a record: no segment carries it together with what follows.</summary>
    public void EndRecord()
    {
        if (_ring.Count > 0 && !IsEndOfRecord(End))
        {
            _recordEnds.Add(End);
        }
    }

    /// <summary>Whether a record ends just before this number.</summary>
    public bool IsEndOfRecord(SeqNumber next)
    {
        int index = _recordEnds.Count == 0 ? 0 : FirstRecordEndAfter(next) - 1;
        return index >= 0 && index < _recordEnds.Count && _recordEnds[index] == next;
    }

    /// <summary>How many of so many octets belong to the record that goes on at a number.</summary>
    public int OctetsOfRecord(SeqNumber from, int count)
    {
        int index = _recordEnds.Count == 0 ? 0 : FirstRecordEndAfter(from);
        return index < _recordEnds.Count ? Math.Min(count, _recordEnds[index] - from) : count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _ring.Clear();
        _recordEnds.Clear();
    }

    private int FirstRecordEndAfter(SeqNumber number)
    {
        int low = 0;
        int high = _recordEnds.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _recordEnds[middle] > number ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
