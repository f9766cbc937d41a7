using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

[Trait("Proves", "P60")]
public class HeaderDissectorTests
{
    [Fact]
    public void SynAck_Dissected_ShowsEveryFieldWithPlaceWidthAndValue()
    {
        byte[] header = Frames.Hex("0050 c000 00000001 00000002 7012 ffff abcd 0000 02 04 05b4 01 03 03 07");
        (string, int, int, ulong?, string)[] expected =
        [
            ("Source Port", 0, 16, 80, "80"),
            ("Destination Port", 16, 16, 49152, "49152"),
            ("Sequence Number", 32, 32, 1, "1"),
            ("Acknowledgment Number", 64, 32, 2, "2"),
            ("Data Offset", 96, 4, 7, "7 (28 octets)"),
            ("Reserved", 100, 3, 0, "0"),
            ("Flags", 103, 9, 0x12, "SYN, ACK"),
            ("Window", 112, 16, 65535, "65535"),
            ("Checksum", 128, 16, 0xabcd, "0xabcd"),
            ("Urgent Pointer", 144, 16, 0, "0"),
            ("Option Maximum Segment Size", 160, 32, 0x020405b4, "MSS=1460"),
            ("Option No-Operation", 192, 8, 1, "NOP"),
            ("Option Window Scale", 200, 24, 0x030307, "WS=128"),
        ];
        Assert.Equal(expected, Fields(header).Select(field => (field.Name, field.BitOffset, field.BitWidth, field.Value, field.Text)));
    }

    [Fact]
    public void Flags_Dissected_AreNineSingleBits()
    {
        byte[] header = Frames.Hex("0050 c000 00000001 00000002 5152 ffff 0000 0000");
        HeaderField[] bits = [.. HeaderDissector.Dissect(header).Where(field => field.Level == 1)];
        Assert.Equal(["AE", "CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"], bits.Select(bit => bit.Name));
        Assert.Equal(Enumerable.Range(103, 9), bits.Select(bit => bit.BitOffset));
        Assert.Equal(["AE", "ECE", "ACK", "SYN"], bits.Where(bit => bit.Value == 1).Select(bit => bit.Name));
    }

    [Theory]
    [InlineData("08 0a 00000007 00000009 01 01", "Kind=8 Length=10 TSval=7 TSecr=9")]
    [InlineData("05 0a 00000003 00000004 01 01", "Kind=5 Length=10 Left Edge 1=3 Right Edge 1=4")]
    [InlineData("1c 04 801e", "Kind=28 Length=4 Granularity=1 User Timeout=30")]
    [InlineData("22 06 01020304 01 01", "Kind=34 Length=6 Data=16909060")]
    [InlineData("1d 05 01 02 ff 01 01 01", "Kind=29 Length=5 KeyID=1 RNextKeyID=2 MAC=255")]
    [InlineData("02 03 05 01", "Kind=2 Length=3 Data=5")]
    [InlineData("fd 0e 0102030405060708090a0b0c 01 01", "Kind=253 Length=14 Data=0102030405060708090a0b0c")]
    public void Option_Dissected_HasItsPartsBehindIt(string option, string expected)
    {
        byte[] octets = SegmentWith(option);
        IEnumerable<HeaderField> parts = HeaderDissector.Dissect(octets).Where(field => field.Level == 1).Skip(9);
        Assert.Equal(expected, string.Join(' ', parts.Select(part => $"{part.Name}={part.Text}")));
    }

    [Fact]
    public void EveryHeaderLength_Dissected_IsTiledWithoutGapOrOverlap()
    {
        for (int words = 5; words <= 15; words++)
        {
            byte[] octets = SegmentWith(string.Concat(Enumerable.Repeat("02 04 05b4", words - 5)));
            IReadOnlyList<HeaderField> fields = HeaderDissector.Dissect(Frames.Join(octets, [1, 2, 3]));
            AssertTiled(fields, words * 32);
            Assert.DoesNotContain(fields, field => field.IsProblem);
        }
    }

    [Fact]
    [Trait("Proves", "P53")]
    public void Header_CutAnywhere_ShowsWhatIsThereAndOneProblem()
    {
        byte[] octets = SegmentWith("08 0a 00000007 00000009 01 01");
        for (int size = 0; size < octets.Length; size++)
        {
            IReadOnlyList<HeaderField> fields = HeaderDissector.Dissect(octets.AsSpan(0, size));
            AssertTiled(fields, size * 8);
            Assert.Contains(fields, field => field.IsProblem);
        }
    }

    [Theory]
    [InlineData(0, "TCP header length 0 is below 20.")]
    [InlineData(4, "TCP header length 16 is below 20.")]
    [InlineData(7, "TCP header length 28 is above the 24 octets that are there.")]
    [Trait("Proves", "P53")]
    public void DataOffset_Wrong_IsNamed(byte dataOffset, string expected)
    {
        byte[] octets = Frames.SegmentOctets(
            new() { Options = new() { Wire = Frames.Hex("02 04 05b4") } },
            new() { DataOffset = dataOffset });
        Assert.Equal(expected, Assert.Single(HeaderDissector.Dissect(octets), field => field.IsProblem).Text);
    }

    [Theory]
    [InlineData("02 04 05b4 fd 00 0000", 192, 32)]
    [InlineData("fd 01 0000", 160, 32)]
    [InlineData("01 fd 28 00", 168, 24)]
    [InlineData("01 01 01 08", 184, 8)]
    [Trait("Proves", "MUST-7")]
    [Trait("Proves", "P53")]
    public void OptionLength_Illegal_MakesTheRestAProblem(string options, int offset, int width)
    {
        HeaderField problem = Assert.Single(HeaderDissector.Dissect(SegmentWith(options)), field => field.IsProblem);
        Assert.Equal((offset, width), (problem.BitOffset, problem.BitWidth));
    }

    [Theory]
    [InlineData("02 04 05b4 00 00 00 00", "zeros")]
    [InlineData("02 04 05b4 00 00 12 00", "001200, not zeros (RFC 9293 MUST-69)")]
    [Trait("Proves", "MUST-69")]
    public void Padding_AfterEndOfList_IsShown(string options, string expected)
    {
        HeaderField padding = Fields(SegmentWith(options)).Last();
        Assert.Equal(("Padding", 200, 24, expected), (padding.Name, padding.BitOffset, padding.BitWidth, padding.Text));
    }

    [Fact]
    public void LiveSegment_Written_CanBeDissected()
    {
        IReadOnlyList<HeaderField> fields = HeaderDissector.Dissect(Frames.SegmentOctets(Frames.Segment()));
        Assert.Equal(49152ul, fields[0].Value);
        Assert.Equal("TSval=7 TSecr=9", fields.Last(field => field.Level == 0).Text);
    }

    private static IEnumerable<HeaderField> Fields(byte[] octets) => HeaderDissector.Dissect(octets).Where(field => field.Level == 0);

    private static byte[] SegmentWith(string options) => Frames.SegmentOctets(new() { Options = new() { Wire = Frames.Hex(options) } });

    // Fields stand side by side, and the parts of a field stand side by side within it.
    internal static void AssertTiled(IReadOnlyList<HeaderField> fields, int bits)
    {
        int position = 0;
        int part = 0;
        foreach (HeaderField field in fields)
        {
            Assert.Equal(field.Level == 0 ? position : part, field.BitOffset);
            part = field.Level == 0 ? field.BitOffset : part + field.BitWidth;
            position += field.Level == 0 ? field.BitWidth : 0;
            Assert.InRange(part, 0, position);
        }

        Assert.Equal(bits, position);
    }
}
