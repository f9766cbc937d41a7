namespace TcpShell.Tcp;

/// <summary>The timers of a connection. Of equal deadlines the one that stands first here fires first.</summary>
public enum TimerKind
{
    /// <summary>Sends the oldest unacknowledged segment again (RFC 6298).</summary>
    Retransmission,

    /// <summary>Probes for a lost tail, so that it need not wait for <see cref="Retransmission"/> (RFC 8985 7).</summary>
    TailLossProbe,

    /// <summary>Takes a segment for lost that something sent later has overtaken, when it does not arrive within the reordering window (RFC 8985 6.2).</summary>
    Reordering,

    /// <summary>Probes a closed or silly window (RFC 9293 3.8.6.1).</summary>
    Persist,

    /// <summary>Asks an idle peer whether it lives (RFC 9293 3.8.4).</summary>
    KeepAlive,

    /// <summary>Sends an acknowledgment that has waited for company (RFC 9293 3.8.6.3).</summary>
    DelayedAck,

    /// <summary>Ends the connection after the user's own limit (RFC 9293 3.10.8).</summary>
    UserTimeout,

    /// <summary>Ends TIME-WAIT after 2 MSL (RFC 9293 3.10.8).</summary>
    TimeWait,
}

/// <summary>The deadlines of one connection, one slot for each kind of timer: setting, stopping and looking cost O(1).</summary>
public sealed class TimerTable
{
    private static readonly int s_kinds = Enum.GetValues<TimerKind>().Length;

    // MaxValue marks a timer that does not run: "earliest of all" needs no second look then.
    private readonly Timestamp[] _deadlines = new Timestamp[s_kinds];

    internal TimerTable() => StopAll();

    /// <summary>When a timer fires; null if it does not run.</summary>
    /// <param name="kind">Which timer.</param>
    public Timestamp? this[TimerKind kind] => IsRunning(kind) ? _deadlines[(int)kind] : null;

    /// <summary>The earliest deadline; null if no timer runs.</summary>
    public Timestamp? Next
    {
        get
        {
            Timestamp next = Timestamp.MaxValue;
            foreach (Timestamp deadline in _deadlines)
            {
                next = deadline < next ? deadline : next;
            }

            return next == Timestamp.MaxValue ? null : next;
        }
    }

    /// <summary>Whether a timer runs.</summary>
    /// <param name="kind">Which timer.</param>
    public bool IsRunning(TimerKind kind) => _deadlines[(int)kind] != Timestamp.MaxValue;

    /// <summary>The timers that run, with their deadlines, in the order of their kinds.</summary>
    public IEnumerable<KeyValuePair<TimerKind, Timestamp>> Running()
    {
        for (int kind = 0; kind < s_kinds; kind++)
        {
            if (IsRunning((TimerKind)kind))
            {
                yield return new((TimerKind)kind, _deadlines[kind]);
            }
        }
    }

    internal void Set(TimerKind kind, Timestamp deadline) => _deadlines[(int)kind] = deadline;

    internal void Stop(TimerKind kind) => _deadlines[(int)kind] = Timestamp.MaxValue;

    internal void StopAll() => Array.Fill(_deadlines, Timestamp.MaxValue);

    /// <summary>Takes the first timer that is due, and stops it.</summary>
    internal bool TryTakeExpired(Timestamp now, out TimerKind kind)
    {
        for (int i = 0; i < s_kinds; i++)
        {
            if (_deadlines[i] <= now && _deadlines[i] != Timestamp.MaxValue)
            {
                kind = (TimerKind)i;
                Stop(kind);
                return true;
            }
        }

        kind = default;
        return false;
    }
}
