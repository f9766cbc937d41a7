using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Files;

public sealed class PcapReaderTests
{
    private static readonly byte[] s_data = [1, 2, 3, 4, 5];

    [Theory]
    [InlineData(0xa1b2c3d4, false, 1_700_000_000_123_456_000, 1_000_000)]
    [InlineData(0xa1b2c3d4, true, 1_700_000_000_123_456_000, 1_000_000)]
    [InlineData(0xa1b23c4d, false, 1_700_000_000_000_123_456, 1_000_000_000)]
    [InlineData(0xa1b23c4d, true, 1_700_000_000_000_123_456, 1_000_000_000)]
    public void Pcap_EachMagicAndByteOrder_IsRead(uint magic, bool bigEndian, long nanoseconds, ulong unitsPerSecond)
    {
        using CaptureReader reader = new CaptureBytes(bigEndian).PcapHeader(magic, 101, snapLength: 96)
            .PcapRecord(1_700_000_000, 123_456, s_data, 1500).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal(CaptureFormat.Pcap, reader.Format);
        Assert.Equal(nanoseconds, frame.Timestamp.Nanoseconds);
        Assert.Equal(s_data, frame.Data.ToArray());
        Assert.Equal((1, 0, 101, 5, 1500u, 24), (frame.Number, frame.InterfaceId, (int)frame.LinkType, frame.CapturedLength, frame.OriginalLength, frame.FileOffset));
        Assert.Null(frame.Comment);
        CaptureInterface captureInterface = Assert.Single(reader.Interfaces);
        Assert.Equal((101, 96u, unitsPerSecond), ((int)captureInterface.LinkType, captureInterface.SnapLength, captureInterface.TimestampUnitsPerSecond));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void KuznetzovsVariant_LongRecordHeaders_AreRead(bool bigEndian)
    {
        var bytes = new CaptureBytes(bigEndian).PcapHeader(0xa1b2cd34);
        for (uint second = 1; second <= 2; second++)
        {
            bytes.U32(second).U32(7).U32(5).U32(5).U32(2).U16(0x0800).U8(0, 0).U8(s_data);
        }

        using CaptureReader reader = bytes.Open();
        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal([1_000_007_000, 2_000_007_000], frames.Select(frame => frame.Timestamp.Nanoseconds));
        Assert.All(frames, frame => Assert.Equal(s_data, frame.Data.ToArray()));
    }

    [Theory]
    [InlineData(0xa1b2c3d4, 16)] // what all write
    [InlineData(0xa1b2c3d4, 20)] // Nokia
    [InlineData(0xa1b2c3d4, 24)] // Red Hat 6.1
    [InlineData(0xa1b2cd34, 24)] // Kuznetzov
    [InlineData(0xa1b2cd34, 28)] // SuSE 6.3
    public void Variants_ByTheirRecords_AreRead(uint magic, int headerLength)
    {
        foreach (bool isBigEndian in new[] { false, true })
        {
            foreach (int count in new[] { 2, 3, 200 })
            {
                using CaptureReader reader = Variant(magic, headerLength, count, isBigEndian).Open();
                List<CapturedFrame> frames = reader.ReadAll();

                Assert.Null(reader.Problem);
                Assert.Equal(Enumerable.Range(0, count).Select(i => FrameOf(i)), frames.Select(frame => frame.Data.ToArray()));
                Assert.Equal(Enumerable.Range(0, count).Select(TimeOf), frames.Select(frame => frame.Timestamp.Nanoseconds));
                Assert.Equal(Enumerable.Range(0, count).Select(i => 60u + (uint)i), frames.Select(frame => frame.OriginalLength));
            }
        }
    }

    // A pipe may bring the file's header first, and the records when there are any.
    [Theory]
    [InlineData(0xa1b2c3d4, 20)]
    [InlineData(0xa1b2cd34, 28)]
    public void Variants_WhoseRecordsComeAfterTheirHeader_AreRead(uint magic, int headerLength)
    {
        byte[] whole = Variant(magic, headerLength, 3, isBigEndian: false).ToArray();
        using CaptureReader reader = CaptureReader.Open(new PieceStream(whole[..24], whole[24..]));

        Assert.Equal(3, reader.ReadAll().Count);
        Assert.Null(reader.Problem);
    }

    // A file that ends in the middle, or has one record that cannot be, is what its magic number says, with damage.
    [Theory]
    [InlineData(0xa1b2c3d4, 16)]
    [InlineData(0xa1b2cd34, 24)]
    public void Damage_IsNotTakenForAVariant(uint magic, int headerLength)
    {
        byte[] whole = Variant(magic, headerLength, 12, isBigEndian: false).ToArray();
        for (int length = 24; length < whole.Length; length++)
        {
            using CaptureReader reader = CaptureReader.Open(new MemoryStream(whole, 0, length));
            Assert.All(reader.ReadAll(), (frame, i) => Assert.Equal(FrameOf(i), frame.Data.ToArray()));
        }

        var random = new Random(3);
        int damaged = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] changed = [.. whole];
            int at = random.Next(24, whole.Length);
            changed[at] = (byte)random.Next(256);
            using CaptureReader reader = CaptureReader.Open(new MemoryStream(changed));
            List<CapturedFrame> frames = reader.ReadAll();

            // All before the change are what they were.
            Assert.All(frames.Where(frame => frame.FileOffset + headerLength + frame.CapturedLength <= at), (frame, i) => Assert.Equal(FrameOf(i), frame.Data.ToArray()));
            damaged += reader.Problem is null ? 0 : 1;
        }

