using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>One change of state, with what caused it and which rule asked for it.</summary>
/// <remarks>Made in one place only, where the connection's state is set. A host adds its name and the connection's number.</remarks>
public sealed record StateChange
{
    /// <summary>When it happened.</summary>
    public required Timestamp Time { get; init; }

    /// <summary>The host on which it happened; empty for a connection outside of a host.</summary>
    public string Host { get; init; } = "";

    /// <summary>The connection's number in its network; 0 outside of one.</summary>
    public int ConnectionId { get; init; }

    /// <summary>This end.</summary>
    public required Endpoint Local { get; init; }

    /// <summary>The other end; any, in LISTEN.</summary>
    public required Endpoint Remote { get; init; }

    /// <summary>The state before.</summary>
    public required TcpState From { get; init; }

    /// <summary>The state after.</summary>
    public required TcpState To { get; init; }

    /// <summary>What happened, as a word of the transition table.</summary>
    public required TransitionEvent Event { get; init; }

    /// <summary>What happened, with its numbers: <c>SYN,ACK arrives, ack=1</c>. Sequence numbers are relative.</summary>
    public required string Cause { get; init; }

    /// <summary>The rule: RFC and section, such as <c>9293 3.10.7.3</c>.</summary>
    public required string Rfc { get; init; }

    /// <summary>Why, in one sentence for a reader who is learning.</summary>
    public required string Explanation { get; init; }

    /// <summary><c>0.020000 client SynSent -&gt; Established: SYN,ACK arrives, ack=1 (RFC 9293 3.10.7.3)</c>.</summary>
    public override string ToString() => $"{Time} {Host} {From} -> {To}: {Cause} (RFC {Rfc})";
}
