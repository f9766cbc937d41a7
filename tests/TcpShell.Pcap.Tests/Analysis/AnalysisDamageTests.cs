using System.IO.Compression;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>
/// Real captures that were cut or changed at random. A tenth of the cuts and changes is tried by default; all of them (50 cuts and 200 changes of
/// each capture, which takes some minutes) with TCPSHELL_ALL_DAMAGE=1 in the environment.
/// </summary>
[Trait("Proves", "P71")]
public sealed class AnalysisDamageTests
{
    private static readonly bool s_all = Environment.GetEnvironmentVariable("TCPSHELL_ALL_DAMAGE") == "1";

    [Fact]
    public void Capture_CutAnywhere_GivesAllConversationsBeforeAndTheOffset()
    {
        var random = new Random(1);
        foreach ((string name, byte[] octets) in Captures())
        {
            Outcome whole = Analyse(octets);
            for (int i = 0; i < (s_all ? 50 : 1); i++)
            {
                int length = random.Next(octets.Length);
                Outcome cut = Analyse(octets.AsSpan(0, length).ToArray());

                // What was complete before the cut is complete now; the frames are the same up to there.
                Assert.True(cut.Frames <= whole.Frames, name);
                Assert.True(cut.Problem is null || (cut.Problem.Offset >= 0 && cut.Problem.Offset <= Math.Max(length, cut.Unpacked)), $"{name} cut at {length}: {cut.Problem}");
                Assert.True(cut.Conversations.Count <= whole.Conversations.Count, name);
                Assert.True(StartsAlike(whole.Conversations, cut.Conversations), $"{name} cut at {length}");
            }
        }
    }

    [Fact]
    public void Capture_WithChangedOctets_NeitherThrowsNorHangsNorGrows()
    {
        var random = new Random(2);
        foreach ((string name, byte[] octets) in Captures())
        {
            for (int i = 0; i < (s_all ? 200 : 2); i++)
            {
                byte[] changed = [.. octets];
                for (int changes = 1 + random.Next(20); changes > 0; changes--)
                {
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                }

                long before = GC.GetAllocatedBytesForCurrentThread();
                Outcome outcome = Analyse(changed);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

                // Some thousand octets for each frame are what a new conversation for each of them would take.
                Assert.True(allocated < 20_000_000 + (outcome.Frames * 8000), $"{name}, round {i}: {allocated} octets for {outcome.Frames} frames");
                Assert.True(outcome.Problem is null || outcome.Problem.Message.Length > 10, name);
            }
        }
    }

    private static IEnumerable<(string Name, byte[] Octets)> Captures()
    {
        // Every tenth one, unless all are asked for.
        int step = s_all ? 1 : 10;
        return SharedCaptures.Index.Where((_, i) => i % step == 0).Select(row =>
        {
            string name = Path.Combine(row["source"], row["file"]);
            return (name, File.ReadAllBytes(Path.Combine(SharedCaptures.Folder, name)));
        });
    }

    private static Outcome Analyse(byte[] octets)
    {
        try
        {
            using CaptureReader reader = CaptureReader.Open(new MemoryStream(octets));
            List<TcpConversation> conversations = [.. CaptureAnalysis.Read([reader], new AnalysisOptions { VerifyChecksums = true })];
            return new(reader.FramesRead, reader.Problem, [.. conversations.OrderBy(conversation => conversation.Stream)], reader.Problem?.Offset ?? 0);
        }
        catch (CaptureFormatException exception)
        {
            return new(0, exception.Problem, [], exception.Problem.Offset);
        }
    }

    // Conversations of a cut capture are the first ones of the whole, each with no more packets.
    private static bool StartsAlike(List<TcpConversation> whole, List<TcpConversation> cut) =>
        cut.Zip(whole).All(pair => pair.First.Client.Endpoint == pair.Second.Client.Endpoint && pair.First.Server.Endpoint == pair.Second.Server.Endpoint
            && pair.First.Start == pair.Second.Start && pair.First.Packets <= pair.Second.Packets
            && (pair.First.LastFrame != pair.Second.LastFrame || pair.First.ToString() == pair.Second.ToString()));

    private sealed record Outcome(long Frames, CaptureProblem? Problem, List<TcpConversation> Conversations, long Unpacked);
}
