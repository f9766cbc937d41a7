namespace TcpShell.Hunt.Running;

/// <summary>What users and fate have planned, in the order of time.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (Timestamp At, long Order)> _planned = new();
    private long _order;

    /// <summary>When the next thing is planned; null if nothing is.</summary>
    public Timestamp? Next => _planned.TryPeek(out _, out (Timestamp At, long Order) next) ? next.At : null;

    public void Add(Timestamp at, Action what) => _planned.Enqueue(what, (at, _order++));

    public Action Take() => _planned.Dequeue();
}
