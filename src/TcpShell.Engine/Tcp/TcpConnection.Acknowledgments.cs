using TcpShell.Tcp.Congestion;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// What an acknowledgment does for the sender: RFC 9293 3.10.7.4 fifth, RFC 5681, RFC 6298, RFC 6582.
public sealed partial class TcpConnection
{
    private const int DuplicateAckThreshold = 3;

    private int _duplicateAcks;
    private bool _inRecovery;

    // The number behind the highest one sent when recovery began or the timer fired [6582-1, 6582-6].
    private SeqNumber _recover;
    private bool _spaceWanted;

    /// <summary>Whether fast recovery is under way (RFC 5681 3.2).</summary>
    public bool InRecovery => _inRecovery;

    /// <summary>New data, our SYN or our FIN is acknowledged.</summary>
    private void AcknowledgeUpTo(SeqNumber ack, in TcpSegment segment, Timestamp now)
    {
        bool ofSyn = Snd.Una == Snd.Iss;
        int acknowledged = ack - Snd.Una;
        int data = Math.Clamp(ack - _sendBuffer.Start, 0, _sendBuffer.Count);
        Unacknowledged.Acknowledge(ack, out Timestamp? sampleFrom);
        Snd.Una = ack;
        if (ofSyn)
        {
            // A repetition of our SYN that was due is not any more.
            _synPending = false;
            _synAgainBy = TransmitReason.Open;
        }

        if (ack > Snd.Nxt)
        {
            // The octet of a zero-window probe was taken.
            Counters.BytesSent += Math.Min(ack - Snd.Nxt, data);
            Snd.Nxt = ack;
        }

        _sendBuffer.Acknowledge(ack);
        Snd.Up = SeqNumber.Max(Snd.Up, ack);
        _urgentQueued &= Snd.Up > ack;
        Counters.BytesAcknowledged += data;
        MeasureRoundTrip(sampleFrom, ofSyn, segment, now);

        _retries = 0;
        if (Unacknowledged.Count == 0)
        {
            Timers.Stop(TimerKind.Retransmission);
        }
        else
        {
            Timers.Set(TimerKind.Retransmission, now + Rtt.Rto); // [6298-10]
        }

        Timers.Stop(TimerKind.UserTimeout);
        ArmUserTimeout(now);
        if (!ofSyn) // [5681-3] the handshake does not grow the window
        {
            GrowOrRecover(ack, acknowledged, now);
        }

        if (!_inRecovery)
        {
            _recover = SeqNumber.Max(_recover, ack - 1); // it keeps its meaning, and can never come to lie half a circle behind
        }

        _duplicateAcks = 0;
        if (_spaceWanted && _sendBuffer.Free > 0)
        {
            _spaceWanted = false;
            Tell(ConnectionEventKind.SpaceAvailable, now);
        }
    }

    /// <summary>A sample where Karn allows one, else from the echoed timestamp [6298-6]; none from a handshake that was retransmitted [6298-12].</summary>
    private void MeasureRoundTrip(Timestamp? sampleFrom, bool ofSyn, in TcpSegment segment, Timestamp now)
    {
        if (sampleFrom is { } sent)
        {
            Rtt.Sample(now - sent);
        }
        else if (!ofSyn && TimestampsInForce && segment.Options.Timestamps is { EchoReply: not 0 } timestamps)
        {
            int milliseconds = unchecked((int)(TimestampClock(now) - timestamps.EchoReply));
            if (milliseconds >= 0)
            {
                Rtt.Sample(TimeSpan.FromMilliseconds(milliseconds));
            }
        }
    }

