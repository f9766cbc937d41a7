using static TcpShell.Tcp.TcpState;
using static TcpShell.Tcp.TransitionEvent;

namespace TcpShell.Tcp;

/// <summary>
/// Every edge of the state diagram (RFC 9293 figure 5 and the event processing of 3.10). A connection can take no other:
/// live connections, replayed captures and the diagrams all use this one table.
/// </summary>
public static class TcpTransitions
{
    private const string ResetText = "The peer refuses or has lost this connection; a reset ends it at once and nothing is acknowledged.";
    private const string SynAgainText = "A SYN inside of the window of an open connection is an error, and RFC 793 has the connection reset; RFC 5961 asks the peer first (ResetOnSynInWindow chooses).";
    private const string GiveUpText = "What was sent stayed without an acknowledgment through all retransmissions, so the peer or the path is taken for dead.";
    private const string AbortText = "The user gives the connection up; the reset tells the peer that this is no orderly close.";
    private const string DropText = "The user gives the connection up; both directions are closed already, so there is nobody to tell.";
    private const string HostStopsText = "The host lost its memory of the connection and sends nothing: the peer cannot know.";
    private const string UserLimitText = "The user's own time limit for an acknowledgment passed, so the connection is given up.";
    private const string KeepAliveText = "The peer answered none of the keep-alive probes, so it is taken for dead.";

