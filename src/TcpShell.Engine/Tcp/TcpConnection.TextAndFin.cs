using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 9293 3.10.7.4, steps six to eight: the urgent pointer, the text, and the FIN.
public sealed partial class TcpConnection
{
    private bool _finReceived;
    private SeqNumber? _finSequence;

    private SegmentVerdict CheckUrgentTextFin(in TcpSegment segment, Timestamp now)
    {
        // Sixth: URG [MUST-32]. After the peer's FIN nothing can be urgent [U-14].
        if (segment.Flags.Has(TcpFlags.URG) && State is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2)
        {
            SeqNumber up = segment.SequenceNumber + segment.UrgentPointer;
            if (up > SeqNumber.Max(Rcv.Up, UserNext))
            {
                Rcv.Up = up;
                Tell(ConnectionEventKind.Urgent, now);
            }
        }

        // Seventh: the text.
        if (segment.Payload.Length > 0)
        {
            if (_receivesNoMore && State is TcpState.FinWait1 or TcpState.FinWait2 && segment.SequenceNumber + segment.Payload.Length > Rcv.Nxt)
            {
                return RefuseText(segment, now);
            }

            TakeCongestionMark(segment);
            TakeText(segment, now);
        }

        // Eighth: FIN. It may wait beyond a gap, and counts when everything before it is there [U-13].
        if (segment.Flags.Has(TcpFlags.FIN) && !_finReceived)
        {
            SeqNumber fin = segment.End - 1;
            if (fin.IsInWindow(Rcv.Nxt, Math.Max(1, Rcv.Wnd)))
            {
                _finSequence ??= fin;
            }

            _ackPending = true;
            _ackStandsAlone |= fin != Rcv.Nxt;
        }

        if (_finSequence == Rcv.Nxt && !_finReceived)
        {
            TakeFin(now);
        }

        if (State == TcpState.FinWait1 && OurFinIsAcknowledged)
        {
            // The peer's FIN seemed to come along, but its data did not fit.
            string cause = $"ACK of our FIN arrives, ack={FromUs(segment.AcknowledgmentNumber)}";
            SetState(TcpState.FinWait2, TransitionEvent.AckOfFinArrives, cause, now);
        }

        return SegmentVerdict.Accepted;
    }

    // Seventh
    private void TakeText(in TcpSegment segment, Timestamp now)
    {
        if (State is not (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2))
        {
            return; // [U-14]
        }

        // Left of RCV.NXT it was received before; right of the window it may not come yet [U-5].
        int skip = Math.Max(0, Rcv.Nxt - segment.SequenceNumber);
        int offset = Math.Max(0, segment.SequenceNumber - Rcv.Nxt);
        int count = (int)Math.Min(segment.Payload.Length - skip, (long)Rcv.Wnd - offset);
        if (_finSequence is { } fin)
        {
            count = Math.Min(count, fin - Rcv.Nxt - offset); // nothing comes behind a FIN
        }

        NoteDuplicate(segment.SequenceNumber, skip + count);
        Counters.LargestReceived = Math.Max(Counters.LargestReceived, segment.Payload.Length);
        int islands = _reassembler.Islands;
        bool lengthensLatest = _reassembler.TouchesLatest(offset, count);
        int advance = count <= 0 ? 0 : _reassembler.Insert(offset, segment.Payload.Span.Slice(skip, count));
        Rcv.Nxt += advance;
        Counters.BytesReceived += advance;
        if (advance > 0)
        {
            LastDataReceived = now;
            Tell(ConnectionEventKind.DataAvailable, now);
        }
        else if (count > 0)
        {
            Counters.OutOfOrder++;
        }

        if (advance == segment.Payload.Length && islands == 0)
        {
            AcknowledgeText(now);
        }
        else
        {
            AcknowledgeTextAtOnce(now, lengthensLatest && advance == 0 && _reassembler.Islands == islands && _duplicate is null);
        }
    }

    // Seventh, where nobody will receive it [SHLD-3]. The RST has the number that the peer waits for, so that it is believed at once.
    private SegmentVerdict RefuseText(in TcpSegment segment, Timestamp now)
    {
        SegmentVerdict verdict = RefuseWithReset(segment, "9293 3.6.1", "Data arrives for a user that has closed, and is lost.");
        Fail(ConnectionError.Aborted, TransitionEvent.Abort, "data arrives for a user that has closed", now);
        return verdict;
    }

    // Eighth
    private void TakeFin(Timestamp now)
    {
        string cause = $"FIN arrives, seq={FromPeer(Rcv.Nxt)}";
        Rcv.Nxt += 1;
        Rcv.Edge = SeqNumber.Max(Rcv.Edge, Rcv.Nxt);
        _finReceived = true;
        _ackPending = true;
        switch (State)
        {
            case TcpState.Established:
                SetState(TcpState.CloseWait, TransitionEvent.FinArrives, cause, now);
                break;
            case TcpState.FinWait1 when OurFinIsAcknowledged:
                SetState(TcpState.TimeWait, TransitionEvent.FinAndAckOfFinArrive, $"{cause}, with the ACK of our FIN", now);
                break;
            case TcpState.FinWait1:
                SetState(TcpState.Closing, TransitionEvent.FinArrives, cause, now);
                break;
            case TcpState.FinWait2:
                SetState(TcpState.TimeWait, TransitionEvent.FinArrives, cause, now);
                break;
        }

        TellEndOfStream(now);
    }

    private void TellEndOfStream(Timestamp now)
    {
        if (EndOfStream && !_endOfStreamTold)
        {
            _endOfStreamTold = true;
            Tell(ConnectionEventKind.EndOfStream, now);
        }
    }

    /// <summary>Whether the segment's FIN would be taken right now, so that ACK and FIN make one change of state (FIN-WAIT-1 to TIME-WAIT).</summary>
    private bool CarriesFinInOrder(in TcpSegment segment) =>
        segment.Flags.Has(TcpFlags.FIN) && segment.SequenceNumber <= Rcv.Nxt && segment.End > Rcv.Nxt;

    private bool OurFinIsAcknowledged => _finQueued && Snd.Una == _sendBuffer.End + 1;
}
