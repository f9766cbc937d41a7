namespace TcpShell.Tcp;

// An interface that takes no packet, because its queue is full: what could not be handed over was not sent.
public sealed partial class TcpConnection
{
    /// <summary>
    /// Whether the interface takes nothing now. Data stays where it is, new or lost, and is tried again when a timer fires or an ACK arrives; every other
    /// segment is made as usual, and whoever polls it may as well drop it.
    /// </summary>
    public bool InterfaceIsFull { get; set; }

    /// <summary>Data would go, but the interface does not take it.</summary>
    private void KeepWhatCannotGo(Timestamp now)
    {
        _tailLossProbePending = _probePending = _keepAlivePending = false;
        if (Unacknowledged.Count > 0)
        {
            StartRetransmissionTimer(now);
        }
        else if (WaitsToSend && !Timers.IsRunning(TimerKind.Persist))
        {
            Timers.Set(TimerKind.Persist, now + PersistInterval());
        }
    }

    /// <summary>A retransmission could not go: that says nothing of the path, so that nothing is counted and nothing backs off.</summary>
    private void RetransmitSoon(Timestamp now)
    {
        _rtoExpiry = now + Settings.LocalCongestionInterval;
        ShowRecoveryTimer(TimerKind.Retransmission, _rtoExpiry);
    }

    /// <summary>Nothing is in flight that could bring an ACK, and nothing can go: it is tried again at short intervals, without backing off.</summary>
    private void TryAgainSoon(Timestamp now)
    {
        if (Timers[TimerKind.UserTimeout] <= now)
        {
            return; // the user's patience ends at this very moment
        }

        CountProbe(now);
        Timers.Set(TimerKind.Persist, now + Settings.LocalCongestionInterval);
    }
}
