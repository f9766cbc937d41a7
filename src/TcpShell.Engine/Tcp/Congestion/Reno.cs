namespace TcpShell.Tcp.Congestion;

/// <summary>Slow start and congestion avoidance (RFC 5681).</summary>
internal sealed class Reno(TcpSettings settings) : ICongestionControl
{
    private readonly CongestionWindow _window = new(settings);

    // Octets acknowledged since the window last grew in congestion avoidance (RFC 5681 3.1, byte counting).
    private int _credit;

    public int Window
    {
        get => (int)_window.Octets;
        set => _window.Octets = value;
    }

    public int SlowStartThreshold => _window.Threshold;

    public void Start(int segmentSize, bool handshakeLost) => _window.Start(segmentSize, handshakeLost);

    public void Acknowledged(in AcknowledgedData data)
    {
        if (_window.TrySlowStart(data) || !data.WindowWasFull)
        {
            return;
        }

        // [5681-7] One SMSS for each window's worth of acknowledged octets.
        _credit += data.Octets;
        if (_credit >= Window)
        {
            _credit -= Window;
            Window += _window.SegmentSize;
        }
    }

    public void Congested(CongestionSignal signal, int flightSize, Timestamp now)
    {
        _credit = 0;
        _window.Reduce(signal, flightSize, beta: 0.5); // [5681-8]
    }

    public void Undo() => _window.Undo();

    public void ChangeSegmentSize(int segmentSize) => _window.ChangeSegmentSize(segmentSize);
}
