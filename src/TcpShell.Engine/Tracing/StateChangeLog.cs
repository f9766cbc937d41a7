using System.Collections;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Tracing;

/// <summary>The changes of state of a network, in the order in which they happened. When there are too many the oldest go.</summary>
public sealed class StateChangeLog : IReadOnlyList<StateChange>
{
    private readonly TcpNetwork _network;
    private readonly List<StateChange> _changes = [];

    internal StateChangeLog(TcpNetwork network) => _network = network;

    /// <summary>How many changes are kept at least, once there were so many; up to twice as many are. 100,000 unless set.</summary>
    public int Limit { get; set; } = 100_000;

    /// <summary>Changes that are kept.</summary>
    public int Count => _changes.Count;

    /// <summary>Changes that are no longer kept because of <see cref="Limit"/>.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Changes that have happened, kept or not.</summary>
    public long Total => Forgotten + _changes.Count;

    /// <summary>A change that is kept.</summary>
    /// <param name="index">0 for the oldest one kept.</param>
    public StateChange this[int index] => _changes[index];

    /// <summary>The changes that are kept, from the so-many-th of all on; a copy.</summary>
    /// <param name="first">0 for the first that ever happened.</param>
    public IReadOnlyList<StateChange> From(long first)
    {
        using NetworkHold hold = _network.Hold();
        int start = (int)Math.Clamp(first - Forgotten, 0, _changes.Count);
        return _changes.GetRange(start, _changes.Count - start);
    }

    /// <inheritdoc/>
    public IEnumerator<StateChange> GetEnumerator() => From(0).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(StateChange change)
    {
        _changes.Add(change);
        if (_changes.Count > 2L * Limit)
        {
            // Half at once: removing one by one from the front of a list would move all the others each time.
            int surplus = _changes.Count - Limit;
            _changes.RemoveRange(0, surplus);
            Forgotten += surplus;
        }
    }
}
