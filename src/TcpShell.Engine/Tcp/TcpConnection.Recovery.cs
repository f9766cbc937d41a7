using TcpShell.Tcp.Congestion;
using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// How losses are found and repaired: RFC 6582 without SACK, RFC 6675 or RFC 8985 with it, PRR (RFC 6937), and what was a mistake.
public sealed partial class TcpConnection
{
    private const int DuplicateAckThreshold = 3;

    private readonly Rack _rack = new();
    private readonly ProportionalRateReduction _prr = new();
    private readonly SpuriousRecovery _spurious = new();

    private int _duplicateAcks;

    // The number behind the highest one sent when recovery began or the timer fired: recover of RFC 6582, RecoveryPoint of RFC 6675.
    private SeqNumber _recover;

    // The last transmission before cwnd was last reduced: losses of what was sent later are congestion anew [5681-21].
    private long _reducedAt;
    private bool _partialAckCame;

    // HighRxt and RescueRxt of RFC 6675.
    private SeqNumber _highestRetransmitted;
    private SeqNumber _rescued;

    // New octets that duplicate ACKs let out beyond cwnd; they do not count when cwnd is reduced [5681-13].
    private int _limitedTransmitted;

    /// <summary>Where loss recovery stands.</summary>
    public RecoveryPhase RecoveryPhase { get; private set; }

    /// <summary>Whether fast recovery is under way (RFC 5681 3.2).</summary>
    public bool InRecovery => RecoveryPhase == RecoveryPhase.Recovery;

    /// <summary>Whether the path was seen to reorder segments (RFC 8985 6.2).</summary>
    public bool ReorderingSeen => _rack.ReorderingSeen;

    /// <summary>How many ACKs have told of reordering.</summary>
    public int Reorderings => _rack.Reorderings;

    /// <summary>How far apart, in segments, the path was seen to reorder; 3, what is always allowed for, at least.</summary>
    public int Reordering => Math.Max(DuplicateAckThreshold, (_rack.LargestDistance + SendMaximumSegmentSize - 1) / SendMaximumSegmentSize);

    /// <summary>RACK-TLP needs SACK [8985-1] and is not mixed with RFC 6675's rules [8985-11].</summary>
    private bool UsesRack => SelectiveAcknowledgmentInForce && Settings.LossRecovery == LossRecovery.Rack;

    /// <summary>What an ACK means for loss recovery; the order of the steps matters.</summary>
    /// <returns>Whether the window may grow by it: not where recovery steers it.</returns>
    private bool Recover(in AckNews news, Timestamp now)
    {
        bool wasRecovery = InRecovery;
        TakeDelivered(news, now);
        TakeAckOfProbe(news, now);
        if (_spurious.ShownByEcho(news.Advances ? news.Echo : null) || (news.Duplicate is { } twice && _spurious.ShownByDuplicate(twice)))
        {
            Undo(now);
        }

        switch (RecoveryPhase)
        {
            case RecoveryPhase.Recovery when Snd.Una >= _recover:
                EndRecovery();
                break;
            case RecoveryPhase.Recovery when news.Advances && !SelectiveAcknowledgmentInForce:
                TakePartialAck(news.Acknowledged);
                break;
            case RecoveryPhase.Loss:
                AfterTimeout(news, now);
                break;
        }

        if (RecoveryPhase == RecoveryPhase.Open)
        {
            _recover = SeqNumber.Max(_recover, Snd.Una - 1); // it keeps its meaning, and can never come to lie half a circle behind
        }

        CountDuplicateAck(news);
        bool further = FindLosses(news, now);
        SteerWindow(news.Delivered, isSafe: news.Advances && !further);
        return !wasRecovery && !InRecovery;
    }

    private void TakeDelivered(in AckNews news, Timestamp now)
    {
        foreach (SentSegment segment in _delivered)
        {
            bool ofOlderCopy = news.Echo is { } echo && unchecked((int)(echo - TimestampClock(segment.LastSent))) < 0;
            _rack.Delivered(segment, now, ofOlderCopy, Rtt.Minimum, Settings.RackBySequence);
        }

        Counters.Delivered += _delivered.Count;
        _rack.Acknowledged(Snd.Una);
        if (news.Duplicate is { } block)
        {
            Counters.DuplicateSacks++;
            if (block.Right != _probeEnd)
            {
                _rack.DuplicateArrived(Snd.Nxt); // [8985-5] what a probe makes arrive twice tells nothing of reordering
            }
        }
    }

