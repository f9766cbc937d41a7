namespace TcpShell.Pcap.Analysis;

/// <summary>
/// What is remarkable about a segment, in Wireshark's words: each is the tcp.analysis field of the same name, by the definition in the
/// Wireshark User's Guide ("TCP Analysis"). Checksums are beside them.
/// </summary>
[Flags]
public enum TcpAnalysisFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>tcp.analysis.retransmission: it begins before the end of what was sent already; set beside <see cref="FastRetransmission"/> and <see cref="SpuriousRetransmission"/> too.</summary>
    Retransmission = 1 << 0,

    /// <summary>tcp.analysis.fast_retransmission: it begins where two duplicate ACKs or more point to, within 20 ms after the last of them.</summary>
    FastRetransmission = 1 << 1,

    /// <summary>tcp.analysis.spurious_retransmission: the peer had acknowledged all of it, however soon it comes again.</summary>
    SpuriousRetransmission = 1 << 2,

    /// <summary>tcp.analysis.out_of_order: so soon behind a later segment that the network must have changed their order.</summary>
    OutOfOrder = 1 << 3,

    /// <summary>tcp.analysis.lost_segment: a segment before it is missing in the capture.</summary>
    PreviousSegmentNotCaptured = 1 << 4,

    /// <summary>tcp.analysis.ack_lost_segment: it acknowledges what was not captured.</summary>
    AckedUnseenSegment = 1 << 5,

    /// <summary>tcp.analysis.duplicate_ack: without data, and the same numbers and window as the one before.</summary>
    DuplicateAck = 1 << 6,

    /// <summary>tcp.analysis.zero_window: it tells that its sender can take nothing.</summary>
    ZeroWindow = 1 << 7,

    /// <summary>tcp.analysis.zero_window_probe: one new octet for a peer whose window is closed.</summary>
    ZeroWindowProbe = 1 << 8,

    /// <summary>tcp.analysis.zero_window_probe_ack: the ACK before repeated after a probe, with the window closed still.</summary>
    ZeroWindowProbeAck = 1 << 9,

    /// <summary>tcp.analysis.window_update: without data, and only the window is another than before.</summary>
    WindowUpdate = 1 << 10,

    /// <summary>tcp.analysis.window_full: its data reaches to the end of the peer's window.</summary>
    WindowFull = 1 << 11,

    /// <summary>tcp.analysis.keep_alive: no octet or one, the last of what was sent before.</summary>
    KeepAlive = 1 << 12,

    /// <summary>tcp.analysis.keep_alive_ack: the ACK before repeated after a keep-alive.</summary>
    KeepAliveAck = 1 << 13,

    /// <summary>tcp.analysis.reused_ports: a SYN between end points that had another connection before.</summary>
    PortReuse = 1 << 14,

    /// <summary>tcp.checksum.bad: the TCP checksum is wrong, if checksums were asked for.</summary>
    BadChecksum = 1 << 15,

    /// <summary>The TCP checksum is the pseudo-header's sum alone, so the sender's network card was to put in the rest after the capture: nothing is wrong.</summary>
    OffloadedChecksum = 1 << 16,
}
