using TcpShell.Wire;

namespace TcpShell.Tcp.Recovery;

/// <summary>Segments by sequence number, without gaps: a circular array. Both ends cost O(1), a search O(log n), the middle what lies between it and the nearer end.</summary>
internal sealed class SegmentRing
{
    private const int KeptCapacity = 64;

    private SentSegment?[] _array = [];
    private int _head;

    /// <summary>How many segments it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The segment at a place, from 0.</summary>
    public SentSegment this[int index] => _array[Wrap(index)]!;

    /// <summary>Puts a segment behind the last one.</summary>
    public void AddLast(SentSegment segment)
    {
        EnsureRoom();
        _array[Wrap(Count++)] = segment;
    }

    /// <summary>Takes the first segment away.</summary>
    public void RemoveFirst() => RemoveRange(0, 1);

    /// <summary>Puts a segment at a place and moves the others aside.</summary>
    public void Insert(int index, SentSegment segment)
    {
        EnsureRoom();
        Count++;
        if (index < Count / 2)
        {
            _head = Wrap(-1);
            Move(from: 1, to: 0, count: index);
        }
        else
        {
            Move(from: index, to: index + 1, count: Count - 1 - index);
        }

        _array[Wrap(index)] = segment;
    }

    /// <summary>Takes segments away.</summary>
    public void RemoveRange(int index, int count)
    {
        if (index < Count - index - count)
        {
            Move(from: 0, to: count, index);
            Clear(0, count);
            _head = Wrap(count);
        }
        else
        {
            Move(from: index + count, to: index, Count - index - count);
            Clear(Count - count, count);
        }

        Count -= count;
        if (Count == 0 && _array.Length > KeptCapacity)
        {
            _array = [];
            _head = 0;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => RemoveRange(0, Count);

    /// <summary>The place of the first segment that ends after a number; <see cref="Count"/> if none does.</summary>
    public int FirstEndingAfter(SeqNumber number)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].End > number)
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

    private int Wrap(int index) => (_head + index) & (_array.Length - 1); // sizes are powers of two

    private void Move(int from, int to, int count)
    {
        bool forward = to < from;
        for (int i = 0; i < count; i++)
        {
            int k = forward ? i : count - 1 - i;
            _array[Wrap(to + k)] = _array[Wrap(from + k)];
        }
    }

    private void Clear(int index, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _array[Wrap(index + i)] = null;
        }
    }

    private void EnsureRoom()
    {
        if (Count < _array.Length)
        {
            return;
        }

        var larger = new SentSegment?[Math.Max(1, 2 * _array.Length)]; // a request has its SYN and nothing else
        for (int i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }

        _array = larger;
        _head = 0;
    }
}
