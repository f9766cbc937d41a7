namespace TcpShell.Tcp;

/// <summary>A circular buffer of octets that grows when needed, up to a bound, and gives its memory back when it is empty.</summary>
internal sealed class ByteRing(int capacity)
{
    private const int SmallestArray = 1024;

    private byte[] _array = [];
    private int _head;

    /// <summary>The most octets it may hold. Where it is lowered below <see cref="Count"/>, nothing is lost and nothing more is taken.</summary>
    public int Capacity { get; set; } = capacity;

    /// <summary>Octets that still have room.</summary>
    public int Free => Math.Max(0, Capacity - Count);

    /// <summary>Octets from the front that are held without a gap, as the owner counts them.</summary>
    public int Count { get; private set; }

    /// <summary>Appends as much as there is room for.</summary>
    /// <returns>Octets taken.</returns>
    public int Append(ReadOnlySpan<byte> data)
    {
        int count = Math.Min(data.Length, Free);
        if (count > 0)
        {
            WriteAt(Count, data[..count]);
            Count += count;
        }

        return count;
    }

    /// <summary>Writes somewhere behind the front without moving the end: for data that arrives out of order.</summary>
    /// <param name="offset">Octets from the front; with the data within <see cref="Capacity"/>.</param>
    /// <param name="data">What to write.</param>
    public void WriteAt(int offset, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + data.Length, Capacity);
        EnsureSize(offset + data.Length);
        int start = Wrap(_head + offset);
        int first = Math.Min(data.Length, _array.Length - start);
        data[..first].CopyTo(_array.AsSpan(start));
        data[first..].CopyTo(_array);
    }

    /// <summary>Takes in octets that <see cref="WriteAt"/> has written right behind the end.</summary>
    public void Extend(int count) => Count += count;

    /// <summary>Copies octets without taking them away.</summary>
    /// <param name="offset">Octets from the front.</param>
    /// <param name="destination">As many octets as are wanted; all must be there.</param>
    public void CopyTo(int offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, Count);
        int start = Wrap(_head + offset);
        int first = Math.Min(destination.Length, _array.Length - start);
        _array.AsSpan(start, first).CopyTo(destination);
        _array.AsSpan(0, destination.Length - first).CopyTo(destination[first..]);
    }

    /// <summary>Drops octets at the front.</summary>
    /// <param name="count">At most <see cref="Count"/>.</param>
    /// <param name="keepMemory">Whether data is held behind the end, so that the memory must stay.</param>
    public void RemoveFront(int count, bool keepMemory = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count -= count;
        if (Count == 0 && !keepMemory)
        {
            Clear();
            return;
        }

        _head = Wrap(_head + count);
    }

    /// <summary>Drops everything, memory included.</summary>
    public void Clear()
    {
        _array = [];
        _head = 0;
        Count = 0;
    }

    // Sizes are powers of two, so that wrapping is one AND.
    private int Wrap(int index) => index & (_array.Length - 1);

    private void EnsureSize(int size)
    {
        if (size <= _array.Length)
        {
            return;
        }

        var larger = new byte[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, SmallestArray))];
        int first = _array.Length - _head;
        _array.AsSpan(_head, first).CopyTo(larger);
        _array.AsSpan(0, _head).CopyTo(larger.AsSpan(first));
        _array = larger;
        _head = 0;
    }
}
