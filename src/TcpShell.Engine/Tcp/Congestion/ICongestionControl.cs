using TcpShell.Wire;

namespace TcpShell.Tcp.Congestion;

/// <summary>What tells of congestion.</summary>
internal enum CongestionSignal
{
    /// <summary>Loss detection found a loss; recovery begins.</summary>
    Loss,

    /// <summary>The peer echoes a router's mark (RFC 3168); nothing was lost.</summary>
    EcnEcho,

    /// <summary>The retransmission timer fired, for the first time for this segment.</summary>
    Timeout,

    /// <summary>It fired again for the same segment.</summary>
    RepeatedTimeout,
}

/// <summary>An acknowledgment of new data, as congestion control sees it.</summary>
/// <param name="Octets">Octets that it acknowledges for the first time.</param>
/// <param name="Now">When it arrived.</param>
/// <param name="Una">SND.UNA after it.</param>
/// <param name="Nxt">SND.NXT.</param>
/// <param name="Rtt">The round-trip time that was measured with it; null if none could be.</param>
/// <param name="SmoothedRtt">SRTT; null before the first measurement.</param>
/// <param name="WindowWasFull">Whether cwnd, not the user or the peer, limited what was in flight.</param>
internal readonly record struct AcknowledgedData(
    int Octets, Timestamp Now, SeqNumber Una, SeqNumber Nxt, TimeSpan? Rtt, TimeSpan? SmoothedRtt, bool WindowWasFull);

/// <summary>
/// Decides how much may be in flight. It is told what happened; what is lost, and what is sent again when, is decided by loss recovery,
/// which also steers the window while it lasts. All sizes are in octets.
/// </summary>
internal interface ICongestionControl
{
    /// <summary>cwnd: the most that may be in flight. Loss recovery and a restart after idle set it, nobody else.</summary>
    int Window { get; set; }

    /// <summary>ssthresh: where slow start ends.</summary>
    int SlowStartThreshold { get; }

    /// <summary>The handshake is over and the segment size known.</summary>
    /// <param name="segmentSize">SMSS.</param>
    /// <param name="handshakeLost">Whether SYN or SYN,ACK had to be sent again.</param>
    void Start(int segmentSize, bool handshakeLost);

    /// <summary>New data was acknowledged, outside of recovery.</summary>
    /// <param name="data">What, and when.</param>
    void Acknowledged(in AcknowledgedData data);

    /// <summary>There is congestion: lowers ssthresh, and cwnd to ssthresh or, after a timeout, to one segment.</summary>
    /// <param name="signal">What tells of it.</param>
    /// <param name="flightSize">FlightSize: octets sent and not acknowledged.</param>
    /// <param name="now">The time.</param>
    void Congested(CongestionSignal signal, int flightSize, Timestamp now);

    /// <summary>The last signal was a mistake: cwnd and ssthresh are again what they were before it, cwnd at least what it is now.</summary>
    void Undo();

    /// <summary>SMSS changes, because the path's MTU does (RFC 5681 3.1 [5681-20]).</summary>
    /// <param name="segmentSize">The new SMSS.</param>
    void ChangeSegmentSize(int segmentSize);
}
