using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 9293 3.10.7: SEGMENT ARRIVES; here CLOSED, LISTEN and SYN-SENT.
public sealed partial class TcpConnection
{
    /// <summary>
    /// SEGMENT ARRIVES (RFC 9293 3.10.7). The checksum was right and the segment is for this connection; nothing else is taken for granted.
    /// </summary>
    /// <param name="segment">The segment; its payload is copied.</param>
    /// <param name="remote">Who sent it.</param>
    /// <param name="now">The time.</param>
    /// <param name="trafficClass">The octet of DSCP and ECN in its IP header.</param>
    /// <returns>What became of it, and by which rule.</returns>
    public SegmentVerdict SegmentArrives(in TcpSegment segment, Endpoint remote, Timestamp now, byte trafficClass = 0)
    {
        ReceivedTrafficClass = trafficClass;
        Counters.SegmentsReceived++;
        SegmentVerdict verdict = State switch
        {
            TcpState.Closed => ArrivesInClosed(segment),
            TcpState.Listen => ArrivesInListen(segment, remote, now),
            TcpState.SynSent => ArrivesInSynSent(segment, now),
            _ => ArrivesInOtherStates(segment, now),
        };
        Counters.Dropped += verdict.Fate == SegmentFate.Accepted ? 0 : 1;
        return verdict;
    }

    /// <summary>
    /// The RST that answers a segment which belongs to no connection (RFC 9293 3.10.7.1 [U-1]); null where nothing is answered. It carries no timestamps:
    /// nobody here has a clock that the peer knows (RFC 7323 3.2 asks for none in a RST), and a peer in SYN-RECEIVED may hold any other value for old.
    /// </summary>
    /// <param name="segment">What arrived.</param>
    public static TcpSegment? ResetFor(in TcpSegment segment)
    {
        if (segment.Flags.Has(TcpFlags.RST))
        {
            return null;
        }

        bool hasAck = segment.Flags.Has(TcpFlags.ACK);
        return new TcpSegment
        {
            SourcePort = segment.DestinationPort,
            DestinationPort = segment.SourcePort,
            SequenceNumber = hasAck ? segment.AcknowledgmentNumber : 0,
            AcknowledgmentNumber = hasAck ? 0 : segment.End,
            Flags = hasAck ? TcpFlags.RST : TcpFlags.RST | TcpFlags.ACK,
        };
    }

    // RFC 9293 3.10.7.1
    private SegmentVerdict ArrivesInClosed(in TcpSegment segment) =>
        RefuseWithReset(segment, "9293 3.10.7.1", "There is no connection here.");

    // RFC 9293 3.10.7.2 [U-2]
    private SegmentVerdict ArrivesInListen(in TcpSegment segment, Endpoint remote, Timestamp now)
    {
        const string Rule = "9293 3.10.7.2";

        // First: a RST cannot mean anything here.
        if (segment.Flags.Has(TcpFlags.RST))
        {
            return SegmentVerdict.Drop(Rule, "A RST cannot mean a connection that does not exist yet.");
        }

        // Second: nothing was sent that could be acknowledged.
        if (segment.Flags.Has(TcpFlags.ACK))
        {
            return RefuseWithReset(segment, Rule, "Nothing was sent from here that could be acknowledged.");
        }

        // Third: the request. Data on it is not taken, so the peer sends it again after the handshake.
        if (!segment.Flags.Has(TcpFlags.SYN))
        {
            return SegmentVerdict.Drop(Rule, "Without SYN it asks for nothing.");
        }

        if (!remote.Address.IsUnicast) // [MUST-63]
        {
            return SegmentVerdict.Drop("9293 3.9.2.3", "No connection is possible with such a source address.");
        }

        Remote = remote;
        TakePeersSyn(segment, now);
        SetIss(_requestedIss);
        _synPending = true;
        if (Settings.TwoWayHandshake)
        {
            SetState(TcpState.Established, TransitionEvent.SynArrivesTwoWay, "SYN arrives, seq=0; two-way handshake", now);
            EnterEstablished(now);
            return SegmentVerdict.Accepted;
        }

        SetState(TcpState.SynReceived, TransitionEvent.SynArrives, "SYN arrives, seq=0", now);
        return SegmentVerdict.Accepted;
    }

