using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 4987 3.6: a request that was answered without a connection being made.
public sealed partial class TcpConnection
{
    /// <summary>
    /// Takes up a request in LISTEN whose SYN,ACK was sent before, as a SYN cookie: the connection is in SYN-RECEIVED as if it had waited there.
    /// The SYN,ACK cannot be sent again, and it measures no round-trip time [4987-5].
    /// </summary>
    /// <param name="syn">The request as the cookie remembers it.</param>
    /// <param name="remote">Who sent it.</param>
    /// <param name="iss">The cookie.</param>
    /// <param name="now">The time.</param>
    internal void TakeUpRequest(in TcpSegment syn, Endpoint remote, SeqNumber iss, Timestamp now)
    {
        Remote = remote;
        TakePeersSyn(syn, now);
        SetIss(iss);
        Advance(iss + 1);
        SynOptions(answering: true, now);
        SynWindow();
        SetState(TcpState.SynReceived, TransitionEvent.SynArrives, "SYN read back from its SYN cookie, seq=0", now);
    }
}
