namespace TcpShell.Tcp;

/// <summary>One edge of the TCP state diagram.</summary>
/// <param name="From">The state before.</param>
/// <param name="Event">What moves it.</param>
/// <param name="To">The state after.</param>
/// <param name="Action">What is sent or done on the way: <c>send SYN,ACK</c>.</param>
/// <param name="Rfc">The rule: RFC and section.</param>
/// <param name="Explanation">Why, in one sentence for a reader who is learning.</param>
public sealed record TcpTransition(TcpState From, TransitionEvent Event, TcpState To, string Action, string Rfc, string Explanation)
{
    /// <summary><c>Listen -&gt; SynReceived: SynArrives, send SYN,ACK</c>.</summary>
    public override string ToString() => $"{From} -> {To}: {Event}, {Action}";
}
