using System.IO.Compression;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Files;

/// <summary>Files that were cut, mutated or never were captures.</summary>
public sealed class CaptureDamageTests
{
    private const int Frames = 4;

    /// <summary>A sound capture, and the offsets at which its records or blocks start.</summary>
    private static (byte[] Bytes, int[] Starts, Func<int, int> FramesBefore) Sample(string format)
    {
        bool bigEndian = format.EndsWith("BE", StringComparison.Ordinal);
        var bytes = new CaptureBytes(bigEndian);
        var starts = new List<int>();
        if (format.StartsWith("pcapng", StringComparison.Ordinal))
        {
            bytes.Section();
            Add(() => bytes.Interface(1, 0, (2, CaptureBytes.Text("eth0")), (9, [9])));
            Add(() => bytes.EnhancedPacket(0, 1, [1, 2, 3], null, (1, CaptureBytes.Text("first"))));
            Add(() => bytes.SimplePacket(5, [1, 2, 3, 4, 5]));
            Add(() => bytes.Block(5, new CaptureBytes(bigEndian).U64(7)));
            Add(() => bytes.ObsoletePacket(0, 3, [9]));
            Add(() => bytes.EnhancedPacket(0, 4, []));
            return (bytes.ToArray(), [.. starts], block => new[] { 0, 0, 1, 2, 2, 3, 4 }[block]);
        }

        if (format == "snoop")
        {
            bytes = new CaptureBytes(bigEndian: true).U8(CaptureBytes.Text("snoop\0\0\0")).U32(2).U32(4);
            for (int i = 0; i < Frames; i++)
            {
                Add(() => bytes.U32(5).U32(5).U32(32).U32(0).U32(100).U32(0).U8(1, 2, 3, 4, 5, 0, 0, 0));
            }
        }
        else
        {
            bytes.PcapHeader();
            for (uint i = 0; i < Frames; i++)
            {
                Add(() => bytes.PcapRecord(i, i, new byte[5 * i]));
            }
        }

        return (bytes.ToArray(), [.. starts], record => record);

        void Add(Func<CaptureBytes> add)
        {
            starts.Add(bytes.Length);
            add();
        }
    }

    [Theory]
    [InlineData("pcap LE")]
    [InlineData("pcap BE")]
    [InlineData("pcapng LE")]
    [InlineData("pcapng BE")]
    [InlineData("snoop")]
    public void File_CutAtEveryByte_GivesAllBeforeAndThenTheOffset(string format)
    {
        (byte[] whole, int[] starts, Func<int, int> framesBefore) = Sample(format);
        for (int length = 0; length <= whole.Length; length++)
        {
            var stream = new MemoryStream(whole, 0, length);
            if (length < starts[0])
            {
                CaptureFormatException exception = Assert.Throws<CaptureFormatException>(() => CaptureReader.Open(stream));
                Assert.Equal(length < 4 ? CaptureProblemKind.NotACapture : CaptureProblemKind.Truncated, exception.Problem.Kind);
                Assert.Equal(0, exception.Problem.Offset);
                continue;
            }

            int complete = starts.Skip(1).Append(whole.Length).Count(end => end <= length);
            using CaptureReader reader = CaptureReader.Open(stream);
            Assert.Equal(framesBefore(complete), reader.ReadAll().Count);
            int soundUpTo = complete == starts.Length ? whole.Length : starts[complete];
            if (length == soundUpTo)
            {
                Assert.Null(reader.Problem);
            }
            else
            {
                Assert.Equal((CaptureProblemKind.Truncated, soundUpTo), (reader.Problem!.Kind, reader.Problem.Offset));
                Assert.Contains($"ends at byte {length}", reader.Problem.Message);
            }
        }
    }

