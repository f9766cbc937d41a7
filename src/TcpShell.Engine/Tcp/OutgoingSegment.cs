using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>Why a segment is sent.</summary>
public enum TransmitReason
{
    /// <summary>To open: SYN, or SYN,ACK.</summary>
    Open,

    /// <summary>Data, sent for the first time.</summary>
    Data,

    /// <summary>The FIN, sent for the first time.</summary>
    Close,

    /// <summary>To acknowledge what arrived.</summary>
    Acknowledgment,

    /// <summary>To tell that the receive window has opened again.</summary>
    WindowUpdate,

    /// <summary>Again, because the retransmission timer fired (RFC 6298).</summary>
    RetransmissionTimeout,

    /// <summary>Again, because ACKs show that it is missing: duplicate ones (RFC 5681) or SACK (RFC 6675, RFC 8985).</summary>
    FastRetransmit,

    /// <summary>To get an ACK that tells whether the last segments were lost: the last one again, or new data (RFC 8985 7).</summary>
    TailLossProbe,

    /// <summary>Again, because the peer repeats what we have answered before (its SYN, usually).</summary>
    PeerRetransmitted,

    /// <summary>To probe a closed window (RFC 9293 3.8.6.1).</summary>
    ZeroWindowProbe,

    /// <summary>To ask an idle peer whether it lives (RFC 9293 3.8.4).</summary>
    KeepAliveProbe,

    /// <summary>To make the peer prove that a suspicious segment came from it (RFC 5961).</summary>
    ChallengeAck,

    /// <summary>To refuse or to end a connection.</summary>
    Reset,

    /// <summary>Again, in smaller pieces, because a router told that it was too big for the path (RFC 1191, RFC 8201).</summary>
    PathMtuDiscovery,

    /// <summary>Not a segment: an ICMP error, by which a router tells what became of one.</summary>
    IcmpError,

    /// <summary>Not a segment: the answer to an ICMP echo request.</summary>
    EchoReply,

    /// <summary>Made by hand, not by a connection.</summary>
    Crafted,
}

/// <summary>A segment that a connection wants to be sent, and why.</summary>
/// <param name="Segment">The segment. Its payload is valid until the connection is polled again.</param>
/// <param name="Reason">Why it is sent.</param>
/// <param name="Attempt">1 for the first transmission, 2 for the first retransmission, and so on.</param>
/// <param name="Note">More for a reader: <c>after 3 duplicate ACKs</c>, <c>RTO 1 s</c>; empty where the reason says it all.</param>
public readonly record struct OutgoingSegment(TcpSegment Segment, TransmitReason Reason, int Attempt, string Note)
{
    /// <summary>What the IP header says of ECN.</summary>
    public Ecn Ecn { get; init; }
}