    private static readonly TcpTransition[] s_all =
    [
        new(Closed, PassiveOpen, Listen, "make a TCB", "9293 3.10.1", "A server is ready for connection requests and sends nothing by itself."),
        new(Closed, ActiveOpen, SynSent, "send SYN", "9293 3.10.1", "A client asks for a connection and tells its initial sequence number."),
        new(Listen, ActiveOpen, SynSent, "send SYN", "9293 3.10.1", "A listening connection is told whom to call, so it becomes the active side."),
        new(Listen, SendWhileListening, SynSent, "send SYN", "9293 3.10.2", "Sending on a listening connection needs a peer, so the connection becomes the active side."),
        new(Listen, SynArrives, SynReceived, "send SYN,ACK", "9293 3.10.7.2", "A request came: acknowledge its sequence number and tell our own; the peer's answer will prove that it is really there."),
        new(Listen, SynArrivesTwoWay, Established, "send SYN,ACK", "none (teaching only)", "With a two-way handshake the server believes every request, an old duplicate as well: nobody proves that the peer wants this connection."),
        new(SynSent, SynAckArrives, Established, "send ACK", "9293 3.10.7.3", "The peer acknowledged our sequence number and told its own; our ACK lets it finish as well."),
        new(SynSent, SynArrives, SynReceived, "send SYN,ACK", "9293 3.10.7.3", "Both ends asked at the same time: each answers the other's request, and one connection comes of it."),
        new(SynReceived, AckOfSynArrives, Established, "none", "9293 3.10.7.4", "The peer acknowledged our sequence number, so both ends know both numbers: the connection is open."),

        new(Listen, TransitionEvent.Close, Closed, "delete the TCB", "9293 3.10.4", "Nobody is connected, so closing only ends the waiting."),
        new(SynSent, TransitionEvent.Close, Closed, "delete the TCB", "9293 3.10.4", "Nothing was agreed yet, so there is nothing to close with the peer."),
        new(SynReceived, TransitionEvent.Close, FinWait1, "send FIN", "9293 3.10.4", "The user closes before the handshake is over; the peer may count the connection as open, so it gets a FIN."),
        new(Established, TransitionEvent.Close, FinWait1, "send FIN", "9293 3.10.4", "This end has no more data; it says so after what is queued, and can still receive."),
        new(CloseWait, TransitionEvent.Close, LastAck, "send FIN", "9293 3.10.4", "The peer closed before; now this end closes its direction too and waits for the last acknowledgment."),
        new(Established, FinArrives, CloseWait, "send ACK", "9293 3.10.7.4", "The peer has no more data; this end may go on sending until its user closes."),
        new(FinWait1, AckOfFinArrives, FinWait2, "none", "9293 3.10.7.4", "Our direction is closed and the peer knows it; its direction is still open."),
        new(FinWait1, FinArrives, Closing, "send ACK", "9293 3.10.7.4", "Both ends closed at the same time: the FINs crossed, and ours is not acknowledged yet."),
        new(FinWait1, FinAndAckOfFinArrive, TimeWait, "send ACK, start the 2 MSL timer", "9293 3.10.7.4", "The peer had nothing left to send, so one segment acknowledges our FIN and closes its direction."),
        new(FinWait2, FinArrives, TimeWait, "send ACK, start the 2 MSL timer", "9293 3.10.7.4", "Both directions are closed; this end stays to repeat its last ACK and to let old segments die."),
        new(Closing, AckOfFinArrives, TimeWait, "start the 2 MSL timer", "9293 3.10.7.4", "Both FINs are acknowledged; this end waits until old segments have died."),
        new(LastAck, AckOfFinArrives, Closed, "delete the TCB", "9293 3.10.7.4", "The peer acknowledged our FIN: both directions are closed and nothing is left to wait for."),
        new(TimeWait, TimeWaitTimeout, Closed, "delete the TCB", "9293 3.10.8", "After 2 MSL no segment of this connection can be in the network, so its ports can be used again."),

        new(TimeWait, ReopenedByNewerSyn, Closed, "delete the TCB", "6191 2", "A newer request between the same ends is no old duplicate, as its timestamp or its number shows; it need not wait for the 2 MSL."),

        new(SynSent, RstArrives, Closed, "tell the user: refused", "9293 3.10.7.3", "The reset acknowledges our request: nobody accepts connections there."),
        new(SynReceived, RstArrives, Closed, "tell the user: refused", "9293 3.10.7.4", "This end had asked for the connection itself, and the peer refuses."),
        new(SynReceived, RstArrives, Listen, "forget the request", "9293 3.10.7.4", "The request was no real one; a server that was opened passively just goes on listening."),
        new(SynReceived, SynAgainArrives, Listen, "forget the request", "9293 3.10.7.4", "Another request inside the window shows that the first was not what the peer wants; a passive connection starts again."),
        new(Established, RstArrives, Closed, "tell the user: reset", "9293 3.10.7.4", ResetText),
        new(FinWait1, RstArrives, Closed, "tell the user: reset", "9293 3.10.7.4", ResetText),
        new(FinWait2, RstArrives, Closed, "tell the user: reset", "9293 3.10.7.4", ResetText),
        new(CloseWait, RstArrives, Closed, "tell the user: reset", "9293 3.10.7.4", ResetText),
        new(Closing, RstArrives, Closed, "delete the TCB", "9293 3.10.7.4", ResetText),
        new(LastAck, RstArrives, Closed, "delete the TCB", "9293 3.10.7.4", ResetText),
        new(TimeWait, RstArrives, Closed, "delete the TCB", "9293 3.10.7.4", ResetText),

        new(SynReceived, SynAgainArrives, Closed, "send RST, tell the user: refused", "793 3.9", SynAgainText),
        new(Established, SynAgainArrives, Closed, "send RST, tell the user: reset", "793 3.9", SynAgainText),
        new(FinWait1, SynAgainArrives, Closed, "send RST, tell the user: reset", "793 3.9", SynAgainText),
        new(FinWait2, SynAgainArrives, Closed, "send RST, tell the user: reset", "793 3.9", SynAgainText),
        new(CloseWait, SynAgainArrives, Closed, "send RST, tell the user: reset", "793 3.9", SynAgainText),
        new(Closing, SynAgainArrives, Closed, "send RST", "793 3.9", SynAgainText),
        new(LastAck, SynAgainArrives, Closed, "send RST", "793 3.9", SynAgainText),
        new(TimeWait, SynAgainArrives, Closed, "send RST", "793 3.9", SynAgainText),

        new(SynSent, IcmpErrorArrives, Closed, "tell the user: unreachable", "9293 3.9.2.2", "A router or the peer's host says that nobody can be reached there; nothing was agreed yet, so there is nothing to lose by believing it."),
        new(SynReceived, IcmpErrorArrives, Closed, "tell the user: unreachable", "9293 3.9.2.2", "A router or the peer's host says that nobody can be reached there, before the connection was open."),
        new(SynReceived, IcmpErrorArrives, Listen, "forget the request", "9293 3.9.2.2", "Whoever sent the request cannot be reached; a server that was opened passively just goes on listening."),

        new(Listen, Abort, Closed, "delete the TCB", "9293 3.10.5", DropText),
        new(SynSent, Abort, Closed, "delete the TCB", "9293 3.10.5", DropText),
        new(SynReceived, Abort, Closed, "send RST", "9293 3.10.5", AbortText),
        new(Established, Abort, Closed, "send RST", "9293 3.10.5", AbortText),
        new(FinWait1, Abort, Closed, "send RST", "9293 3.10.5", AbortText),
        new(FinWait2, Abort, Closed, "send RST", "9293 3.10.5", AbortText),
        new(CloseWait, Abort, Closed, "send RST", "9293 3.10.5", AbortText),
        new(Closing, Abort, Closed, "delete the TCB", "9293 3.10.5", DropText),
        new(LastAck, Abort, Closed, "delete the TCB", "9293 3.10.5", DropText),
        new(TimeWait, Abort, Closed, "delete the TCB", "9293 3.10.5", DropText),

        new(SynSent, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),
        new(SynReceived, RetransmissionTimeout, Closed, "delete the TCB", "9293 3.8.3", GiveUpText),
        new(Established, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),
        new(FinWait1, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),
        new(CloseWait, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),
        new(Closing, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),
        new(LastAck, RetransmissionTimeout, Closed, "tell the user: timed out", "9293 3.8.3", GiveUpText),

        new(SynSent, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(SynReceived, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(Established, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(FinWait1, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(CloseWait, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(Closing, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),
        new(LastAck, TransitionEvent.UserTimeout, Closed, "tell the user: aborted", "9293 3.10.8", UserLimitText),

        new(Established, KeepAliveTimeout, Closed, "tell the user: timed out", "9293 3.8.4", KeepAliveText),
        new(CloseWait, KeepAliveTimeout, Closed, "tell the user: timed out", "9293 3.8.4", KeepAliveText),
        new(FinWait2, KeepAliveTimeout, Closed, "tell the user: timed out", "9293 3.8.4", KeepAliveText),

        new(Listen, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(SynSent, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(SynReceived, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(Established, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(FinWait1, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(FinWait2, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(CloseWait, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(Closing, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(LastAck, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
        new(TimeWait, HostStops, Closed, "none", "9293 3.5.1", HostStopsText),
    ];

    /// <summary>All edges, in the order of the RFC's event processing.</summary>
    public static IReadOnlyList<TcpTransition> All => s_all;

    // By state before, event and state after: replayed captures ask millions of times.
    private static readonly TcpTransition?[] s_byKey = IndexByKey();

    /// <summary>The edge between two states for an event; null if there is none, which means that the change would be illegal.</summary>
    /// <param name="from">The state before.</param>
    /// <param name="event">What happens.</param>
    /// <param name="to">The state after.</param>
    public static TcpTransition? Find(TcpState from, TransitionEvent @event, TcpState to)
    {
        int key = KeyOf(from, @event, to);
        return (uint)key < (uint)s_byKey.Length ? s_byKey[key] : null;
    }

    private static TcpTransition?[] IndexByKey()
    {
        var index = new TcpTransition?[s_all.Max(edge => KeyOf(edge.From, edge.Event, edge.To)) + 1];
        foreach (TcpTransition edge in s_all)
        {
            index[KeyOf(edge.From, edge.Event, edge.To)] = edge;
        }

        return index;
    }

    private static int KeyOf(TcpState from, TransitionEvent @event, TcpState to) => ((int)@event << 8) | ((int)from << 4) | (int)to;
}
