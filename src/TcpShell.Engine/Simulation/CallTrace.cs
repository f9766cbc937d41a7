using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Simulation;

/// <summary>What the programs on the hosts of a trace called, in one order with its packets. It forgets what is older than they are.</summary>
internal sealed class CallTrace(PacketTrace trace, Func<Timestamp> clock)
{
    // Who calls without end while no packet goes fills no memory.
    private const int MostCalls = 1 << 20;

    private readonly Queue<Entry> _calls = new();
    private Entry? _last;

    public void Add(HostedConnection connection, RecordedCall call)
    {
        // A program that takes what has come piece by piece has taken it at once, if nothing else happened meanwhile.
        Timestamp now = clock();
        bool goesOn = _last is { } last && last.Order == trace.LastOrder && last.Connection == connection && last.Time == now
            && last.Call.Kind == RecordedCallKind.Receive && call.Kind == RecordedCallKind.Receive;
        if (goesOn)
        {
            _last!.Call = call with { Octets = _last.Call.Octets + call.Octets };
            return;
        }

        _last = new Entry(trace.NextOrder(), now, connection, call);
        _calls.Enqueue(_last);
        if (_calls.Count > MostCalls)
        {
            _calls.Dequeue();
        }
    }

    /// <summary>The calls on some connections, in their order.</summary>
    /// <param name="connections">The numbers of the connections.</param>
    public List<NotedCall> Of(IReadOnlySet<int> connections) =>
        [.. _calls.Where(entry => connections.Contains(entry.Connection.Id)).Select(entry => new NotedCall(entry.Order, entry.Time, entry.Call))];

    /// <summary>Forgets what happened before something.</summary>
    public void Forget(long before)
    {
        while (_calls.TryPeek(out Entry? oldest) && oldest.Order < before)
        {
            _calls.Dequeue();
        }
    }

    private sealed class Entry(long order, Timestamp time, HostedConnection connection, RecordedCall call)
    {
        public long Order { get; } = order;

        public Timestamp Time { get; } = time;

        public HostedConnection Connection { get; } = connection;

        public RecordedCall Call { get; set; } = call;
    }
}

/// <summary>A call with its time and its place in the order of a trace.</summary>
internal readonly record struct NotedCall(long Order, Timestamp Time, RecordedCall Call);