    // RFC 9293 3.10.7.3 [U-3]
    private SegmentVerdict ArrivesInSynSent(in TcpSegment segment, Timestamp now)
    {
        const string Rule = "9293 3.10.7.3";
        bool hasAck = segment.Flags.Has(TcpFlags.ACK);

        // First: the ACK must be of our SYN, or of more that we sent.
        if (hasAck && (segment.AcknowledgmentNumber <= Snd.Iss || segment.AcknowledgmentNumber > Snd.Nxt))
        {
            return segment.Flags.Has(TcpFlags.RST)
                ? SegmentVerdict.Drop(Rule, "A RST with a wrong acknowledgment number does not answer our SYN.")
                : RefuseWithReset(segment, Rule, $"It acknowledges {FromUs(segment.AcknowledgmentNumber)}, but only our SYN was sent (ack=1): it belongs to a former connection.");
        }

        // Second: a RST counts only if it proves by its ACK that it answers our SYN [5961-2].
        if (segment.Flags.Has(TcpFlags.RST))
        {
            if (!hasAck)
            {
                return SegmentVerdict.Drop("5961 3.2", "A RST without ACK does not answer our SYN.");
            }

            if (!TryWithoutEcn())
            {
                Fail(ConnectionError.Refused, TransitionEvent.RstArrives, $"RST arrives, ack={FromUs(segment.AcknowledgmentNumber)}", now);
            }

            return SegmentVerdict.Accepted;
        }

        // Third, security and compartment, is left out (RFC 9293 A.1). Fourth: the SYN.
        if (!segment.Flags.Has(TcpFlags.SYN))
        {
            return SegmentVerdict.Drop(Rule, "Neither SYN nor RST: it cannot help to open.");
        }

        TakePeersSyn(segment, now);
        if (!hasAck)
        {
            // Simultaneous open [MUST-10]: our SYN goes again, with an ACK of the peer's.
            _synPending = true;
            _synAgainBy = TransmitReason.Open;
            SetState(TcpState.SynReceived, TransitionEvent.SynArrives, "SYN arrives, seq=0: simultaneous open", now);
            return SegmentVerdict.Accepted;
        }

        TakeAcknowledgment(segment, now);
        SetSendWindow(segment, shift: 0); // [7323-2] the window of a SYN is never scaled
        SetState(TcpState.Established, TransitionEvent.SynAckArrives, $"SYN,ACK arrives, ack={FromUs(segment.AcknowledgmentNumber)}", now);
        EnterEstablished(now);
        _ackPending = !Settings.TwoWayHandshake;

        // Other controls and text go on at the sixth step, behind the SYN.
        TcpSegment rest = WithoutSyn(segment);
        return CheckUrgentTextFin(rest, now);
    }

    /// <summary>Takes the peer's sequence number and options from its SYN.</summary>
    private void TakePeersSyn(in TcpSegment segment, Timestamp now)
    {
        int offered = State == TcpState.SynSent ? (int)Rcv.Wnd : 0; // by our SYN, before its numbers were known
        Rcv.Irs = segment.SequenceNumber;
        Rcv.Nxt = Rcv.Up = Rcv.LastAckSent = segment.SequenceNumber + 1;
        Rcv.Edge = Rcv.Nxt + offered;
        Negotiate(segment, now);
        NegotiateEcn(segment);
        Snd.MaxWnd = 0;
        SetSendWindow(segment, shift: 0);
    }

    private void EnterEstablished(Timestamp now)
    {
        if (_synTimedOut)
        {
            Rtt.StartAfterSynTimeout(); // [6298-12]
        }

        _congestion.Start(SendMaximumSegmentSize, handshakeLost: _synTimedOut);
        _restartWindow = _congestion.Window;
        _userTimeoutPending = Settings.UserTimeoutOption; // [5482-4] again on the first segment behind the SYN
        ArmKeepAlive(now);
        RestartUserTimeout(now);
        Tell(ConnectionEventKind.SpaceAvailable, now);
        if (_finQueued && State == TcpState.Established)
        {
            SetState(TcpState.FinWait1, TransitionEvent.Close, "the user had closed before", now);
        }
    }

    private SegmentVerdict RefuseWithReset(in TcpSegment segment, string rule, string text)
    {
        if (Settings.TwoWayHandshake && segment.Flags.Has(TcpFlags.SYN | TcpFlags.ACK))
        {
            return SegmentVerdict.Drop("none (teaching only)", "With a two-way handshake an unexpected SYN,ACK is not refused.");
        }

        if (ResetFor(segment) is not { } reset)
        {
            return SegmentVerdict.Drop(rule, text);
        }

        Reply(reset, TransmitReason.Reset, text);
        return new(SegmentFate.Reset, rule, text);
    }

    private static TcpSegment WithoutSyn(in TcpSegment segment) =>
        segment with { SequenceNumber = segment.SequenceNumber + 1, Flags = segment.Flags & ~TcpFlags.SYN };
}