    private void CountDuplicateAck(in AckNews news)
    {
        if (news.Advances)
        {
            _duplicateAcks = 0; // [6675-4]
            _limitedTransmitted = 0;
        }

        if (!news.IsDuplicate)
        {
            return;
        }

        Counters.DuplicateAcks++;
        _duplicateAcks++;
        if (InRecovery && !SelectiveAcknowledgmentInForce)
        {
            // [5681-14] One more segment has left the network; but no more can have left than was there.
            long largest = (long)_congestion.SlowStartThreshold + Snd.Outstanding;
            _congestion.Window = (int)Math.Min(largest, (long)_congestion.Window + SendMaximumSegmentSize);
        }
    }

    /// <summary>Marks what is lost and, where that is news of congestion, enters recovery or reduces once more.</summary>
    /// <param name="news">The ACK that may tell of it; nothing where the reordering timer does.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether something was found lost.</returns>
    private bool FindLosses(in AckNews news, Timestamp now)
    {
        int before = Unacknowledged.Lost;
        long lost = UsesRack ? FindLossesByTime(now) : FindLossesByCount(news.IsDuplicate);
        bool since = lost > _reducedAt;
        bool congestion = RecoveryPhase switch
        {
            RecoveryPhase.Open => lost > 0,
            RecoveryPhase.Recovery => since, // [5681-21]
            _ => since && UsesRack, // [6582-2, 6675-10]
        };
        if (congestion)
        {
            EnterRecovery(news.Delivered, now);
        }

        return Unacknowledged.Lost > before;
    }

    /// <summary>RFC 8985 6.2 step 5 [8985-6].</summary>
    /// <returns>The order of the last lost segment that tells of congestion; 0 if none was found.</returns>
    private long FindLossesByTime(Timestamp now)
    {
        long lost = 0;
        Timers.Stop(TimerKind.Reordering);
        TimeSpan window = ReorderingWindow();
        while (Unacknowledged.SentFirst is { } first && _rack.Remaining(first, window, now) is { } remaining)
        {
            if (remaining > TimeSpan.Zero)
            {
                ShowRecoveryTimer(TimerKind.Reordering, now + InTicks(remaining));
                break;
            }

            bool tells = first.Transmissions == 1 || RecoveryPhase == RecoveryPhase.Open || !Settings.ReduceOncePerRecovery; // [5681-21]
            lost = tells ? first.Order : lost;
            first.SentBefore = _rack.Sent - first.LastSent;
            Unacknowledged.MarkLost(first, LossCause.Rack);
        }

        EnsureRecoveryTimer(now);
        return lost;
    }

    /// <summary>Without SACK the third duplicate ACK [5681-10]; with it IsLost, or the third duplicate ACK [6675-2, 6675-5].</summary>
    /// <returns>The order of the last lost segment; 0 if none was found.</returns>
    private long FindLossesByCount(bool byDuplicateAck)
    {
        long lost = 0;
        if (SelectiveAcknowledgmentInForce && Unacknowledged.LossEdge(SendMaximumSegmentSize, DuplicateAckThreshold) is { } edge)
        {
            lost = Unacknowledged.MarkLostBelow(edge, LossCause.SackedAbove);
        }

        // [6582-2] Duplicate ACKs of what was sent before the last recovery say nothing.
        bool third = byDuplicateAck && _duplicateAcks == DuplicateAckThreshold && RecoveryPhase == RecoveryPhase.Open && Snd.Una > _recover;
        if (third && Unacknowledged.Front is { Lost: false, Sacked: false } front)
        {
            lost = Math.Max(lost, front.Order);
            Unacknowledged.MarkLost(front, LossCause.DuplicateAcks);
        }

        return lost;
    }

    private TimeSpan ReorderingWindow() => _rack.ReorderingWindow(
        RecoveryPhase != RecoveryPhase.Open, Unacknowledged.Sacked, Rtt.Minimum ?? TimeSpan.Zero, Rtt.Smoothed ?? TimeSpan.Zero);

