using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>What ARP (RFC 826) and neighbour discovery (RFC 4861) say, reduced to what both have in common.</summary>
internal enum NeighborMessageKind
{
    /// <summary>Somebody asks who has an address: an ARP request, a neighbour solicitation.</summary>
    Question,

    /// <summary>Somebody tells that he has an address: an ARP reply, a neighbour advertisement.</summary>
    Answer,
}

/// <summary>One message of ARP or neighbour discovery, read from a frame.</summary>
/// <remarks>
/// Frames come from anybody, so they are not given to PacketDotNet: it throws on short ones, and never returns from the options of neighbour
/// discovery where one has length 0.
/// </remarks>
/// <param name="Kind">Question or answer.</param>
/// <param name="Address">The address that is asked for, or that somebody has.</param>
/// <param name="Sender">Who asks or answers; unspecified for somebody who asks whether the address is free (RFC 5227, RFC 4862).</param>
/// <param name="SenderMac">The Ethernet address of whoever asks or answers.</param>
internal readonly record struct NeighborMessage(NeighborMessageKind Kind, IpAddress Address, IpAddress Sender, MacAddress SenderMac)
{
    private const int EthernetLength = 14;
    private const int ArpLength = 28;
    private const int IPv6Length = 40;
    private const int NeighborLength = 24; // ICMPv6 header, reserved word or flags, target
    private const byte Solicitation = 135;
    private const byte Advertisement = 136;
    private const byte SourceLinkLayerAddress = 1;
    private const byte TargetLinkLayerAddress = 2;

    /// <summary>Reads a frame.</summary>
    /// <param name="frame">The octets of an Ethernet frame, whatever they are.</param>
    /// <param name="message">What it says.</param>
    /// <returns>False for anything else, and for a message that is not as it should be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> frame, out NeighborMessage message)
    {
        message = default;
        if (frame.Length < EthernetLength + ArpLength)
        {
            return false;
        }

        ReadOnlySpan<byte> payload = frame[EthernetLength..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            0x0806 => TryReadArp(payload, out message),
            (ushort)EtherType.IPv6 => TryReadDiscovery(frame[6..12], payload, out message),
            _ => false,
        };
    }

    private static bool TryReadArp(ReadOnlySpan<byte> arp, out NeighborMessage message)
    {
        // Ethernet and IPv4, with addresses of 6 and 4 octets.
        bool isKnown = BinaryPrimitives.ReadUInt64BigEndian(arp) >> 16 == 0x0001_0800_0604;
        ushort operation = BinaryPrimitives.ReadUInt16BigEndian(arp[6..]);
        IpAddress sender = IpAddress.FromBytes(arp[14..18]);
        IpAddress target = IpAddress.FromBytes(arp[24..28]);
        message = new(
            operation == 1 ? NeighborMessageKind.Question : NeighborMessageKind.Answer,
            operation == 1 ? target : sender,
            sender,
            MacAddress.FromBytes(arp[8..14]));
        return isKnown && operation is 1 or 2;
    }

    private static bool TryReadDiscovery(ReadOnlySpan<byte> sourceMac, ReadOnlySpan<byte> ip, out NeighborMessage message)
    {
        message = default;
        if (ip.Length < IPv6Length + NeighborLength)
        {
            return false;
        }

        // RFC 4861 7.1: hop limit 255, so that it comes from this link; code 0; a valid checksum.
        int length = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        bool isPossible = ip[6] == (byte)IpProtocol.IcmpV6 && ip[7] == 255 && length >= NeighborLength && ip.Length >= IPv6Length + length;
        if (!isPossible)
        {
            return false;
        }

        ReadOnlySpan<byte> icmp = ip.Slice(IPv6Length, length);
        IpAddress source = IpAddress.FromBytes(ip[8..24]);
        var checksum = default(InternetChecksum);
        checksum.AddPseudoHeader(source, IpAddress.FromBytes(ip[24..40]), IpProtocol.IcmpV6, length);
        checksum.Add(icmp);
        if (icmp[0] is not (Solicitation or Advertisement) || icmp[1] != 0 || checksum.Value != 0)
        {
            return false;
        }

        bool asks = icmp[0] == Solicitation;
        IpAddress target = IpAddress.FromBytes(icmp[8..24]);

        // Who answers without the option has the address that the frame came from.
        MacAddress mac = FindOption(icmp[NeighborLength..], asks ? SourceLinkLayerAddress : TargetLinkLayerAddress) ?? MacAddress.FromBytes(sourceMac);
        message = new(asks ? NeighborMessageKind.Question : NeighborMessageKind.Answer, target, asks ? source : target, mac);
        return target.IsUnicast;
    }

    private static MacAddress? FindOption(ReadOnlySpan<byte> options, byte type)
    {
        while (options.Length >= 8)
        {
            int length = options[1] * 8;
            if (length == 0 || length > options.Length)
            {
                return null;
            }

            if (options[0] == type)
            {
                return MacAddress.FromBytes(options[2..8]);
            }

            options = options[length..];
        }

        return null;
    }
}
