using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

[Trait("Proves", "P61")]
public class PacketWriterTests
{
    [Fact]
    public void IPv4Packet_Written_IsTheseOctets()
    {
        TcpSegment segment = new()
        {
            SourcePort = 49152,
            DestinationPort = 80,
            SequenceNumber = 1,
            Flags = TcpFlags.SYN,
            Window = 65535,
            Options = new() { MaximumSegmentSize = 1460 },
        };
        string expected = "4500 002c 0000 4000 4006 26ca 0a000001 0a000002 c000 0050 00000001 00000000 6002 ffff c3d2 0000 020405b4";
        Assert.Equal(Convert.ToHexString(Frames.Hex(expected)), Convert.ToHexString(Frames.Packet(Frames.IPv4, segment)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryField_SetToItsExtremes_IsWrittenAndReadBack(bool isIPv6)
    {
        foreach (bool isHigh in new[] { false, true })
        {
            PacketHeader ip = (isIPv6 ? Frames.IPv6 : Frames.IPv4) with
            {
                Ttl = isHigh ? byte.MaxValue : (byte)0,
                TrafficClass = isHigh ? byte.MaxValue : (byte)0,
                Identification = isHigh && !isIPv6 ? ushort.MaxValue : (ushort)0,
                DontFragment = isHigh && !isIPv6,
                FlowLabel = isHigh && isIPv6 ? 0xfffffu : 0,
            };
            ushort field = isHigh ? ushort.MaxValue : (ushort)0;
            TcpSegment segment = new()
            {
                SourcePort = field,
                DestinationPort = field,
                SequenceNumber = isHigh ? uint.MaxValue : 0,
                AcknowledgmentNumber = isHigh ? uint.MaxValue : 0,
                Flags = isHigh ? (TcpFlags)0x1ff : TcpFlags.None,
                ReservedBits = isHigh ? (byte)7 : (byte)0,
                Window = field,
                UrgentPointer = field,
            };
            DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(ip, segment));
            RoundTripTests.AssertSame(ip, segment, decoded);
            Assert.True(decoded.TcpChecksumValid);
            Assert.Equal(isIPv6 ? null : true, decoded.IpChecksumValid);
        }
    }

    [Fact]
    public void Checksums_Overridden_AreWrongOnDemand()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment(), new() { Checksum = 0xbad0, IpChecksum = 0xbad1 });
        DecodedPacket decoded = Frames.DecodeRaw(packet);
        Assert.Equal((false, false), (decoded.TcpChecksumValid!.Value, decoded.IpChecksumValid!.Value));
        Assert.Equal(Frames.Hex("bad1"), packet[10..12]);
        Assert.Equal(Frames.Hex("bad0"), packet[36..38]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(15)]
    public void DataOffset_Overridden_LiesAndLeavesTheRestAlone(byte dataOffset)
    {
        byte[] right = Frames.SegmentOctets(Frames.Segment());
        byte[] lying = Frames.SegmentOctets(Frames.Segment(), new() { DataOffset = dataOffset });
        Assert.Equal(dataOffset, lying[12] >> 4);
        Assert.Equal(0, InternetChecksum.ComputeTcp(Frames.IPv4.Source, Frames.IPv4.Destination, lying));
        Assert.Equal(right[18..], lying[18..]);
    }

    [Fact]
    public void IpLength_Overridden_CutsTheDataForTheReader()
    {
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(Frames.IPv4, Frames.Segment(10), new() { IpLength = 55 }));
        Assert.Equal(3, decoded.SegmentLength);
    }

    [Fact]
    public void RawOptions_IllegalOnes_AreWrittenAsTheyAre()
    {
        byte[] illegal = Frames.Hex("02 00 ffff 08 ff 0000");
        byte[] octets = Frames.SegmentOctets(new() { Options = new() { Wire = illegal, MaximumSegmentSize = 1460 } });
        Assert.Equal(illegal, octets[20..]);
    }

    [Fact]
    public void Payload_AlreadyInTheDestination_IsNotOverwrittenByItsHeader()
    {
        byte[] expected = Frames.Packet(Frames.IPv4, Frames.Segment(100));
        byte[] buffer = new byte[expected.Length];
        TcpSegment segment = Frames.Segment(100);
        segment.Payload.CopyTo(buffer.AsMemory(30));
        PacketWriter.Write(Frames.IPv4, segment with { Payload = buffer.AsMemory(30, 100) }, buffer);
        Assert.Equal(expected, buffer);
    }

    [Fact]
    public void Calls_ThatCannotBe_AreRefused()
    {
        byte[] buffer = new byte[70_000];
        TcpSegment segment = Frames.Segment();
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment, buffer.AsSpan(0, 56)));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(new(Frames.IPv4.Source, Frames.IPv6.Source), segment, buffer));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment with { Payload = new byte[65_536] }, buffer));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment with { ReservedBits = 8 }, buffer));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment with { Flags = (TcpFlags)0x200 }, buffer));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment, buffer, new() { DataOffset = 16 }));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv6 with { FlowLabel = 0x100000 }, segment, buffer));
        Assert.Throws<ArgumentException>(() => PacketWriter.Write(Frames.IPv4, segment with { Options = new() { Wire = new byte[41] } }, buffer));
        Assert.All(buffer, octet => Assert.Equal(0, octet));
    }

    [Fact]
    public void LargestPackets_AreWritten()
    {
        Assert.Equal(65_535, Frames.Packet(Frames.IPv4, Frames.Segment(65_535 - 52)).Length);
        Assert.Equal(65_575, Frames.Packet(Frames.IPv6, Frames.Segment(65_535 - 32)).Length);
    }

    [Fact]
    public void Writing_DoesNotAllocate()
    {
        byte[] buffer = new byte[2000];
        TcpSegment segment = Frames.Segment(1460);
        PacketWriter.Write(Frames.IPv4, segment, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            PacketWriter.Write(Frames.IPv4, segment, buffer);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