    /// <summary>Recovery begins; or, within a recovery, again, because something was lost that was sent since.</summary>
    /// <param name="delivered">Octets that the ACK which tells of the loss is the first word of.</param>
    /// <param name="now">The time.</param>
    private void EnterRecovery(int delivered, Timestamp now)
    {
        bool again = RecoveryPhase != RecoveryPhase.Open;
        int flight = again ? Math.Min(Snd.Outstanding, _congestion.SlowStartThreshold) : Snd.Outstanding - _limitedTransmitted;
        bool reduced = ReduceWindow(CongestionSignal.Loss, flight, now); // the same with SACK and without [2018-8]
        RecoveryPhase = RecoveryPhase.Recovery;
        _forwardRto = ForwardRto.Off;
        _probeEnd = null;
        _recover = Snd.Max;
        _reducedAt = Unacknowledged.LastOrder;
        _partialAckCame = false;
        int told = Settings.RateReduction == RateReduction.Rfc9937 ? delivered - Unacknowledged.SackedOctets : 0;
        _prr.Start(Settings.RateReduction, _congestion.SlowStartThreshold, Snd.Outstanding + told);
        if (!SelectiveAcknowledgmentInForce)
        {
            _congestion.Window = _congestion.SlowStartThreshold + (3 * SendMaximumSegmentSize); // [5681-13]: three segments have left the network
        }

        if (again)
        {
            _spurious.Stop(); // the window of before is not known any more
            return;
        }

        Counters.Recoveries++;
        _spurious.Start(Snd.Una, Snd.Max);
        if (!reduced)
        {
            _spurious.Stop(); // what a mark of ECN has changed is no mistake
        }

        _highestRetransmitted = Snd.Una;
        _rescued = Unacknowledged.FirstLost!.End; // [6675-5]
        _retransmitNow = true;
        RestartRetransmissionTimer(now); // [6675-12]
    }

    /// <summary>[5681-15, 6582-3, 6675-9]</summary>
    private void EndRecovery()
    {
        RecoveryPhase = RecoveryPhase.Open;
        _rack.RecoveryEnded();
        _congestion.Window = _congestion.SlowStartThreshold;
    }

    /// <summary>
    /// An ACK in recovery of less than was sent before it: the next hole is known, and is filled at once. The window shrinks by what has left the
    /// network, and gets one segment back for the retransmission [6582-4].
    /// </summary>
    private void TakePartialAck(int acknowledged)
    {
        int segment = SendMaximumSegmentSize;
        _congestion.Window = Math.Max(segment, _congestion.Window - acknowledged + (acknowledged >= segment ? segment : 0));
        _partialAckCame = true;
        RetransmitFront(LossCause.PartialAck);
    }

    /// <summary>
    /// Only the first partial ACK of a recovery restarts the timer, so that many losses in one window do not take as many round trips [6582-5]; or
    /// every one does, so that no timeout makes whole windows go again.
    /// </summary>
    private bool IsLaterPartialAck(SeqNumber ack) =>
        InRecovery && !SelectiveAcknowledgmentInForce && _partialAckCame && ack < _recover && !Settings.SlowButSteady;

    private void RetransmitFront(LossCause cause)
    {
        if (Unacknowledged.Front is { } front)
        {
            Unacknowledged.MarkLost(front, cause);
            _retransmitNow = true;
        }
    }

    /// <summary>In recovery with SACK the window is what is in flight and what PRR adds to it.</summary>
    private void SteerWindow(int delivered, bool isSafe)
    {
        if (InRecovery && SelectiveAcknowledgmentInForce)
        {
            int allowed = _prr.Allow(delivered, Unacknowledged.InFlight, SendMaximumSegmentSize, isSafe);
            _congestion.Window = (int)Math.Min(int.MaxValue, (long)Unacknowledged.InFlight + allowed);
        }
    }

    /// <summary>Nothing was lost after all: what the mistake changed is as before, except for what was learned from it.</summary>
    private void Undo(Timestamp now)
    {
        Counters.SpuriousRecoveries++;
        _spurious.Stop();
        if (!_reducedByEcho)
        {
            _congestion.Undo(); // a mark that was echoed was no mistake
        }

        if (RecoveryPhase == RecoveryPhase.Open)
        {
            return; // the D-SACKs came after its end
        }

        RecoveryPhase = RecoveryPhase.Open;
        _forwardRto = ForwardRto.Off;
        _retransmitNow = false;
        _duplicateAcks = 0;
        _recover = Snd.Una - 1;
        _rack.RecoveryEnded();
        Rtt.EndBackoff();
        Unacknowledged.UnmarkLost();
        if (Unacknowledged.Count > 0)
        {
            RestartRetransmissionTimer(now);
        }
    }
}
