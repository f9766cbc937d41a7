namespace TcpShell.Serving;

/// <summary>
/// What a script block has given and is not sent yet: octets between the thread that it runs on and the network. Who gives more than it holds waits,
/// until some of it was taken or nobody wants it any more.
/// </summary>
/// <param name="limit">Octets that it holds.</param>
internal sealed class ScriptOutput(int limit)
{
    private readonly object _gate = new();
    private byte[] _octets = [];
    private int _start;
    private int _count;
    private bool _isOver;

    /// <summary>Whether nothing is there to be taken.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _count == 0;
            }
        }
    }

    /// <summary>Adds octets, as many as fit; waits until that is at least one.</summary>
    /// <param name="octets">The octets, at least one.</param>
    /// <returns>How many were added; 0 if nobody wants them.</returns>
    public int Add(ReadOnlySpan<byte> octets)
    {
        lock (_gate)
        {
            while (_count >= limit && !_isOver)
            {
                Monitor.Wait(_gate);
            }

            int added = _isOver ? 0 : Math.Min(octets.Length, limit - _count);
            MakeRoom(added);
            octets[..added].CopyTo(_octets.AsSpan(_start + _count));
            _count += added;
            return added;
        }
    }

    /// <summary>Takes octets in the order in which they were added.</summary>
    /// <param name="destination">Where to.</param>
    /// <returns>How many; 0 if there are none.</returns>
    public int Take(Span<byte> destination)
    {
        lock (_gate)
        {
            int taken = Math.Min(destination.Length, _count);
            _octets.AsSpan(_start, taken).CopyTo(destination);
            _start += taken;
            _count -= taken;
            if (_count == 0)
            {
                (_octets, _start) = ([], 0); // most connections are idle most of the time
            }

            Monitor.PulseAll(_gate);
            return taken;
        }
    }

    /// <summary>Nobody wants it any more: what is there is forgotten, and who waits goes on.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            (_octets, _start, _count) = ([], 0, 0);
            Monitor.PulseAll(_gate);
        }
    }

    private void MakeRoom(int more)
    {
        if (_start + _count + more <= _octets.Length)
        {
            return;
        }

        int needed = _count + more;
        byte[] target = needed <= _octets.Length / 2 ? _octets : new byte[Math.Max(needed, Math.Min(_octets.Length * 2L, Array.MaxLength))];
        _octets.AsSpan(_start, _count).CopyTo(target);
        (_octets, _start) = (target, 0);
    }
}