    private void GrowOrRecover(SeqNumber ack, int acknowledged, Timestamp now)
    {
        if (!_inRecovery)
        {
            if (_ackEchoesCongestion)
            {
                return; // [3168-5]
            }

            _congestion.Acknowledged(new(acknowledged, now, Snd.Una, Snd.Nxt, Rtt.Latest, Rtt.Smoothed, WindowWasFull: true));
        }
        else if (ack >= _recover)
        {
            _inRecovery = false; // [6582-3]
            _congestion.Window = _congestion.SlowStartThreshold; // [5681-15]
        }
        else
        {
            // A partial ACK: the next hole is known, and is filled at once. The window shrinks by what has left the network, and gets one
            // segment back for the retransmission [6582-4].
            int segment = SendMaximumSegmentSize;
            _congestion.Window = Math.Max(segment, _congestion.Window - acknowledged + (acknowledged >= segment ? segment : 0));
            RetransmitFront(TransmitReason.FastRetransmit);
        }
    }

    /// <summary>[5681-11]</summary>
    private bool IsDuplicateAck(in TcpSegment segment) =>
        segment.AcknowledgmentNumber == Snd.Una
        && Unacknowledged.Count > 0
        && segment.Length == 0
        && (uint)segment.Window << Snd.WindowShift == Snd.Wnd;

    private void CountDuplicateAck(Timestamp now)
    {
        Counters.DuplicateAcks++;
        _duplicateAcks++;
        if (_inRecovery)
        {
            _congestion.Window += SendMaximumSegmentSize; // [5681-14] one more segment has left the network
        }
        else if (_duplicateAcks == DuplicateAckThreshold && Snd.Una > _recover) // [6582-2]
        {
            _inRecovery = true;
            _recover = Snd.Max;
            ReduceWindow(CongestionSignal.Loss, Snd.Outstanding, now);
            _congestion.Window = _congestion.SlowStartThreshold + (3 * SendMaximumSegmentSize); // [5681-13]: three segments have left the network
            RetransmitFront(TransmitReason.FastRetransmit);
            Timers.Set(TimerKind.Retransmission, now + Rtt.Rto);
        }
    }

    private void RetransmitFront(TransmitReason reason)
    {
        if (Unacknowledged.Front is { } front)
        {
            Unacknowledged.MarkLost(front, reason);
            _retransmitNow = true;
        }
    }

    private void SetSendWindow(in TcpSegment segment, int shift)
    {
        Snd.Wnd = (uint)segment.Window << shift;
        Snd.MaxWnd = Math.Max(Snd.MaxWnd, Snd.Wnd);
        Snd.Wl1 = segment.SequenceNumber;
        Snd.Wl2 = segment.AcknowledgmentNumber;
    }

    /// <summary>
    /// The peer's window, unless the segment is older than the one that set it last [U-11]. One that acknowledges new data is never older,
    /// even if its own text is: a retransmission has a low number and a new window, and going by the number alone would leave the old window
    /// standing behind the new SND.UNA, where the peer never opened one.
    /// </summary>
    private void UpdateSendWindow(in TcpSegment segment, bool advances, Timestamp now)
    {
        if (segment.AcknowledgmentNumber < Snd.Una)
        {
            return;
        }

        _unanswered = 0;
        bool newer = advances || Snd.Wl1 < segment.SequenceNumber || (Snd.Wl1 == segment.SequenceNumber && Snd.Wl2 <= segment.AcknowledgmentNumber);
        if (!newer)
        {
            return;
        }

        bool wasClosed = Snd.Wnd == 0;
        SetSendWindow(segment, Snd.WindowShift);
        if (Snd.Wnd == 0)
        {
            _retries = 0; // [MUST-37, SHLD-17] a peer that answers is not dead, however long its window stays closed
            return;
        }

        _persistBackoff = 0;
        _probePending = false;
        if (!wasClosed)
        {
            return; // a silly window keeps its timer, however often the peer repeats it [MUST-38]
        }

        Timers.Stop(TimerKind.Persist);
        if (Unacknowledged.Count > 0)
        {
            // What was sent into the closed window was dropped there; it need not wait for its timer.
            RetransmitFront(TransmitReason.RetransmissionTimeout);
            Timers.Set(TimerKind.Retransmission, now + Rtt.Rto);
        }
    }
}
