using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Segments inside of tunnels.</summary>
public class TunnelTests
{
    private static readonly byte[] s_inner = Frames.Packet(Frames.IPv4, Frames.Segment());
    private static readonly byte[] s_frame = Frames.Ethernet(s_inner, "0800");

    public static TheoryData<string, byte, string, bool> Tunnels() => new()
    {
        { "IP in IP", 4, "", false },
        { "GRE", 47, "0000 0800", false },
        { "GRE with checksum, key and sequence number", 47, "b000 0800 00000000 00000001 00000002", false },
        { "GRE with Ethernet", 47, "0000 6558", true },
        { "GRE with PPP (PPTP)", 47, "3081 880b 00000001 00000002 00000003 ff03 0021", false },
        { "ERSPAN 1", 47, "0000 88be", true },
        { "ERSPAN 2", 47, "1000 88be 00000001 1000000000000000", true },
        { "ERSPAN 3", 47, "1000 22eb 00000001 200000000000000000000000", true },
        { "WCCP 2", 47, "0000 883e 00000000", false },
        { "WCCP 1", 47, "0000 883e", false },
        { "GRE with MPLS", 47, "0000 8847 00064140", false },
        { "VXLAN", 17, "c000 12b5 0000 0000  08000000 00000100", true },
        { "Geneve", 17, "c000 17c1 0000 0000  0100 6558 00000100 00000000", true },
        { "Geneve with IP", 17, "c000 17c1 0000 0000  0000 0800 00000100", false },
        { "GTP-U", 17, "c000 0868 0000 0000  30 ff 0000 00000001", false },
        { "GTP-U with extension headers", 17, "0868 c000 0000 0000  34 ff 0000 00000001 0000 00 85  01 0000 c0  01 0000 00", false },
        { "GRE over UDP", 17, "c000 1292 0000 0000  0000 0800", false },
        { "AYIYA", 17, "c000 13d0 0000 0000  14 00 01 04 00000000 0000", false },
    };

    [Theory]
    [MemberData(nameof(Tunnels))]
    public void Segment_InATunnel_IsFound(string name, byte protocol, string headers, bool isEthernet)
    {
        byte[] packet = Outer(protocol, Frames.Join(Frames.Hex(headers), isEthernet ? s_frame : s_inner));
        DecodedPacket decoded = Frames.DecodeRaw(packet);

        Assert.True(decoded.Status == PacketStatus.Tcp, name);
        Assert.Equal((49152, 80), (decoded.Segment.SourcePort, decoded.Segment.DestinationPort));
        Assert.Equal(IpAddress.Parse("10.0.0.1"), decoded.Source);
        Assert.True(decoded.TcpChecksumValid);
    }

    [Theory]
    [MemberData(nameof(Tunnels))]
    public void Tunnel_CutAnywhere_NeitherThrowsNorGivesASegment(string name, byte protocol, string headers, bool isEthernet)
    {
        byte[] packet = Outer(protocol, Frames.Join(Frames.Hex(headers), isEthernet ? s_frame : s_inner));
        int inner = packet.Length - s_inner.Length;
        for (int size = 0; size < inner + 40; size++)
        {
            Assert.True(PacketDecoder.Decode(packet.AsMemory(0, size), LinkType.Raw).Status != PacketStatus.Tcp, $"{name} of {size} octets");
        }
    }

    [Fact]
    public void Udp_OnATunnelsPortWithSomethingElse_IsNotTcp()
    {
        byte[] packet = Outer(17, Frames.Join(Frames.Hex("c000 0868 0000 0000"), new byte[60]));
        Assert.Equal(PacketStatus.NotTcp, Frames.DecodeRaw(packet).Status);
    }

    // An IPv4 packet from another host, with the protocol and what it carries.
    private static byte[] Outer(byte protocol, byte[] payload)
    {
        byte[] header = Frames.Hex("4500 0000 0000 0000 40 00 0000 c0000201 c0000202");
        header[2] = (byte)((header.Length + payload.Length) >> 8);
        header[3] = (byte)(header.Length + payload.Length);
        header[9] = protocol;
        return Frames.Join(header, payload);
    }
}
