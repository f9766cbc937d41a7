namespace TcpShell.Tcp;

/// <summary>What a connection has counted since it was made.</summary>
public sealed class ConnectionCounters
{
    /// <summary>Segments sent, all kinds.</summary>
    public long SegmentsSent { get; internal set; }

    /// <summary>Segments that arrived, all kinds.</summary>
    public long SegmentsReceived { get; internal set; }

    /// <summary>Octets of data sent for the first time.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>Octets of data that the peer acknowledged.</summary>
    public long BytesAcknowledged { get; internal set; }

    /// <summary>Octets of data that arrived in order, each counted once.</summary>
    public long BytesReceived { get; internal set; }

    /// <summary>The most octets of data that one segment brought.</summary>
    public int LargestReceived { get; internal set; }

    /// <summary>Segments sent again, for whatever reason.</summary>
    public long Retransmissions { get; internal set; }

    /// <summary>Octets sent again, for whatever reason; SYN not counted.</summary>
    public long BytesRetransmitted { get; internal set; }

    /// <summary>Segments that are known to have arrived, acknowledged or SACKed; each counted once.</summary>
    public long Delivered { get; internal set; }

    /// <summary>How often the retransmission timer fired.</summary>
    public long Timeouts { get; internal set; }

    /// <summary>How often fast recovery began (RFC 5681 3.2).</summary>
    public long Recoveries { get; internal set; }

    /// <summary>How often a recovery or a timeout turned out to be a mistake and was undone.</summary>
    public long SpuriousRecoveries { get; internal set; }

    /// <summary>Tail loss probes sent (RFC 8985 7).</summary>
    public long TailLossProbes { get; internal set; }

    /// <summary>D-SACKs that arrived: what the peer received twice (RFC 2883).</summary>
    public long DuplicateSacks { get; internal set; }

    /// <summary>How often duplicate ACKs or SACK led to a retransmission.</summary>
    public long FastRetransmits { get; internal set; }

    /// <summary>Duplicate ACKs that arrived (RFC 5681 2).</summary>
    public long DuplicateAcks { get; internal set; }

    /// <summary>Segments that arrived ahead of a gap.</summary>
    public long OutOfOrder { get; internal set; }

    /// <summary>Segments that arrived and were dropped, with or without an answer.</summary>
    public long Dropped { get; internal set; }

    /// <summary>Challenge ACKs sent (RFC 5961).</summary>
    public long ChallengeAcks { get; internal set; }

    /// <summary>Zero-window probes sent.</summary>
    public long ZeroWindowProbes { get; internal set; }

    /// <summary>Keep-alive probes sent.</summary>
    public long KeepAliveProbes { get; internal set; }

    /// <summary><c>9 segments sent, 8 received, 1 retransmission(s), 0 dropped</c>.</summary>
    public override string ToString() =>
        $"{SegmentsSent} segments sent, {SegmentsReceived} received, {Retransmissions} retransmission(s), {Dropped} dropped";
}
