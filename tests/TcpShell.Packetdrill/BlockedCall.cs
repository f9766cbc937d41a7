using TcpShell.Sockets;

namespace TcpShell.Packetdrill;

/// <summary>A call that is tried again until it need not block any more.</summary>
/// <param name="attempt">Makes it.</param>
/// <param name="deadline">When it gives up; null for never.</param>
internal sealed class BlockedCall(Func<SocketResult> attempt, Timestamp? deadline)
{
    /// <summary>When it gives up.</summary>
    public Timestamp? Deadline { get; } = deadline;

    /// <summary>The thread that it blocks.</summary>
    public NativeThread Thread { get; } = NativeThread.Current;

    /// <summary>What it gave last.</summary>
    public SocketResult Result { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Makes the call once more.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Whether it has ended.</returns>
    public bool TryFinish(Timestamp now)
    {
        Result = attempt();
        return IsFinished = !Result.Waits || now >= Deadline;
    }
}
