using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Streams;
using TcpShell.Tracing;

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
    public void ParallelRuns_ThatNobodyReadsToTheEnd_Stop()
    {
        string[] files = [.. SharedCaptures.Index.Take(50).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"]))];
        using var runs = new ParallelRuns([.. files.Select(file => new CaptureRun([file]))], 4);
        Assert.NotEmpty(runs.Take(0, s_patience).Take(1));
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
            List<TcpConversation> conversations = [];
            bool goesOn = run.Open();
            while (goesOn)
            {
                goesOn = run.Advance();
                while (run.TryTake(out TcpConversation? conversation))
                {
                    conversations.Add(conversation);
                }
            }

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
