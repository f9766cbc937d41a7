using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>The answer to UDP datagrams, for which our hosts have no ports: "port unreachable" (RFC 1122 4.1.3.1, RFC 4443 3.1).</summary>
internal static class UdpRefusal
{
    private const int HeaderSize = 8;

    /// <summary>Makes the answer to a datagram. There is none to fragments, to broadcasts, or to nobody (RFC 1122 3.2.2).</summary>
    /// <param name="packet">A packet, from the IP header on.</param>
    /// <param name="owns">Whether an address is the answering host's.</param>
    /// <param name="reply">The ICMP error, from the IP header on.</param>
    /// <returns>Whether the packet is a whole datagram of the right length, with a right checksum or none, from one host to this one.</returns>
    public static bool TryAnswer(ReadOnlySpan<byte> packet, Func<IpAddress, bool> owns, out byte[] reply)
    {
        reply = [];
        IpLayer ip = IpLayer.Read(packet, 0, originalLength: 0);
        bool isWhole = ip.Problem == DecodeProblem.None && !ip.IsFragment && ip.Protocol == IpProtocol.Udp
            && ip.PayloadLength >= HeaderSize && ip.PayloadOffset + ip.PayloadLength <= packet.Length;
        if (!isWhole || !owns(ip.Destination) || !ip.Source.IsUnicast || !IsRight(ip, packet.Slice(ip.PayloadOffset, ip.PayloadLength)))
        {
            return false;
        }

        reply = IcmpWriter.Write(ip.Destination, packet, IcmpErrorKind.PortUnreachable);
        return true;
    }

    private static bool IsRight(in IpLayer ip, ReadOnlySpan<byte> datagram)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[4..]) != datagram.Length)
        {
            return false;
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[6..]) == 0)
        {
            return !ip.IsIPv6; // RFC 768: none was made; RFC 8200 8.1 does not allow that
        }

        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(ip.Source, ip.Destination, IpProtocol.Udp, datagram.Length);
        checksum.Add(datagram);
        return checksum.Value == 0;
    }
}
