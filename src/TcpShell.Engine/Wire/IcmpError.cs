namespace TcpShell.Wire;

/// <summary>What an ICMP error says of a packet; the same words for both IP versions (RFC 792, RFC 1812 5.2.7, RFC 4443).</summary>
public enum IcmpErrorKind
{
    /// <summary>No route leads there.</summary>
    NetworkUnreachable,

    /// <summary>The last router cannot reach the host.</summary>
    HostUnreachable,

    /// <summary>The host does not know the protocol. IPv4 only.</summary>
    ProtocolUnreachable,

    /// <summary>Nobody has the port.</summary>
    PortUnreachable,

    /// <summary>The packet is larger than the next link carries, and must not be fragmented.</summary>
    PacketTooBig,

    /// <summary>A source route could not be followed.</summary>
    SourceRouteFailed,

    /// <summary>A filter forbids it.</summary>
    AdministrativelyProhibited,

    /// <summary>The packet went through too many routers, or its fragments did not come together in time.</summary>
    TimeExceeded,

    /// <summary>A field of the IP header cannot be.</summary>
    ParameterProblem,

    /// <summary>Sent by routers of old to slow a sender down; nobody should send or heed it (RFC 6633). IPv4 only.</summary>
    SourceQuench,

    /// <summary>Something else that a TCP has no use for, as a redirect.</summary>
    Other,
}

/// <summary>An ICMP error about a TCP segment.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Source">Who says it: a router on the way, or the host itself.</param>
/// <param name="Mtu">What the next link carries, in octets, for <see cref="IcmpErrorKind.PacketTooBig"/>; 0 where the router does not say.</param>
public readonly record struct IcmpError(IcmpErrorKind Kind, IpAddress Source, int Mtu = 0)
{
    /// <summary>
    /// Whether trying again is thought to be useless (RFC 9293 3.9.2.2): there is no such protocol or port, or a filter forbids it. What a
    /// connection makes of it depends on its state.
    /// </summary>
    public bool IsHard => Kind is IcmpErrorKind.ProtocolUnreachable or IcmpErrorKind.PortUnreachable or IcmpErrorKind.AdministrativelyProhibited;

    /// <summary>Reads the error out of a packet.</summary>
    /// <param name="packet">A packet that is an <see cref="PacketStatus.IcmpError"/>.</param>
    public static IcmpError Of(in DecodedPacket packet)
    {
        IcmpErrorKind kind = packet.IcmpSource.IsIPv6
            ? KindOfIcmpV6(packet.IcmpType, packet.IcmpCode)
            : KindOfIcmp(packet.IcmpType, packet.IcmpCode);
        return new(kind, packet.IcmpSource, (int)Math.Min(packet.IcmpMtu, int.MaxValue));
    }

    /// <summary>As in Wireshark's info column: <c>Destination unreachable (Host unreachable)</c>.</summary>
    public override string ToString() => (Kind, Source.IsIPv6) switch
    {
        (IcmpErrorKind.NetworkUnreachable, false) => "Destination unreachable (Network unreachable)",
        (IcmpErrorKind.HostUnreachable, false) => "Destination unreachable (Host unreachable)",
        (IcmpErrorKind.ProtocolUnreachable, false) => "Destination unreachable (Protocol unreachable)",
        (IcmpErrorKind.PortUnreachable, false) => "Destination unreachable (Port unreachable)",
        (IcmpErrorKind.PacketTooBig, false) => "Destination unreachable (Fragmentation needed)",
        (IcmpErrorKind.SourceRouteFailed, false) => "Destination unreachable (Source route failed)",
        (IcmpErrorKind.AdministrativelyProhibited, false) => "Destination unreachable (Communication administratively filtered)",
        (IcmpErrorKind.TimeExceeded, false) => "Time-to-live exceeded (Time to live exceeded in transit)",
        (IcmpErrorKind.ParameterProblem, false) => "Parameter problem    (Pointer indicates the error)",
        (IcmpErrorKind.SourceQuench, _) => "Source quench (flow control)",
        (IcmpErrorKind.NetworkUnreachable, true) => "Destination Unreachable (no route to destination)",
        (IcmpErrorKind.HostUnreachable, true) => "Destination Unreachable (Address unreachable)",
        (IcmpErrorKind.PortUnreachable, true) => "Destination Unreachable (Port unreachable)",
        (IcmpErrorKind.PacketTooBig, true) => "Packet Too Big",
        (IcmpErrorKind.SourceRouteFailed, true) => "Destination Unreachable (Error in Source Routing Header)",
        (IcmpErrorKind.AdministrativelyProhibited, true) => "Destination Unreachable (Administratively prohibited)",
        (IcmpErrorKind.TimeExceeded, true) => "Time Exceeded (hop limit exceeded in transit)",
        (IcmpErrorKind.ParameterProblem, true) => "Parameter Problem (erroneous header field encountered)",
        _ => "ICMP",
    };

    private static IcmpErrorKind KindOfIcmp(byte type, byte code) => (type, code) switch
    {
        (3, 0 or 6 or 11) => IcmpErrorKind.NetworkUnreachable,
        (3, 2) => IcmpErrorKind.ProtocolUnreachable,
        (3, 3) => IcmpErrorKind.PortUnreachable,
        (3, 4) => IcmpErrorKind.PacketTooBig,
        (3, 5) => IcmpErrorKind.SourceRouteFailed,
        (3, 9 or 10 or 13) => IcmpErrorKind.AdministrativelyProhibited,
        (3, _) => IcmpErrorKind.HostUnreachable,
        (4, _) => IcmpErrorKind.SourceQuench,
        (11, _) => IcmpErrorKind.TimeExceeded,
        (12, _) => IcmpErrorKind.ParameterProblem,
        _ => IcmpErrorKind.Other,
    };

    private static IcmpErrorKind KindOfIcmpV6(byte type, byte code) => (type, code) switch
    {
        (1, 0) => IcmpErrorKind.NetworkUnreachable,
        (1, 1 or 5 or 6) => IcmpErrorKind.AdministrativelyProhibited,
        (1, 4) => IcmpErrorKind.PortUnreachable,
        (1, 7) => IcmpErrorKind.SourceRouteFailed,
        (1, _) => IcmpErrorKind.HostUnreachable,
        (2, _) => IcmpErrorKind.PacketTooBig,
        (3, _) => IcmpErrorKind.TimeExceeded,
        (4, _) => IcmpErrorKind.ParameterProblem,
        _ => IcmpErrorKind.Other,
    };
}
