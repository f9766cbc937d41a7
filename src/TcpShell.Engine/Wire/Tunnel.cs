using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Finds what a tunnel's packet carries: IP in IP, GRE, and over UDP VXLAN, Geneve, GTP-U, GRE and AYIYA, known by their ports.</summary>
internal static class Tunnel
{
    private const int UdpHeaderSize = 8;
    private const int GtpPort = 2152;
    private const int GreInUdpPort = 4754;
    private const int VxlanPort = 4789;
    private const int AyiyaPort = 5072;
    private const int GenevePort = 6081;

    /// <summary>Looks into an IP packet for another one.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="ip">The outer packet, no fragment.</param>
    /// <param name="inner">The headers between it and the inner one, read.</param>
    /// <returns>Whether there is an inner packet.</returns>
    public static bool TryEnter(ReadOnlySpan<byte> frame, in IpLayer ip, out LinkLayer inner)
    {
        inner = ip.Protocol switch
        {
            IpProtocol.IPv4 or IpProtocol.IPv6 => LinkLayer.Read(frame, LinkType.Raw, ip.PayloadOffset),
            IpProtocol.Gre => ReadGre(frame, ip.PayloadOffset),
            IpProtocol.Udp => ReadUdp(frame, ip.PayloadOffset),
            _ => default,
        };
        return inner.IsIp;
    }

    private static LinkLayer ReadUdp(ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length < offset + UdpHeaderSize + 8)
        {
            return default;
        }

        int source = BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
        int destination = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
        offset += UdpHeaderSize;
        return destination switch
        {
            VxlanPort => LinkLayer.Read(frame, LinkType.Ethernet, offset + 8),
            GenevePort => ReadGeneve(frame, offset),
            GreInUdpPort => ReadGre(frame, offset),
            AyiyaPort => ReadAyiya(frame, offset),
            GtpPort => ReadGtp(frame, offset),
            _ when source == GtpPort => ReadGtp(frame, offset),
            _ when source == VxlanPort => LinkLayer.Read(frame, LinkType.Ethernet, offset + 8),
            _ when source == AyiyaPort => ReadAyiya(frame, offset),
            _ => default,
        };
    }

    // RFC 2784, 2890; version 1 is PPTP's (RFC 2637), with a key always and an acknowledgment perhaps.
    private static LinkLayer ReadGre(ReadOnlySpan<byte> frame, int offset)
    {
        if (frame.Length < offset + 4)
        {
            return default;
        }

        int flags = BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
        var type = (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
        bool hasSequence = (flags & 0x1000) != 0;
        bool hasRouting = (flags & 0x4000) != 0;
        bool hasAcknowledgment = (flags & 0x7) == 1 && (flags & 0x80) != 0;
        if (hasRouting)
        {
            return default;
        }

        offset += 4 + ((flags & 0x8000) != 0 ? 4 : 0) + ((flags & 0x2000) != 0 ? 4 : 0) + (hasSequence ? 4 : 0) + (hasAcknowledgment ? 4 : 0);
        return type switch
        {
            EtherType.Ppp => LinkLayer.Read(frame, LinkType.Ppp, offset),

            // Without a sequence number it is version 1, which has no header.
            EtherType.Erspan => LinkLayer.Read(frame, LinkType.Ethernet, hasSequence ? offset + 8 : offset),
            EtherType.Erspan3 when offset + 12 <= frame.Length => LinkLayer.Read(frame, LinkType.Ethernet, offset + ((frame[offset + 11] & 1) != 0 ? 20 : 12)),

            // Version 2 has a header of 4 octets of its own; it never looks like the start of IPv4.
            EtherType.Wccp when offset < frame.Length => LinkLayer.Read(frame, LinkType.Raw, frame[offset] >> 4 == 4 ? offset : offset + 4),

            // What Aruba's access points send to their controllers: the 802.11 frame itself.
            >= (EtherType)0x8200 and <= (EtherType)0x8370 or (EtherType)0x9000 => LinkLayer.Read(frame, LinkType.Ieee80211, offset),
            _ => LinkLayer.Read(frame, type, offset),
        };
    }

    // RFC 8926: version and length of the options in words, flags, EtherType, network.
    private static LinkLayer ReadGeneve(ReadOnlySpan<byte> frame, int offset)
    {
        int optionsSize = (frame[offset] & 0x3f) * 4;
        var type = (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
        return LinkLayer.Read(frame, type, offset + 8 + optionsSize);
    }

    // 3GPP TS 29.281: version 1, message type 255 for a user's packet; three flags, any of which adds 4 octets; extension headers.
    private static LinkLayer ReadGtp(ReadOnlySpan<byte> frame, int offset)
    {
        const int UserPacket = 255;
        int flags = frame[offset];
        if (flags >> 4 != 3 || frame[offset + 1] != UserPacket)
        {
            return default;
        }

        int next = offset + 8;
        if ((flags & 7) != 0)
        {
            next += 4;
            bool hasExtension = (flags & 4) != 0 && next <= frame.Length && frame[next - 1] != 0;
            while (hasExtension)
            {
                int size = next < frame.Length ? frame[next] * 4 : 0;
                if (size == 0 || next + size > frame.Length)
                {
                    return default;
                }

                next += size;
                hasExtension = frame[next - 1] != 0;
            }
        }

        bool isIp = next < frame.Length && frame[next] >> 4 is 4 or 6;
        return isIp ? LinkLayer.Read(frame, LinkType.Raw, next) : default;
    }

    // Anything in anything (draft-massar-v6ops-ayiya): lengths of identity (a power of 2) and signature (in words), opcode 1 for a packet.
    private static LinkLayer ReadAyiya(ReadOnlySpan<byte> frame, int offset)
    {
        const int Forward = 1;
        int identitySize = 1 << (frame[offset] >> 4);
        int signatureSize = (frame[offset + 1] >> 4) * 4;
        bool isPacket = (frame[offset + 2] & 0xf) == Forward && (IpProtocol)frame[offset + 3] is IpProtocol.IPv4 or IpProtocol.IPv6;
        return isPacket ? LinkLayer.Read(frame, LinkType.Raw, offset + 8 + identitySize + signatureSize) : default;
    }
}
