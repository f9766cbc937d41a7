using System.IO.Compression;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>Conversations of real captures that were cut or changed at random: 50 cuts and 200 changes of each where all damages are wanted.</summary>
[Trait("Proves", "P71")]
public sealed class AnalysisDamageTests
{
    [Fact]
    public void Capture_CutAnywhere_GivesAllConversationsBeforeAndTheOffset()
    {
        var random = new Random(1);
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 10))
        {
            Outcome whole = Analyse(octets);
            for (int i = 0; i < (DamagedCaptures.AreAllWanted ? 50 : 1); i++)
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
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 10))
        {
            for (int i = 0; i < (DamagedCaptures.AreAllWanted ? 200 : 2); i++)
            {
                byte[] changed = DamagedCaptures.Change(octets, random);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Outcome outcome = Analyse(changed);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

                // Some thousand octets for each frame are what a new conversation for each of them would take.
                Assert.True(allocated < 20_000_000 + (outcome.Frames * 8000), $"{name}, round {i}: {allocated} octets for {outcome.Frames} frames");
                Assert.True(outcome.Problem is null || outcome.Problem.Message.Length > 10, name);
            }
        }
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
