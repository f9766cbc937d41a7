namespace TcpShell.Tcp.Congestion;

/// <summary>
/// Decides how much may be in flight. It is told what happened; what is retransmitted when is decided elsewhere.
/// All sizes are in octets.
/// </summary>
internal interface ICongestionControl
{
    /// <summary>cwnd: the most that may be in flight.</summary>
    int Window { get; }

    /// <summary>ssthresh: where slow start ends.</summary>
    int SlowStartThreshold { get; }

    /// <summary>The handshake is over and the segment size known.</summary>
    /// <param name="segmentSize">SMSS.</param>
    /// <param name="handshakeLost">Whether SYN or SYN,ACK had to be sent again.</param>
    void Start(int segmentSize, bool handshakeLost);

    /// <summary>New data was acknowledged outside of recovery.</summary>
    /// <param name="acknowledged">Octets.</param>
    void Acknowledged(int acknowledged);

    /// <summary>Duplicate ACKs show a loss; fast recovery begins.</summary>
    /// <param name="flightSize">FlightSize: octets sent and not acknowledged.</param>
    void EnterRecovery(int flightSize);

    /// <summary>One more duplicate ACK came during fast recovery: one more segment has left the network.</summary>
    void DuplicateAck();

    /// <summary>During fast recovery a part of what was sent before it was acknowledged (RFC 6582 3.2 step 3).</summary>
    /// <param name="acknowledged">Octets.</param>
    void PartialAck(int acknowledged);

    /// <summary>Fast recovery is over.</summary>
    void ExitRecovery();

    /// <summary>The retransmission timer fired.</summary>
    /// <param name="flightSize">FlightSize.</param>
    /// <param name="first">Whether it is the first time for this segment.</param>
    void TimedOut(int flightSize, bool first);
}
