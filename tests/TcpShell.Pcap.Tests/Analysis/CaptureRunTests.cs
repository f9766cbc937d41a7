using System.Text.RegularExpressions;
using System.IO.Compression;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Pcap.Streams;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>Captures read side by side, and packets of conversations found again.</summary>
public sealed class CaptureRunTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void ParallelRuns_OfManyCaptures_GiveTheSameInTheSameOrder(int workers)
    {
        string[] files = [.. SharedCaptures.Index.Take(150).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"]))];
        List<string> expected = [];
        foreach (string file in files)
        {
            using var run = new CaptureRun([file]);
            bool goesOn = run.Open();
            while (goesOn)
            {
                goesOn = run.Advance();
                while (run.TryTake(out TcpConversation? conversation))
                {
                    expected.Add($"{file} {conversation}");
                }
            }
        }

        List<string> found = [];
        using (var runs = new ParallelRuns([.. files.Select(file => new CaptureRun([file]))], workers))
        {
            for (int i = 0; i < files.Length; i++)
            {
                found.AddRange(runs.Take(i, s_patience).OfType<TcpConversation>().Select(conversation => $"{files[i]} {conversation}"));
            }
        }

        Assert.NotEmpty(expected);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void ParallelRuns_OfManyCaptures_CloseEachAtItsEnd()
    {
        string[] files = [.. SharedCaptures.Index.Take(60).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"]))];
        CaptureRun[] each = [.. files.Select(file => new CaptureRun([file]))];
        using var runs = new ParallelRuns(each, 2);
        for (int i = 0; i < files.Length; i++)
        {
            _ = runs.Take(i, s_patience).Count();

            // A file that is closed tells no length; what is to be said of the run stays.
            Assert.All(each[i].Readers, reader => Assert.Null(reader.Length));
            Assert.Equal(new FileInfo(files[i]).Length, each[i].BytesRead);
        }
    }

    [Fact]
    public void ParallelRuns_ThatNobodyReadsToTheEnd_Stop()
    {
        string[] files = [.. SharedCaptures.Index.Take(50).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"]))];
        using var runs = new ParallelRuns([.. files.Select(file => new CaptureRun([file]))], 4);
        Assert.NotEmpty(runs.Take(0, s_patience).Take(1));
    }

    [Theory]
    [InlineData("in time order", false)]
    [InlineData("in time order", true)]
    [InlineData("by turns", false)]
    [InlineData("by turns", true)]
    public void Captures_SplitIntoMany_AreReadAsTheWholeOne_OpenOnlyWhenTheirTimeHasCome(string how, bool isPacked)
    {
        const int Parts = 20;
        string whole = Path.Combine(SharedCaptures.Folder, "zeek/http/m57-long-49583-80.pcap");
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string[] parts = Split(whole, folder, Parts, how == "by turns" ? (frame, _) => frame % Parts : (frame, count) => (int)((long)frame * Parts / count), isPacked);
            using var one = new CaptureRun([whole]);
            using var many = new CaptureRun([.. parts.Reverse()]);
            string found = CaptureAnalysisTests.Describe(many.Drain());

            // Frames with the same time come in the order of the files: that is why the names are told in reverse and the times are all different.
            Assert.Equal(CaptureAnalysisTests.Describe(one.Drain()), found);
            Assert.Empty(many.Troubles);
            Assert.Equal(one.Frames, many.Frames);
            using var segments = new CaptureRun([.. parts.Reverse()]);
            segments.Open();
            var mostOpen = 0;
            Assert.Equal(Enumerable.Range(1, (int)one.Frames), segments.Segments().Select(segment =>
            {
                mostOpen = Math.Max(mostOpen, OpenIn(folder));
                return segment.Number;
            }));
            if (OperatingSystem.IsLinux())
            {
                Assert.Equal(how == "in time order" ? 1 : Parts, mostOpen);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("in time order", false)]
    [InlineData("in time order", true)]
    [InlineData("by turns", false)]
    public void Progress_OfManyCaptures_IsThatOfAllReaders(string how, bool isPacked)
    {
        const int Parts = 7;
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string whole = Path.Combine(SharedCaptures.Folder, "zeek/http/m57-long-49583-80.pcap");
            string[] parts = Split(whole, folder, Parts, how == "by turns" ? (frame, _) => frame % Parts : (frame, count) => (int)((long)frame * Parts / count), isPacked);
            using var run = new CaptureRun(parts);
            Assert.Equal((0, 0), (run.Frames, run.BytesRead));
            Assert.True(run.Open());
            Assert.True(run.BytesRead > 0, "something is read to know what kind of files they are");
            bool goesOn = true;
            while (goesOn)
            {
                Assert.Equal((run.Readers.Sum(reader => reader.FramesRead), run.Readers.Sum(reader => reader.BytesRead)), (run.Frames, run.BytesRead));
                goesOn = run.Advance();
            }

            Assert.Equal(parts.Sum(part => new FileInfo(part).Length), run.BytesRead);
            (long frames, long bytes) = (run.Frames, run.BytesRead);
            run.Dispose();
            Assert.Equal((frames, bytes), (run.Frames, run.BytesRead));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Run_OfWhichAFileGoesAwayMeanwhile_TellsSoAndGivesTheOthers()
    {
        string whole = Path.Combine(SharedCaptures.Folder, "zeek/http/m57-long-49583-80.pcap");
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string[] parts = Split(whole, folder, 3, (frame, count) => frame * 3 / count, isPacked: false);
            using var run = new CaptureRun(parts);
            Assert.True(run.Open());
            File.Delete(parts[1]);
            TcpConversation conversation = Assert.Single(run.Drain(isOpen: true));

            CaptureTrouble trouble = Assert.Single(run.Troubles);
            Assert.Equal((parts[1], typeof(FileNotFoundException)), (trouble.File, trouble.Failure?.GetType()));
            Assert.Equal(run.Frames, conversation.Packets);
            Assert.InRange(conversation.Packets, 2, long.MaxValue);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int OpenIn(string folder)
    {
        return OperatingSystem.IsLinux() ? Directory.EnumerateFiles("/proc/self/fd").Count(IsIn) : 0;

        bool IsIn(string descriptor)
        {
            try
            {
                return File.ResolveLinkTarget(descriptor, false)?.FullName.StartsWith(folder, StringComparison.Ordinal) ?? false;
            }
            catch (IOException)
            {
                return false; // another test has closed it meanwhile
            }
        }
    }

    // The frames, each a nanosecond later than the one before at least.
    private static string[] Split(string path, string folder, int parts, Func<int, int, int> partOf, bool isPacked)
    {
        using CaptureReader reader = CaptureReader.Open(path);
        List<CapturedFrame> frames = reader.ReadAll();
        string[] files = [.. Enumerable.Range(0, parts).Select(part => Path.Combine(folder, $"part{part:D4}.pcap{(isPacked ? ".gz" : "")}"))];
        var bytes = files.Select(_ => new CaptureBytes().PcapHeader(magic: 0xa1b23c4d)).ToList();
        for (int i = 0; i < frames.Count; i++)
        {
            long time = frames[i].Timestamp.Nanoseconds;
            Assert.True(i == 0 || time > frames[i - 1].Timestamp.Nanoseconds, "the capture has equal times");
            bytes[partOf(i, frames.Count)].PcapRecord((uint)(time / 1_000_000_000), (uint)(time % 1_000_000_000), frames[i].Data.ToArray(), frames[i].OriginalLength);
        }

        for (int part = 0; part < parts; part++)
        {
            using Stream file = isPacked ? new GZipStream(File.Create(files[part]), CompressionLevel.Fastest) : File.Create(files[part]);
            file.Write(bytes[part].ToArray());
        }

        return files;
    }

    [Fact]
    public void Run_OfAFileThatIsNoCapture_HasTroubleAndNoException()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "no capture");
            using var run = new CaptureRun([path, path + ".missing"]);
            Assert.False(run.Open());
            Assert.Equal([path, path + ".missing"], run.Troubles.Select(trouble => trouble.File));
            Assert.All(run.Troubles, trouble => Assert.NotNull(trouble.Failure));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Packets_OfEveryConversation_AreFoundAgain()
    {
        foreach (string file in SharedCaptures.Index.Where(row => row["source"] == "zeek").Take(120).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"])))
        {
            using var run = new CaptureRun([file]);
            List<TcpConversation> conversations = run.Drain();

            using var again = new CaptureRun([file]);
            again.Open();
            Dictionary<TcpConversation, int> counts = conversations.ToDictionary(conversation => conversation, _ => 0);
            foreach ((TcpConversation conversation, SegmentRecord segment) in ConversationPackets.Segments(again.Readers, conversations))
            {
                counts[conversation] += segment.Problem.Length == 0 || segment.Length > 0 || segment.Flags != 0 ? 1 : 0;
            }

            Assert.All(conversations, conversation => Assert.InRange(counts[conversation], conversation.Packets, conversation.Packets + conversation.Malformed));
        }
    }

    public static TheoryData<string> LongOnes => new("gopacket/layers/testdata/cip.pcap", "pcapplusplus/Tests/ExamplesTest/pcap_examples/many-protocols.pcap", "zeek/echo-connections.pcap.gz");

    private static AnalysisOptions SmallLimits => new() { MaximumOpenConversations = 100, QuietTime = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromSeconds(20), MaximumListedSegments = int.MaxValue };

    [Theory]
    [MemberData(nameof(LongOnes))]
    public void Segments_WithinLimits_HaveTheStreamsOfTheConversationsAndTheSameReport(string file)
    {
        string path = Path.Combine(SharedCaptures.Folder, file);
        List<TcpConversation> conversations = Conversations(path, SmallLimits, out AnalysisLimits expected);
        using var run = new CaptureRun([path], SmallLimits);
        run.Open();
        Dictionary<int, long> segments = run.Segments().Where(segment => segment.Problem.Length == 0 || segment.Length > 0 || segment.Flags != 0)
            .GroupBy(segment => segment.Stream).ToDictionary(stream => stream.Key, stream => stream.LongCount());

        Assert.True(expected.Evicted + expected.TimedOut > 0, "no limit bit");
        Assert.Equal(expected, run.Limits);
        Assert.Equal(conversations.Select(conversation => conversation.Stream).Order(), segments.Keys.Order());
        Assert.All(conversations, conversation => Assert.InRange(segments[conversation.Stream], conversation.Packets, conversation.Packets + conversation.Malformed));
    }

    [Theory]
    [MemberData(nameof(LongOnes))]
    public void Packets_FoundAgain_HaveTheVerdictsOfTheFirstReading(string file)
    {
        string path = Path.Combine(SharedCaptures.Folder, file);
        List<TcpConversation> conversations = Conversations(path, SmallLimits, out _);
        using var again = new CaptureRun([path]);
        again.Open();

        // Lists of remarkable segments do not keep which frame a duplicate ACK repeats.
        HashSet<(int Stream, long Frame, string Remark)> found = [.. ConversationPackets.Segments(again.Readers, conversations)
            .Where(one => one.Segment.Remark.Length > 0).Select(one => (one.Conversation.Stream, (long)one.Segment.Number, Regex.Replace(one.Segment.Remark, @"(?<=Dup ACK )\d+(?=#)", "")))];
        HashSet<(int Stream, long Frame, string Remark)> told = [.. conversations.SelectMany(conversation => new[] { conversation.Client, conversation.Server }
            .SelectMany(side => side.FlaggedSegments).Select(flagged => (conversation.Stream, flagged.Frame, SegmentRemark.Text(flagged.Flags, flagged.DuplicateAckNumber))))];

        Assert.NotEmpty(told);
        Assert.Equal(told.Order(), found.Order());
    }

    [Fact]
    public void Segment_WhoseHeaderLies_HasNoNumberOfAnotherConversation()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] lying = Syn("10.0.0.9:1000");
            lying[32] = 0x20; // a header of 8 octets
            byte[] more = Syn("10.0.0.1:1000");
            more[32] = 0x20;
            File.WriteAllBytes(path, new CaptureBytes().PcapHeader(linkType: (uint)LinkType.Raw).PcapRecord(1, 0, lying).PcapRecord(2, 0, Syn("10.0.0.1:1000")).PcapRecord(3, 0, lying).PcapRecord(4, 0, more).ToArray());
            using var run = new CaptureRun([path]);
            run.Open();

            Assert.Equal([SegmentRecord.NoStream, 0, SegmentRecord.NoStream, 0], run.Segments().Select(segment => segment.Stream));
            Assert.Equal((1L, 1), (Assert.Single(Conversations(path, new(), out _)).Packets, Conversations(path, new(), out _)[0].Malformed));
        }
        finally
        {
            File.Delete(path);
        }

        static byte[] Syn(string from) => new Exchange().Bytes(Endpoint.Parse(from), Endpoint.Parse("10.0.0.2:80"), TcpFlags.SYN, 1, 0, 0);
    }

    [Fact]
    public void Checksums_ThatAreWrong_AreListedWithTsharksFrames()
    {
        string path = Path.Combine(SharedCaptures.Folder, "tcpdump/bgp-bgpsec.pcap");
        var options = new AnalysisOptions { VerifyChecksums = true };
        List<TcpConversation> conversations = Conversations(path, options, out _);
        IEnumerable<long> listed = conversations.SelectMany(conversation => new[] { conversation.Client, conversation.Server }.SelectMany(side => side.Listed(TcpAnalysisFlags.BadChecksum | TcpAnalysisFlags.OffloadedChecksum))).Select(segment => segment.Frame);
        IEnumerable<long> expected = Tshark.Run("tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-Y", "tcp.checksum.status == 0", "-T", "fields", "-e", "frame.number").Select(long.Parse);
        using var run = new CaptureRun([path], options);
        run.Open();

        Assert.Equal(expected.Order(), listed.Order());
        Assert.Equal(33, listed.Count());
        Assert.Equal(33, run.Segments().Count(segment => segment.Remark.Contains("[TCP Checksum ", StringComparison.Ordinal)));
    }

    private static List<TcpConversation> Conversations(string path, AnalysisOptions options, out AnalysisLimits limits)
    {
        using var run = new CaptureRun([path], options);
        List<TcpConversation> conversations = run.Drain();
        limits = run.Limits;
        return conversations;
    }

    [Theory]
    [InlineData("zeek/http/206_example_b.pcap", 1)]
    [InlineData("zeek/tcp/ssh-dups.pcap", 0)]
    [InlineData("arkime/wireshark-retrans.pcap", 0)]
    [InlineData("zeek/http/m57-long-49583-80.pcap", 0)]
    public void Stream_OfACapture_IsWhatTsharkFollows(string file, int stream)
    {
        string path = Path.Combine(SharedCaptures.Folder, file);
        string[] lines = Tshark.Run("tshark", "-r", path, "-q", "-z", $"follow,tcp,raw,{stream}");
        using var run = new CaptureRun([path]);
        run.Open();
        TcpConversation conversation = CaptureAnalysis.Read(run.Readers).Single(one => one.Stream == stream);

        // What its second node says is indented; which end that is, its head tells.
        bool isClientIndented = lines.Single(line => line.StartsWith("Node 1: ", StringComparison.Ordinal))["Node 1: ".Length..].Trim() == conversation.Client.ToString();
        foreach (StreamSide side in new[] { StreamSide.Client, StreamSide.Server })
        {
            using var again = new CaptureRun([path]);
            again.Open();
            using var octets = new MemoryStream();
            var export = new StreamExport(octets, StreamFormat.Raw, side);
            export.Begin(conversation);
            foreach (StreamPiece piece in ConversationPackets.Stream(again.Readers, conversation))
            {
                export.Write(piece);
            }

            export.End();
            bool isIndented = (side == StreamSide.Client) == isClientIndented;
            IEnumerable<string> said = lines.Where(line => line.StartsWith('\t') == isIndented).Select(line => line.Trim()).Where(line => line.All(char.IsAsciiHexDigitLower));
            Assert.Equal(said.SelectMany(Convert.FromHexString), octets.ToArray());
        }
    }
}
