using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Writes ICMP errors about packets, as routers and hosts send them (RFC 792, RFC 1812 4.3.2, RFC 4443).</summary>
public static class IcmpWriter
{
    internal const int HeaderSize = 8;

    // As much of the packet is quoted as lets the error itself pass everywhere: RFC 1812 4.3.2.3, RFC 4443 2.4 (c).
    private const int LongestIPv4Error = 576;
    private const int LongestIPv6Error = 1280;

    /// <summary>Makes the IP packet that tells the sender of a packet of an error.</summary>
    /// <param name="source">Who tells it, of the packet's IP version.</param>
    /// <param name="packet">The packet, from the IP header on.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <param name="mtu">The next link's MTU, for <see cref="IcmpErrorKind.PacketTooBig"/>; 0 for a router that does not tell it.</param>
    /// <exception cref="ArgumentException">The packet has no whole IP header or another version, or that version has no such error.</exception>
    public static byte[] Write(IpAddress source, ReadOnlySpan<byte> packet, IcmpErrorKind error, int mtu = 0)
    {
        (byte type, byte code) = source.IsIPv6 ? TypeOfIcmpV6(error) : TypeOfIcmp(error);
        return Write(source, packet, type, code, mtu);
    }

    /// <summary>Makes the IP packet that tells the sender of a packet of an error, whatever its type and code.</summary>
    /// <param name="source">Who tells it, of the packet's IP version.</param>
    /// <param name="packet">The packet, from the IP header on.</param>
    /// <param name="type">The type of the ICMP or ICMPv6 message.</param>
    /// <param name="code">The code of the message.</param>
    /// <param name="mtu">What stands where the next link's MTU stands; 0 for none.</param>
    /// <exception cref="ArgumentException">The packet has no whole IP header or another version.</exception>
    public static byte[] Write(IpAddress source, ReadOnlySpan<byte> packet, byte type, byte code, int mtu)
    {
        IpLayer ip = IpLayer.Read(packet, 0, packet.Length);
        if (ip.PayloadOffset == 0 || ip.IsIPv6 != source.IsIPv6)
        {
            throw new ArgumentException($"{source} cannot tell the sender of that packet anything.", nameof(packet));
        }

        int ipHeaderSize = source.IsIPv6 ? PacketWriter.IPv6HeaderSize : PacketWriter.IPv4HeaderSize;
        int longest = (source.IsIPv6 ? LongestIPv6Error : LongestIPv4Error) - ipHeaderSize - HeaderSize;
        ReadOnlySpan<byte> quoted = packet[..Math.Min(packet.Length, longest)];
        byte[] bytes = new byte[ipHeaderSize + HeaderSize + quoted.Length];
        Span<byte> icmp = bytes.AsSpan(ipHeaderSize);
        icmp[0] = type;
        icmp[1] = code;
        if (source.IsIPv6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], (uint)mtu);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(icmp[6..], (ushort)mtu);
        }

        quoted.CopyTo(icmp[HeaderSize..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], Checksum(source, ip.Source, icmp));
        var header = new PacketHeader(source, ip.Source) { DontFragment = false };
        PacketWriter.WriteHeader(header, source.IsIPv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp, bytes);
        return bytes;
    }

    /// <summary>The checksum of an ICMP message: the value to send where the field is 0, or 0 where the field holds the right one.</summary>
    /// <param name="source">The sender; it counts for IPv6 only (RFC 4443 2.3).</param>
    /// <param name="destination">The receiver.</param>
    /// <param name="icmp">The message.</param>
    internal static ushort Checksum(IpAddress source, IpAddress destination, ReadOnlySpan<byte> icmp)
    {
        InternetChecksum checksum = default;
        if (source.IsIPv6)
        {
            checksum.AddPseudoHeader(source, destination, IpProtocol.IcmpV6, icmp.Length);
        }

        checksum.Add(icmp);
        return checksum.Value;
    }

    private static (byte Type, byte Code) TypeOfIcmp(IcmpErrorKind error) => error switch
    {
        IcmpErrorKind.NetworkUnreachable => (3, 0),
        IcmpErrorKind.HostUnreachable => (3, 1),
        IcmpErrorKind.ProtocolUnreachable => (3, 2),
        IcmpErrorKind.PortUnreachable => (3, 3),
        IcmpErrorKind.PacketTooBig => (3, 4),
        IcmpErrorKind.SourceRouteFailed => (3, 5),
        IcmpErrorKind.AdministrativelyProhibited => (3, 13),
        IcmpErrorKind.TimeExceeded => (11, 0),
        IcmpErrorKind.ParameterProblem => (12, 0),
        IcmpErrorKind.SourceQuench => (4, 0),
        _ => throw NoSuch(error, "ICMP"),
    };

    private static (byte Type, byte Code) TypeOfIcmpV6(IcmpErrorKind error) => error switch
    {
        IcmpErrorKind.NetworkUnreachable => (1, 0),
        IcmpErrorKind.HostUnreachable => (1, 3),
        IcmpErrorKind.PortUnreachable => (1, 4),
        IcmpErrorKind.PacketTooBig => (2, 0),
        IcmpErrorKind.AdministrativelyProhibited => (1, 1),
        IcmpErrorKind.TimeExceeded => (3, 0),
        IcmpErrorKind.ParameterProblem => (4, 0),
        _ => throw NoSuch(error, "ICMPv6"),
    };

    private static ArgumentException NoSuch(IcmpErrorKind error, string version) => new($"{version} has no {error}.", nameof(error));
}
