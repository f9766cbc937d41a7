namespace TcpShell.Tcp.Congestion;

/// <summary>Slow start, congestion avoidance, fast retransmit and fast recovery (RFC 5681).</summary>
internal sealed class Reno(TcpSettings settings) : ICongestionControl
{
    // No window of a peer is larger (RFC 7323 2.3), so no growth beyond it means anything; and it cannot overflow.
    private const int LargestWindow = 1 << 30;

    private int _segmentSize = 536;

    // Octets acknowledged since the window last grew in congestion avoidance (RFC 5681 3.1, byte counting).
    private int _credit;

    public int Window { get; private set; } = LargestWindow;

    // [5681-4] As high as can be until the first sign of congestion.
    public int SlowStartThreshold { get; private set; } = int.MaxValue;

    public void Start(int segmentSize, bool handshakeLost)
    {
        _segmentSize = segmentSize;
        Window = handshakeLost ? segmentSize : InitialWindow(segmentSize, settings.InitialWindowSegments); // [5681-3]
    }

    public void Acknowledged(int acknowledged)
    {
        if (Window < SlowStartThreshold)
        {
            Grow(Math.Min(acknowledged, _segmentSize)); // [5681-6]
            return;
        }

        // [5681-7] One SMSS for each window's worth of acknowledged octets.
        _credit += acknowledged;
        if (_credit >= Window)
        {
            _credit -= Window;
            Grow(_segmentSize);
        }
    }

    public void EnterRecovery(int flightSize)
    {
        SlowStartThreshold = Half(flightSize);
        Window = SlowStartThreshold + (3 * _segmentSize); // [5681-13]: three segments have left the network
    }

    public void DuplicateAck() => Grow(_segmentSize); // [5681-14]

    // [6582-4] Deflate by what has left the network, and give one segment back for the retransmission.
    public void PartialAck(int acknowledged) =>
        Window = Math.Max(_segmentSize, Window - acknowledged + (acknowledged >= _segmentSize ? _segmentSize : 0));

    public void ExitRecovery()
    {
        Window = SlowStartThreshold; // [5681-15]
        _credit = 0;
    }

    public void TimedOut(int flightSize, bool first)
    {
        SlowStartThreshold = first ? Half(flightSize) : SlowStartThreshold; // [5681-8]
        Window = _segmentSize; // [5681-9]
        _credit = 0;
    }

    /// <summary>[5681-2] Up to four segments the bound of RFC 5681 3.1; more by RFC 6928 2.</summary>
    private static int InitialWindow(int segmentSize, int segments)
    {
        int classic = segmentSize > 2190 ? 2 : segmentSize > 1095 ? 3 : 4;
        return segments <= 4
            ? Math.Min(segments, classic) * segmentSize
            : Math.Min(segments * segmentSize, Math.Max(2 * segmentSize, segments * 1460));
    }

    private void Grow(int octets) => Window = Math.Min(Window + octets, LargestWindow);

    private int Half(int flightSize) => Math.Max(flightSize / 2, 2 * _segmentSize);
}
