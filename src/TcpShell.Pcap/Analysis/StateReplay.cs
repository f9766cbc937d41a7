using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Pcap.Analysis.ReplayCause;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The state of one end, found by watching: what it sends shows what its user did and what it had received before. Every change is
/// an edge of <see cref="TcpTransitions"/>.
/// </summary>
/// <remarks>
/// Between the capturing point and the end anything can get lost. A peer's SYN or FIN therefore counts as received when the end
/// acknowledges it; an acknowledgment and a reset, which are not answered, count when they pass.
/// </remarks>
internal readonly ref struct StateReplay
{
    private readonly TcpConversation _conversation;
    private readonly TcpConversationSide _self;
    private readonly TcpConversationSide _peer;
    private readonly ref ReplayState _seen;
    private readonly long _time;

    /// <summary>Looks at one end at a time.</summary>
    public StateReplay(TcpConversation conversation, bool isClient, long time)
    {
        _conversation = conversation;
        (_self, _peer) = isClient ? (conversation.Client, conversation.Server) : (conversation.Server, conversation.Client);
        _seen = ref _self.Replay;
        _time = time;
    }

    /// <summary>A segment of this end passes.</summary>
    public void Sends(in SegmentSummary segment)
    {
        if (segment.Has(TcpFlags.RST))
        {
            SendsReset(segment);
            return;
        }

        bool hasAck = segment.Has(TcpFlags.ACK);
        if (hasAck)
        {
            TakeSyn(segment);
            TakeFin(segment);
        }

        if (segment.Has(TcpFlags.SYN))
        {
            SendsSyn(hasAck);
        }
        else if (_self.State is null)
        {
            Infer(TcpState.Established);
        }
        else if (_self.State == TcpState.SynReceived && segment.Length > 0)
        {
            // The ACK is not in the capture, but without it no data would be sent (RFC 9293 3.10.2).
            Move(TcpState.Established, TransitionEvent.AckOfSynArrives, AckIsMissing, 0);
        }

        if (segment.Has(TcpFlags.FIN) && _seen.End is null)
        {
            _seen.End = segment.End;
            TcpState? next = _self.State switch
            {
                TcpState.SynReceived or TcpState.Established => TcpState.FinWait1,
                TcpState.CloseWait => TcpState.LastAck,
                _ => null,
            };
            if (next is not null)
            {
                Move(next.Value, TransitionEvent.Close, UserCloses, FromSelf(_seen.End.Value - 1));
            }
        }
    }

    /// <summary>A segment passes on its way to this end.</summary>
    public void Receives(in SegmentSummary segment, bool isAcceptableReset)
    {
        if (segment.Has(TcpFlags.RST))
        {
            if (isAcceptableReset)
            {
                ReceivesReset(segment);
            }

            return;
        }

        bool hasAck = segment.Has(TcpFlags.ACK);
        if (segment.Has(TcpFlags.SYN))
        {
            _seen.PeerSynAcksOurs |= hasAck && AcknowledgesSyn(segment);
            if (hasAck && _self.State is null)
            {
                Infer(TcpState.SynSent);
            }
        }
        else if (_self.State is null || (_self.Packets == 0 && segment.Length > 0))
        {
            // The capture has nothing of this end, but nobody sends data to one that has not finished the handshake.
            Infer(TcpState.Established);
        }

        if (hasAck)
        {
            ReceivesAck(segment);
        }

        if (segment.Has(TcpFlags.FIN))
        {
            _seen.PeerFinAcksOurs |= _seen.PeerEnd is null && hasAck && new SeqNumber(segment.AcknowledgmentNumber) >= _seen.End;
            _seen.PeerEnd ??= segment.End;
        }
    }

    /// <summary>Whether this end would believe a reset: one that refuses its SYN, or one inside of its window.</summary>
    public bool IsAcceptableReset(in SegmentSummary segment) => _self.State switch
    {
        TcpState.SynSent => segment.Has(TcpFlags.ACK) && AcknowledgesSyn(segment),
        TcpState.Closed or TcpState.Listen => false,
        _ => _self.Acknowledged is not { } next
            || segment.SequenceNumber == _peer.Highest
            || new SeqNumber(segment.SequenceNumber).IsInWindow(next, (uint)Math.Max(1, _self.Window)),
    };

    /// <summary>
    /// Whether a reset of this end answers, in SYN-SENT, an ACK of something else than its SYN: it is for a connection of before that the peer has still,
    /// and this end goes on waiting (RFC 9293 3.10.7.3 and, for half-open connections, 3.5.1).
    /// </summary>
    public bool ResetsOldConnection(in SegmentSummary segment) =>
        _self.State == TcpState.SynSent && !_seen.PeerSynAcksOurs && _peer.Wireshark.HasAck && segment.SequenceNumber == _peer.Wireshark.LastAck;

    private void SendsSyn(bool hasAck)
    {
        if (hasAck && _self.State is null)
        {
            // Who answers a SYN was listening.
            _self.State = TcpState.Listen;
        }

        if (hasAck && _self.State == TcpState.Listen)
        {
            Move(TcpState.SynReceived, TransitionEvent.SynArrives, SynArrives, 0);
        }
        else if (!hasAck && _self.State is null or TcpState.Listen)
        {
            _self.State ??= TcpState.Closed;
            _seen.IsActive = true;
            Move(TcpState.SynSent, TransitionEvent.ActiveOpen, ActiveOpen, 0);
        }
    }

    /// <summary>In SYN-SENT an ACK of this end shows that the peer's SYN, or SYN,ACK, has arrived.</summary>
    private void TakeSyn(in SegmentSummary segment)
    {
        if (_self.State != TcpState.SynSent || (_peer.InitialSequenceNumber is { } isn && segment.AcknowledgmentNumber <= isn))
        {
            return;
        }

        bool wasAnswered = _seen.PeerSynAcksOurs || _peer.InitialSequenceNumber is null;
        if (!segment.Has(TcpFlags.SYN) && wasAnswered)
        {
            Move(TcpState.Established, TransitionEvent.SynAckArrives, SynAckArrives, 1);
            return;
        }

        Move(TcpState.SynReceived, TransitionEvent.SynArrives, SynArrivesSimultaneous, 0);
        if (_seen.PeerSynAcksOurs || _seen.AckOfSynPassed)
        {
            Move(TcpState.Established, TransitionEvent.AckOfSynArrives, AckArrives, 1);
        }
    }

    /// <summary>An ACK of this end shows that the peer's FIN has arrived.</summary>
    private void TakeFin(in SegmentSummary segment)
    {
        if (_seen.PeerFinTaken || _seen.PeerEnd is not { } peerEnd || segment.AcknowledgmentNumber < peerEnd)
        {
            return;
        }

        _seen.PeerFinTaken = true;
        uint fin = FromPeer(peerEnd - 1);
        switch (_self.State)
        {
            case TcpState.Established:
                Move(TcpState.CloseWait, TransitionEvent.FinArrives, FinArrives, fin);
                break;
            case TcpState.FinWait1 when _seen.PeerFinAcksOurs:
                Move(TcpState.TimeWait, TransitionEvent.FinAndAckOfFinArrive, FinAndAckArrive, fin);
                break;
            case TcpState.FinWait1:
                Move(TcpState.Closing, TransitionEvent.FinArrives, FinArrives, fin);
                if (_seen.AckOfFinPassed)
                {
                    Move(TcpState.TimeWait, TransitionEvent.AckOfFinArrives, AckOfFinArrives, FromSelf(_seen.End!.Value));
                }

                break;
            case TcpState.FinWait2:
                Move(TcpState.TimeWait, TransitionEvent.FinArrives, FinArrives, fin);
                break;
        }
    }

    private void ReceivesAck(in SegmentSummary segment)
    {
        SeqNumber ack = segment.AcknowledgmentNumber;
        if (AcknowledgesSyn(segment))
        {
            if (_self.State == TcpState.SynReceived)
            {
                Move(TcpState.Established, TransitionEvent.AckOfSynArrives, AckArrives, FromSelf(ack));
            }

            _seen.AckOfSynPassed |= !segment.Has(TcpFlags.SYN);
        }

        if (_seen.End is not { } end || ack < end)
        {
            return;
        }

        switch (_self.State)
        {
            case TcpState.FinWait1 when segment.Has(TcpFlags.FIN) && _seen.PeerEnd is null:
                // ACK and FIN in one segment make one change of state, once it is clear that the segment has arrived.
                break;
            case TcpState.FinWait1 when _seen.PeerEnd is { } peerEnd && new SeqNumber(segment.End) >= peerEnd:
                // Sent with or after a FIN that must be taken first.
                _seen.AckOfFinPassed = true;
                break;
            case TcpState.FinWait1:
                Move(TcpState.FinWait2, TransitionEvent.AckOfFinArrives, AckOfFinArrives, FromSelf(ack));
                break;
            case TcpState.Closing:
                Move(TcpState.TimeWait, TransitionEvent.AckOfFinArrives, AckOfFinArrives, FromSelf(ack));
                break;
            case TcpState.LastAck:
                Move(TcpState.Closed, TransitionEvent.AckOfFinArrives, AckOfFinArrives, FromSelf(ack));
                break;
        }
    }

    private void SendsReset(in SegmentSummary segment)
    {
        switch (_self.State)
        {
            case null:
                Infer(TcpState.Closed);
                break;
            case TcpState.SynSent when !_seen.PeerSynAcksOurs:
                // An answer to a segment that acknowledges something else; this end goes on waiting (RFC 9293 3.10.7.3).
                break;
            case TcpState.Listen or TcpState.Closed:
                break;
            default:
                Move(TcpState.Closed, TransitionEvent.Abort, UserAborts, FromSelf(segment.SequenceNumber));
                break;
        }
    }

    private void ReceivesReset(in SegmentSummary segment)
    {
        if (_self.State is null)
        {
            Infer(TcpState.Closed);
            return;
        }

        TcpState next = _self.State == TcpState.SynReceived && !_seen.IsActive ? TcpState.Listen : TcpState.Closed;
        Move(next, TransitionEvent.RstArrives, RstArrives, FromPeer(segment.SequenceNumber));
    }

    private bool AcknowledgesSyn(in SegmentSummary segment)
    {
        SeqNumber ack = segment.AcknowledgmentNumber;
        return _self.Base is { } sent && ack > sent && ack <= _self.Highest;
    }

    private uint FromSelf(SeqNumber number) => unchecked(number.Value - (_self.Base ?? default).Value);

    private uint FromPeer(SeqNumber number) => unchecked(number.Value - (_peer.Base ?? default).Value);

    private void Infer(TcpState state)
    {
        _self.State = state;
        _self.IsStateInferred = true;
    }

    /// <summary>Changes the state along an edge of the table; there is none for what a broken end does, and then it stays where it is.</summary>
    private void Move(TcpState next, TransitionEvent what, ReplayCause cause, uint number)
    {
        TcpState before = _self.State ?? TcpState.Closed;
        if (TcpTransitions.Find(before, what, next) is null)
        {
            return;
        }

        _self.State = next;
        _conversation.Add(new ReplayedChange(_time, number, before, next, what, cause, _self == _conversation.Client));
    }
}
