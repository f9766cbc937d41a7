using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class RoundTripTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Proves", "MUST-2")]
    [Trait("Proves", "P60")]
    [Trait("Proves", "P61")]
    public void RandomSegment_WrittenAndDecoded_IsTheSame(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++)
        {
            PacketHeader ip = RandomHeader(random);
            TcpSegment segment = RandomSegment(random);
            byte[] packet = Frames.Packet(ip, segment);
            DecodedPacket decoded = Frames.DecodeRaw(packet);
            AssertSame(ip, segment, decoded);
            Assert.True(decoded.TcpChecksumValid);
            Assert.NotEqual(false, decoded.IpChecksumValid);
            HeaderDissectorTests.AssertTiled(HeaderDissector.Dissect(decoded.SegmentOctets.Span), decoded.TcpHeaderLength * 8);

            // What was read can be written again, octet for octet.
            PacketHeader again = new(decoded.Source, decoded.Destination)
            {
                Ttl = decoded.Ttl,
                TrafficClass = decoded.TrafficClass,
                Identification = (ushort)decoded.Identification,
                DontFragment = decoded.DontFragment,
                FlowLabel = decoded.FlowLabel,
            };
            Assert.Equal(packet, Frames.Packet(again, decoded.Segment));
        }
    }

    internal static void AssertSame(in PacketHeader ip, in TcpSegment segment, in DecodedPacket decoded)
    {
        TcpSegment read = decoded.Segment;
        Assert.Equal((PacketStatus.Tcp, DecodeProblem.None), (decoded.Status, decoded.Problem));
        Assert.Equal((ip.Source, ip.Destination, ip.Ttl, ip.TrafficClass), (decoded.Source, decoded.Destination, decoded.Ttl, decoded.TrafficClass));
        Assert.Equal((ip.Identification, ip.DontFragment, ip.FlowLabel), (decoded.Identification, decoded.DontFragment, decoded.FlowLabel));
        Assert.Equal((segment.SourcePort, segment.DestinationPort), (read.SourcePort, read.DestinationPort));
        Assert.Equal((segment.SequenceNumber, segment.AcknowledgmentNumber), (read.SequenceNumber, read.AcknowledgmentNumber));
        Assert.Equal((segment.Flags, segment.ReservedBits, segment.Window), (read.Flags, read.ReservedBits, read.Window));
        Assert.Equal((segment.UrgentPointer, segment.Length, segment.End), (read.UrgentPointer, read.Length, read.End));
        Assert.True(segment.Payload.Span.SequenceEqual(read.Payload.Span));
        Assert.Equal(segment.Payload.Length, decoded.SegmentLength);
        if (segment.Options.Wire.IsEmpty)
        {
            Assert.Equal(segment.Options.MaximumSegmentSize, read.Options.MaximumSegmentSize);
            Assert.Equal(segment.Options.WindowScale, read.Options.WindowScale);
            Assert.Equal(segment.Options.SackPermitted, read.Options.SackPermitted);
            Assert.Equal(segment.Options.Timestamps, read.Options.Timestamps);
            Assert.Equal(segment.Options.UserTimeout, read.Options.UserTimeout);
            Assert.Null(read.Options.Problem);
        }
        else
        {
            Assert.True(read.Options.Wire.Span.StartsWith(segment.Options.Wire.Span));
        }
    }

    private static PacketHeader RandomHeader(Random random)
    {
        bool isIPv6 = random.Next(2) == 0;
        IpAddress source = IpAddress.FromBytes(Octets(random, isIPv6 ? 16 : 4));
        IpAddress destination = IpAddress.FromBytes(Octets(random, isIPv6 ? 16 : 4));
        return new(source, destination)
        {
            Ttl = (byte)random.Next(256),
            TrafficClass = (byte)random.Next(256),
            Identification = isIPv6 ? (ushort)0 : (ushort)random.Next(65_536),
            DontFragment = !isIPv6 && random.Next(2) == 0,
            FlowLabel = isIPv6 ? (uint)random.Next(0x100000) : 0,
        };
    }

    private static TcpSegment RandomSegment(Random random) => new()
    {
        SourcePort = (ushort)random.Next(65_536),
        DestinationPort = (ushort)random.Next(65_536),
        SequenceNumber = (uint)random.NextInt64(1L << 32),
        AcknowledgmentNumber = (uint)random.NextInt64(1L << 32),
        Flags = (TcpFlags)random.Next(0x200),
        ReservedBits = (byte)random.Next(8),
        Window = (ushort)random.Next(65_536),
        UrgentPointer = (ushort)random.Next(65_536),
        Options = RandomOptions(random),
        Payload = Octets(random, random.Next(4) == 0 ? random.Next(2000) : random.Next(9)),
    };

    private static TcpOptions RandomOptions(Random random)
    {
        if (random.Next(4) == 0)
        {
            return new() { Wire = Octets(random, random.Next(41)) };
        }

        SackBlocks sack = default;
        for (int i = random.Next(5); i > 0; i--)
        {
            sack.TryAdd(new((uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32)));
        }

        return new()
        {
            MaximumSegmentSize = random.Next(2) == 0 ? null : (ushort)random.Next(65_536),
            WindowScale = random.Next(2) == 0 ? null : (byte)random.Next(256),
            SackPermitted = random.Next(2) == 0,
            Timestamps = random.Next(2) == 0 ? null : new((uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32)),
            UserTimeout = random.Next(2) == 0 ? null : (ushort)random.Next(65_536),
            Sack = sack,
        };
    }

    private static byte[] Octets(Random random, int length)
    {
        byte[] octets = new byte[length];
        random.NextBytes(octets);
        return octets;
    }
}
