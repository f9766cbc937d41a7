using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Pcap.Streams;
using TcpShell.Tracing;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>
/// Segments and streams of real captures that were cut or changed at random: 5 cuts and 20 changes of each where all damages are wanted. Conversations
/// of the same captures are what they are compared with.
/// </summary>
[Trait("Proves", "P71")]
public sealed class SegmentDamageTests : IDisposable
{
    // Each stream reads its capture again.
    private const int MostStreams = 3;

    private static readonly int s_cuts = DamagedCaptures.AreAllWanted ? 5 : 1;
    private static readonly int s_changes = DamagedCaptures.AreAllWanted ? 20 : 2;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Segments_OfACaptureCutAnywhere_AreThoseBeforeTheCut()
    {
        var random = new Random(3);
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 20))
        {
            List<string> whole = Segments(octets, name);
            for (int i = 0; i < s_cuts; i++)
            {
                int length = random.Next(octets.Length);
                List<string> cut = Segments(octets[..length], name);

                Assert.True(cut.Count <= whole.Count, name);
                Assert.True(cut.SequenceEqual(whole.Take(cut.Count)), $"{name} cut at {length}");
            }
        }
    }

    [Fact]
    public void Segments_OfACaptureWithChangedOctets_AreThoseOfItsConversations()
    {
        var random = new Random(4);
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 20))
        {
            for (int i = 0; i < s_changes; i++)
            {
                Segments(DamagedCaptures.Change(octets, random), $"{name}, round {i}");
            }
        }
    }

    [Fact]
    public void Streams_OfADamagedCapture_HaveAllThatIsThereOnceAndInOrder()
    {
        var random = new Random(5);
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 20))
        {
            Streams(octets, name);
            for (int i = 0; i < s_cuts; i++)
            {
                int length = random.Next(octets.Length);
                Streams(octets[..length], $"{name} cut at {length}");
            }

            for (int i = 0; i < s_changes; i++)
            {
                Streams(DamagedCaptures.Change(octets, random), $"{name}, round {i}");
            }
        }
    }

    private List<string> Segments(byte[] octets, string what)
    {
        File.WriteAllBytes(_path, octets);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var run = new CaptureRun([_path]);
        List<SegmentRecord> segments = run.Open() ? [.. run.Segments()] : [];
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // A segment keeps its octets; a length in the file says nothing about how much is taken.
        Assert.True(allocated < 20_000_000 + (3L * octets.Length) + (run.Frames * 8000), $"{what}: {allocated} octets for {run.Frames} frames");
        Assert.All(run.Troubles, trouble => Assert.True(trouble.Damage is not null || trouble.Failure is CaptureFormatException, $"{what}: {trouble.Failure}"));

        // Each conversation has as many, and perhaps some whose header lies about its own length.
        ILookup<int, SegmentRecord> streams = segments.ToLookup(segment => segment.Stream);
        foreach (TcpConversation conversation in Conversations())
        {
            int count = streams[conversation.Stream].Count();
            Assert.True(count >= conversation.Packets && count <= conversation.Packets + conversation.Malformed, $"{what}: {count} segments of {conversation}");
        }

        return [.. segments.Select(segment => $"{segment.Number} {segment.Time} {segment.Stream} {segment.Info} {segment.Remark} {segment.Problem}")];
    }

    private void Streams(byte[] octets, string what)
    {
        File.WriteAllBytes(_path, octets);
        foreach (TcpConversation conversation in Conversations().Take(MostStreams))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var written = new MemoryStream();
            StreamExport[] exports = [new(written, StreamFormat.Raw), new(Stream.Null, StreamFormat.Text), new(Stream.Null, StreamFormat.Dialogue)];
            Array.ForEach(exports, export => export.Begin(conversation));
            long[] next = [0, 0];
            long[] data = [0, 0];
            using var run = new CaptureRun([_path]);
            Assert.True(run.Open(), what);
            foreach (StreamPiece piece in ConversationPackets.Stream(run.Readers, conversation))
            {
                int side = piece.IsFromClient ? 0 : 1;
                Assert.True(piece.Offset == next[side] && piece.Missing >= 0 && piece.IsGap == piece.Data.IsEmpty, $"{what}: {conversation} goes on at {piece.Offset}, not {next[side]}");
                next[side] += piece.Data.Length + piece.Missing;
                data[side] += piece.Data.Length;
                Array.ForEach(exports, export => export.Write(piece));
            }

            Array.ForEach(exports, export => export.End());
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 20_000_000 + (20 * (octets.Length + data.Sum())) + (run.Frames * 8000), $"{what}: {allocated} octets for {run.Frames} frames");
            Assert.True(written.Length >= data.Sum(), what);
            Assert.True(data[0] <= conversation.Client.UniqueBytes && data[1] <= conversation.Server.UniqueBytes, $"{what}: {conversation} gave {data[0]} and {data[1]} octets");
        }
    }

    private List<TcpConversation> Conversations()
    {
        using var run = new CaptureRun([_path]);
        return run.Drain();
    }
}
