using TcpShell.Tcp.Congestion;
using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// The timers that watch what is in flight, of which one runs at a time [8985-12]: RTO (RFC 6298), reordering and tail loss probe (RFC 8985).
public sealed partial class TcpConnection
{
    // The longest that peers hold an ACK back in practice (RFC 8985 7.2, TLP.max_ack_delay), and the PTO before the first measurement.
    private static readonly TimeSpan s_maximumAckDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_probeWithoutSample = TimeSpan.FromSeconds(1);

    // When the RTO would end, also while another timer stands in for it; means something while one of them runs.
    private Timestamp _rtoExpiry;

    // TLP.end_seq, TLP.is_retrans, and FlightSize when the probe was sent.
    private SeqNumber? _probeEnd;
    private bool _probeWasRetransmission;
    private int _probeFlight;
    private bool _sampledSinceProbe = true;
    private bool _tailLossProbePending;
    private ForwardRto _forwardRto;

    // New segments that F-RTO has sent instead of lost ones.
    private int _forwardSent;

    private bool RecoveryTimerRuns =>
        Timers.IsRunning(TimerKind.Retransmission) || Timers.IsRunning(TimerKind.TailLossProbe) || Timers.IsRunning(TimerKind.Reordering);

    /// <summary>Starts the timer if it does not run; it restarts when something is acknowledged [6298-10].</summary>
    private void StartRetransmissionTimer(Timestamp now)
    {
        if (!RecoveryTimerRuns)
        {
            RestartRetransmissionTimer(now);
        }

        ArmUserTimeout(now);
    }

    private void RestartRetransmissionTimer(Timestamp now)
    {
        _rtoExpiry = now + Rtt.Rto; // [6298-9]
        ShowRecoveryTimer(TimerKind.Retransmission, _rtoExpiry);
    }

    private void StopRecoveryTimers()
    {
        Timers.Stop(TimerKind.Retransmission);
        Timers.Stop(TimerKind.TailLossProbe);
        Timers.Stop(TimerKind.Reordering);
    }

    /// <summary>One of the three runs, and none longer than the RTO.</summary>
    private void ShowRecoveryTimer(TimerKind kind, Timestamp deadline)
    {
        StopRecoveryTimers();
        bool inTime = deadline < _rtoExpiry;
        Timers.Set(kind == TimerKind.Reordering && !inTime ? TimerKind.Retransmission : kind, inTime ? deadline : _rtoExpiry);
    }

    /// <summary>The retransmission timer takes over where the one that stood in for it is not needed any more.</summary>
    private void EnsureRecoveryTimer(Timestamp now)
    {
        if (!RecoveryTimerRuns && Unacknowledged.Count > 0)
        {
            _rtoExpiry = _rtoExpiry > now ? _rtoExpiry : now + Rtt.Rto;
            ShowRecoveryTimer(TimerKind.Retransmission, _rtoExpiry);
        }
    }

    private void ReorderingTimerFires(Timestamp now)
    {
        FindLosses(default, now);
        SteerWindow(delivered: 0, isSafe: false);
    }

    /// <summary>
    /// Something new was sent or acknowledged: the tail's probe is due after two round trips, while nothing points to a loss [8985-8].
    /// </summary>
    /// <param name="restart">Whether the interval starts anew.</param>
    /// <param name="now">The time.</param>
    private void ScheduleProbe(bool restart, Timestamp now)
    {
        bool wanted = Settings.TailLossProbe
            && UsesRack
            && IsSynchronized(State)
            && RecoveryPhase == RecoveryPhase.Open
            && Unacknowledged is { Count: > 0, Sacked: 0, Lost: 0 }
            && _probeEnd is null
            && _sampledSinceProbe // [8985-9]
            && !Timers.IsRunning(TimerKind.Reordering);
        if (!wanted)
        {
            Timers.Stop(TimerKind.TailLossProbe);
            EnsureRecoveryTimer(now);
        }
        else if (restart || Timers.IsRunning(TimerKind.Retransmission))
        {
            ShowRecoveryTimer(TimerKind.TailLossProbe, now + ProbeInterval());
        }
    }

    /// <summary>PTO.</summary>
    private TimeSpan ProbeInterval()
    {
        if (Rtt.Smoothed is not { } smoothed)
        {
            return s_probeWithoutSample;
        }

        return InTicks((smoothed * 2) + (Unacknowledged.Count == 1 ? s_maximumAckDelay : TimeSpan.Zero));
    }

    /// <summary>How long a timer runs on a clock that ticks: whole ticks, and two more.</summary>
    private TimeSpan InTicks(TimeSpan interval)
    {
        long tick = Settings.LossTimerTick.Ticks;
        return tick == 0 ? interval : new TimeSpan((((interval.Ticks + tick - 1) / tick) + 2) * tick);
    }

    private void ProbeTimerFires(Timestamp now)
    {
        if (Unacknowledged.Count > 0)
        {
            _tailLossProbePending = true;
            RestartRetransmissionTimer(now); // [8985-9]
        }
    }

    /// <summary>What an ACK tells of the last probe [8985-10].</summary>
    private void TakeAckOfProbe(in AckNews news, Timestamp now)
    {
        if (_probeEnd is not { } end || Snd.Una < end)
        {
            return;
        }

        if (!_probeWasRetransmission || news.Duplicate?.Right == end)
        {
            _probeEnd = null; // new data, or the segment and its repetition have both arrived
        }
        else if (Snd.Una > end)
        {
            // The probe has repaired a loss that nothing else tells of.
            _probeEnd = null;
            ReduceWindow(CongestionSignal.Loss, _probeFlight, now);
            _reducedAt = Unacknowledged.LastOrder;
        }
        else if (news.IsBare)
        {
            _probeEnd = null;
        }
    }

