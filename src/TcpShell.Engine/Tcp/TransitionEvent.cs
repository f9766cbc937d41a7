namespace TcpShell.Tcp;

/// <summary>What can move a connection from one state to another: a user's call, a segment, a timer, or the host's fate.</summary>
public enum TransitionEvent
{
    /// <summary>The user opens passively (LISTEN).</summary>
    PassiveOpen,

    /// <summary>The user opens actively.</summary>
    ActiveOpen,

    /// <summary>The user sends on a listening connection, which makes it active.</summary>
    SendWhileListening,

    /// <summary>A SYN arrives.</summary>
    SynArrives,

    /// <summary>A SYN that acknowledges ours arrives.</summary>
    SynAckArrives,

    /// <summary>An acknowledgment of our SYN arrives.</summary>
    AckOfSynArrives,

    /// <summary>The user closes.</summary>
    Close,

    /// <summary>A FIN arrives in order.</summary>
    FinArrives,

    /// <summary>An acknowledgment of our FIN arrives.</summary>
    AckOfFinArrives,

    /// <summary>One segment acknowledges our FIN and carries the peer's.</summary>
    FinAndAckOfFinArrive,

    /// <summary>A valid RST arrives.</summary>
    RstArrives,

    /// <summary>A SYN arrives for a connection that exists already, half-open or open.</summary>
    SynAgainArrives,

    /// <summary>The user aborts.</summary>
    Abort,

    /// <summary>Retransmissions were given up.</summary>
    RetransmissionTimeout,

    /// <summary>The user's own time limit passed.</summary>
    UserTimeout,

    /// <summary>Keep-alive probes went unanswered.</summary>
    KeepAliveTimeout,

    /// <summary>2 MSL have passed.</summary>
    TimeWaitTimeout,

    /// <summary>The host lost its memory: crash, power cut, or stop.</summary>
    HostStops,

    /// <summary>A SYN arrives and the host uses the two-way handshake (teaching only): no third segment is waited for.</summary>
    SynArrivesTwoWay,

    /// <summary>A newer request for the same end points led to a connection, and the old one's TIME-WAIT is over (RFC 6191).</summary>
    ReopenedByNewerSyn,

    /// <summary>A hard ICMP error arrives before the connection is open.</summary>
    IcmpErrorArrives,

    /// <summary>Nobody saw what happened, only that the state is another: another system's connection was looked at. No edge of the table.</summary>
    NotSeen,
}
