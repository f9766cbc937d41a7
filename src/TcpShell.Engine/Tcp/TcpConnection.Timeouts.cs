using System.Globalization;

namespace TcpShell.Tcp;

// RFC 9293 3.10.8: timeouts; 3.8.3, 3.8.4, 3.8.6.1. What watches over data in flight is in RecoveryTimers.
public sealed partial class TcpConnection
{
    private int _retries;
    private int _unanswered;
    private int _persistBackoff;
    private int _keepAliveProbesSent;
    private bool _synTimedOut;

    /// <summary>Probes of a closed window, or of the peer's life, that were sent since it last gave a sign.</summary>
    public int UnansweredProbes => Math.Max(_unanswered, _keepAliveProbesSent);

    /// <summary>Lets the timers fire that are due [U-17]. Calling it early or late does no harm; nothing happens before a deadline.</summary>
    /// <param name="now">The time.</param>
    public void HandleTimeout(Timestamp now)
    {
        while (Timers.TryTakeExpired(now, out TimerKind kind))
        {
            switch (kind)
            {
                case TimerKind.Retransmission:
                    RetransmissionTimerFires(now);
                    break;
                case TimerKind.TailLossProbe:
                    ProbeTimerFires(now);
                    break;
                case TimerKind.Reordering:
                    ReorderingTimerFires(now);
                    break;
                case TimerKind.Persist:
                    PersistTimerFires(now);
                    break;
                case TimerKind.KeepAlive:
                    KeepAliveTimerFires(now);
                    break;
                case TimerKind.DelayedAck:
                    DelayedAckTimerFires();
                    break;
                case TimerKind.UserTimeout:
                    UserTimeoutFires(now);
                    break;
                case TimerKind.TimeWait:
                    SetState(TcpState.Closed, TransitionEvent.TimeWaitTimeout, $"2 MSL have passed ({Seconds(2 * Settings.MaximumSegmentLifetime)} s)", now);
                    break;
            }
        }
    }

    private void PersistTimerFires(Timestamp now)
    {
        if (!WaitsToSend)
        {
            return; // the peer took the probe's octet, and it was the last
        }

        if (InterfaceIsFull)
        {
            TryAgainSoon(now);
            return;
        }

        if (Snd.UsableWindow > 0)
        {
            _sendSilly = true; // [MUST-38, MUST-60] the override: a little data now is better than none for ever
            return;
        }

        if (_unanswered >= RetransmissionLimit)
        {
            GiveUp($"no answer to {_unanswered} zero-window probes", now);
            return;
        }

        CountProbe(now);
        _probePending = true;
        _persistBackoff++; // [SHLD-30]
        Timers.Set(TimerKind.Persist, now + PersistInterval());
    }

    private void CountProbe(Timestamp now)
    {
        _unanswered++;
        ArmUserTimeout(now);
    }

    private void KeepAliveTimerFires(Timestamp now)
    {
        bool idle = State is TcpState.Established or TcpState.CloseWait or TcpState.FinWait2 && Unacknowledged.Count == 0 && !Timers.IsRunning(TimerKind.Persist);
        if (!idle)
        {
            ArmKeepAlive(now); // [MUST-26]
            return;
        }

        if (_keepAliveProbesSent >= Settings.KeepAliveProbes)
        {
            Fail(ConnectionError.TimedOut, TransitionEvent.KeepAliveTimeout, $"no answer to {_keepAliveProbesSent} keep-alive probes", now);
            return;
        }

        _keepAliveProbesSent++;
        _keepAlivePending = true;
        Timers.Set(TimerKind.KeepAlive, now + Settings.KeepAliveInterval);
    }

    private TimeSpan PersistInterval() => Rtt.Doubled(Rtt.Rto, _persistBackoff);

    private void ArmKeepAlive(Timestamp now)
    {
        if (Settings.KeepAlive && IsSynchronized(State) && State != TcpState.TimeWait) // [MAY-5, MUST-25]
        {
            Timers.Set(TimerKind.KeepAlive, now + KeepAliveIdle);
        }
    }

    /// <summary>The idle time before the first probe; longer than a user timeout that was adopted for the connection's sake [5482-6].</summary>
    private TimeSpan KeepAliveIdle => _adoptedUserTimeout is { } adopted && Settings.KeepAliveIdle <= adopted
        ? adopted + Settings.KeepAliveInterval
        : Settings.KeepAliveIdle;

    private void GiveUp(string cause, Timestamp now) => Fail(ConnectionError.TimedOut, TransitionEvent.RetransmissionTimeout, cause, now);

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
