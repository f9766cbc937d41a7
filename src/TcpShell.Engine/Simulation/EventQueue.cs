namespace TcpShell.Simulation;

/// <summary>What will happen, in the order of time; of two things at the same time the one that was planned first comes first.</summary>
internal sealed class EventQueue<T>
{
    private readonly PriorityQueue<T, (Timestamp At, long Order)> _queue = new();
    private long _order;

    public int Count => _queue.Count;

    /// <summary>When the next thing happens; null if nothing is planned.</summary>
    public Timestamp? Next => _queue.TryPeek(out _, out (Timestamp At, long Order) entry) ? entry.At : null;

    public void Add(Timestamp at, T item) => _queue.Enqueue(item, (at, _order++));

    public T Take() => _queue.Dequeue();
}
