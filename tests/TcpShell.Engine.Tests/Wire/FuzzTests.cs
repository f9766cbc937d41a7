using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Octets from outside never throw, never loop and never allocate, whatever they are.</summary>
[Trait("Proves", "P53")]
[Trait("Proves", "MUST-7")]
public class FuzzTests
{
    private const int Rounds = 1_000_000;

    public static TheoryData<LinkType> LinkTypes => new(Frames.LinkTypes);

    [Theory]
    [MemberData(nameof(LinkTypes))]
    public void MillionFrames_MutatedAndRandom_AreDecodedWithoutThrowingOrAllocating(LinkType linkType)
    {
        byte[][] templates = Templates(linkType);
        byte[] buffer = new byte[256];
        var random = new Xorshift((uint)linkType + 1);
        var seen = new bool[Enum.GetValues<PacketStatus>().Length];
        foreach (byte[] template in templates)
        {
            Look(PacketDecoder.Decode(template, linkType));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            int size = random.Mutate(templates, buffer);
            DecodedPacket decoded = PacketDecoder.Decode(buffer.AsMemory(0, size), linkType, (int)random.Next(3) * 40);
            Look(decoded);
            seen[(int)decoded.Status] = true;
        }

        // Less than a tenth of an octet for each frame: the runtime itself may allocate now and then, when it compiles a loop anew.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Rounds / 10);

        // A fuzzer whose packets are all refused at the first header would prove little.
        Assert.DoesNotContain(false, seen);
    }

    [Fact]
    public void HundredThousandSegments_MutatedAndRandom_AreDissectedWithoutThrowing()
    {
        byte[][] templates = [.. Templates(LinkType.IPv4).Select(packet => packet[20..])];
        byte[] buffer = new byte[256];
        var random = new Xorshift(99);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds / 10; round++)
        {
            ReadOnlyMemory<byte> octets = buffer.AsMemory(0, random.Mutate(templates, buffer));
            IReadOnlyList<HeaderField> fields = HeaderDissector.Dissect(octets.Span);
            Assert.InRange(fields.Count, 1, 150);
            if (round % 100 == 0)
            {
                int headerBits = octets.Length > 12 ? Math.Max(20, (octets.Span[12] >> 4) * 4) * 8 : 160;
                HeaderDissectorTests.AssertTiled(fields, Math.Min(headerBits, octets.Length * 8));
            }
        }

