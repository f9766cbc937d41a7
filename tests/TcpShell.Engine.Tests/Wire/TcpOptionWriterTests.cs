using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class TcpOptionWriterTests
{
    private static readonly TcpTimestamps s_timestamps = new(1, 2);

    public static TheoryData<string, string> Layouts => new()
    {
        { "mss", "02 04 05b4" },
        { "mss wscale", "02 04 05b4 01 03 03 07" },
        { "mss sackOK", "02 04 05b4 01 01 04 02" },
        { "mss sackOK wscale", "02 04 05b4 01 01 04 02 01 03 03 07" },
        { "mss sackOK TS", "02 04 05b4 04 02 08 0a 00000001 00000002" },
        { "mss TS wscale", "02 04 05b4 01 01 08 0a 00000001 00000002 01 03 03 07" },
        { "mss sackOK TS wscale", "02 04 05b4 04 02 08 0a 00000001 00000002 01 03 03 07" },
        { "TS", "01 01 08 0a 00000001 00000002" },
        { "sack1", "01 01 05 0a 00000000 00000001" },
        { "TS sack1", "01 01 08 0a 00000001 00000002 01 01 05 0a 00000000 00000001" },
        { "uto", "1c 04 8001" },
        { "", "" },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Properties_Written_StandInLinuxOrder(string names, string expected)
    {
        TcpOptions options = Options(names);
        Assert.Equal(Convert.ToHexString(Frames.Hex(expected)), Convert.ToHexString(Write(options)));
    }

    [Theory]
    [InlineData("sack4", 4)]
    [InlineData("TS sack4", 3)]
    [InlineData("mss sackOK TS wscale sack4", 2)]
    [InlineData("mss sackOK TS wscale uto sack4", 1)]
    public void SackBlocks_MoreThanFit_AreLeftOutFromTheEnd(string names, int expected)
    {
        byte[] octets = Write(Options(names));
        TcpOptions read = TcpOptionReader.Read(octets);
        Assert.InRange(octets.Length, 0, TcpOptions.MaximumSize);
        Assert.Equal(Options(names).Sack.ToArray()[..expected], read.Sack.ToArray());
    }

    [Fact]
    [Trait("Proves", "MUST-68")]
    [Trait("Proves", "MUST-69")]
    public void EveryCombination_Written_IsWholeWordsWithLengthsAndReadsBack()
    {
        string[] names = ["mss", "wscale", "sackOK", "TS", "uto", "sack1", "sack2", "sack3", "sack4"];
        for (int set = 0; set < 1 << names.Length; set++)
        {
            TcpOptions options = Options(string.Join(' ', names.Where((_, i) => (set >> i & 1) != 0)));
            byte[] octets = Write(options);
            TcpOptions read = TcpOptionReader.Read(octets);
            Assert.Equal(0, octets.Length % 4);
            Assert.Null(read.Problem);
            Assert.Equal(options.MaximumSegmentSize, read.MaximumSegmentSize);
            Assert.Equal(options.WindowScale, read.WindowScale);
            Assert.Equal(options.SackPermitted, read.SackPermitted);
            Assert.Equal(options.Timestamps, read.Timestamps);
            Assert.Equal(options.UserTimeout, read.UserTimeout);

            // Without an end-of-list option there is nothing after one.
            Assert.DoesNotContain(TcpOptionReader.Enumerate(read), option => option.Kind == TcpOptionKind.EndOfList);
        }
    }

    [Theory]
    [InlineData("fd 03 01", "fd 03 01 00")]
    [InlineData("fd 02", "fd 02 00 00")]
    [InlineData("fd 05 010203", "fd 05 010203 00 00 00")]
    [InlineData("fd 04 0102", "fd 04 0102")]
    [InlineData("fd 00", "fd 00 00 00")]
    [Trait("Proves", "MUST-69")]
    [Trait("Proves", "P61")]
    public void Wire_NotWholeWords_IsPaddedWithZeros(string wire, string expected)
    {
        byte[] destination = new byte[TcpOptions.MaximumSize];
        Array.Fill(destination, (byte)0xcc);
        int size = TcpOptionWriter.Write(new() { Wire = Frames.Hex(wire) }, destination);
        Assert.Equal(Frames.Hex(expected), destination[..size]);
        Assert.All(destination[size..], octet => Assert.Equal(0xcc, octet));
    }

    [Fact]
    public void Wire_Above40Octets_IsRefused() =>
        Assert.Throws<ArgumentException>(() => TcpOptionWriter.SizeOf(new() { Wire = new byte[41] }));

    [Fact]
    public void Destination_TooShort_IsRefusedBeforeAnythingIsWritten()
    {
        byte[] destination = new byte[11];
        Assert.Throws<ArgumentException>(() => TcpOptionWriter.Write(Options("TS"), destination));
        Assert.All(destination, octet => Assert.Equal(0, octet));
    }

    private static byte[] Write(in TcpOptions options)
    {
        byte[] octets = new byte[TcpOptionWriter.SizeOf(options)];
        Assert.Equal(octets.Length, TcpOptionWriter.Write(options, octets));
        return octets;
    }

    private static TcpOptions Options(string names)
    {
        string[] set = names.Split(' ');
        int blocks = set.Where(name => name.StartsWith("sack") && char.IsDigit(name[^1])).Sum(name => name[^1] - '0');
        SackBlocks sack = default;
        for (uint i = 0; i < blocks; i++)
        {
            sack.TryAdd(new(i * 2, (i * 2) + 1));
        }

        return new()
        {
            MaximumSegmentSize = set.Contains("mss") ? 1460 : null,
            WindowScale = set.Contains("wscale") ? 7 : null,
            SackPermitted = set.Contains("sackOK"),
            Timestamps = set.Contains("TS") ? s_timestamps : null,
            UserTimeout = set.Contains("uto") ? 0x8001 : null,
            Sack = sack,
        };
    }
}
