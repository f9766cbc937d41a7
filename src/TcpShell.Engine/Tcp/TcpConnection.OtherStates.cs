using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 9293 3.10.7.4: SEGMENT ARRIVES in SYN-RECEIVED and the synchronized states, in eight steps; here the first five.
public sealed partial class TcpConnection
{
    private const string Rule = "9293 3.10.7.4";

    private SegmentVerdict ArrivesInOtherStates(in TcpSegment arrived, Timestamp now)
    {
        TcpSegment segment = arrived;
        KeepAcksApart(segment, now);
        if (IsPeersSynAgain(segment))
        {
            NegotiateEcn(segment);
            if (!segment.Flags.Has(TcpFlags.ACK))
            {
                // The peer's request again: our answer was lost or is on its way. It gets the same answer [U-7].
                // A timer that is due at this moment comes first, so that the answer goes once and the retries keep their count.
                HandleTimeout(now);
                if (State == TcpState.Closed)
                {
                    return SegmentVerdict.Drop("9293 3.8.3", "The half-open connection was given up at this moment.");
                }

                _synAgainBy = _synPending ? _synAgainBy : TransmitReason.PeerRetransmitted;
                _synPending = true;
                TakeTimestamp(segment, now);
                return new(SegmentFate.Acknowledged, Rule, "The peer's SYN again: our SYN,ACK is repeated.");
            }

            // The crossing SYN,ACK of a simultaneous open: its SYN is known, its ACK is what is waited for [U-22].
            segment = WithoutSyn(segment);
        }

        if (CheckTimestamp(segment, now) is { } old)
        {
            return old;
        }

        // First: the sequence number.
        if (CheckSequence(ref segment, now) is { } unacceptable)
        {
            return unacceptable;
        }

        _keepAliveProbesSent = 0;
        ArmKeepAlive(now);

        // Second: RST.
        if (segment.Flags.Has(TcpFlags.RST))
        {
            return CheckReset(segment, now);
        }

        // Third, security and compartment, is left out, as a host without multilevel security may (RFC 9293 A.1). Fourth: SYN.
        if (segment.Flags.Has(TcpFlags.SYN))
        {
            return CheckSyn(segment, now);
        }

        // Fifth: ACK. The window of a SYN is never scaled [7323-2].
        int windowShift = arrived.Flags.Has(TcpFlags.SYN) ? 0 : Snd.WindowShift;
        if (CheckAcknowledgment(segment, windowShift, now) is { } refused)
        {
            return refused;
        }

        TakeUserTimeout(segment.Options.UserTimeout, now);

        // Sixth, seventh, eighth.
        return CheckUrgentTextFin(segment, now);
    }

    /// <summary>Whether it is the SYN that the connection was made from, which no ACK of the peer has confirmed yet.</summary>
    private bool IsPeersSynAgain(in TcpSegment segment)
    {
        bool unconfirmed = State == TcpState.SynReceived || (Settings.TwoWayHandshake && _passive && Rcv.Nxt == Rcv.Irs + 1);
        return unconfirmed && segment.Flags.Has(TcpFlags.SYN) && segment.SequenceNumber == Rcv.Irs && !segment.Flags.Has(TcpFlags.RST);
    }

    /// <summary>
    /// RFC 7323 5: PAWS, and a peer that stopped to send timestamps. It is asked once, on arrival, and not again of what waited beyond a
    /// gap [7323-14]. A RST is never judged by them [7323-12], nor is a SYN, which is challenged in any case [5961-3].
    /// </summary>
    private SegmentVerdict? CheckTimestamp(in TcpSegment segment, Timestamp now)
    {
        if (!TimestampsInForce || segment.Flags.HasAny(TcpFlags.RST | TcpFlags.SYN))
        {
            return null;
        }

        if (segment.Options.Timestamps is null)
        {
            return Settings.RequireTimestamps ? SegmentVerdict.Drop("7323 3.2", "Timestamps were agreed on and it carries none.") : null; // [7323-7]
        }

        return IsOldByTimestamp(segment, now)
            ? AnswerSparingly(segment, "7323 5.3", "Its timestamp is older than one that was taken before (PAWS).", now)
            : null;
    }

