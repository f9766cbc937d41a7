using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class LinkLayerTests
{
    private static readonly byte[] s_packet = Frames.Packet(Frames.IPv4, Frames.Segment());

    public static TheoryData<LinkType, bool> LinkTypesAndVersions()
    {
        var rows = new TheoryData<LinkType, bool>();
        foreach (LinkType linkType in Frames.LinkTypes)
        {
            rows.Add(linkType, false);
            rows.Add(linkType, true);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(LinkTypesAndVersions))]
    public void PlainFrame_OfEachLinkType_GivesItsSegment(LinkType linkType, bool isIPv6)
    {
        Assert.True(PacketDecoder.Supports(linkType));
        byte[] packet = Frames.Packet(isIPv6 ? Frames.IPv6 : Frames.IPv4, Frames.Segment());
        byte[] frame = Frames.Link(linkType, packet);
        DecodedPacket decoded = PacketDecoder.Decode(frame, linkType);
        AssertSegment(decoded, frame.Length - packet.Length);
        Assert.Equal(isIPv6, decoded.IsIPv6);
        Assert.Equal(isIPv6 ? null : true, decoded.IpChecksumValid);
    }

    [Theory]
    [MemberData(nameof(LinkTypesAndVersions))]
    [Trait("Proves", "P53")]
    public void PlainFrame_CutAnywhereBeforeTheTcpHeader_IsMalformedAndSaysWhy(LinkType linkType, bool isIPv6)
    {
        byte[] packet = Frames.Packet(isIPv6 ? Frames.IPv6 : Frames.IPv4, Frames.Segment());
        byte[] frame = Frames.Link(linkType, packet);
        int tcp = frame.Length - packet.Length + (isIPv6 ? 40 : 20);
        for (int size = 0; size < tcp + 20; size++)
        {
            DecodedPacket decoded = PacketDecoder.Decode(frame.AsMemory(0, size), linkType);
            Assert.Equal(PacketStatus.Malformed, decoded.Status);
            Assert.NotNull(decoded.ProblemText);
            Assert.Null(decoded.TcpChecksumValid);
        }
    }

    [Fact]
    public void LinkType_Unknown_IsNotTcpAndSaysWhy()
    {
        DecodedPacket decoded = PacketDecoder.Decode(s_packet, (LinkType)147);
        Assert.False(PacketDecoder.Supports((LinkType)147));
        Assert.Equal(PacketStatus.NotTcp, decoded.Status);
        Assert.Equal("The link type is not known.", decoded.ProblemText);
    }

    [Theory]
    [InlineData("0800", "")]
    [InlineData("8100 0064 0800", "100")]
    [InlineData("8100 e064 0800", "100")] // priority and drop bits are no part of the id
    [InlineData("88a8 00c8 8100 0064 0800", "200, 100")]
    [InlineData("9100 00c8 8100 0064 0800", "200, 100")]
    [InlineData("8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800", "1, 2, 3, 4")]
    [InlineData("8864 1100 0001 0047 0021", "")]
    [InlineData("88a8 00c8 8100 0064 8864 1100 0001 0047 0021", "200, 100")]
    [InlineData("8847 00064140", "")]
    [InlineData("8847 00064040 00064140", "")]
    [InlineData("8848 00064140", "")]
    [InlineData("0050 aaaa 03 000000 0800", "")]
    [InlineData("0050 0606 03", "")]
    [InlineData("8926 0000 0001 8100 0064 0800", "100")] // VN-Tag
    [InlineData("88e7 00000001 020000000002 020000000001 8100 0064 0800", "100")] // 802.1ah
    [InlineData("8903 0001 020000000002 020000000001 8100 0064 0800", "100")] // FabricPath
    public void EthernetFrame_WithHeadersBeforeIp_GivesSegmentAndVlans(string etherTypes, string vlanIds)
    {
        byte[] frame = Frames.Ethernet(s_packet, etherTypes);
        DecodedPacket decoded = PacketDecoder.Decode(frame, LinkType.Ethernet);
        AssertSegment(decoded, frame.Length - s_packet.Length);
        Assert.Equal(vlanIds, decoded.VlanIds.ToString());
    }

    [Theory]
    [InlineData("0806")] // ARP
    [InlineData("88cc")] // LLDP
    [InlineData("8863 1109 0000 0000")] // PPPoE discovery
    [InlineData("8864 1100 0001 0002 c021")] // PPP LCP
    [InlineData("0026 4242 03")] // spanning tree
    [InlineData("8847 00064140 00000000")] // MPLS pseudowire control word
    public void EthernetFrame_WithSomethingElse_IsNotTcp(string etherTypes)
    {
        DecodedPacket decoded = PacketDecoder.Decode(Frames.Ethernet(s_packet, etherTypes), LinkType.Ethernet);
        Assert.Equal(PacketStatus.NotTcp, decoded.Status);
        Assert.Null(decoded.ProblemText);
    }

    [Theory]
    [InlineData("8100")]
    [InlineData("8100 0064")]
    [InlineData("8100 0064 08")]
    [InlineData("8864 1100 0001")]
    [InlineData("8847 0006")]
    [InlineData("8847 00064040")]
    public void EthernetFrame_CutBetweenItsHeaders_IsMalformed(string etherTypes)
    {
        DecodedPacket decoded = PacketDecoder.Decode(Frames.Ethernet([], etherTypes), LinkType.Ethernet);
        Assert.Equal((PacketStatus.Malformed, DecodeProblem.LinkHeaderCut), (decoded.Status, decoded.Problem));
    }

    [Theory]
    [InlineData(LinkType.Null, "02000000")]
    [InlineData(LinkType.Null, "00000002")]
    [InlineData(LinkType.Loop, "00000002")]
    [InlineData(LinkType.Ppp, "0021")]
    [InlineData(LinkType.Ppp, "21")]
    [InlineData(LinkType.Ppp, "ff03 0021")]
    [InlineData(LinkType.Ppp, "ff03 21")]
    [InlineData(LinkType.Ppp, "0281 00064140")]
    [InlineData(LinkType.LinuxSll, "0000 0001 0006 020000000001 0000 8100 0064 0800")]
    [InlineData(LinkType.ArcnetLinux, "01 02 0000 f0")] // RFC 1051
    [InlineData(LinkType.ArcnetLinux, "01 02 0000 d4 ff ffff d4 00 0001")] // RFC 1201, with an exception packet's padding
    [InlineData(LinkType.JuniperEthernet, "4d4743 81 0004 00000000 020000000002 020000000001 0800")]
    [InlineData(LinkType.Ieee80211, "8803 0000 020000000002 020000000003 020000000001 0000 020000000004 0000 aaaa03000000 0800")] // four addresses, QoS
    [InlineData(LinkType.Radiotap, "00 00 1c00 030000a0 03000000 00000000 0000000000000000 20 000000 8802 0000 020000000002 020000000003 020000000001 0000 0000 0000 aaaa03000000 0800")]
    public void OtherSpellings_OfALinkHeader_AreRead(LinkType linkType, string header)
    {
        byte[] frame = Frames.Join(Frames.Hex(header), s_packet);
        AssertSegment(PacketDecoder.Decode(frame, linkType), frame.Length - s_packet.Length);
    }

    [Theory]
    [InlineData("1e000000")]
    [InlineData("0000001e")]
    [InlineData("1c000000")]
    [InlineData("18000000")]
    [InlineData("17000000")]
    [InlineData("0a000000")]
    public void LoopbackFamily_OfAnySystemsIPv6_IsRead(string family)
    {
        byte[] frame = Frames.Join(Frames.Hex(family), Frames.Packet(Frames.IPv6, Frames.Segment()));
        AssertSegment(PacketDecoder.Decode(frame, LinkType.Null), 4);
    }

    [Theory]
    [InlineData(new ushort[0], "0800")]
    [InlineData(new ushort[] { 100 }, "8100 0064 0800")]
    [InlineData(new ushort[] { 200, 100 }, "88a8 00c8 8100 0064 0800")]
    public void EthernetHeader_Written_IsWhatTheDecoderReads(ushort[] ids, string etherTypes)
    {
        VlanIds vlanIds = ids.Aggregate(default(VlanIds), (all, id) => all.Add(id));
        MacAddress source = MacAddress.FromBytes(Frames.Hex("020000000001"));
        EthernetHeader header = new(source, new(0x020000000002)) { VlanIds = vlanIds };
        byte[] frame = new byte[header.Length + s_packet.Length];
        s_packet.CopyTo(frame, header.WriteTo(EtherType.IPv4, frame));
        Assert.Equal("02:00:00:00:00:01", source.ToString());
        Assert.Equal(Frames.Ethernet(s_packet, etherTypes), frame);
        Assert.Equal(ids, PacketDecoder.Decode(frame, LinkType.Ethernet).VlanIds.ToArray());
        Assert.Throws<ArgumentException>(() => header.WriteTo(EtherType.IPv4, new byte[header.Length - 1]));
    }

    [Theory]
    [InlineData("4808")] // no data
    [InlineData("0842")] // encrypted
    [InlineData("8000")] // a beacon
    public void WirelessFrame_WithoutReadableData_IsNotTcp(string control)
    {
        byte[] frame = Frames.Join(Frames.Hex(control + "0000 020000000002 020000000003 020000000001 0000 aaaa03000000 0800"), s_packet);
        Assert.Equal(PacketStatus.NotTcp, PacketDecoder.Decode(frame, LinkType.Ieee80211).Status);
    }

    private static void AssertSegment(in DecodedPacket decoded, int ipOffset)
    {
        Assert.Equal(PacketStatus.Tcp, decoded.Status);
        Assert.Null(decoded.ProblemText);
        Assert.Equal(ipOffset, decoded.IpOffset);
        Assert.Equal(49152, decoded.Segment.SourcePort);
        Assert.Equal(new TcpTimestamps(7, 9), decoded.Segment.Options.Timestamps);
        Assert.Equal([0, 1, 2, 3, 4], decoded.Segment.Payload.ToArray());
        Assert.True(decoded.TcpChecksumValid);
    }
}
