using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Live.Probing;

/// <summary>What a port answered to a connection request.</summary>
public enum PortAnswer
{
    /// <summary>Nothing in the time that there was: a filter drops the requests, or nobody is there.</summary>
    Silence,

    /// <summary>SYN,ACK: somebody listens.</summary>
    SynAck,

    /// <summary>RST: the host is there, and nobody listens.</summary>
    Rst,

    /// <summary>An ICMP error: a router or the host says why it cannot be.</summary>
    Icmp,
}

/// <summary>What is known of a port after its handshake was tried.</summary>
public sealed record PortProbe
{
    /// <summary>The address and the port.</summary>
    public required Endpoint Target { get; init; }

    /// <summary>Whether a connection can be opened there.</summary>
    public bool IsOpen => Answer == PortAnswer.SynAck;

    /// <summary>What it answered.</summary>
    public required PortAnswer Answer { get; init; }

    /// <summary>From the request to the answer; null without an answer, and where this host itself tells that nobody can be reached.</summary>
    public TimeSpan? Rtt { get; init; }

    /// <summary>Requests that were sent, the first one counted.</summary>
    public int? Attempts { get; init; }

    /// <summary>Whether the handshake was broken off after the answer.</summary>
    public bool HalfOpen { get; init; }

    /// <summary>The options of the SYN,ACK; null where it cannot be seen.</summary>
    public TcpOptions? Options { get; init; }

    /// <summary>The window of the answer as it stands in the header; null where it cannot be seen.</summary>
    public int? Window { get; init; }

    /// <summary>The answer's time to live, which tells something of its system and of how far away it is; null where it cannot be seen.</summary>
    public int? Ttl { get; init; }

    /// <summary>What the ICMP error says; null if there was none.</summary>
    public IcmpErrorKind? IcmpError { get; init; }

    /// <summary>Who sent the ICMP error; null if there was none.</summary>
    public IpAddress? IcmpSource { get; init; }

    /// <summary>Over which network: a lab, an interface, or <c>system</c>.</summary>
    public required string Via { get; init; }

    /// <summary><c>10.0.0.2:80 SynAck 20 ms</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Target} {Answer} {Rtt?.TotalMilliseconds:0.###} ms");
}
