using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// When the segments that wait for an ACK were seen, so that the ACK tells a round trip. Of what was sent again nothing is told, because
/// nobody knows which of the two was acknowledged (Karn's rule, RFC 6298 3).
/// </summary>
/// <remarks>At most 32 of them are remembered; what is sent beyond gives no sample.</remarks>
internal struct OutstandingSegments
{
    private const int Capacity = 32;
    private const int FirstSize = 2;

    // The oldest one stands here, as the only one mostly; those after it in a ring.
    private (uint End, long Time)[]? _later;
    private long _oldestTime;
    private uint _oldestEnd;
    private byte _first;
    private byte _count;

    /// <summary>A segment with new octets was seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(uint end, long time)
    {
        if (_count == 0)
        {
            (_oldestEnd, _oldestTime, _count) = (end, time, 1);
        }
        else
        {
            AddLater(end, time);
        }
    }

    /// <summary>Something from a number on was sent again.</summary>
    public void Forget(uint from)
    {
        while (_count > 0 && unchecked((int)((_count == 1 ? _oldestEnd : _later![PlaceOf(_count - 2)].End) - from)) > 0)
        {
            _count--;
        }
    }

    /// <summary>An ACK was seen.</summary>
    /// <param name="ack">Its number.</param>
    /// <param name="time">When it was seen.</param>
    /// <returns>Nanoseconds since the segment that ends there; -1 if none does, or its time is later.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Acknowledge(uint ack, long time)
    {
        long rtt = -1;
        while (_count > 0 && unchecked((int)(ack - _oldestEnd)) >= 0)
        {
            rtt = ack == _oldestEnd ? time - _oldestTime : -1;
            if (--_count > 0)
            {
                (_oldestEnd, _oldestTime) = _later![_first];
                _first = (byte)PlaceOf(1);
            }
        }

        return rtt;
    }

    private void AddLater(uint end, long time)
    {
        int later = _count - 1;
        _later ??= new (uint, long)[FirstSize];
        if (_count == Capacity)
        {
            return;
        }

        if (later == _later.Length)
        {
            Grow();
        }

        _later[PlaceOf(later)] = (end, time);
        _count++;
    }

    private readonly int PlaceOf(int later) => (_first + later) & (_later!.Length - 1);

    private void Grow()
    {
        var larger = new (uint, long)[2 * _later!.Length];
        for (int i = 0; i < _later.Length; i++)
        {
            larger[i] = _later[PlaceOf(i)];
        }

        _later = larger;
        _first = 0;
    }
}
