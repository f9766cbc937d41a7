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

    internal PacketTrace(TcpNetwork? network = null) => _network = network;

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

    internal void Add(TracedPacket packet)
    {
        _packets.Enqueue(packet);
        _octets += RecordSize + packet.Bytes.Length;
        while (_octets > Limit && _packets.Count > 1)
        {
            _octets -= RecordSize + _packets.Dequeue().Bytes.Length;
        }
    }
}
