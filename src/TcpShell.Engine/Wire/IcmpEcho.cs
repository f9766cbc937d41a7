using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Answers to echo requests, by which <c>ping</c> finds out whether a host is there (RFC 1122 3.2.2.6, RFC 4443 4.2).</summary>
public static class IcmpEcho
{
    private const byte Request = 8;
    private const byte Reply = 0;
    private const byte RequestV6 = 128;
    private const byte ReplyV6 = 129;

    /// <summary>Makes the answer to a whole echo request, whole as well, however large.</summary>
    /// <param name="packet">A packet, from the IP header on.</param>
    /// <param name="owns">Whether an address is the answering host's.</param>
    /// <param name="reply">The answer, from the IP header on, with the data of the request.</param>
    /// <returns>Whether the packet is a whole echo request with right checksums from one host to this one.</returns>
    public static bool TryAnswer(ReadOnlySpan<byte> packet, Func<IpAddress, bool> owns, out byte[] reply)
    {
        ArgumentNullException.ThrowIfNull(owns);
        reply = [];
        IpLayer ip = IpLayer.Read(packet, 0, originalLength: 0);
        IpProtocol protocol = ip.IsIPv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp;
        bool isWhole = ip.Problem == DecodeProblem.None && !ip.IsFragment && ip.Protocol == protocol
            && ip.PayloadLength >= IcmpWriter.HeaderSize && ip.PayloadOffset + ip.PayloadLength <= packet.Length;
        if (!isWhole || !owns(ip.Destination) || !ip.Source.IsUnicast)
        {
            return false;
        }

        ReadOnlySpan<byte> icmp = packet.Slice(ip.PayloadOffset, ip.PayloadLength);
        if (icmp[0] != (ip.IsIPv6 ? RequestV6 : Request) || icmp[1] != 0 || IcmpWriter.Checksum(ip.Source, ip.Destination, icmp) != 0)
        {
            return false;
        }

        int headerSize = ip.IsIPv6 ? PacketWriter.IPv6HeaderSize : PacketWriter.IPv4HeaderSize;
        reply = new byte[headerSize + icmp.Length];
        Span<byte> answer = reply.AsSpan(headerSize);
        icmp.CopyTo(answer);
        answer[0] = ip.IsIPv6 ? ReplyV6 : Reply;
        answer.Slice(2, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], IcmpWriter.Checksum(ip.Destination, ip.Source, answer));
        PacketWriter.WriteHeader(new PacketHeader(ip.Destination, ip.Source) { DontFragment = false }, protocol, reply);
        return true;
    }
}
