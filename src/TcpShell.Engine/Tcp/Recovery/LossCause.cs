namespace TcpShell.Tcp.Recovery;

/// <summary>What made a segment count as lost.</summary>
internal enum LossCause
{
    /// <summary>The retransmission timer fired.</summary>
    Timeout,

    /// <summary>Three duplicate ACKs came (RFC 5681 3.2).</summary>
    DuplicateAcks,

    /// <summary>An ACK of less than all that was sent before recovery began (RFC 6582 3.2).</summary>
    PartialAck,

    /// <summary>Enough above it was SACKed (RFC 6675 4, IsLost).</summary>
    SackedAbove,

    /// <summary>Something that was sent later arrived earlier, by more than the reordering window (RFC 8985 6.2).</summary>
    Rack,

    /// <summary>It was sent into a window that was closed, and the window has opened again.</summary>
    WindowReopened,

    /// <summary>It is larger than what the path carries, as an ICMP error tells (RFC 1191).</summary>
    PacketTooBig,
}
