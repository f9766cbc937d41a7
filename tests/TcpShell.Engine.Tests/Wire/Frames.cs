using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Packets and frames for the tests of this folder.</summary>
internal static class Frames
{
    public static readonly PacketHeader IPv4 = new(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"));
    public static readonly PacketHeader IPv6 = new(IpAddress.Parse("fd00::1"), IpAddress.Parse("fd00::2"));

    private const string Snap = "aaaa03000000";

    // A frame of an access point: data, from the distribution system.
    private const string DataFrame = "0802 0000 020000000002 020000000003 020000000001 0000";

    public static readonly LinkType[] LinkTypes = Enum.GetValues<LinkType>();

    /// <summary>A data segment with timestamps and the given payload.</summary>
    public static TcpSegment Segment(int payload = 5) => new()
    {
        SourcePort = 49152,
        DestinationPort = 80,
        SequenceNumber = 1000,
        AcknowledgmentNumber = 2000,
        Flags = TcpFlags.ACK | TcpFlags.PSH,
        Window = 512,
        Options = new() { Timestamps = new(7, 9) },
        Payload = Enumerable.Range(0, payload).Select(i => (byte)i).ToArray(),
    };

    public static byte[] Packet(in PacketHeader ip, in TcpSegment segment, in HeaderOverrides overrides = default)
    {
        byte[] packet = new byte[PacketWriter.SizeOf(ip, segment)];
        Assert.Equal(packet.Length, PacketWriter.Write(ip, segment, packet, overrides));
        return packet;
    }

    public static byte[] SegmentOctets(in TcpSegment segment, in HeaderOverrides overrides = default)
    {
        byte[] octets = new byte[PacketWriter.SizeOf(segment)];
        Assert.Equal(octets.Length, PacketWriter.WriteSegment(IPv4.Source, IPv4.Destination, segment, octets, overrides));
        return octets;
    }

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    public static byte[] Ethernet(byte[] packet, string etherTypes) =>
        Join(Hex("02 00 00 00 00 02  02 00 00 00 00 01"), Hex(etherTypes), packet);

    /// <summary>The packet behind the plainest header of a link type.</summary>
    public static byte[] Link(LinkType linkType, byte[] packet)
    {
        bool isIPv6 = packet[0] >> 4 == 6;
        string etherType = isIPv6 ? "86dd" : "0800";
        return linkType switch
        {
            LinkType.Ethernet => Ethernet(packet, etherType),
            LinkType.Null => Join(Hex(isIPv6 ? "1e000000" : "02000000"), packet),
            LinkType.Loop => Join(Hex(isIPv6 ? "00000018" : "00000002"), packet),
            LinkType.Ppp or LinkType.PppHdlc => Join(Hex(isIPv6 ? "ff030057" : "ff030021"), packet),
            LinkType.PppEthernet => Join(Hex("11 00 0001"), Length(packet.Length + 2), Hex(isIPv6 ? "0057" : "0021"), packet),
            LinkType.CiscoHdlc => Join(Hex("0f00" + etherType), packet),
            LinkType.LinuxSll => Join(Hex("0000 0001 0006 020000000001 0000" + etherType), packet),
            LinkType.LinuxSll2 => Join(Hex(etherType + "0000 00000002 0001 00 06 020000000001 0000"), packet),
            LinkType.Fddi => Join(Hex("50 020000000002 020000000001" + Snap + etherType), packet),
            LinkType.IpOverInfiniBand => Join(new byte[40], Hex(etherType + "0000"), packet),
            LinkType.Ieee80211 => Join(Hex(DataFrame + Snap + etherType), packet),
            LinkType.Radiotap => Join(Hex("00 00 0900 02000000 00" + DataFrame + Snap + etherType), packet),
            LinkType.ArcnetLinux => Join(Hex("01 02 0000" + (isIPv6 ? "c4" : "d4") + "00 0001"), packet),
            LinkType.JuniperEthernet => Join(Hex("4d4743 80 0000"), Ethernet(packet, etherType)),
            LinkType.NetfilterLog => Join(Hex(isIPv6 ? "0a 00 0000" : "02 00 0000"), Hex("0600 0a00 6100 0000"), LittleEndian(packet.Length + 4), Hex("0900"), packet),
            LinkType.EthernetMPacket => Join(Hex("55555555555555d5"), Ethernet(packet, etherType)),
            _ => packet,
        };
    }

    public static DecodedPacket DecodeRaw(byte[] packet) => PacketDecoder.Decode(packet, LinkType.Raw);

    private static byte[] LittleEndian(int length) => [(byte)length, (byte)(length >> 8)];

    private static byte[] Length(int length)
    {
        byte[] octets = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)length);
        return octets;
    }
}
