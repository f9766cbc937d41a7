using System.Globalization;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>What shows a change of state; with a sequence number it becomes a sentence.</summary>
internal enum ReplayCause : byte
{
    ActiveOpen,
    SynArrives,
    SynArrivesSimultaneous,
    SynAckArrives,
    AckArrives,
    AckIsMissing,
    UserCloses,
    FinArrives,
    FinAndAckArrive,
    AckOfFinArrives,
    UserAborts,
    RstArrives,
}

/// <summary>A change of state as it is kept: a conversation has ten of them, and most are never looked at.</summary>
internal readonly struct ReplayedChange(long time, uint number, TcpState from, TcpState to, TransitionEvent what, ReplayCause cause, bool isClients)
{
    // 16 octets in all.
    private readonly long _time = time;
    private readonly uint _number = number;
    private readonly byte _states = (byte)(((int)from << 4) | (int)to);
    private readonly byte _event = (byte)what;
    private readonly ReplayCause _cause = cause;
    private readonly bool _isClients = isClients;

    /// <summary>The same with its sentences.</summary>
    public StateChange Tell(TcpConversation conversation)
    {
        (TcpConversationSide self, TcpConversationSide peer) = _isClients ? (conversation.Client, conversation.Server) : (conversation.Server, conversation.Client);
        var from = (TcpState)(_states >> 4);
        var to = (TcpState)(_states & 0xf);
        var what = (TransitionEvent)_event;
        TcpTransition edge = TcpTransitions.Find(from, what, to)!;
        return new StateChange
        {
            Time = new Timestamp(_time),
            Host = _isClients ? "client" : "server",
            Local = self.Endpoint,
            Remote = peer.Endpoint,
            From = from,
            To = to,
            Event = what,
            Cause = Sentence(),
            Rfc = edge.Rfc,
            Explanation = edge.Explanation,
        };
    }

    private string Sentence()
    {
        string number = _number.ToString(CultureInfo.InvariantCulture);
        return _cause switch
        {
            ReplayCause.ActiveOpen => "active open, SYN seq=0",
            ReplayCause.SynArrives => "SYN arrives, seq=0",
            ReplayCause.SynArrivesSimultaneous => "SYN arrives, seq=0: simultaneous open",
            ReplayCause.SynAckArrives => $"SYN,ACK arrives, ack={number}",
            ReplayCause.AckArrives => $"ACK arrives, ack={number}",
            ReplayCause.AckIsMissing => "ACK arrives, which the capture lacks",
            ReplayCause.UserCloses => $"the user closes, FIN seq={number}",
            ReplayCause.FinArrives => $"FIN arrives, seq={number}",
            ReplayCause.FinAndAckArrive => $"FIN arrives, seq={number}, with the ACK of our FIN",
            ReplayCause.AckOfFinArrives => $"ACK of our FIN arrives, ack={number}",
            ReplayCause.UserAborts => $"the user aborts, RST seq={number}",
            _ => $"RST arrives, seq={number}",
        };
    }
}

/// <summary>What the replay of one end's states remembers.</summary>
internal struct ReplayState
{
    /// <summary>The end asked for the connection itself.</summary>
    public bool IsActive;

    /// <summary>The number after its FIN.</summary>
    public SeqNumber? End;

    // What has passed on its way to this end, but is not acknowledged by it yet.
    public bool PeerSynAcksOurs;
    public bool AckOfSynPassed;
    public SeqNumber? PeerEnd;
    public bool PeerFinAcksOurs;
    public bool AckOfFinPassed;
    public bool PeerFinTaken;
}
