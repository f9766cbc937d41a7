using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Finds the TCP segment in a captured frame. Any octets may be given; none of them make it throw, loop or allocate.</summary>
/// <remarks>
/// Tunnels are followed to the inner packet: IP in IP, GRE, and over UDP VXLAN, Geneve, GTP-U and AYIYA by their ports. Fragments are not
/// put together.
/// </remarks>
public static class PacketDecoder
{
    private const int MaximumIpDepth = 4;

    /// <summary>Whether frames of that link type can be decoded.</summary>
    /// <param name="linkType">The link type, perhaps a number without a name.</param>
    public static bool Supports(LinkType linkType) => Enum.IsDefined(linkType);

    /// <summary>Decodes a frame.</summary>
    /// <param name="frame">The octets as captured; they are not copied.</param>
    /// <param name="linkType">What the frame starts with.</param>
    /// <param name="originalLength">
    /// Octets of the frame before the capture cut it; 0 where that is not known, and IP's length is believed.
    /// </param>
    /// <returns>What was found, or why nothing was.</returns>
    public static DecodedPacket Decode(ReadOnlyMemory<byte> frame, LinkType linkType, int originalLength = 0)
    {
        ReadOnlySpan<byte> octets = frame.Span;
        LinkLayer link = LinkLayer.Read(octets, linkType);
        VlanIds vlanIds = link.VlanIds;
        if (!link.IsIp)
        {
            PacketStatus status = link.Problem == DecodeProblem.LinkHeaderCut ? PacketStatus.Malformed : PacketStatus.NotTcp;
            return new(frame, vlanIds, default) { Status = status, Problem = link.Problem };
        }

        if (link.End < Math.Max(octets.Length, originalLength))
        {
            octets = octets[..Math.Min(link.End, octets.Length)];
            originalLength = link.End;
        }

        IpLayer ip = IpLayer.Read(octets, link.Offset, originalLength);
        for (int depth = 1; depth < MaximumIpDepth && CanHoldIp(ip) && Tunnel.TryEnter(octets, ip, out LinkLayer inner); depth++)
        {
            ip = IpLayer.Read(octets, inner.Offset, originalLength);
        }

        if (ip.Problem != DecodeProblem.None)
        {
            return new(frame, vlanIds, ip) { Status = PacketStatus.Malformed, Problem = ip.Problem };
        }

        return ip.Protocol switch
        {
            IpProtocol.Tcp => DecodeTcp(frame, vlanIds, ip),
            IpProtocol.Icmp when !ip.IsIPv6 && !ip.IsFragment => DecodeIcmp(frame, vlanIds, ip, originalLength),
            IpProtocol.IcmpV6 when ip.IsIPv6 && !ip.IsFragment => DecodeIcmp(frame, vlanIds, ip, originalLength),
            _ => new(frame, vlanIds, ip) { Status = PacketStatus.NotTcp },
        };
    }

    /// <summary>Reads a segment that stands alone, without an IP header.</summary>
    /// <param name="octets">TCP header and data; they are not copied.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="problem">Why it is none.</param>
    /// <returns>Whether the octets start with a whole TCP header.</returns>
    public static bool TryDecodeSegment(ReadOnlyMemory<byte> octets, out TcpSegment segment, out DecodeProblem problem)
    {
        bool isWhole = TcpHeader.TryParse(octets.Span, out TcpHeader header, out problem);
        segment = isWhole ? header.ToSegment(octets[TcpHeader.OptionsOffset..header.Length], octets[header.Length..]) : default;
        return isWhole;
    }

    /// <summary>Time to live of a packet, from its outermost IP header.</summary>
    internal static byte TtlOf(ReadOnlySpan<byte> packet) => IpLayer.Read(packet, 0, originalLength: 0).Ttl;

    private static bool CanHoldIp(in IpLayer ip) => ip.Problem == DecodeProblem.None && !ip.IsFragment;

