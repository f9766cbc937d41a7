using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class PacketDecoderTests
{
    private const string Stop = "fd000000000000000000000000000009";

    [Fact]
    public void IPv4Packet_Decoded_GivesEveryFieldOfBothHeaders()
    {
        PacketHeader ip = Frames.IPv4 with { Ttl = 17, TrafficClass = 0xba, Identification = 0x1234 };
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(ip, Frames.Segment()));
        Assert.Equal("10.0.0.1:49152", decoded.SourceEndpoint.ToString());
        Assert.Equal("10.0.0.2:80", decoded.DestinationEndpoint.ToString());
        Assert.Equal((17, 0xba, 0x1234u, true), (decoded.Ttl, decoded.TrafficClass, decoded.Identification, decoded.DontFragment));
        Assert.Equal((0, 20, 20, 32, 52), (decoded.IpOffset, decoded.IpHeaderLength, decoded.TcpOffset, decoded.TcpHeaderLength, decoded.PayloadOffset));
        Assert.Equal((5, IpProtocol.Tcp), (decoded.SegmentLength, decoded.Protocol));
        Assert.True(decoded.IpChecksumValid);
        Assert.True(decoded.TcpChecksumValid);
    }

    [Fact]
    public void IPv6Packet_Decoded_GivesEveryFieldOfBothHeaders()
    {
        PacketHeader ip = Frames.IPv6 with { Ttl = 17, TrafficClass = 0xba, FlowLabel = 0xabcde };
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(ip, Frames.Segment()));
        Assert.Equal("[fd00::1]:49152", decoded.SourceEndpoint.ToString());
        Assert.Equal((17, 0xba, 0xabcdeu), (decoded.Ttl, decoded.TrafficClass, decoded.FlowLabel));
        Assert.Equal((0, 40, 40, 32, 72), (decoded.IpOffset, decoded.IpHeaderLength, decoded.TcpOffset, decoded.TcpHeaderLength, decoded.PayloadOffset));
        Assert.Null(decoded.IpChecksumValid);
        Assert.True(decoded.TcpChecksumValid);
    }

    [Fact]
    public void PayloadAndOptions_AreSlicesOfTheFrame()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment());
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        packet[52] = 0xee;
        packet[40] = 0xdd;
        Assert.Equal(0xee, decoded.Segment.Payload.Span[0]);
        Assert.Equal(0xdd, decoded.Segment.Options.Wire.Span[0]);
    }

    [Fact]
    public void IPv4Options_AreReadOver()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment());
        packet = Frames.Join(packet[..20], Frames.Hex("94040000 01010100"), packet[20..]);
        packet[0] = 0x47;
        SetIPv4Length(packet, packet.Length);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((PacketStatus.Tcp, 28, 5), (decoded.Status, decoded.IpHeaderLength, decoded.SegmentLength));
        Assert.True(decoded.IpChecksumValid);
        Assert.True(decoded.TcpChecksumValid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_BehindTheIpLength_IsNoData(bool isIPv6)
    {
        byte[] packet = Frames.Packet(isIPv6 ? Frames.IPv6 : Frames.IPv4, Frames.Segment(0));
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Join(packet, new byte[6]));
        Assert.Equal((0, 0), (decoded.SegmentLength, decoded.Segment.Payload.Length));
        Assert.True(decoded.TcpChecksumValid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IpLengthZero_OfALargePacketBeforeItIsSplit_MeansTheWholeFrame(bool isIPv6)
    {
        byte[] packet = Frames.Packet(isIPv6 ? Frames.IPv6 : Frames.IPv4, Frames.Segment(100), new() { IpLength = 0 });
        Assert.Equal(100, Frames.DecodeRaw(packet).SegmentLength);
        Assert.Equal(30_000, PacketDecoder.Decode(packet, LinkType.Raw, packet.Length + 29_900).SegmentLength);
    }

    [Theory]
    [InlineData(0, 100)] // not known: the IP length is believed
    [InlineData(152, 100)]
    [InlineData(142, 90)]
    public void FrameCutInTheData_KeepsItsLength(int originalLength, int expected)
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment(100));
        DecodedPacket decoded = PacketDecoder.Decode(packet.AsMemory(0, 96), LinkType.Raw, originalLength);
        Assert.Equal((PacketStatus.Tcp, DecodeProblem.None), (decoded.Status, decoded.Problem));
        Assert.Equal((expected, 44), (decoded.SegmentLength, decoded.Segment.Payload.Length));
        Assert.Null(decoded.TcpChecksumValid);
    }

    [Fact]
    public void FrameCutInTheOptions_IsStillASegment()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment(100));
        DecodedPacket decoded = PacketDecoder.Decode(packet.AsMemory(0, 44), LinkType.Raw);
        Assert.Equal((PacketStatus.Tcp, DecodeProblem.TcpOptionsCut), (decoded.Status, decoded.Problem));
        Assert.Equal("24 of 32 octets of TCP header are captured.", decoded.ProblemText);
        Assert.Equal((100, 0, 512), (decoded.SegmentLength, decoded.Segment.Payload.Length, decoded.Segment.Window));
    }

    [Fact]
    public void FrameCutInTheFixedHeader_StillNamesThePorts()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment(100));
        DecodedPacket decoded = PacketDecoder.Decode(packet.AsMemory(0, 28), LinkType.Raw);
        Assert.Equal((PacketStatus.Malformed, DecodeProblem.TcpHeaderCut), (decoded.Status, decoded.Problem));
        Assert.Equal("8 octets of TCP header are captured; it has at least 20.", decoded.ProblemText);
        Assert.Equal("10.0.0.1:49152", decoded.SourceEndpoint.ToString());
        Assert.Equal(1000u, decoded.Segment.SequenceNumber.Value);
    }

    [Theory]
    [InlineData(3, "TCP header length 12 is below 20.")]
    [InlineData(0, "TCP header length 0 is below 20.")]
    [InlineData(10, "TCP header length 40 is above the 37 octets of the segment.")]
    [Trait("Proves", "P53")]
    public void DataOffset_Impossible_IsMalformedWithItsNumbers(byte dataOffset, string expected)
    {
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(Frames.IPv4, Frames.Segment(), new() { DataOffset = dataOffset }));
        Assert.Equal(PacketStatus.Malformed, decoded.Status);
        Assert.Equal(expected, decoded.ProblemText);
        Assert.Equal(80, decoded.Segment.DestinationPort);
    }

    [Theory]
    [InlineData("55", 0, "IP version 5 is neither 4 nor 6.")]
    [InlineData("44", 0, "IP header length 16 is below 20.")]
    [InlineData("4f", 0, "IP length 57 has no room for the IP headers.")]
    [InlineData("4f 00 0000", 0, "The frame of 57 octets ends within the IP header that starts at 0.")]
    [InlineData("0013", 2, "IP length 19 has no room for the IP headers.")]
    [InlineData("001e", 2, "10 octets of TCP header are in the IP packet; it has at least 20.")]
    [Trait("Proves", "P53")]
    public void IPv4Header_Impossible_IsMalformedWithItsNumbers(string octets, int offset, string expected)
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment());
        Frames.Hex(octets).CopyTo(packet, offset);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal(PacketStatus.Malformed, decoded.Status);
        Assert.Equal(expected, decoded.ProblemText);
    }

    [Theory]
    [InlineData(TcpFlags.None, 0)]
    [InlineData(TcpFlags.SYN | TcpFlags.FIN, 0)]
    [InlineData((TcpFlags)0x1ff, 0)]
    [InlineData(TcpFlags.ACK, 7)]
    [Trait("Proves", "P53")]
    public void StrangeFlagsAndReservedBits_AreTheReceiversBusiness(TcpFlags flags, byte reserved)
    {
        TcpSegment segment = Frames.Segment() with { Flags = flags, ReservedBits = reserved };
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(Frames.IPv4, segment));
        Assert.Equal((PacketStatus.Tcp, flags, reserved), (decoded.Status, decoded.Segment.Flags, decoded.Segment.ReservedBits));
        Assert.True(decoded.TcpChecksumValid);
    }

    [Theory]
    [InlineData(0x2000, 0, true)]
    [InlineData(0x2010, 128, true)]
    [InlineData(0x0010, 128, false)]
    public void IPv4Fragment_IsReported(int field, int offset, bool more)
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment(100));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)field);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((PacketStatus.Fragment, offset, more), (decoded.Status, decoded.FragmentOffset, decoded.MoreFragments));
        Assert.Equal(offset == 0 ? 49152 : 0, decoded.Segment.SourcePort);
        Assert.Null(decoded.TcpChecksumValid);
    }

    [Theory]
    [InlineData("0001 00000007", PacketStatus.Fragment, 49152)]
    [InlineData("0009 00000007", PacketStatus.Fragment, 0)]
    [InlineData("0008 00000007", PacketStatus.Fragment, 0)]
    [InlineData("0000 00000007", PacketStatus.Tcp, 49152)] // an atomic fragment is a whole packet (RFC 6946)
    public void IPv6Fragment_IsReported(string fields, PacketStatus status, int sourcePort)
    {
        DecodedPacket decoded = Frames.DecodeRaw(WithExtensions(44, "06 00" + fields));
        Assert.Equal((status, sourcePort, 7u), (decoded.Status, decoded.Segment.SourcePort, decoded.Identification));
        Assert.Equal(status == PacketStatus.Tcp ? true : null, decoded.TcpChecksumValid);
    }

    [Fact]
    public void IPv6ExtensionHeaders_OfEachKind_AreReadOver()
    {
        string hopByHop = "3c 00 050200000100";
        string destinationOptions = "2b 01 010c 000000000000000000000000";
        string routing = "33 02 00 00 00000000" + Stop;
        string authentication = "06 04 0000 00000001 00000001 0102030405060708090a0b0c";
        DecodedPacket decoded = Frames.DecodeRaw(WithExtensions(0, hopByHop + destinationOptions + routing + authentication));
        Assert.Equal(PacketStatus.Tcp, decoded.Status);
        Assert.Equal(40 + 8 + 16 + 24 + 24, decoded.IpHeaderLength);
        Assert.True(decoded.TcpChecksumValid);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(3, null)] // RFC 6554 compresses its addresses
    public void RoutingHeader_WithStopsAhead_IsCheckedForItsLastStop(byte type, bool? expected)
    {
        // Sent to the last stop, as far as the checksum goes; on its way to another address now.
        byte[] packet = Frames.Packet(Frames.IPv6 with { Destination = IpAddress.FromBytes(Frames.Hex(Stop)) }, Frames.Segment());
        Frames.IPv6.Destination.WriteTo(packet.AsSpan(24));
        packet = InsertExtensions(packet, 43, $"06 02 {type:x2} 01 00000000" + Stop);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((PacketStatus.Tcp, Frames.IPv6.Destination), (decoded.Status, decoded.Destination));
        Assert.Equal(expected, decoded.TcpChecksumValid);
    }

    [Fact]
    public void ExtensionHeaders_WithoutEnd_AreGivenUp()
    {
        DecodedPacket decoded = Frames.DecodeRaw(WithExtensions(60, string.Concat(Enumerable.Repeat("3c 00 010400000000", 100))));
        Assert.Equal((PacketStatus.Malformed, DecodeProblem.TooManyExtensionHeaders), (decoded.Status, decoded.Problem));
        Assert.NotNull(decoded.ProblemText);
    }

    [Theory]
    [InlineData("3c ff 010400000000", "IP length 45 has no room for the IP headers.")]
    [InlineData("3c 00 010400000000", "IP length 45 has no room for the IP headers.")]
    public void ExtensionHeader_PastTheIpLength_IsMalformed(string extension, string expected)
    {
        byte[] packet = WithExtensions(60, extension);
        Array.Clear(packet, 48, packet.Length - 48);
        packet[48] = 60;
        packet[49] = 200;
        Assert.Equal(expected, Frames.DecodeRaw(packet).ProblemText);
    }

    [Theory]
    [InlineData(17)]
    [InlineData(50)]
    [InlineData(59)]
    [InlineData(132)]
    public void OtherProtocols_AreNotTcp(byte protocol)
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment());
        packet[9] = protocol;
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((PacketStatus.NotTcp, (IpProtocol)protocol), (decoded.Status, decoded.Protocol));
    }

    [Fact]
    public void IpInIp_IsFollowedToTheInnerPacketAndNotForEver()
    {
        byte[] inner = Frames.Packet(Frames.IPv6, Frames.Segment());
        byte[] packet = InIPv4(inner, 41);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((PacketStatus.Tcp, Frames.IPv6.Source, 20), (decoded.Status, decoded.Source, decoded.IpOffset));
        Assert.True(decoded.TcpChecksumValid);
        for (int depth = 0; depth < 5; depth++)
        {
            packet = InIPv4(packet, 4);
        }

        Assert.Equal(PacketStatus.NotTcp, Frames.DecodeRaw(packet).Status);
    }

    [Theory]
    [InlineData(3, 4, 1400u)]
    [InlineData(3, 1, 0u)]
    [InlineData(11, 0, 0u)]
    public void IcmpError_AboutASegment_GivesTheQuotedOne(byte type, byte code, uint mtu)
    {
        byte[] quoted = Frames.Packet(Frames.IPv4, Frames.Segment())[..28];
        byte[] icmp = Frames.Join([type, code], Frames.Hex("0000 0000 0578"), quoted);
        byte[] packet = InIPv4(icmp, 1);
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        AssertQuoted(decoded, Frames.IPv4);
        Assert.Equal((type, code, mtu, "192.0.2.1"), (decoded.IcmpType, decoded.IcmpCode, decoded.IcmpMtu, decoded.IcmpSource.ToString()));
    }

    [Fact]
    public void IcmpV6Error_AboutASegment_GivesTheQuotedOne()
    {
        byte[] quoted = Frames.Packet(Frames.IPv6, Frames.Segment());
        byte[] packet = Frames.Join(Frames.Hex("60000000 0000 3a 40" + Stop + Stop + "0200 0000 00000500"), quoted);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        AssertQuoted(decoded, Frames.IPv6);
        Assert.Equal((2, 1280u), (decoded.IcmpType, decoded.IcmpMtu));
    }

    [Theory]
    [InlineData("0800 0000 00000000")] // an echo request
    [InlineData("0301 0000 00000000")] // quotes nothing
    [InlineData("0301 0000 00000000 45000013 00000000 4006 0000")] // quotes half an IP header
    [InlineData("0301 0000 00000000 45000013 00000000 4006 0000 0a000001 0a000002 c000 0050")] // quotes an impossible length
    public void Icmp_WithoutAQuotedSegment_IsNotTcp(string icmp) =>
        Assert.Equal(PacketStatus.NotTcp, Frames.DecodeRaw(InIPv4(Frames.Hex(icmp), 1)).Status);

    private static void AssertQuoted(in DecodedPacket decoded, in PacketHeader ip)
    {
        Assert.Equal(PacketStatus.IcmpError, decoded.Status);
        Assert.Equal((new Endpoint(ip.Source, 49152), new Endpoint(ip.Destination, 80)), (decoded.SourceEndpoint, decoded.DestinationEndpoint));
        Assert.Equal(1000u, decoded.Segment.SequenceNumber.Value);
        Assert.Null(decoded.TcpChecksumValid);
    }

    private static byte[] InIPv4(byte[] payload, byte protocol)
    {
        byte[] packet = Frames.Join(Frames.Hex("4500 0000 0000 0000 40 00 0000 c0000201 c0000202"), payload);
        packet[9] = protocol;
        SetIPv4Length(packet, packet.Length);
        return packet;
    }

    private static void SetIPv4Length(byte[] packet, int length)
    {
        int headerLength = (packet[0] & 0xf) * 4;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Compute(packet.AsSpan(0, headerLength)));
    }

    private static byte[] WithExtensions(byte first, string extensions) =>
        InsertExtensions(Frames.Packet(Frames.IPv6, Frames.Segment()), first, extensions);

    private static byte[] InsertExtensions(byte[] packet, byte first, string extensions)
    {
        packet = Frames.Join(packet[..40], Frames.Hex(extensions), packet[40..]);
        packet[6] = first;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
        return packet;
    }
}
