namespace TcpShell.Wire;

/// <summary>The ECN field of the IP header (RFC 3168 5): the two low bits of IPv4's TOS and IPv6's traffic class.</summary>
public enum Ecn : byte
{
    /// <summary>Not-ECT: the transport does not take part.</summary>
    NotEct = 0,

    /// <summary>ECT(1): the transport takes part.</summary>
    Ect1 = 1,

    /// <summary>ECT(0): the transport takes part; what senders set.</summary>
    Ect0 = 2,

    /// <summary>CE: a router on the way is congested.</summary>
    Ce = 3,
}
