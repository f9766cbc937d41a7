namespace TcpShell.Live;

/// <summary>
/// The one place where cmdlets and the pump of a network meet: a lock that tells when something happened, and that lets nobody starve.
/// </summary>
internal sealed class Gate
{
    private readonly object _lock = new();
    private int _waiting;

    /// <summary>Waits until nobody else is inside. A thread may enter several times.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref _waiting);
        Monitor.Enter(_lock);
        Interlocked.Decrement(ref _waiting);
    }

    public void Leave() => Monitor.Exit(_lock);

    /// <summary>Tells those who wait inside that something happened.</summary>
    public void Tell() => Monitor.PulseAll(_lock);

    /// <summary>Lets others in until somebody tells that something happened, or the time is over.</summary>
    public void Wait(TimeSpan limit) => Monitor.Wait(_lock, limit);

    /// <summary>
    /// Stays outside while others want in. A lock is not fair: whoever leaves and comes back at once may find it open every time, while the
    /// thread that it was opened for has only just woken up.
    /// </summary>
    public void GiveWay()
    {
        var spin = new SpinWait();
        for (int turns = 0; Volatile.Read(ref _waiting) > 0 && turns < 100; turns++)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
