using TcpShell.Hosting;
using TcpShell.Tracing;

namespace TcpShell.Simulation;

// Events by hand: packets and timers in another order than that of time, for whoever explores what a network may do.
public sealed partial class SimulatedNetwork
{
    /// <summary>The packets that are on their way, in the order in which they would arrive.</summary>
    public IReadOnlyList<TracedPacket> Underway => [.. PlannedArrivals.Select(planned => planned.Packet)];

    /// <summary>The same with the times when they would arrive.</summary>
    internal IEnumerable<(Timestamp At, TracedPacket Packet)> PlannedArrivals =>
        Arrivals.InOrder().Select(planned => (planned.At, planned.Item.Packet));

    /// <summary>
    /// Lets a packet arrive now, before others that were sent earlier. Time moves to when it would have arrived; a packet that was held back
    /// longer than that arrives at <see cref="Now"/>.
    /// </summary>
    /// <param name="packet">One of <see cref="Underway"/>.</param>
    /// <exception cref="ArgumentException">It is not on its way.</exception>
    public void Deliver(TracedPacket packet)
    {
        (Timestamp at, Arrival arrival) = TakeOut(packet);
        _now = at > _now ? at : _now;
        Deliver(arrival, Wire.PacketDecoder.Decode(arrival.Packet.ArrivedBytes, Wire.LinkType.Raw));
    }

    /// <summary>Loses a packet that is on its way.</summary>
    /// <param name="packet">One of <see cref="Underway"/>.</param>
    /// <exception cref="ArgumentException">It is not on its way.</exception>
    public void Lose(TracedPacket packet)
    {
        TakeOut(packet);
        packet.Fate = PacketFate.Lost;
        packet.FateText = "lost by hand";
    }

    /// <summary>Makes a second one of a packet that is on its way.</summary>
    /// <param name="packet">One of <see cref="Underway"/>.</param>
    /// <returns>The copy, which would arrive right after it.</returns>
    /// <exception cref="ArgumentException">It is not on its way.</exception>
    public TracedPacket Duplicate(TracedPacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        (Timestamp at, Arrival arrival) = Arrivals.InOrder().FirstOrDefault(planned => planned.Item.Packet == packet);
        if (arrival.Packet is null)
        {
            throw NotUnderway(packet);
        }

        return AddCopy(packet, arrival.Destination, at, "copied by hand", arrival.Corrupted);
    }

    /// <summary>Lets the next timer of a host fire, whatever else would happen before. Time moves to its deadline.</summary>
    /// <param name="host">One of <see cref="Hosts"/>; none of its timers need run.</param>
    public void FireTimer(TcpHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (host.PollTimeout() is { } deadline)
        {
            _now = deadline > _now ? deadline : _now;
            host.HandleTimeout(_now);
            Pump(host);
        }
    }

    private (Timestamp At, Arrival Arrival) TakeOut(TracedPacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        return Arrivals.TryTake(arrival => arrival.Packet == packet, out Timestamp at, out Arrival arrival)
            ? (at, arrival)
            : throw NotUnderway(packet);
    }

    private static ArgumentException NotUnderway(TracedPacket packet) => new($"Packet {packet.Number} is not on its way.", nameof(packet));
}
