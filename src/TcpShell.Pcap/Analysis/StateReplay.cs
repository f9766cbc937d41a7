using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The state of one end, found by watching: what it sends shows what its user did and what it had received before. Every change is
/// an edge of <see cref="TcpTransitions"/>.
/// </summary>
/// <remarks>
/// Between the capturing point and the end anything can get lost. A peer's SYN or FIN therefore counts as received when the end
/// acknowledges it; an acknowledgment and a reset, which are not answered, count when they pass.
/// </remarks>
internal sealed class StateReplay(TcpConversation conversation, string host, TcpConversationSide self, TcpConversationSide peer)
{
    private bool _isActive;
    private SeqNumber? _end; // the number after our FIN

    // What has passed on its way to this end, but is not acknowledged by it yet.
    private bool _peerSynAcksOurs;
    private bool _ackOfSynPassed;
    private SeqNumber? _peerEnd;
    private bool _peerFinAcksOurs;
    private bool _ackOfFinPassed;
    private bool _peerFinTaken;

    /// <summary>A segment of this end passes.</summary>
    public void Sends(in TcpSegment segment, int length, Timestamp time)
    {
        TcpFlags flags = segment.Flags;
        if (flags.Has(TcpFlags.RST))
        {
            SendsReset(segment, time);
            return;
        }

        if (flags.Has(TcpFlags.ACK))
        {
            TakeSyn(segment, time);
            TakeFin(segment, time);
        }

        if (flags.Has(TcpFlags.SYN))
        {
            SendsSyn(flags.Has(TcpFlags.ACK), time);
        }
        else if (self.State is null)
        {
            Infer(TcpState.Established);
        }
        else if (self.State == TcpState.SynReceived && length > 0)
        {
            // The ACK is not in the capture, but without it no data would be sent (RFC 9293 3.10.2).
            Move(TcpState.Established, TransitionEvent.AckOfSynArrives, "ACK arrives, which the capture lacks", time);
        }

        if (flags.Has(TcpFlags.FIN) && _end is null)
        {
            _end = TcpConversationSide.EndOf(segment, length);
            TcpState? next = self.State switch
            {
                TcpState.SynReceived or TcpState.Established => TcpState.FinWait1,
                TcpState.CloseWait => TcpState.LastAck,
                _ => null,
            };
            if (next is not null)
            {
                Move(next.Value, TransitionEvent.Close, $"the user closes, FIN seq={FromSelf(_end.Value - 1)}", time);
            }
        }
    }

    /// <summary>A segment passes on its way to this end.</summary>
    public void Receives(in TcpSegment segment, int length, bool isAcceptableReset, Timestamp time)
    {
        TcpFlags flags = segment.Flags;
        if (flags.Has(TcpFlags.RST))
        {
            if (isAcceptableReset)
            {
                ReceivesReset(segment, time);
            }

            return;
        }

        bool hasAck = flags.Has(TcpFlags.ACK);
        if (flags.Has(TcpFlags.SYN))
        {
            _peerSynAcksOurs |= hasAck && AcknowledgesSyn(segment);
            if (hasAck && self.State is null)
            {
                Infer(TcpState.SynSent);
            }
        }
        else if (self.State is null || (self.Packets == 0 && length > 0))
        {
            // The capture has nothing of this end, but nobody sends data to one that has not finished the handshake.
            Infer(TcpState.Established);
        }

        if (hasAck)
        {
            ReceivesAck(segment, length, time);
        }

        if (flags.Has(TcpFlags.FIN))
        {
            _peerFinAcksOurs |= _peerEnd is null && hasAck && segment.AcknowledgmentNumber >= _end;
            _peerEnd ??= TcpConversationSide.EndOf(segment, length);
        }
    }

    /// <summary>Whether this end would believe a reset: one that refuses its SYN, or one inside of its window.</summary>
    public bool IsAcceptableReset(in TcpSegment segment) => self.State switch
    {
        TcpState.SynSent => segment.Flags.Has(TcpFlags.ACK) && AcknowledgesSyn(segment),
        TcpState.Closed or TcpState.Listen => false,
        _ => self.Acknowledged is not { } next
            || segment.SequenceNumber == peer.Highest
            || segment.SequenceNumber.IsInWindow(next, (uint)Math.Max(1, self.Window)),
    };

    private void SendsSyn(bool hasAck, Timestamp time)
    {
        if (hasAck && self.State is null)
        {
            // Who answers a SYN was listening.
            self.State = TcpState.Listen;
        }

        if (hasAck && self.State == TcpState.Listen)
        {
            Move(TcpState.SynReceived, TransitionEvent.SynArrives, "SYN arrives, seq=0", time);
        }
        else if (!hasAck && self.State is null or TcpState.Listen)
        {
            self.State ??= TcpState.Closed;
            _isActive = true;
            Move(TcpState.SynSent, TransitionEvent.ActiveOpen, "active open, SYN seq=0", time);
        }
    }

    /// <summary>In SYN-SENT an ACK of this end shows that the peer's SYN, or SYN,ACK, has arrived.</summary>
    private void TakeSyn(in TcpSegment segment, Timestamp time)
    {
        if (self.State != TcpState.SynSent || (peer.InitialSequenceNumber is { } isn && segment.AcknowledgmentNumber <= isn))
        {
            return;
        }

        bool wasAnswered = _peerSynAcksOurs || peer.InitialSequenceNumber is null;
        if (!segment.Flags.Has(TcpFlags.SYN) && wasAnswered)
        {
            Move(TcpState.Established, TransitionEvent.SynAckArrives, $"SYN,ACK arrives, ack={FromSelf((self.Base ?? default) + 1)}", time);
            return;
        }

        Move(TcpState.SynReceived, TransitionEvent.SynArrives, "SYN arrives, seq=0: simultaneous open", time);
        if (_peerSynAcksOurs || _ackOfSynPassed)
        {
            Move(TcpState.Established, TransitionEvent.AckOfSynArrives, "ACK arrives, ack=1", time);
        }
    }

