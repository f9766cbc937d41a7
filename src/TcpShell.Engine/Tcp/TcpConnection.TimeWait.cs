using TcpShell.Wire;

namespace TcpShell.Tcp;

// How TIME-WAIT can end early: RFC 9293 3.6.1 and RFC 6191. What a RST does there is RFC 1337's matter and stands with the other RSTs.
public sealed partial class TcpConnection
{
    /// <summary>
    /// Whether a request for the same end points is newer than this connection in TIME-WAIT, and no old duplicate of its segments
    /// [SHLD-4, 6191-1, 6191-2, 6191-3, 6191-4]. Where both ends had timestamps they tell; else the numbers do.
    /// </summary>
    /// <param name="syn">The request.</param>
    /// <param name="timestamps">Whether the new connection would have timestamps if the request does.</param>
    internal bool IsOlderThan(in TcpSegment syn, bool timestamps)
    {
        bool isAbove = syn.SequenceNumber >= Rcv.Nxt; // the number after the peer's FIN
        if (!timestamps || syn.Options.Timestamps is not { } offered)
        {
            return isAbove; // [6191-2, 6191-4]
        }

        if (!TimestampsInForce)
        {
            return true; // [6191-3]
        }

        int progress = unchecked((int)(offered.Value - _recentTimestamp));
        return progress > 0 || (progress == 0 && isAbove); // [6191-1]
    }

    /// <summary>A newer connection between the same ends is open, so this one's waiting is over.</summary>
    /// <param name="now">The time.</param>
    internal void EndTimeWait(Timestamp now) =>
        SetState(TcpState.Closed, TransitionEvent.ReopenedByNewerSyn, "a newer request has reopened the connection", now);
}
