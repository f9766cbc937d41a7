using TcpShell.Tcp;

namespace TcpShell.Hunt.Invariants;

/// <summary>Which timers watch what.</summary>
internal static class TimerRules
{
    /// <summary>Whether what is in flight is watched: by the retransmission timer, or by one of those that stand in for it (RFC 8985 7.3).</summary>
    public static bool WatchesFlight(this TimerTable timers) =>
        timers.IsRunning(TimerKind.Retransmission) || timers.IsRunning(TimerKind.TailLossProbe) || timers.IsRunning(TimerKind.Reordering);
}
