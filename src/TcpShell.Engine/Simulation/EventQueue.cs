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

    /// <summary>Everything that is planned, in the order in which it would happen.</summary>
    public IEnumerable<(Timestamp At, T Item)> InOrder() =>
        _queue.UnorderedItems.OrderBy(planned => planned.Priority).Select(planned => (planned.Priority.At, planned.Element));

    /// <summary>Takes one thing out of its turn.</summary>
    /// <param name="isWanted">Which; the first that fits.</param>
    /// <param name="at">When it would have happened.</param>
    /// <param name="item">The thing.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(Func<T, bool> isWanted, out Timestamp at, out T item)
    {
        (T Element, (Timestamp At, long Order) Priority)[] planned = [.. _queue.UnorderedItems.OrderBy(entry => entry.Priority)];
        int index = Array.FindIndex(planned, entry => isWanted(entry.Element));
        (at, item) = index < 0 ? (default, default!) : (planned[index].Priority.At, planned[index].Element);
        if (index >= 0)
        {
            _queue.Clear();
            _queue.EnqueueRange(planned.Where((_, i) => i != index));
        }

        return index >= 0;
    }
}