    private static DecodedPacket DecodeTcp(ReadOnlyMemory<byte> frame, VlanIds vlanIds, in IpLayer ip)
    {
        if (ip.FragmentOffset > 0)
        {
            return new(frame, vlanIds, ip) { Status = PacketStatus.Fragment };
        }

        ReadOnlyMemory<byte> octets = SliceCaptured(frame, ip);
        var header = new TcpHeader(octets.Span);
        DecodeProblem problem = octets.Length < TcpHeader.MinimumSize ? DecodeProblem.TcpHeaderCut
            : header.Length < TcpHeader.MinimumSize ? DecodeProblem.TcpHeaderLengthTooSmall
            : header.Length > ip.PayloadLength && !ip.IsFragment ? DecodeProblem.TcpHeaderLengthTooLarge
            : header.Length > octets.Length ? DecodeProblem.TcpOptionsCut
            : DecodeProblem.None;
        bool isUsable = problem is DecodeProblem.None or DecodeProblem.TcpOptionsCut;
        int headerLength = isUsable ? Math.Min(header.Length, octets.Length) : 0;
        return new(frame, vlanIds, ip)
        {
            Status = ip.IsFragment ? PacketStatus.Fragment : isUsable ? PacketStatus.Tcp : PacketStatus.Malformed,
            Problem = problem,
            SegmentOctets = octets,
            Segment = isUsable
                ? header.ToSegment(octets[TcpHeader.OptionsOffset..headerLength], octets[headerLength..])
                : ReadStart(octets),
            SegmentLength = isUsable ? Math.Max(0, ip.PayloadLength - header.Length) : 0,
        };
    }

    // RFC 792, RFC 4443: an error has type, code, checksum and 4 octets, then the packet that it is about, cut as the sender liked.
    private static DecodedPacket DecodeIcmp(ReadOnlyMemory<byte> frame, VlanIds vlanIds, in IpLayer ip, int originalLength)
    {
        const int QuotedTcpSize = 8;
        ReadOnlyMemory<byte> message = SliceCaptured(frame, ip);
        ReadOnlySpan<byte> icmp = message.Span;
        bool isError = icmp.Length > IcmpWriter.HeaderSize && (ip.IsIPv6 ? icmp[0] is >= 1 and <= 4 : icmp[0] is 3 or 4 or 5 or 11 or 12);
        IpLayer quoted = isError ? IpLayer.Read(frame.Span, ip.PayloadOffset + IcmpWriter.HeaderSize, originalLength: 0) : default;
        bool isAboutTcp = quoted is { Protocol: IpProtocol.Tcp, FragmentOffset: 0, Problem: DecodeProblem.None };
        ReadOnlyMemory<byte> octets = isAboutTcp ? SliceCaptured(frame, quoted) : default;
        if (octets.Length < QuotedTcpSize)
        {
            return new(frame, vlanIds, ip) { Status = PacketStatus.NotTcp };
        }

        bool isTooBig = ip.IsIPv6 ? icmp[0] == 2 : icmp[0] == 3 && icmp[1] == 4;
        return new(frame, vlanIds, quoted)
        {
            Status = PacketStatus.IcmpError,
            SegmentOctets = octets,
            Segment = ReadStart(octets),
            IcmpSource = ip.Source,
            IcmpDestination = ip.Destination,
            IcmpChecksumValid = message.Length < ip.PayloadLength ? null : IcmpWriter.Checksum(ip.Source, ip.Destination, icmp) == 0,
            IcmpType = icmp[0],
            IcmpCode = icmp[1],
            IcmpMtu = !isTooBig ? 0
                : ip.IsIPv6 ? BinaryPrimitives.ReadUInt32BigEndian(icmp[4..])
                : BinaryPrimitives.ReadUInt16BigEndian(icmp[6..]),
        };
    }

    // As much of the IP payload as was captured, without what the link layer padded.
    private static ReadOnlyMemory<byte> SliceCaptured(ReadOnlyMemory<byte> frame, in IpLayer ip)
    {
        int start = Math.Min(ip.PayloadOffset, frame.Length);
        return frame.Slice(start, Math.Min(ip.PayloadLength, frame.Length - start));
    }

    // The fixed fields of a header that is not whole, as far as they are there.
    private static TcpSegment ReadStart(ReadOnlyMemory<byte> octets)
    {
        var header = new TcpHeader(octets.Span);
        return octets.Length switch
        {
            >= TcpHeader.MinimumSize => header.ToSegment(default, default),
            >= TcpHeader.AcknowledgmentNumberOffset => new()
            {
                SourcePort = header.SourcePort,
                DestinationPort = header.DestinationPort,
                SequenceNumber = header.SequenceNumber,
            },
            >= TcpHeader.SequenceNumberOffset => new() { SourcePort = header.SourcePort, DestinationPort = header.DestinationPort },
            _ => default,
        };
    }
}
