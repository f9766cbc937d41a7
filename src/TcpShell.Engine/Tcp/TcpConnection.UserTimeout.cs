namespace TcpShell.Tcp;

// The user timeout (RFC 9293 3.10.8), and the option that tells it to the peer (RFC 5482).
public sealed partial class TcpConnection
{
    private const int UserTimeoutSize = 4;
    private const int LargestUserTimeoutValue = 0x7fff;
    private const ushort CountsMinutes = 0x8000;

    // What is advertised where the user has set nothing: the general default of RFC 9293 3.9.1.1.
    private static readonly TimeSpan s_defaultUserTimeout = TimeSpan.FromMinutes(5);

    private TimeSpan? _adoptedUserTimeout;
    private bool _userTimeoutPending;

    /// <summary>The user timeout that the peer has told (RFC 5482 REMOTE_UTO); null where it told none, or nobody listened.</summary>
    public TimeSpan? PeerUserTimeout { get; private set; }

    /// <summary>
    /// The user timeout in force: the user's own, or the one adopted from the peer [5482-3]; null for none, and then R2 is the limit.
    /// An adopted one counts in the synchronized states only [5482-5].
    /// </summary>
    public TimeSpan? UserTimeout => Settings.UserTimeout ?? (IsSynchronized(State) ? _adoptedUserTimeout : null);

    /// <summary>R2 [MUST-20, MUST-21]; a user timeout says the same in time and takes its place, so that it can be the longer one (RFC 5482 3).</summary>
    private int RetransmissionLimit => UserTimeout is null ? Settings.R2 : int.MaxValue;

    /// <summary>ADV_UTO as the option has it; whole minutes where seconds do not fit, rounded up [5482-1].</summary>
    private ushort AdvertisedUserTimeout
    {
        get
        {
            TimeSpan timeout = Settings.UserTimeout ?? s_defaultUserTimeout;
            double seconds = Math.Ceiling(timeout.TotalSeconds);
            return seconds <= LargestUserTimeoutValue
                ? (ushort)seconds
                : (ushort)(CountsMinutes | (int)Math.Min(Math.Ceiling(timeout.TotalMinutes), LargestUserTimeoutValue));
        }
    }

    /// <summary>Takes the peer's option: it is adopted within the limits, unless the user has set a timeout [5482-2, 5482-3].</summary>
    private void TakeUserTimeout(ushort? option, Timestamp now)
    {
        int value = option is { } word ? word & LargestUserTimeoutValue : 0;
        if (!Settings.UserTimeoutOption || value == 0) // [5482-1] zero is no timeout
        {
            return;
        }

        TimeSpan told = (option & CountsMinutes) != 0 ? TimeSpan.FromMinutes(value) : TimeSpan.FromSeconds(value);
        if (told == PeerUserTimeout)
        {
            return;
        }

        PeerUserTimeout = told;
        if (Settings.UserTimeout is null)
        {
            TimeSpan least = Longer(Settings.UserTimeoutLowerLimit, 2 * Rtt.Rto); // longer than the RTO, or nothing could be sent twice
            TimeSpan wanted = Longer(Longer(s_defaultUserTimeout, told), least);
            _adoptedUserTimeout = wanted < Settings.UserTimeoutUpperLimit ? wanted : Settings.UserTimeoutUpperLimit;
            RestartUserTimeout(now);
            ArmKeepAlive(now);
        }

        Tell(ConnectionEventKind.PeerUserTimeout, now);
    }

    private void UserTimeoutFires(Timestamp now)
    {
        if (UserTimeout is { } limit)
        {
            Fail(ConnectionError.UserTimeout, TransitionEvent.UserTimeout, $"nothing was acknowledged for {Seconds(limit)} s", now);
        }
    }

    private void RestartUserTimeout(Timestamp now)
    {
        Timers.Stop(TimerKind.UserTimeout);
        ArmUserTimeout(now);
    }

    private void ArmUserTimeout(Timestamp now)
    {
        bool unsentCounts = WaitsToSend && (_unanswered > 0 || !Settings.UserTimeoutFromProbe);
        bool waiting = State is not (TcpState.Closed or TcpState.Listen or TcpState.TimeWait) && (Unacknowledged.Count > 0 || unsentCounts);
        if (UserTimeout is { } limit && waiting && !Timers.IsRunning(TimerKind.UserTimeout))
        {
            Timers.Set(TimerKind.UserTimeout, now + limit);
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
