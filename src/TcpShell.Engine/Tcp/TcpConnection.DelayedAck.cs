using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 9293 3.8.6.3 and RFC 5681 4.2: when what arrived is acknowledged.
public sealed partial class TcpConnection
{
    // SHLD-19: a sender that hears nothing of two segments would think the path slower than it is.
    private const int SegmentsPerAck = 2;

    // So many tell a peer of a loss that counts them (RFC 5681 3.2). One that reads SACK blocks learns nothing from more of them in one go.
    private const int EnoughDuplicates = 3;

    private bool _ackPending;
    private bool _ackStandsAlone;
    private bool _ackWasDelayed;
    private int _unacknowledgedSegments;
    private int _quickAcks;
    private Timestamp? _lastTextArrived;

    /// <summary>Segments of data that arrived and wait for their acknowledgment [SHLD-18].</summary>
    public int DelayedSegments => _unacknowledgedSegments;

    /// <summary>
    /// Data was taken that is next in order. Its ACK waits for company: data of ours, a second segment or the timer
    /// [SHLD-18, MUST-40, SHLD-19, 5681-17]. The first ones of a burst do not wait, as they clock the peer's slow start.
    /// </summary>
    private void AcknowledgeText(Timestamp now)
    {
        if (_lastTextArrived is not { } last || now - last > Rtt.Rto)
        {
            _quickAcks = Settings.QuickAcks; // the peer begins, or begins again
        }

        _lastTextArrived = now;
        _unacknowledgedSegments++;
        if (_quickAcks > 0)
        {
            _quickAcks--;
            _ackPending = true;
        }
        else if (Settings.DelayedAckTimeout == TimeSpan.Zero
            || _unacknowledgedSegments >= SegmentsPerAck
            || Rcv.Nxt - Rcv.LastAckSent >= SegmentsPerAck * ReceiveMaximumSegmentSize
            || Rcv.Wnd < ReceiveMaximumSegmentSize) // the peer may have no room for the second one
        {
            _ackPending = true;
        }
        else if (!Timers.IsRunning(TimerKind.DelayedAck))
        {
            Timers.Set(TimerKind.DelayedAck, now + Settings.DelayedAckTimeout);
        }
    }

    /// <summary>
    /// Data came twice, ahead of a gap, or into one: the peer's loss recovery waits for the news [5681-18, MAY-13]. Until its losses are mended
    /// nothing is delayed.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="isMoreOfTheSame">Whether all that it did was to lengthen the island which changed last: one SACK block tells of any number of such.</param>
    private void AcknowledgeTextAtOnce(Timestamp now, bool isMoreOfTheSame)
    {
        _lastTextArrived = now;
        _quickAcks = Settings.QuickAcks;
        _ackPending = true;
        _ackStandsAlone |= !(isMoreOfTheSame && SelectiveAcknowledgmentInForce && _replies.Count >= EnoughDuplicates);
    }

    /// <summary>An ACK that answers one segment and no other, as the peer counts how many come.</summary>
    private void AcknowledgeAlone() => _ackPending = _ackStandsAlone = true;

    /// <summary>
    /// Segments that arrive in one go share an ACK, but not where one of them came twice, ahead of a gap, or into one [5681-18]: a peer without SACK
    /// takes three duplicate ACKs for a loss, and one ACK for as many segments would leave it to its timer. So what is owed by now becomes an
    /// ACK before the next segment changes anything. It is sent when all have been taken, before anything else.
    /// </summary>
    private void KeepAcksApart(in TcpSegment segment, Timestamp now)
    {
        bool isFirstOutOfOrder = _reassembler.Islands == 0 && segment.Length > 0 && segment.SequenceNumber != Rcv.Nxt;
        if (_ackPending && (_ackStandsAlone || isFirstOutOfOrder) && !_synPending && _replies.Count < MaximumReplies
            && TryAcknowledge(now, out OutgoingSegment ack))
        {
            _replies.Enqueue(ack);
            Rcv.LastAckSent = Rcv.Nxt;
        }
    }

    private void DelayedAckTimerFires() => _ackPending = _ackWasDelayed = true;

    private bool TryAcknowledge(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if ((!_ackPending && !_windowUpdatePending) || State == TcpState.SynSent)
        {
            return false;
        }

        TransmitReason reason = _ackPending || _unacknowledgedSegments > 0 ? TransmitReason.Acknowledgment : TransmitReason.WindowUpdate;
        string note = _ackWasDelayed ? $"delayed ACK, {Milliseconds(Settings.DelayedAckTimeout)} ms" : "";
        outgoing = new(MakeAck(now), reason, 1, note);
        return true;
    }

    private TcpSegment MakeAck(Timestamp now) => Make(TcpFlags.ACK, Snd.Nxt, default, now);

    /// <summary>Whatever is sent acknowledges all that was received: one ACK for as many segments as came before it [MUST-58, MUST-59, 5681-19].</summary>
    private void ForgetPendingAcks()
    {
        _ackPending = _ackStandsAlone = _ackWasDelayed = _windowUpdatePending = false;
        _unacknowledgedSegments = 0;
        Timers.Stop(TimerKind.DelayedAck);
    }

    private static string Milliseconds(TimeSpan duration) => duration.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture);
}
