using System.Collections;
using TcpShell.Hosting;
using TcpShell.Tracing;

namespace TcpShell.Simulation;

/// <summary>The packets that went over a network, in the order of sending. When it takes too much memory the oldest packets go.</summary>
public sealed class PacketTrace : IReadOnlyCollection<TracedPacket>
{
    // What is kept of a packet besides its octets, roughly: without it a trace of empty segments would grow to many times its limit.
    private const int RecordSize = 256;

    private readonly Queue<TracedPacket> _packets = new();
    private readonly TcpNetwork? _network;
    private long _octets;
    private int _last;

    internal PacketTrace(Func<Timestamp> clock, TcpNetwork? network = null)
    {
        _network = network;
        Calls = new(this, clock);
    }

    /// <summary>What programs called in the meantime.</summary>
    internal CallTrace Calls { get; }

    /// <summary>The place of what happened last: packets that were sent or arrived, and calls, have one order.</summary>
    internal long LastOrder { get; private set; }

    /// <summary>Octets of memory that the packets take at most, of which each needs some 256 besides its own; 256 MiB unless set.</summary>
    public long Limit { get; set; } = 256L * 1024 * 1024;

    /// <summary>Packets that are kept.</summary>
    public int Count => _packets.Count;

    /// <summary>Packets that are no longer kept because of <see cref="Limit"/>.</summary>
    public int Forgotten => _last - _packets.Count;

    /// <summary>Goes through a copy: packets that come meanwhile are not in it.</summary>
    public IEnumerator<TracedPacket> GetEnumerator()
    {
        using NetworkHold hold = _network?.Hold() ?? default;
        return ((IEnumerable<TracedPacket>)_packets.ToArray()).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number that the next packet gets.</summary>
    internal int NextNumber() => ++_last;

    internal long NextOrder() => ++LastOrder;

    /// <summary>The calls on some connections, in their order, each with its place.</summary>
    internal List<NotedCall> CallsOf(IReadOnlySet<int> connections)
    {
        using NetworkHold hold = _network?.Hold() ?? default;
        return Calls.Of(connections);
    }

    internal void Add(TracedPacket packet)
    {
        packet.Trace = this;
        packet.SentOrder = NextOrder();
        _packets.Enqueue(packet);
        _octets += RecordSize + packet.Bytes.Length;
        while (_octets > Limit && _packets.Count > 1)
        {
            _octets -= RecordSize + _packets.Dequeue().Bytes.Length;
            Calls.Forget(_packets.Peek().SentOrder);
        }
    }
}
