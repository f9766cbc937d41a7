namespace TcpShell.Tcp.Congestion;

/// <summary>Slow start and congestion avoidance (RFC 5681).</summary>
internal sealed class Reno(TcpSettings settings) : ICongestionControl
{
    // No window of a peer is larger (RFC 7323 2.3), so no growth beyond it means anything; and it cannot overflow.
    private const int LargestWindow = 1 << 30;

    private int _segmentSize = 536;

    // Octets acknowledged since the window last grew in congestion avoidance (RFC 5681 3.1, byte counting).
    private int _credit;

    // What the last signal of congestion changed.
    private int _windowBefore;
    private int _thresholdBefore;

    private int _window = LargestWindow;

    public int Window
    {
        get => _window;
        set => _window = Math.Clamp(value, 1, LargestWindow);
    }

    // [5681-4] As high as can be until the first sign of congestion.
    public int SlowStartThreshold { get; private set; } = int.MaxValue;

    public void Start(int segmentSize, bool handshakeLost)
    {
        _segmentSize = segmentSize;
        Window = handshakeLost ? segmentSize : InitialWindow(segmentSize, settings.InitialWindowSegments); // [5681-3]
    }

    public void Acknowledged(in AcknowledgedData data)
    {
        if (Window < SlowStartThreshold)
        {
            Window += Math.Min(data.Octets, _segmentSize); // [5681-6]
            return;
        }

        // [5681-7] One SMSS for each window's worth of acknowledged octets.
        _credit += data.Octets;
        if (_credit >= Window)
        {
            _credit -= Window;
            Window += _segmentSize;
        }
    }

    public void Congested(CongestionSignal signal, int flightSize, Timestamp now)
    {
        _credit = 0;
        if (signal == CongestionSignal.RepeatedTimeout)
        {
            Window = _segmentSize; // ssthresh stays what the first one made it [5681-8]
            return;
        }

        _windowBefore = Window;
        _thresholdBefore = SlowStartThreshold;
        SlowStartThreshold = Math.Max(flightSize / 2, 2 * _segmentSize); // [5681-8]
        Window = signal == CongestionSignal.Timeout ? _segmentSize : SlowStartThreshold; // [5681-9]
    }

    public void Undo()
    {
        Window = Math.Max(Window, _windowBefore);
        SlowStartThreshold = Math.Max(SlowStartThreshold, _thresholdBefore);
    }

    public void ChangeSegmentSize(int segmentSize)
    {
        Window = (int)((long)Window * segmentSize / _segmentSize); // [5681-20]
        _segmentSize = segmentSize;
    }

    /// <summary>[5681-2] Up to four segments the bound of RFC 5681 3.1; more by RFC 6928 2.</summary>
    private static int InitialWindow(int segmentSize, int segments)
    {
        int classic = segmentSize > 2190 ? 2 : segmentSize > 1095 ? 3 : 4;
        return segments <= 4
            ? Math.Min(segments, classic) * segmentSize
            : Math.Min(segments * segmentSize, Math.Max(2 * segmentSize, segments * 1460));
    }
}
