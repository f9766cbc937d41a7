namespace TcpShell.Tracing;

/// <summary>What became of a packet on its way.</summary>
public enum PacketFate
{
    /// <summary>It is still on its way.</summary>
    InFlight,

    /// <summary>It reached the host that it was sent to.</summary>
    Delivered,

    /// <summary>It was lost: an impairment, a full queue, a link with a smaller MTU, too many routers.</summary>
    Lost,

    /// <summary>It reached its host with octets changed on the way.</summary>
    Corrupted,

    /// <summary>Nobody has the address that it was sent to, or its host is down.</summary>
    Unreachable,

    /// <summary>Nothing is known of its way: it was read from a capture.</summary>
    Unknown,
}