    /// <summary>An ACK of this end shows that the peer's FIN has arrived.</summary>
    private void TakeFin(in TcpSegment segment, Timestamp time)
    {
        if (_peerFinTaken || _peerEnd is not { } peerEnd || segment.AcknowledgmentNumber < peerEnd)
        {
            return;
        }

        _peerFinTaken = true;
        string cause = $"FIN arrives, seq={FromPeer(peerEnd - 1)}";
        switch (self.State)
        {
            case TcpState.Established:
                Move(TcpState.CloseWait, TransitionEvent.FinArrives, cause, time);
                break;
            case TcpState.FinWait1 when _peerFinAcksOurs:
                Move(TcpState.TimeWait, TransitionEvent.FinAndAckOfFinArrive, $"{cause}, with the ACK of our FIN", time);
                break;
            case TcpState.FinWait1:
                Move(TcpState.Closing, TransitionEvent.FinArrives, cause, time);
                if (_ackOfFinPassed)
                {
                    Move(TcpState.TimeWait, TransitionEvent.AckOfFinArrives, AckOfFin(_end!.Value), time);
                }

                break;
            case TcpState.FinWait2:
                Move(TcpState.TimeWait, TransitionEvent.FinArrives, cause, time);
                break;
        }
    }

    private void ReceivesAck(in TcpSegment segment, int length, Timestamp time)
    {
        if (AcknowledgesSyn(segment))
        {
            if (self.State == TcpState.SynReceived)
            {
                Move(TcpState.Established, TransitionEvent.AckOfSynArrives, $"ACK arrives, ack={FromSelf(segment.AcknowledgmentNumber)}", time);
            }

            _ackOfSynPassed |= !segment.Flags.Has(TcpFlags.SYN);
        }

        if (_end is not { } end || segment.AcknowledgmentNumber < end)
        {
            return;
        }

        string cause = AckOfFin(segment.AcknowledgmentNumber);
        switch (self.State)
        {
            case TcpState.FinWait1 when segment.Flags.Has(TcpFlags.FIN) && _peerEnd is null:
                // ACK and FIN in one segment make one change of state, once it is clear that the segment has arrived.
                break;
            case TcpState.FinWait1 when _peerEnd is { } peerEnd && TcpConversationSide.EndOf(segment, length) >= peerEnd:
                // Sent with or after a FIN that must be taken first.
                _ackOfFinPassed = true;
                break;
            case TcpState.FinWait1:
                Move(TcpState.FinWait2, TransitionEvent.AckOfFinArrives, cause, time);
                break;
            case TcpState.Closing:
                Move(TcpState.TimeWait, TransitionEvent.AckOfFinArrives, cause, time);
                break;
            case TcpState.LastAck:
                Move(TcpState.Closed, TransitionEvent.AckOfFinArrives, cause, time);
                break;
        }
    }

    private void SendsReset(in TcpSegment segment, Timestamp time)
    {
        string cause = $"the user aborts, RST seq={FromSelf(segment.SequenceNumber)}";
        switch (self.State)
        {
            case null:
                Infer(TcpState.Closed);
                break;
            case TcpState.SynSent when !_peerSynAcksOurs:
                // An answer to a segment that acknowledges something else; this end goes on waiting (RFC 9293 3.10.7.3).
                break;
            case TcpState.Listen or TcpState.Closed:
                break;
            default:
                Move(TcpState.Closed, TransitionEvent.Abort, cause, time);
                break;
        }
    }

    private void ReceivesReset(in TcpSegment segment, Timestamp time)
    {
        if (self.State is null)
        {
            Infer(TcpState.Closed);
            return;
        }

        TcpState next = self.State == TcpState.SynReceived && !_isActive ? TcpState.Listen : TcpState.Closed;
        Move(next, TransitionEvent.RstArrives, $"RST arrives, seq={FromPeer(segment.SequenceNumber)}", time);
    }

    private bool AcknowledgesSyn(in TcpSegment segment) =>
        self.Base is { } sent && segment.AcknowledgmentNumber > sent && segment.AcknowledgmentNumber <= self.Highest;

    private string AckOfFin(SeqNumber ack) => $"ACK of our FIN arrives, ack={FromSelf(ack)}";

    private uint FromSelf(SeqNumber number) => unchecked(number.Value - (self.Base ?? default).Value);

    private uint FromPeer(SeqNumber number) => unchecked(number.Value - (peer.Base ?? default).Value);

    private void Infer(TcpState state)
    {
        self.State = state;
        self.IsStateInferred = true;
    }

    /// <summary>Changes the state along an edge of the table; there is none for what a broken end does, and then it stays where it is.</summary>
    private void Move(TcpState next, TransitionEvent what, string cause, Timestamp time)
    {
        TcpState before = self.State ?? TcpState.Closed;
        if (TcpTransitions.Find(before, what, next) is not { } edge)
        {
            return;
        }

        self.State = next;
        conversation.Add(new StateChange
        {
            Time = time,
            Host = host,
            Local = self.Endpoint,
            Remote = peer.Endpoint,
            From = before,
            To = next,
            Event = what,
            Cause = cause,
            Rfc = edge.Rfc,
            Explanation = edge.Explanation,
        });
    }
}