    // First [U-4, U-5]
    private SegmentVerdict? CheckSequence(ref TcpSegment segment, Timestamp now)
    {
        // Of a RST only the number counts, whatever it carries [SHLD-2, MUST-66].
        bool isReset = segment.Flags.Has(TcpFlags.RST);
        if (Rcv.Told == 0 && segment.SequenceNumber == Rcv.Nxt && segment.Length > 0 && !isReset && !segment.Flags.Has(TcpFlags.SYN))
        {
            // A probe of our closed window: the data is not taken, but its ACK and urgent pointer count [MUST-66, U-21].
            segment = WithoutText(segment);
            _ackPending = true;
            return null;
        }

        if (Rcv.IsAcceptable(segment.SequenceNumber, isReset ? 0 : segment.Length))
        {
            return null;
        }

        if (isReset)
        {
            return SegmentVerdict.Drop("5961 3.2", $"A RST outside of the window ({Place(segment)}) is taken for a forgery."); // [U-6]
        }

        if (segment.Length == 0 && segment.SequenceNumber == Rcv.Edge && !segment.Flags.Has(TcpFlags.SYN))
        {
            // A peer that has filled our window numbers its ACKs so. They count, and no answer is due: two ends that both miss
            // a segment of a full window would otherwise answer each other's ACKs for ever [U-22].
            return null;
        }

        if (segment.End <= Rcv.Nxt && !segment.Flags.Has(TcpFlags.SYN))
        {
            NoteDuplicate(segment.SequenceNumber, segment.Payload.Length);
        }

        if (AcknowledgesFromJustBefore(segment))
        {
            if (segment.Length > 0)
            {
                AcknowledgeAlone();
            }

            segment = WithoutText(segment);
            return null;
        }

        if (segment.Flags.Has(TcpFlags.SYN))
        {
            return Challenge(now, "A SYN on an open connection is answered with a challenge ACK."); // [5961-3]
        }

        if (State == TcpState.TimeWait && segment.Flags.Has(TcpFlags.FIN) && segment.End == Rcv.Nxt)
        {
            // The peer's FIN again: our last ACK was lost, so it is repeated and the 2 MSL start anew.
            Timers.Set(TimerKind.TimeWait, now + (2 * Settings.MaximumSegmentLifetime));
            return AnswerWithAck(Rule, "The peer's FIN again: our last ACK is repeated and the 2 MSL timer starts anew.");
        }

        string text = segment.End <= Rcv.Nxt
            ? $"All of it was received before ({Place(segment)})."
            : $"It lies outside of the receive window ({Place(segment)}, window {Rcv.Wnd}).";
        return AnswerSparingly(segment, Rule, text, now);
    }

