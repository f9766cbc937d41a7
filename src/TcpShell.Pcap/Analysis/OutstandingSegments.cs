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

    private (uint End, long Time)[]? _segments;
    private byte _first;
    private byte _count;

    /// <summary>A segment with new octets was seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(uint end, long time)
    {
        if (_segments is null)
        {
            _segments = new (uint, long)[FirstSize];
        }
        else if (_count == _segments.Length)
        {
            if (_count == Capacity)
            {
                return;
            }

            Grow();
        }

        _segments[(_first + _count++) & (_segments.Length - 1)] = (end, time);
    }

    /// <summary>Something from a number on was sent again.</summary>
    public void Forget(uint from)
    {
        while (_count > 0 && unchecked((int)(_segments![(_first + _count - 1) & (_segments.Length - 1)].End - from)) > 0)
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
        while (_count > 0)
        {
            ref (uint End, long Time) oldest = ref _segments![_first];
            if (unchecked((int)(ack - oldest.End)) < 0)
            {
                break;
            }

            rtt = ack == oldest.End ? time - oldest.Time : -1;
            _first = (byte)((_first + 1) & (_segments.Length - 1));
            _count--;
        }

        return rtt;
    }

    private void Grow()
    {
        var larger = new (uint, long)[2 * _segments!.Length];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _segments[(_first + i) & (_segments.Length - 1)];
        }

        _segments = larger;
        _first = 0;
    }
}
