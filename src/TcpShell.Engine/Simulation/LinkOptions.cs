namespace TcpShell.Simulation;

/// <summary>What a link between two hosts is like, in one direction.</summary>
public sealed record LinkOptions
{
    /// <summary>How long the first bit is on its way: half of the round-trip time. Not negative.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Up to this much is added to the latency of each packet, evenly spread; packets do not overtake each other by it.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Bits per second; null for a link that is infinitely fast.</summary>
    public long? Bandwidth { get; init; }

    /// <summary>Packets that wait for the link at most; a further one is lost. Only a link with a bandwidth has a queue.</summary>
    public int QueueLength { get; init; } = 1000;

    /// <summary>
    /// Packets that wait for the link from which on a further one is marked as having met congestion, if it is ECN-capable (RFC 3168); null
    /// for a link that never marks. Others are not touched, and lost when the queue is full.
    /// </summary>
    public int? MarkThreshold { get; init; }

    /// <summary>
    /// The largest IP packet in octets. A larger one is lost; the router before the link tells its sender so by ICMP, unless the packet may be
    /// fragmented: nobody fragments here.
    /// </summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Routers on the way, 0 to 255. A packet whose time to live is not larger is lost, and a router tells its sender so by ICMP.</summary>
    public int Hops { get; init; }

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Latency, TimeSpan.Zero, nameof(Latency));
        ArgumentOutOfRangeException.ThrowIfLessThan(Jitter, TimeSpan.Zero, nameof(Jitter));
        ArgumentOutOfRangeException.ThrowIfLessThan(Bandwidth ?? 1, 1, nameof(Bandwidth));
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLength, 1, nameof(QueueLength));
        ArgumentOutOfRangeException.ThrowIfLessThan(MarkThreshold ?? 0, 0, nameof(MarkThreshold));
        ArgumentOutOfRangeException.ThrowIfLessThan(Hops, 0, nameof(Hops));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Hops, 255, nameof(Hops));
        ArgumentOutOfRangeException.ThrowIfLessThan(Mtu, 68, nameof(Mtu));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Mtu, 65535, nameof(Mtu));
    }
}