        Assert.InRange(damaged, 1000, 19_000);
    }

    // Ethernet headers of different lengths behind them, so that no two records are alike.
    private static CaptureBytes Variant(uint magic, int headerLength, int count, bool isBigEndian)
    {
        CaptureBytes bytes = new CaptureBytes(isBigEndian).PcapHeader(magic);
        for (int i = 0; i < count; i++)
        {
            byte[] more = [2, 0, 0, 0, 0, 8, 0, 0, 1, 1, 0, 0];
            bytes.U32((uint)(TimeOf(i) / 1_000_000_000)).U32((uint)(TimeOf(i) / 1000 % 1_000_000)).U32((uint)FrameOf(i).Length).U32(60u + (uint)i)
                .U8(more[..(headerLength - 16)]).U8(FrameOf(i));
        }

        return bytes;
    }

    // In the middle years pass: files are put together.
    private static long TimeOf(int i) => 940_000_000_123_456_000 + (i * 700_007_000L) + (i > 5 ? 300_000_000_000_000_000 : 0);

    private static byte[] FrameOf(int i) =>
        [0, 0x10, 0x5a, 1, 2, 3, 0, 0x10, 0x5a, 4, 5, 6, 8, 0, 0x45, 0, 0, (byte)(20 + (i % 40)), .. Enumerable.Range(0, i % 40).Select(octet => (byte)(octet * i))];

    [Theory]
    [InlineData(4, 5u, 60u, 60u)] // as the file says
    [InlineData(3, 5u, 60u, 60u)]
    [InlineData(3, 60u, 5u, 60u)] // some 2.3 writers had them the other way round
    [InlineData(2, 60u, 5u, 60u)] // before 2.3 all had
    public void OldVersions_SwappedLengths_AreTakenTheRightWayRound(int minor, uint first, uint second, uint original)
    {
        using CaptureReader reader = new CaptureBytes().PcapHeader(minor: (ushort)minor)
            .U32(0).U32(0).U32(first).U32(second).U8(s_data).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal(s_data, frame.Data.ToArray());
        Assert.Equal(original, frame.OriginalLength);
    }

    [Fact]
    public void LinkTypeField_WithLengthOfFrameCheckSequence_IsMasked()
    {
        using CaptureReader reader = new CaptureBytes().PcapHeader(linkType: 0x4400_0001).PcapRecord(0, 0, s_data).Open();

        Assert.Equal(1, (int)reader.ReadOne().LinkType);
    }

    [Fact]
    public void Version_Unknown_IsUnsupported()
    {
        CaptureFormatException exception = Assert.Throws<CaptureFormatException>(() => new CaptureBytes().PcapHeader(minor: 5).Open());

        Assert.Equal(CaptureProblemKind.Unsupported, exception.Problem.Kind);
        Assert.Contains("2.5", exception.Message);
    }

    [Fact]
    public void CapturedLength_Absurd_IsMalformedAndAllBeforeIsDelivered()
    {
        using CaptureReader reader = new CaptureBytes().PcapHeader().PcapRecord(1, 0, s_data)
            .U32(2).U32(0).U32(0x7fff_ffff).U32(5).U8(s_data).Open();

        Assert.Single(reader.ReadAll());
        Assert.Equal((CaptureProblemKind.Malformed, 45), (reader.Problem!.Kind, reader.Problem.Offset));
        Assert.Contains("2147483647", reader.Problem.Message);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void LargestFrame_IsRead()
    {
        byte[] data = new byte[CaptureReader.MaximumFrameLength];
        data[^1] = 9;
        using CaptureReader reader = new CaptureBytes().PcapHeader().PcapRecord(1, 0, s_data).PcapRecord(2, 0, data).PcapRecord(3, 0, s_data).Open();

        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal([5, data.Length, 5], frames.Select(frame => frame.CapturedLength));
        Assert.Equal(9, frames[1].Data.Span[^1]);
    }

    [Fact]
    public void Snoop_Rfc1761_IsRead()
    {
        using CaptureReader reader = new CaptureBytes(bigEndian: true).U8(CaptureBytes.Text("snoop\0\0\0")).U32(2).U32(4)
            .U32(60).U32(5).U32(32).U32(0).U32(100).U32(250_000).U8(s_data).U8(0, 0, 0).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal(CaptureFormat.Snoop, reader.Format);
        Assert.Equal((1, 60u, 100_250_000_000), ((int)frame.LinkType, frame.OriginalLength, frame.Timestamp.Nanoseconds));
        Assert.Equal(s_data, frame.Data.ToArray());
    }

    /// <summary>Gives what it has piece by piece, as a pipe does.</summary>
    private sealed class PieceStream(params byte[][] pieces) : ForwardStream
    {
        private int _next;

        public override int Read(Span<byte> buffer)
        {
            if (_next == pieces.Length)
            {
                return 0;
            }

            pieces[_next].CopyTo(buffer);
            return pieces[_next++].Length;
        }
    }
}
