namespace TcpShell.Tcp.Congestion;

/// <summary>No congestion control, for lessons: only the peer's window limits what is in flight.</summary>
internal sealed class NoCongestionControl : ICongestionControl
{
    public int Window => int.MaxValue;

    public int SlowStartThreshold => int.MaxValue;

    public void Start(int segmentSize, bool handshakeLost)
    {
    }

    public void Acknowledged(int acknowledged)
    {
    }

    public void EnterRecovery(int flightSize)
    {
    }

    public void DuplicateAck()
    {
    }

    public void PartialAck(int acknowledged)
    {
    }

    public void ExitRecovery()
    {
    }

    public void TimedOut(int flightSize, bool first)
    {
    }
}