    /// <summary>
    /// Whether a segment that stands one octet before the window brings an ACK of news. A peer whose probe we took, and who has not heard
    /// of it, numbers its segments so; if both ends did nothing but answer that with ACKs, they would never stop (RFC 9293 A.2 [U-22]).
    /// </summary>
    private bool AcknowledgesFromJustBefore(in TcpSegment segment) =>
        segment.SequenceNumber == Rcv.Nxt - 1
        && segment.Length <= 1
        && segment.Flags.Has(TcpFlags.ACK)
        && !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN)
        && segment.AcknowledgmentNumber > Snd.Una
        && segment.AcknowledgmentNumber <= Snd.Max;

    private string Place(in TcpSegment segment) => $"seq={FromPeer(segment.SequenceNumber)}, expected {FromPeer(Rcv.Nxt)}";

    // Second [U-6, 5961-1]
    private SegmentVerdict CheckReset(in TcpSegment segment, Timestamp now)
    {
        if (State == TcpState.TimeWait && Settings.TimeWaitIgnoresReset)
        {
            return SegmentVerdict.Drop("1337 3", "A RST does not end TIME-WAIT early: an old duplicate may have caused it."); // [1337-1, 1337-3]
        }

        if (segment.SequenceNumber != Rcv.Nxt && !Settings.AcceptResetInWindow)
        {
            return Challenge(now, $"A RST inside of the window but not at its edge ({Place(segment)}): the peer must confirm it.");
        }

        string cause = $"RST arrives, seq={FromPeer(segment.SequenceNumber)}";
        if (MayReturnToListen)
        {
            ReturnToListen(TransitionEvent.RstArrives, cause, now);
        }
        else
        {
            EndByReset(TransitionEvent.RstArrives, cause, now);
        }

        return SegmentVerdict.Accepted;
    }

    private void EndByReset(TransitionEvent what, string cause, Timestamp now)
    {
        if (State is TcpState.Closing or TcpState.LastAck or TcpState.TimeWait)
        {
            // Both directions were closed by their users, so nobody is told of an error.
            SetState(TcpState.Closed, what, cause, now);
        }
        else
        {
            Fail(State == TcpState.SynReceived ? ConnectionError.Refused : ConnectionError.Reset, what, cause, now);
        }
    }

    // Fourth [U-7]
    private SegmentVerdict CheckSyn(in TcpSegment segment, Timestamp now)
    {
        if (MayReturnToListen)
        {
            ReturnToListen(TransitionEvent.SynAgainArrives, "another SYN arrives", now);
            return SegmentVerdict.Drop(Rule, "Another SYN inside of the window: the half-open connection is forgotten.");
        }

        if (Settings.ResetOnSynInWindow)
        {
            SegmentVerdict refused = RefuseWithReset(segment, "793 3.9", "A SYN inside of the window is an error, and the connection is reset.");
            EndByReset(TransitionEvent.SynAgainArrives, $"SYN arrives, seq={FromPeer(segment.SequenceNumber)}", now);
            return refused;
        }

        return Challenge(now, "A SYN on an open connection is answered with a challenge ACK.");
    }

    // Fifth [U-8, U-9, U-10, U-11, U-12]
    private SegmentVerdict? CheckAcknowledgment(in TcpSegment segment, int windowShift, Timestamp now)
    {
        if (!segment.Flags.Has(TcpFlags.ACK))
        {
            return SegmentVerdict.Drop(Rule, "Every segment of an open connection carries an ACK; this one does not.");
        }

        SeqNumber ack = segment.AcknowledgmentNumber;
        if (State == TcpState.SynReceived)
        {
            if (ack <= Snd.Una || ack > Snd.Max)
            {
                return RefuseWithReset(segment, Rule, $"It acknowledges {FromUs(ack)}, but only our SYN was sent (ack=1)."); // [U-9]
            }

            SetState(TcpState.Established, TransitionEvent.AckOfSynArrives, $"ACK arrives, ack={FromUs(ack)}", now);
            SetSendWindow(segment, windowShift);
            TakeTimestamp(segment, now);
            TakeAcknowledgment(segment, now);
            EnterEstablished(now);
            return null;
        }

        // RFC 5961 5.2 [5961-4, MAY-12]: an ACK far below or above what was sent is no ACK of this peer.
        if (ack > Snd.Max)
        {
            return AnswerSparingly(segment, Rule, $"It acknowledges {FromUs(ack)}, which was not sent yet (next is {FromUs(Snd.Nxt)}).", now); // [U-10]
        }

        if ((long)(Snd.Una - ack) > Snd.MaxWnd)
        {
            return Challenge(now, $"Its acknowledgment number {FromUs(ack)} is older than any window.");
        }

        TakeTimestamp(segment, now);
        TakeCongestionEcho(segment, now);
        bool advances = ack > Snd.Una;
        bool ofSyn = Snd.Una == Snd.Iss;
        TakeAcknowledgment(segment, now);
        if (ofSyn && ack > Snd.Iss)
        {
            EnterEstablished(now); // the user closed in SYN-RECEIVED; what was queued before goes out now
        }

        SettleEcn(now);
        UpdateSendWindow(segment, advances, now);
        return AcknowledgmentOfFin(segment, now);
    }

    /// <summary>What the ACK of our FIN means in each state [U-12].</summary>
    private SegmentVerdict? AcknowledgmentOfFin(in TcpSegment segment, Timestamp now)
    {
        string cause = $"ACK of our FIN arrives, ack={FromUs(segment.AcknowledgmentNumber)}";
        switch (State)
        {
            case TcpState.FinWait1 when OurFinIsAcknowledged && !CarriesFinInOrder(segment):
                SetState(TcpState.FinWait2, TransitionEvent.AckOfFinArrives, cause, now);
                break;
            case TcpState.Closing when OurFinIsAcknowledged:
                SetState(TcpState.TimeWait, TransitionEvent.AckOfFinArrives, cause, now);
                break;
            case TcpState.LastAck when OurFinIsAcknowledged:
                SetState(TcpState.Closed, TransitionEvent.AckOfFinArrives, cause, now);
                return SegmentVerdict.Accepted;
        }

        return null;
    }

    /// <summary>A passive connection goes on listening, unless its user has closed it already.</summary>
    private bool MayReturnToListen => State == TcpState.SynReceived && _passive && !_finQueued;

    /// <summary>A passive connection forgets the request and waits for the next one [MUST-11].</summary>
    private void ReturnToListen(TransitionEvent what, string cause, Timestamp now)
    {
        SetState(TcpState.Listen, what, cause, now);
        Timers.StopAll();
        Unacknowledged.Clear();
        _sendBuffer.Clear();
        _replies.Clear();
        _synPending = false;
        _synAgainBy = TransmitReason.Open;
        ForgetPendingAcks();
        _lastTextArrived = null;
        _probePending = false;
        _keepAlivePending = false;
        _retransmitNow = false;
        _synTimedOut = false;
        _retries = 0;
        Rtt.EndBackoff();
        Remote = default;
    }

    private static TcpSegment WithoutText(in TcpSegment segment) =>
        segment with { Flags = segment.Flags & ~TcpFlags.FIN, Payload = default };
}
