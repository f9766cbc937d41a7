using System.Collections;
using TcpShell.Tracing;

namespace TcpShell.Simulation;

/// <summary>The packets that went over a network, in the order of sending. When it takes too much memory the oldest packets go.</summary>
public sealed class PacketTrace : IReadOnlyCollection<TracedPacket>
{
    // What is kept of a packet besides its octets, roughly: without it a trace of empty segments would grow to many times its limit.
    private const int RecordSize = 256;

    // What a packet takes in memory beside its octets, roughly: many small packets must not slip through the limit.
    private const int Overhead = 300;

    private readonly Queue<TracedPacket> _packets = new();
    private long _octets;
    private int _last;

    /// <summary>Octets of memory that the packets take at most, of which each needs some 256 besides its own; 256 MiB unless set.</summary>
    public long Limit { get; set; } = 256L * 1024 * 1024;

    /// <summary>Packets that are kept.</summary>
    public int Count => _packets.Count;

    /// <summary>Packets that are no longer kept because of <see cref="Limit"/>.</summary>
    public int Forgotten => _last - _packets.Count;

    /// <inheritdoc/>
    public IEnumerator<TracedPacket> GetEnumerator() => _packets.GetEnumerator();

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