        long perHeader = (GC.GetAllocatedBytesForCurrentThread() - before) / (Rounds / 10);
        Assert.InRange(perHeader, 0, 16_384);
    }

    [Fact]
    public void HundredThousandOptionAreas_MutatedAndRandom_AreReadShownAndWrittenBack()
    {
        byte[][] templates =
        [
            Frames.Hex("020405b4 0402080a 00000001 00000002 01030307"),
            Frames.Hex("0101080a 00000001 00000002 0101050a 00000003 00000004"),
            Frames.Hex("1c04801e 22060102 03040101 1d050102 ff010100"),
        ];
        byte[] buffer = new byte[TcpOptions.MaximumSize];
        byte[] written = new byte[TcpOptions.MaximumSize];
        var random = new Xorshift(7);
        for (int round = 0; round < Rounds / 10; round++)
        {
            ReadOnlyMemory<byte> octets = buffer.AsMemory(0, random.Mutate(templates, buffer));
            TcpOptions options = TcpOptionReader.Read(octets);
            Assert.InRange(TcpOptionReader.Enumerate(options).Count(), 0, octets.Length);
            Assert.InRange(options.ToString().Length, 0, 400);
            int size = TcpOptionWriter.Write(options, written);
            Assert.True(written.AsSpan(0, size).StartsWith(octets.Span));
        }
    }

    [Fact]
    public void EveryFrameOfTwoOctetsOrFewer_OfEveryLinkType_IsAnswered()
    {
        foreach (LinkType linkType in Frames.LinkTypes)
        {
            Look(PacketDecoder.Decode(ReadOnlyMemory<byte>.Empty, linkType));
            for (int value = 0; value < 0x10000; value++)
            {
                byte[] frame = [(byte)(value >> 8), (byte)value];
                Assert.NotEqual(PacketStatus.Tcp, PacketDecoder.Decode(frame.AsMemory(0, 1), linkType).Status);
                Assert.NotEqual(PacketStatus.Tcp, PacketDecoder.Decode(frame, linkType).Status);
            }
        }
    }

    [Fact]
    public void EveryProblem_ThatAFrameCanHave_HasItsText()
    {
        byte[][] templates = Templates(LinkType.Ethernet);
        byte[] buffer = new byte[256];
        var random = new Xorshift(5);
        var texts = new Dictionary<DecodeProblem, string?>();
        for (int round = 0; round < Rounds / 10; round++)
        {
            DecodedPacket decoded = PacketDecoder.Decode(buffer.AsMemory(0, random.Mutate(templates, buffer)), LinkType.Ethernet);
            texts[decoded.Problem] = decoded.ProblemText;
        }

        Assert.All(texts, pair => Assert.Equal(pair.Key == DecodeProblem.None, pair.Value == null));
        Assert.InRange(texts.Count, 8, Enum.GetValues<DecodeProblem>().Length);
    }

    // Every member that does work is asked once; slices are used, so that a wrong one would show.
    private static void Look(in DecodedPacket decoded)
    {
        TcpSegment segment = decoded.Segment;
        _ = decoded.IpChecksumValid;
        _ = decoded.TcpChecksumValid;
        if (decoded.PayloadOffset < decoded.TcpOffset || decoded.IpHeaderLength < 0 || decoded.SegmentLength < segment.Payload.Length)
        {
            Assert.Fail($"The offsets and lengths of a {decoded.Status} packet contradict each other.");
        }

        if (segment.Options.Wire.Length > TcpOptions.MaximumSize || segment.Payload.Length > decoded.Frame.Length)
        {
            Assert.Fail("A slice is larger than what it is a slice of.");
        }
    }

    private static byte[][] Templates(LinkType linkType)
    {
        TcpSegment syn = Frames.Segment(0) with
        {
            Flags = TcpFlags.SYN,
            Options = new() { MaximumSegmentSize = 1460, SackPermitted = true, Timestamps = new(1, 0), WindowScale = 7 },
        };
        byte[] ipv4 = Frames.Packet(Frames.IPv4, Frames.Segment());
        byte[] ipv6 = Frames.Packet(Frames.IPv6, Frames.Segment());
        byte[] chain = Frames.Join(ipv6[..40], Frames.Hex("3c00050200000100 2b00010400000000 2c00000000000000 0600000000000007"), ipv6[40..]);
        (chain[5], chain[6]) = ((byte)(chain.Length - 40), 0);
        byte[] icmp = Frames.Join(Frames.Hex("4500 0055 0000 0000 40 01 0000 c0000201 c0000202 0301 0000 00000000"), ipv4);
        byte[] fragment = [.. ipv4];
        fragment[6] = 0x20;
        List<byte[]> frames = [.. new[] { Frames.Packet(Frames.IPv4, syn), ipv4, ipv6, chain, icmp, fragment }.Select(packet => Frames.Link(linkType, packet))];
        if (linkType == LinkType.Ethernet)
        {
            string[] stacks = ["88a8 00c8 8100 0064 0800", "8864 1100 0001 0047 0021", "8847 00064040 00064140", "0050 aaaa 03 000000 0800"];
            frames.AddRange(stacks.Select(etherTypes => Frames.Ethernet(ipv4, etherTypes)));
        }

        return [.. frames];
    }

    /// <summary>A small and fast source of numbers that are the same on every machine (Marsaglia 2003).</summary>
    private struct Xorshift(uint seed)
    {
        private uint _state = seed * 2654435769;

        public uint Next(uint limit)
        {
            _state ^= _state << 13;
            _state ^= _state >> 17;
            _state ^= _state << 5;
            return _state % limit;
        }

        /// <summary>Fills the buffer with a template with some octets changed and perhaps cut, or with noise.</summary>
        public int Mutate(byte[][] templates, byte[] buffer)
        {
            byte[] template = templates[Next((uint)templates.Length)];
            int size = Math.Min(template.Length, buffer.Length);
            if (Next(16) == 0)
            {
                for (int i = 0; i < size; i++)
                {
                    buffer[i] = (byte)Next(256);
                }
            }
            else
            {
                template.AsSpan(0, size).CopyTo(buffer);
                for (uint changes = Next(4); changes > 0; changes--)
                {
                    buffer[Next((uint)size)] = Next(4) switch
                    {
                        0 => 0,
                        1 => 0xff,
                        _ => (byte)Next(256),
                    };
                }
            }

            return Next(4) == 0 ? (int)Next((uint)size + 1) : size;
        }
    }
}
