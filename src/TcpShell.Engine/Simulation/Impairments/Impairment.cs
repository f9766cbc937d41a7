using TcpShell.Hosting;
using TcpShell.Wire;

namespace TcpShell.Simulation.Impairments;

/// <summary>What can happen to a packet on its way, in the order in which it is tried.</summary>
public enum ImpairmentKind
{
    /// <summary>The packet is lost.</summary>
    Drop,

    /// <summary>The packet is lost, and a router on the way tells its sender why, by an ICMP error.</summary>
    Refuse,

    /// <summary>One bit of the TCP segment is flipped.</summary>
    Corrupt,

    /// <summary>A second copy arrives.</summary>
    Duplicate,

    /// <summary>It arrives later; others may overtake it.</summary>
    Delay,

    /// <summary>It is held back so that the next ones overtake it.</summary>
    Reorder,

    /// <summary>It is marked as having met congestion (CE, RFC 3168); only ECN-capable packets are.</summary>
    Mark,
}

/// <summary>
/// Something bad that a network does to some packets. Each has its random numbers to itself, so adding one shifts no other.
/// </summary>
public sealed class Impairment
{
    private readonly SeededRandom _random;
    private readonly SeededRandom _bits;
    private int _fitting;

    /// <param name="id">Its number in the network.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="ordinal">Its number among those of its kind, which names its random numbers: other kinds do not shift it.</param>
    /// <param name="selector">To which packets.</param>
    /// <param name="delay">By how much it delays.</param>
    /// <param name="seed">The network's seed.</param>
    internal Impairment(int id, ImpairmentKind kind, int ordinal, PacketSelector selector, TimeSpan delay, long seed)
    {
        Id = id;
        Kind = kind;
        Selector = selector;
        Delay = delay;
        _random = new SeededRandom(seed, $"impairment {kind} {ordinal}");
        _bits = new SeededRandom(seed, $"impairment {kind} {ordinal}, bits");
    }

    /// <summary>Its number in the network, from 1.</summary>
    public int Id { get; }

    /// <summary>The network that it was added to.</summary>
    public required TcpNetwork Network { get; init; }

    /// <summary>What it does.</summary>
    public ImpairmentKind Kind { get; }

    /// <summary>To which packets.</summary>
    public PacketSelector Selector { get; }

    /// <summary>
    /// By how much it delays: for <see cref="ImpairmentKind.Delay"/> and <see cref="ImpairmentKind.Reorder"/>; the copy of
    /// <see cref="ImpairmentKind.Duplicate"/> comes so much later.
    /// </summary>
    public TimeSpan Delay { get; }

    /// <summary>What the router tells, for <see cref="ImpairmentKind.Refuse"/>; null for the others.</summary>
    public IcmpErrorKind? Error { get; init; }

    /// <summary>
    /// The largest packet that is let through, in octets, where <see cref="Error"/> is <see cref="IcmpErrorKind.PacketTooBig"/>; else 0.
    /// </summary>
    public int Mtu { get; init; }

    /// <summary>How many packets it has hit.</summary>
    public int Hits { get; private set; }

    /// <summary>Whether it has hit as often as it may.</summary>
    public bool IsSpent => Hits >= Selector.Count;

    /// <summary><c>impairment 1 (drop SYN,ACK, once)</c>, <c>impairment 2 (refuse packets from client: HostUnreachable)</c>.</summary>
    public override string ToString()
    {
        string error = Error is null ? "" : Mtu > 0 ? $": {Error} above {Mtu} octets" : $": {Error}";
        return $"impairment {Id} ({Kind.ToString().ToLowerInvariant()} {Selector}{error})";
    }

    /// <summary>
    /// Whether it is the turn of a packet. Those that are lost already count and take their random number too, but are not hit.
    /// </summary>
    internal bool Hit(string from, string to, in DecodedPacket packet, bool isLost)
    {
        if (IsSpent || IsSpared(packet) || !Selector.Fits(from, to, packet))
        {
            return false;
        }

        _fitting++;
        bool turn = _fitting > Selector.Skip && (_fitting - Selector.Skip) % Selector.Every == 0;
        if (!turn || !_random.Happens(Selector.Probability) || isLost)
        {
            return false;
        }

        Hits++;
        return true;
    }

    // Of ICMP errors no router tells anything (RFC 1122 3.2.2), and they take no part in ECN.
    private bool IsSpared(in DecodedPacket packet) => Kind switch
    {
        ImpairmentKind.Refuse => packet.Status == PacketStatus.IcmpError || (Mtu > 0 && packet.Frame.Length <= Mtu),
        ImpairmentKind.Mark => packet.Status == PacketStatus.IcmpError || packet.TrafficClass.ToEcn() == Ecn.NotEct,
        _ => false,
    };

    /// <summary>Flips one bit somewhere in the TCP segment; the addresses stay, so that it still finds its host.</summary>
    internal byte[] Corrupt(in DecodedPacket packet)
    {
        byte[] bytes = packet.Frame.ToArray();
        int start = packet.TcpOffset > 0 && packet.TcpOffset < bytes.Length ? packet.TcpOffset : 0;
        int bit = _bits.Next((bytes.Length - start) * 8);
        bytes[start + (bit / 8)] ^= (byte)(0x80 >> (bit % 8));
        return bytes;
    }
}
