using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class TcpOptionReaderTests
{
    private const string Mss = "02 04 05b4";
    private const string WindowScale = "03 03 07";
    private const string SackPermitted = "04 02";
    private const string Sack = "05 12 00000001 00000002 fffffff0 00000010";
    private const string Timestamps = "08 0a 00000007 00000009";
    private const string UserTimeout = "1c 04 801e";
    private const string Unknown = "fd 06 01020304";

    public static TheoryData<string, int> OptionsAtOffsets()
    {
        var rows = new TheoryData<string, int>();
        foreach (string option in new[] { Mss, WindowScale, SackPermitted, Sack, Timestamps, UserTimeout })
        {
            for (int offset = 0; offset < 4; offset++)
            {
                rows.Add(option, offset);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(OptionsAtOffsets))]
    [Trait("Proves", "MUST-64")]
    public void KnownOption_AtAnyOffset_IsReadTheSame(string option, int offset)
    {
        TcpOptions options = Read(string.Concat(Enumerable.Repeat("01", offset)) + option);
        Assert.Null(options.Problem);
        Assert.Equal(option == Mss ? 1460 : null, (int?)options.MaximumSegmentSize);
        Assert.Equal(option == WindowScale ? 7 : null, (int?)options.WindowScale);
        Assert.Equal(option == SackPermitted, options.SackPermitted);
        Assert.Equal(option == Timestamps ? new TcpTimestamps(7, 9) : null, options.Timestamps);
        Assert.Equal(option == UserTimeout ? 0x801e : null, (int?)options.UserTimeout);
        SackBlock[] blocks = option == Sack ? [new(1u, 2u), new(0xfffffff0u, 0x10u)] : [];
        Assert.Equal(blocks, options.Sack.ToArray());
    }

    [Theory]
    [InlineData("02 04 05b4 01 00")]
    [InlineData("01 02 04 05b4 00")]
    [InlineData("01 01 02 04 05b4 00 00")]
    [Trait("Proves", "MUST-4")]
    public void MssNopAndEol_InEveryOrder_GiveTheMss(string hex) => Assert.Equal(1460, (int?)Read(hex).MaximumSegmentSize);

    [Fact]
    [Trait("Proves", "MUST-4")]
    public void EndOfList_BeforeAnOption_HidesIt()
    {
        TcpOptions options = Read("00" + Mss);
        Assert.Null(options.MaximumSegmentSize);
        Assert.Null(options.Problem);
    }

    [Fact]
    [Trait("Proves", "MUST-6")]
    public void UnknownOption_BeforeTheMss_IsSkippedAndKept()
    {
        TcpOptions options = Read(Unknown + Mss);
        Assert.Equal(1460, (int?)options.MaximumSegmentSize);
        Assert.Equal(["kind 253: 01020304", "MSS=1460"], TcpOptionReader.Enumerate(options).Select(option => option.ToString()));
        Assert.Equal(Frames.Hex(Unknown + Mss), options.Wire.ToArray());
    }

    [Theory]
    [InlineData("fd 00 0000", "below 2")]
    [InlineData("fd 01 0000", "below 2")]
    [InlineData("08 00 0000", "below 2")]
    [InlineData("fd 05 0000", "past the end")]
    [InlineData("fd ff 0000", "past the end")]
    [InlineData("01 01 01 fd", "between an option's kind and its length")]
    [Trait("Proves", "MUST-7")]
    [Trait("Proves", "P53")]
    public void IllegalLength_AfterTheMss_EndsTheWalkAndKeepsTheMss(string illegal, string problem)
    {
        TcpOptions options = Read(Mss + illegal);
        Assert.Equal(1460, (int?)options.MaximumSegmentSize);
        Assert.Contains(problem, options.Problem);
        Assert.Equal("MSS=1460", options.ToString());
    }

    [Theory]
    [InlineData(TcpFlags.None)]
    [InlineData(TcpFlags.ACK)]
    [InlineData(TcpFlags.FIN | TcpFlags.ACK)]
    [InlineData(TcpFlags.RST)]
    [InlineData(TcpFlags.SYN)]
    [Trait("Proves", "MUST-5")]
    public void AnySegment_WithOptions_IsDecodedWithThem(TcpFlags flags)
    {
        TcpSegment segment = Frames.Segment() with { Flags = flags, Options = new() { Wire = Frames.Hex("01" + Unknown + "00") } };
        DecodedPacket decoded = Frames.DecodeRaw(Frames.Packet(Frames.IPv4, segment));
        Assert.Equal(PacketStatus.Tcp, decoded.Status);
        Assert.Equal(flags, decoded.Segment.Flags);
        Assert.Equal("kind 253: 01020304", decoded.Segment.Options.ToString());
        Assert.Equal(segment.Payload.ToArray(), decoded.Segment.Payload.ToArray());
    }

    [Theory]
    [InlineData("02 03 05")]
    [InlineData("02 05 05b400")]
    [InlineData("03 02")]
    [InlineData("03 04 0700")]
    [InlineData("04 03 00")]
    [InlineData("05 02")]
    [InlineData("05 0b 000000010000000200")]
    [InlineData("08 09 00000007000000")]
    [InlineData("1c 03 80")]
    public void KnownOption_OfAWrongLength_IsIgnoredButKept(string hex)
    {
        TcpOptions options = Read(hex + Unknown);
        Assert.Null(options.Problem);
        Assert.True(options is { MaximumSegmentSize: null, WindowScale: null, SackPermitted: false, Timestamps: null, UserTimeout: null, Sack.Count: 0 });
        Assert.Equal(2, TcpOptionReader.Enumerate(options).Count());
    }

    [Fact]
    public void Duplicates_TheLastOneCounts()
    {
        TcpOptions options = Read(Mss + "02 04 0218" + Sack + "05 0a 00000005 00000006");
        Assert.Equal(536, (int?)options.MaximumSegmentSize);
        Assert.Equal([new(5u, 6u)], options.Sack.ToArray());
    }

    [Fact]
    public void WindowScale_Above14_IsKeptAsItStandsAndShownAs14()
    {
        TcpOptions options = Read("03 03 ff");
        Assert.Equal(255, (int?)options.WindowScale);
        Assert.Equal("WS=16384", options.ToString());
    }

    [Theory]
    [InlineData(Mss, "MSS=1460")]
    [InlineData(WindowScale, "WS=128")]
    [InlineData(SackPermitted, "SACK_PERM")]
    [InlineData(Timestamps, "TSval=7 TSecr=9")]
    [InlineData(Sack, "SLE=1 SRE=2 SLE=4294967280 SRE=16")]
    [InlineData(UserTimeout, "UTO=30min")]
    [InlineData("1c 04 001e", "UTO=30s")]
    [InlineData("22 02", "TFO=R")]
    [InlineData("22 06 01020304", "TFO=C 01020304")]
    [InlineData("13 12 00000000000000000000000000000000", "MD5")]
    [InlineData("1d 04 0102", "TCP-AO")]
    [InlineData("02 03 05", "kind 2: 05")]
    [InlineData("fd 02", "kind 253")]
    [InlineData("01 01 00", "")]
    public void Options_AsText_ReadLikeWiresharksInfoColumn(string hex, string expected) => Assert.Equal(expected, Read(hex).ToString());

    [Fact]
    public void TypedOptions_Enumerated_AreTheOnesThatWillBeWritten()
    {
        TcpOptions options = new() { Timestamps = new(1, 2) };
        Assert.Equal(
            [TcpOptionKind.NoOperation, TcpOptionKind.NoOperation, TcpOptionKind.Timestamps],
            TcpOptionReader.Enumerate(options).Select(option => option.Kind));
    }

    [Fact]
    [Trait("Proves", "MUST-7")]
    public void AnyLengthOctet_AtEachPlace_NeverReadsPastTheEnd()
    {
        for (int size = 1; size <= TcpOptions.MaximumSize; size++)
        {
            for (int length = 0; length <= 255; length++)
            {
                byte[] octets = new byte[size];
                Array.Fill(octets, (byte)length);
                var reader = new TcpOptionReader(octets);
                int end = 0;
                while (reader.MoveNext())
                {
                    Assert.Equal(end, reader.Offset);
                    end = reader.Offset + reader.Length;
                }

                Assert.InRange(end, 0, size);
                Assert.False(reader.MoveNext());
            }
        }
    }

    private static TcpOptions Read(string hex) => TcpOptionReader.Read(Frames.Hex(hex));
}
