using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class InternetChecksumTests
{
    [Theory]
    [InlineData("0001 f203 f4f5 f6f7", 0x220d)] // RFC 1071 3
    [InlineData("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7", 0xb861)]
    [InlineData("", 0xffff)]
    [InlineData("ff", 0x00ff)]
    [InlineData("ffff ffff", 0x0000)]
    public void Octets_Compute_GivesTheKnownChecksum(string hex, int expected) =>
        Assert.Equal(expected, InternetChecksum.Compute(Frames.Hex(hex)));

    [Fact]
    public void AnyLength_Compute_EqualsTheSumByHand()
    {
        var random = new Random(1);
        for (int length = 0; length < 300; length++)
        {
            byte[] octets = RandomOctets(random, length);
            Assert.Equal(ByHand(octets), InternetChecksum.Compute(octets));
            Array.Fill(octets, (byte)0xff);
            Assert.Equal(ByHand(octets), InternetChecksum.Compute(octets));
        }
    }

    [Fact]
    public void LargestSegment_OfOnes_KeepsEveryCarry()
    {
        byte[] octets = new byte[1 << 20];
        Array.Fill(octets, (byte)0xff);
        octets[^1] = 0xfe;
        Assert.Equal(ByHand(octets), InternetChecksum.Compute(octets));
    }

    [Fact]
    public void Pieces_OfAnySize_SumUpToTheWhole()
    {
        var random = new Random(2);
        for (int round = 0; round < 1000; round++)
        {
            byte[] octets = RandomOctets(random, random.Next(200));
            InternetChecksum checksum = default;
            for (int position = 0; position < octets.Length;)
            {
                int size = random.Next(1, octets.Length - position + 1);
                checksum.Add(octets.AsSpan(position, size));
                position += size;
            }

            Assert.Equal(ByHand(octets), checksum.Value);
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 5)]
    [InlineData(false, 1460)]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    [InlineData(true, 1440)]
    [Trait("Proves", "MUST-2")]
    public void Segment_Written_CarriesTheChecksumOfItsPseudoHeader(bool isIPv6, int payload)
    {
        PacketHeader ip = isIPv6 ? Frames.IPv6 : Frames.IPv4;
        byte[] packet = Frames.Packet(ip, Frames.Segment(payload));

        // The pseudo-headers as the RFCs draw them: RFC 9293 3.1 and RFC 8200 8.1.
        int headerSize = isIPv6 ? 40 : 20;
        byte[] segment = packet[headerSize..];
        byte[] pseudo = new byte[isIPv6 ? 40 : 12];
        ip.Source.WriteTo(pseudo);
        ip.Destination.WriteTo(pseudo.AsSpan(ip.Source.Size));
        pseudo[isIPv6 ? 39 : 9] = 6;
        BinaryPrimitives.WriteUInt16BigEndian(pseudo.AsSpan(isIPv6 ? 34 : 10), (ushort)segment.Length);
        Assert.Equal(0, ByHand(Frames.Join(pseudo, segment)));
        Assert.NotEqual(0, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(16)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Proves", "MUST-3")]
    [Trait("Proves", "P53")]
    public void Packet_AnyBitOfTheSegmentFlipped_IsFoundOut(bool isIPv6)
    {
        byte[] packet = Frames.Packet(isIPv6 ? Frames.IPv6 : Frames.IPv4, Frames.Segment(7));
        Assert.True(Frames.DecodeRaw(packet).TcpChecksumValid);
        int tcp = isIPv6 ? 40 : 20;
        for (int bit = tcp * 8; bit < packet.Length * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            DecodedPacket decoded = Frames.DecodeRaw(packet);

            // A flip in the data offset can make the header impossible; that is found out before the checksum.
            Assert.True(decoded.Status == PacketStatus.Malformed || decoded.TcpChecksumValid == false, $"bit {bit}");
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void IPv4Header_AnyBitFlipped_IsFoundOut()
    {
        byte[] packet = Frames.Packet(Frames.IPv4, Frames.Segment());
        Assert.True(Frames.DecodeRaw(packet).IpChecksumValid);
        for (int bit = 8; bit < 20 * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(true, Frames.DecodeRaw(packet).IpChecksumValid);
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static byte[] RandomOctets(Random random, int length)
    {
        byte[] octets = new byte[length];
        random.NextBytes(octets);
        return octets;
    }

    private static ushort ByHand(byte[] octets)
    {
        uint sum = 0;
        for (int i = 0; i < octets.Length; i += 2)
        {
            sum += (uint)((octets[i] << 8) | (i + 1 < octets.Length ? octets[i + 1] : 0));
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
