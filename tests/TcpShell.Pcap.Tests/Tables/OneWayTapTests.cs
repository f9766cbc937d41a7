using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Pcap.Tables;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>Real captures, taken apart into two taps that see one direction each: what a merge says of both is what reading both as one capture says.</summary>
public sealed class OneWayTapTests(ITestOutputHelper output)
{
    private static readonly AnalysisOptions s_options = new() { QuietTime = TimeSpan.MaxValue, MaximumOpenConversations = int.MaxValue };

    [Fact]
    public void Merge_OfBothTaps_HasHistoryAndStateOfBothReadAsOne()
    {
        int conversations = 0;
        var others = new List<string>();
        foreach (Dictionary<string, string> row in SharedCaptures.Index.Where(row => row.Number("tcp_packets") is > 1 and < 3000))
        {
            if (Taps(Path.Combine(SharedCaptures.Folder, NameOf(row))) is not { } taps)
            {
                continue;
            }

            // A merge does not know what an analysis can see: that the same ends begin anew. Where that happens pieces are no taps of one connection.
            Dictionary<string, ConversationData> whole = Unique(Read(taps));
            Dictionary<string, ConversationData> merged = Unique(ConversationMerge.Merge([.. Read([taps[0]]), .. Read([taps[1]])]));
            foreach ((string ends, ConversationData expected) in whole.Where(one => merged.ContainsKey(one.Key)))
            {
                conversations++;
                ConversationData actual = merged[ends];
                Assert.Equal((expected.ZeekState, ends), (actual.ZeekState, ends));
                if (WithoutGaps(actual.ZeekHistory) != WithoutGaps(expected.ZeekHistory))
                {
                    others.Add($"{NameOf(row)} {ends}: {expected.ZeekHistory}, merged {actual.ZeekHistory}");
                }
            }
        }

        // A few have both directions at one and the same time; which comes first is then said by the order of the files, and of a merge nobody says it.
        output.WriteLine($"{conversations} conversations, {others.Count} differ\n{string.Join('\n', others)}");
        Assert.True(conversations > 1000);
        Assert.True(others.Count * 200 <= conversations, string.Join('\n', others));
    }

    // That something is missing only who sees the other direction's ACKs of it can tell.
    private static string WithoutGaps(string history) => history.Replace("G", "", StringComparison.OrdinalIgnoreCase);

    private static string NameOf(Dictionary<string, string> row) => $"{row["source"]}/{row["file"]}";

    private static Dictionary<string, ConversationData> Unique(IEnumerable<ConversationData> conversations) => conversations
        .GroupBy(one => string.Join(" - ", new[] { one.Client.ToString(), one.Server.ToString() }.Order(StringComparer.Ordinal)))
        .Where(group => group.Count() == 1)
        .ToDictionary(group => group.Key, group => group.Single());

    private static IEnumerable<ConversationData> Read(IEnumerable<byte[]> captures)
    {
        CaptureReader[] readers = [.. captures.Select(capture => CaptureReader.Open(new MemoryStream(capture)))];
        return [.. CaptureAnalysis.Read(readers, s_options).Select(ConversationData.From)];
    }

    // What one end sent, and what the other did; null where the capture does not allow it.
    private static byte[][]? Taps(string path)
    {
        CaptureReader reader;
        try
        {
            reader = CaptureReader.Open(path);
        }
        catch (CaptureFormatException)
        {
            return null;
        }

        using (reader)
        {
            MemoryStream[] streams = [new(), new()];
            PcapWriter[]? writers = null;
            LinkType? linkType = null;
            var last = new Timestamp(long.MinValue);
            while (reader.TryRead(out CapturedFrame frame))
            {
                DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType);
                if (packet.Status != PacketStatus.Tcp)
                {
                    continue;
                }

                linkType ??= frame.LinkType;
                if (frame.LinkType != linkType || frame.Timestamp < last || frame.Timestamp < Timestamp.Zero || frame.Timestamp.TotalSeconds > uint.MaxValue)
                {
                    return null;
                }

                last = frame.Timestamp;
                writers ??= [.. streams.Select(stream => new PcapWriter(stream, frame.LinkType, nanoseconds: true, leaveOpen: true))];
                bool isFirst = string.CompareOrdinal(packet.SourceEndpoint.ToString(), packet.DestinationEndpoint.ToString()) <= 0;
                writers[isFirst ? 0 : 1].Write(frame.Timestamp, frame.Data.Span, frame.OriginalLength);
            }

            Array.ForEach(writers ?? [], writer => writer.Dispose());
            return writers is null ? null : [.. streams.Select(stream => stream.ToArray())];
        }
    }
}