    private void RetransmissionTimerFires(Timestamp now)
    {
        _waitsForEcnTimer = false;
        if (Unacknowledged.Front is not { } front)
        {
            return;
        }

        if (InterfaceIsFull && !front.Flags.Has(TcpFlags.SYN))
        {
            RetransmitSoon(now);
            return;
        }

        int limit = State switch // a request has its own [MUST-22]
        {
            TcpState.SynSent => Settings.SynRetries,
            TcpState.SynReceived => _passive ? Settings.SynAckRetries : Settings.SynRetries,
            _ => RetransmissionLimit,
        };
        if (_retries >= limit)
        {
            GiveUp($"no answer to {_retries} retransmissions", now); // [MUST-20]
            return;
        }

        _retries++;
        Counters.Timeouts++;
        if (_retries == Settings.R1)
        {
            AdviseOfBadPath(now); // [SHLD-9, SHLD-10]
        }

        if (IsSynchronized(State))
        {
            // A lost SYN tells of the first window only [5681-3].
            ReduceWindow(_retries == 1 ? CongestionSignal.Timeout : CongestionSignal.RepeatedTimeout, Snd.Outstanding, now);
        }

        StartLossPhase(front);
        MarkLostByTimeout(front, now);
        Rtt.BackOff(); // [6298-11]
        if (front.Flags.Has(TcpFlags.SYN))
        {
            _synTimedOut = true;
            _synPending = true;
            _synAgainBy = TransmitReason.RetransmissionTimeout;
        }

        RestartRetransmissionTimer(now);
    }

    /// <summary>The oldest segment goes again in any case [2018-7, 6298-11]; with RACK others only if they were sent long enough ago [8985-7].</summary>
    private void MarkLostByTimeout(SentSegment front, Timestamp now)
    {
        if (front.Sacked)
        {
            // The peer holds it and yet does not acknowledge it: it has dropped what it had SACKed. Otherwise SACK keeps its worth [6675-11].
            Unacknowledged.ForgetSacks();
        }

        if (!UsesRack)
        {
            Unacknowledged.MarkAllLost(LossCause.Timeout);
            return;
        }

        Unacknowledged.MarkLost(front, LossCause.Timeout); // [6298-9] the timer ran since it was last sent
        TimeSpan window = ReorderingWindow();
        while (Unacknowledged.SentFirst is { } first && first.LastSent + _rack.RoundTrip + window <= now)
        {
            Unacknowledged.MarkLost(first, LossCause.Timeout);
        }
    }

    private void StartLossPhase(SentSegment front)
    {
        // F-RTO cannot tell where the segment was sent again before, or an older timeout is being repaired [5682-4].
        bool first = _retries == 1 && front.Transmissions == 1 && RecoveryPhase != RecoveryPhase.Loss;
        _forwardRto = Settings.ForwardRto && first && IsSynchronized(State) ? ForwardRto.FirstAck : ForwardRto.Off;
        if (_retries == 1)
        {
            _spurious.Start(Snd.Una, Snd.Max);
        }

        RecoveryPhase = IsSynchronized(State) ? RecoveryPhase.Loss : RecoveryPhase.Open;
        _duplicateAcks = 0;
        _limitedTransmitted = 0;
        _probeEnd = null;
        _tailLossProbePending = false;
        _recover = Snd.Max; // [6582-6, 6675-10]
        _reducedAt = Unacknowledged.LastOrder;
        _retransmitNow = true;
    }

    /// <summary>An ACK after a timeout. The first two tell whether the timeout was spurious (F-RTO, RFC 5682).</summary>
    private void AfterTimeout(in AckNews news, Timestamp now)
    {
        switch (_forwardRto)
        {
            case ForwardRto.FirstAck when news.Advances:
                // New data goes out instead of old, if there is some: if the old was not lost, the next ACK is of what was never sent again.
                bool possible = Snd.Una < _recover && WaitsToSend && Snd.UsableWindow > 0; // [5682-4, 5682-6]
                _forwardRto = possible ? ForwardRto.SecondAck : ForwardRto.Off; // [5682-1]
                _forwardSent = 0;
                break;
            case ForwardRto.FirstAck when news.IsDuplicate && !SelectiveAcknowledgmentInForce: // [5682-5]
                _forwardRto = ForwardRto.Off; // [5682-3]
                break;
            case ForwardRto.SecondAck when HasOriginalArrived():
                Undo(now); // [5682-2, 5682-7]
                return;
            case ForwardRto.SecondAck when news.Advances || news.IsDuplicate:
                _forwardRto = ForwardRto.Off; // [5682-3] the loss was real
                _congestion.Window = 3 * SendMaximumSegmentSize; // the two new segments, and the next lost one
                break;
        }

        if (Snd.Una >= _recover)
        {
            RecoveryPhase = RecoveryPhase.Open;
            _forwardRto = ForwardRto.Off;
            _rack.RecoveryEnded();
        }
    }

    /// <summary>Whether this ACK is the first word of something sent before the timeout and not since; without SACK it may be of nothing else.</summary>
    private bool HasOriginalArrived()
    {
        bool original = false;
        foreach (SentSegment segment in _delivered)
        {
            original |= segment.Transmissions == 1 && segment.End <= _recover;
            if (segment.Transmissions > 1 && !SelectiveAcknowledgmentInForce)
            {
                return false;
            }
        }

        return original;
    }
}