    [Theory]
    [InlineData("pcap LE", 1)]
    [InlineData("pcap BE", 2)]
    [InlineData("pcapng LE", 3)]
    [InlineData("pcapng BE", 4)]
    [InlineData("snoop", 5)]
    public void File_Mutated20000Times_NeverThrowsHangsOrGrows(string format, int seed)
    {
        byte[] whole = Sample(format).Bytes;
        var random = new Random(seed);
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] mutated = Mutate(whole, random);
            try
            {
                using CaptureReader reader = CaptureReader.Open(new MemoryStream(mutated));
                int frames = 0;
                while (reader.TryRead(out CapturedFrame frame))
                {
                    Assert.True(++frames <= mutated.Length / 16, "more frames than headers would fit");
                    Assert.InRange(frame.CapturedLength, 0, mutated.Length);
                }
            }
            catch (CaptureFormatException exception)
            {
                Assert.NotEmpty(exception.Message);
            }
        }

        // A length in the file never decides how much is allocated: an exception and a small window are all that a round takes.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - allocatedBefore) / 20_000, 0, 16_000);
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        byte[] bytes = [.. whole];
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.AsSpan(at, Math.Min(4, bytes.Length - at)).Fill((byte)(random.Next(2) * 255));
                    break;
                case 3 when bytes.Length > 1:
                    bytes = bytes[..at];
                    break;
                default:
                    int length = random.Next(bytes.Length - at);
                    bytes = [.. bytes[..at], .. bytes.AsSpan(at, length), .. bytes[at..]];
                    break;
            }

            if (bytes.Length == 0)
            {
                break;
            }
        }

        return bytes;
    }

    [Theory]
    [InlineData("", "empty", CaptureProblemKind.NotACapture)]
    [InlineData("68", "68", CaptureProblemKind.NotACapture)]
    [InlineData("68656c6c6f", "68656C6C", CaptureProblemKind.NotACapture)]
    [InlineData("28b52ffd00", "zstd", CaptureProblemKind.Unsupported)]
    [InlineData("504b030400", "zip", CaptureProblemKind.Unsupported)]
    [InlineData("1f8b080000000000", "gzip", CaptureProblemKind.Truncated)]
    public void Stream_NoCapture_IsRefusedWithTheReason(string hex, string reason, CaptureProblemKind kind)
    {
        var stream = new MemoryStream(Convert.FromHexString(hex));

        CaptureFormatException exception = Assert.Throws<CaptureFormatException>(() => CaptureReader.Open(stream));

        Assert.Equal(kind, exception.Problem.Kind);
        Assert.Contains(reason, exception.Message);
        Assert.False(stream.CanRead, "the stream is closed when opening fails");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gzip_OnStreamsThatSeekOrNot_IsUnpacked(bool canSeek)
    {
        (byte[] whole, int[] starts, _) = Sample("pcapng LE");
        using CaptureReader reader = CaptureReader.Open(new TricklingStream(Pack(whole), canSeek));

        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.True(reader.IsCompressed);
        Assert.Equal(Frames, frames.Count);
        Assert.Equal(starts[1], frames[0].FileOffset);
        Assert.Equal(canSeek, reader.Length is not null);
    }

    [Fact]
    public void Gzip_CutAnywhere_SaysSoUnlessWhatIsLeftIsACaptureOfItsOwn()
    {
        // The framework's unpacker takes the end of the stream for the end of the data, wherever it comes.
        (byte[] whole, int[] starts, _) = Sample("pcap LE");
        byte[] packed = Pack(whole);
        int problems = 0;
        for (int length = 2; length < packed.Length; length++)
        {
            try
            {
                using CaptureReader reader = CaptureReader.Open(new MemoryStream(packed, 0, length));
                List<CapturedFrame> frames = reader.ReadAll();
                Assert.Equal(starts[..frames.Count], frames.Select(frame => (int)frame.FileOffset));
                Assert.True(reader.Problem is null || reader.Problem.Offset == (starts.ElementAtOrDefault(frames.Count) is > 0 and int next ? next : whole.Length));
                problems += reader.Problem is null ? 0 : 1;
            }
            catch (CaptureFormatException exception)
            {
                Assert.NotEqual(CaptureProblemKind.Unsupported, exception.Problem.Kind);
            }
        }

        Assert.True(problems > 10, $"only {problems} cuts were noticed");
    }

    [Fact]
    public void Stream_ThatDeliversByteByByte_GivesTheSameFrames()
    {
        (byte[] whole, _, _) = Sample("pcap LE");
        using CaptureReader direct = CaptureReader.Open(new MemoryStream(whole));
        using CaptureReader trickling = CaptureReader.Open(new TricklingStream(whole, canSeek: false));

        Assert.Equal(
            direct.ReadAll().Select(frame => (frame.Number, frame.Timestamp, frame.FileOffset, Convert.ToHexString(frame.Data.Span))),
            trickling.ReadAll().Select(frame => (frame.Number, frame.Timestamp, frame.FileOffset, Convert.ToHexString(frame.Data.Span))));
    }

    [Fact]
    public void Frame_Copied_StaysValidWhenTheWindowMoves()
    {
        var bytes = new CaptureBytes().PcapHeader();
        for (uint i = 0; i < 1000; i++)
        {
            byte[] data = new byte[1000];
            Array.Fill(data, (byte)i);
            bytes.PcapRecord(i, 0, data);
        }

        using CaptureReader reader = bytes.Open();
        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Equal(1000, frames.Count);
        Assert.All(frames, frame => Assert.Equal(1000, frame.Data.Span.Count((byte)(frame.Number - 1))));
        Assert.Equal(reader.Length, reader.BytesRead);
    }

    private static byte[] Pack(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>Gives one byte at a time, as a slow pipe does.</summary>
    private sealed class TricklingStream(byte[] bytes, bool canSeek) : MemoryStream(bytes)
    {
        public override bool CanSeek => canSeek;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));
    }
}
