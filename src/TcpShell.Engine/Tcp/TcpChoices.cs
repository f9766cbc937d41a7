namespace TcpShell.Tcp;

/// <summary>Which congestion control a connection uses.</summary>
public enum CongestionAlgorithm
{
    /// <summary>Slow start and congestion avoidance as RFC 5681 has them.</summary>
    Reno,

    /// <summary>CUBIC (RFC 9438).</summary>
    Cubic,

    /// <summary>None at all, for lessons: only the peer's window limits what is in flight.</summary>
    None,
}

/// <summary>How slow start is left before a loss.</summary>
public enum HyStartMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>HyStart++ (RFC 9406): it goes on more slowly for some rounds when round-trip times grow, until it is clear that a queue fills.</summary>
    PlusPlus,

    /// <summary>HyStart (Ha and Rhee, 2011), as in Linux's CUBIC: it ends at once when round-trip times grow or ACKs come as a long train.</summary>
    Classic,
}

/// <summary>How the window comes down while losses are repaired (proportional rate reduction).</summary>
public enum RateReduction
{
    /// <summary>RFC 6937: below ssthresh one segment more than what arrives may go with each ACK.</summary>
    Rfc6937,

    /// <summary>RFC 9937: one segment more only with ACKs that acknowledge new data and tell of no further loss.</summary>
    Rfc9937,
}

/// <summary>How a sender with SACK finds out what is lost.</summary>
public enum LossRecovery
{
    /// <summary>By time: what was sent well before something that has arrived (RACK-TLP, RFC 8985), with proportional rate reduction.</summary>
    Rack,

    /// <summary>By count: what has three SACKed ranges above it (RFC 6675).</summary>
    Rfc6675,
}

/// <summary>What a connection does about explicit congestion notification (RFC 3168).</summary>
public enum EcnMode
{
    /// <summary>Nothing.</summary>
    Off,

    /// <summary>It agrees where the peer asks for it.</summary>
    Accept,

    /// <summary>It asks for it when it opens, and agrees where the peer asks.</summary>
    Request,
}

/// <summary>When a listener answers with SYN cookies (RFC 4987 3.6): with nothing remembered of the request.</summary>
public enum SynCookieMode
{
    /// <summary>Never: requests beyond the backlog are dropped.</summary>
    Off,

    /// <summary>While the backlog is full.</summary>
    WhenFull,

    /// <summary>Always, for lessons.</summary>
    Always,
}
