namespace TcpShell.Tcp.Congestion;

/// <summary>No congestion control, for lessons: only the peer's window limits what is in flight.</summary>
internal sealed class NoCongestionControl : ICongestionControl
{
    public int Window
    {
        get => int.MaxValue;
        set { }
    }

    public int SlowStartThreshold => int.MaxValue;

    public void Start(int segmentSize, bool handshakeLost)
    {
    }

    public void Acknowledged(in AcknowledgedData data)
    {
    }

    public void Congested(CongestionSignal signal, int flightSize, Timestamp now)
    {
    }

    public void Undo()
    {
    }

    public void ChangeSegmentSize(int segmentSize)
    {
    }
}
