using System.Text;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>One pass over captures of any size: what comes out does not depend on limits that do not bite, nor on the number of threads.</summary>
[Trait("Proves", "P71")]
public sealed class CaptureAnalysisTests
{
    [Fact]
    public void Captures_AnalysedInOnePass_GiveWhatTheTrackerGives()
    {
        List<string> differences = [];
        foreach (Dictionary<string, string> row in SharedCaptures.Index)
        {
            string name = $"{row["source"]}/{row["file"]}";
            string expected = Describe(TruthTests.Track(name, out _));
            string actual = Describe(Analyse(name, new AnalysisOptions { VerifyChecksums = true, QuietTime = TimeSpan.MaxValue }, 1).OrderBy(conversation => conversation.Stream));
            if (actual != expected)
            {
                differences.Add(name);
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void UsualSegments_OfAllCaptures_ComeToTheSameTheShortWayAndTheLongWay()
    {
        List<string> differences = [];
        int steady = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.Index)
        {
            string name = $"{row["source"]}/{row["file"]}";
            List<TcpConversation> shortWay = Analyse(name, new AnalysisOptions { VerifyChecksums = true }, 1);
            List<TcpConversation> longWay = Analyse(name, new AnalysisOptions { VerifyChecksums = true, TakesLongWay = true }, 1);
            steady += shortWay.Count(conversation => conversation.IsSteady);
            if (Describe(shortWay) != Describe(longWay) || longWay.Any(conversation => conversation.IsSteady))
            {
                differences.Add(name);
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(steady > 100, $"only {steady} conversations took the short way at all");
    }

    [Fact]
    public void Captures_AnalysedByThreeThreads_GiveTheSameInTheSameOrder()
    {
        string[] names = ["gopacket/layers/testdata/cip.pcap", "pcapplusplus/Tests/ExamplesTest/pcap_examples/many-protocols.pcap", "zeek/echo-connections.pcap.gz"];
        foreach (string name in names)
        {
            // Small limits, so that conversations come out for every reason.
            var options = new AnalysisOptions { MaximumOpenConversations = 100, QuietTime = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromSeconds(20) };
            string one = Describe(Analyse(name, options, 1));

            Assert.Equal(one, Describe(Analyse(name, options, 2)));
            Assert.Equal(one, Describe(Analyse(name, options, 3)));
        }
    }

    [Fact]
    public void SegmentReader_OfAllCaptures_SaysWhatTheDecoderSays()
    {
        List<string> differences = [];
        int compared = 0;
        int usual = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.Index)
        {
            using CaptureReader reader = CaptureReader.Open(Path.Combine(SharedCaptures.Folder, row["source"], row["file"]));
            while (reader.TryRead(out CapturedFrame frame))
            {
                SegmentSummary fast = default;
                if (!SegmentReader.TryRead(frame.Data.Span, frame.LinkType, frame.OriginalLength, verify: true, ref fast))
                {
                    continue;
                }

                compared++;
                SegmentSummary fastest = default;
                if (SegmentReader.TryReadUsual(frame.Data.Span, frame.LinkType, frame.OriginalLength, ref fastest))
                {
                    usual++;
                    fastest.Checksum = fast.Checksum;
                    Assert.Equal(Fields(fast), Fields(fastest));
                }

                DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)frame.OriginalLength);
                SegmentSummary slow = default;
                SegmentReader.Take(packet, verify: true, ref slow);
                if (packet.Status != PacketStatus.Tcp || !Fields(fast).SequenceEqual(Fields(slow)))
                {
                    differences.Add($"{row["file"]} {frame.Number}: {string.Join(' ', Fields(fast))} but {packet.Status} {string.Join(' ', Fields(slow))}");
                }
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(compared > 200_000, $"only {compared} frames were compared");
        Assert.True(usual > compared / 2, $"only {usual} of {compared} frames were usual ones");
    }

    [Fact]
    public void Conversation_ClosedAndQuiet_ComesOutBeforeTheEnd()
    {
        byte[] capture = Capture(Connection(1, 0), Connection(2, 200), Connection(3, 400));
        using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
        using var analysis = new CaptureAnalysis([reader]);
        List<int> outBeforeEnd = [];
        while (analysis.Advance())
        {
            while (analysis.TryTake(out TcpConversation? conversation))
            {
                outBeforeEnd.Add(conversation.Stream);
                Assert.Equal(ReleaseReason.Closed, conversation.Released);
            }
        }

        Assert.Equal([0, 1], outBeforeEnd);
        Assert.True(analysis.TryTake(out TcpConversation? last));
        Assert.Equal((2, 3), (last.Stream, analysis.Streams));
        Assert.False(analysis.Limits.HasBitten);
    }

    [Fact]
    public void Conversations_AboveTheLimit_ComeOutTheQuietestFirstAndAreReported()
    {
        // Every one asks and nobody answers: a scan.
        byte[] capture = Capture([.. Enumerable.Range(1, 5000).Select(port => new[] { Frame(port, 0.001 * port, TcpFlags.SYN, 100, 0) })]);
        using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
        using var analysis = new CaptureAnalysis([reader], new AnalysisOptions { MaximumOpenConversations = 1000 });
        List<int> all = [];
        int most = 0;
        bool goesOn = true;
        while (goesOn)
        {
            goesOn = analysis.Advance();
            most = Math.Max(most, analysis.OpenConversations);
            while (analysis.TryTake(out TcpConversation? conversation))
            {
                all.Add(conversation.Stream);
            }
        }

        Assert.Equal(Enumerable.Range(0, 5000), all);
        Assert.InRange(most, 1, 1000);
        Assert.InRange(analysis.Limits.Evicted, 4000, 5000);
    }

    [Fact]
    public void Segments_MoreThanAreListed_AreCountedAndReported()
    {
        byte[] capture = Capture([Frame(1, 0, TcpFlags.SYN, 100, 0)], [.. Enumerable.Range(1, 30).Select(i => Frame(1, i, TcpFlags.SYN, 100, 0))]);
        using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
        using var analysis = new CaptureAnalysis([reader], new AnalysisOptions { MaximumListedSegments = 10 });
        while (analysis.Advance())
        {
        }

        Assert.True(analysis.TryTake(out TcpConversation? conversation));
        Assert.Equal((30, 10, 20), (conversation.Retransmissions, conversation.Client.FlaggedSegments.Count, conversation.Client.UnlistedSegments));
        Assert.Equal(20, analysis.Limits.SegmentsUnlisted);
        Assert.True(analysis.Limits.HasBitten);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Segments_MoreThanAllConversationsMayListTogether_AreCountedAndReported(int threads)
    {
        // Twenty conversations of 200 SYNs each, by turns: the list is full after some batches of 256 frames.
        const int Conversations = 20;
        const int Segments = 200;
        byte[] capture = Capture([.. Enumerable.Range(0, Segments * Conversations).Select(i => Frame(1 + (i % Conversations), i / 1000.0, TcpFlags.SYN, 100, 0))]);
        using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
        using var analysis = new CaptureAnalysis([reader], new AnalysisOptions { MaximumListedTotal = 1000 }, threads: threads);
        while (analysis.Advance())
        {
        }

        int listed = 0;
        int found = 0;
        for (; analysis.TryTake(out TcpConversation? conversation); found++)
        {
            Assert.Equal(Segments - 1, conversation.Retransmissions);
            Assert.Equal(Segments - 1, conversation.Client.FlaggedSegments.Count + conversation.Client.UnlistedSegments);
            listed += conversation.Client.FlaggedSegments.Count;
        }

        // The first of each is no retransmission; four batches are needed to fill the list.
        Assert.Equal((Conversations, (4 * 256) - Conversations), (found, listed));
        Assert.Equal((Conversations * (Segments - 1)) - listed, analysis.Limits.SegmentsUnlisted);
    }

    [Fact]
    public void Conversation_IdleForTheTimeout_ComesOut()
    {
        byte[] capture = Capture([Frame(1, 0, TcpFlags.SYN, 100, 0)], [.. Enumerable.Range(0, 3000).Select(i => Frame(2, 0.1 * i, TcpFlags.ACK, (uint)(100 + i), 5, 1))]);
        using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
        TcpConversation first = CaptureAnalysis.Read([reader], new AnalysisOptions { IdleTimeout = TimeSpan.FromSeconds(30) }).First();

        Assert.Equal((0, ReleaseReason.Idle), (first.Stream, first.Released));
        Assert.True(reader.FramesRead < 2500, "the whole capture was read before");
    }

    [Fact]
    public void Filter_ByStreamPortAndEnding_KeepsTheNumbersOfTheWholeCapture()
    {
        byte[] capture = Capture(Connection(1, 0), Connection(2, 1), [Frame(3, 2, TcpFlags.SYN, 1, 0)]);

        Assert.Equal([1], Streams(new ConversationFilter { Streams = [1] }));
        Assert.Equal([1], Streams(new ConversationFilter { Ports = [2] }));
        Assert.Equal([0, 1, 2], Streams(new ConversationFilter { Ports = [80] }));
        Assert.Equal([2], Streams(new ConversationFilter { Endings = [ConversationEnding.Unanswered] }));
        Assert.Equal([], Streams(new ConversationFilter { Addresses = [Prefix("10.0.0.9")] }));
        Assert.Equal([0, 1, 2], Streams(new ConversationFilter { Addresses = [Prefix("10.0.0.2")] }));
        Assert.Equal([0, 1, 2], Streams(new ConversationFilter { Addresses = [Prefix("10.0.0.2/31")] }));
        Assert.Equal([], Streams(new ConversationFilter { Addresses = [Prefix("10.0.0.4/30"), Prefix("fd00::/8"), Prefix("10.0.0.9")] }));
        Assert.Equal([0, 1, 2], Streams(new ConversationFilter { Addresses = [Prefix("10.0.0.4/30"), Prefix("fd00::/8"), Prefix("10.0.0.1")] }));
        Assert.Equal([], Streams(new ConversationFilter { Addresses = [] }));
        Assert.Equal([0], Streams(new ConversationFilter { From = Timestamp.FromSeconds(2) })); // the slice has one
        Assert.Equal([0], Streams(new ConversationFilter { Until = Timestamp.FromSeconds(1) }));

        static AddressPrefix Prefix(string text) => AddressPrefix.TryParseAddressOrPrefix(text, out AddressPrefix prefix) ? prefix : throw new FormatException(text);

        List<int> Streams(ConversationFilter filter)
        {
            using CaptureReader reader = CaptureReader.Open(new MemoryStream(capture));
            return [.. CaptureAnalysis.Read([reader], filter: filter).Select(conversation => conversation.Stream)];
        }
    }

    [Fact]
    public void Captures_SplitByTurns_AreJoinedInTimeOrder()
    {
        byte[][] frames = [.. Connection(1, 0)];
        byte[] whole = Capture([.. frames]);
        using CaptureReader one = CaptureReader.Open(new MemoryStream(Capture([.. frames.Where((_, i) => i % 2 == 0)])));
        using CaptureReader other = CaptureReader.Open(new MemoryStream(Capture([.. frames.Where((_, i) => i % 2 == 1)])));
        using CaptureReader all = CaptureReader.Open(new MemoryStream(whole));

        Assert.Equal(Describe(CaptureAnalysis.Read([all])), Describe(CaptureAnalysis.Read([one, other])));
    }

    /// <summary>Everything that is known of conversations, as text.</summary>
    internal static string Describe(IEnumerable<TcpConversation> conversations)
    {
        var text = new StringBuilder();
        foreach (TcpConversation conversation in conversations)
        {
            text.AppendLine($"{conversation} {conversation.Start} {conversation.End} {conversation.FirstFrame} {conversation.LastFrame} {conversation.HandshakeRtt} {conversation.Completeness} {conversation.ZeekState} {conversation.ZeekHistory}");
            foreach (TcpConversationSide side in new[] { conversation.Client, conversation.Server })
            {
                text.AppendLine($" {side.Packets} {side.Bytes} {side.UniqueBytes} {side.Retransmissions} {side.RepeatedSegments} {side.BadChecksums} {side.State} {side.Analysis} {side.Rtt} {side.TimestampRtt} {side.MaximumWindow} {side.WindowShift} {string.Join("; ", side.FlaggedSegments)}");
            }

            text.AppendJoin('\n', conversation.StateChanges);
        }

        return text.ToString();
    }

    private static List<TcpConversation> Analyse(string name, AnalysisOptions options, int threads)
    {
        using CaptureReader reader = CaptureReader.Open(Path.Combine(SharedCaptures.Folder, name));
        return [.. CaptureAnalysis.Read([reader], options, threads: threads)];
    }

    private static IEnumerable<object> Fields(SegmentSummary segment) =>
    [
        segment.Source, segment.Destination, segment.SequenceNumber, segment.AcknowledgmentNumber, segment.Length, segment.Flags, segment.Window,
        segment.Options, segment.Checksum,
        segment.Has(SegmentOptions.Timestamps) ? (segment.TimestampValue, segment.TimestampEcho) : (0, 0),
        segment.Has(SegmentOptions.DuplicateSack) ? (segment.DuplicateLeft, segment.DuplicateRight) : (0, 0),
        segment.Has(SegmentOptions.MaximumSegmentSize) ? segment.MaximumSegmentSize : 0, segment.Has(SegmentOptions.WindowScale) ? segment.WindowScale : 0,
    ];

    // A connection that opens, sends once and closes, with enough of other frames behind it to make batches.
    private static byte[][] Connection(int port, double time) =>
    [
        Frame(port, time, TcpFlags.SYN, 100, 0),
        Frame(port, time + 0.01, TcpFlags.SYN | TcpFlags.ACK, 500, 101, isServers: true),
        Frame(port, time + 0.02, TcpFlags.ACK, 101, 501, 10),
        Frame(port, time + 0.03, TcpFlags.FIN | TcpFlags.ACK, 501, 111, isServers: true),
        Frame(port, time + 0.04, TcpFlags.FIN | TcpFlags.ACK, 111, 502),
        Frame(port, time + 0.05, TcpFlags.ACK, 502, 112, isServers: true),
        .. Enumerable.Range(0, 1100).Select(i => Record(time + 0.06 + (0.0001 * i), new byte[20])),
    ];

    private static byte[] Frame(int port, double time, TcpFlags flags, uint seq, uint ack, int length = 0, bool isServers = false)
    {
        var client = new Endpoint(IpAddress.Parse("10.0.0.1"), (ushort)port);
        var server = Endpoint.Parse("10.0.0.2:80");
        return Record(time, new Exchange().Bytes(isServers ? server : client, isServers ? client : server, flags, seq, ack, length));
    }

    private static byte[] Record(double time, byte[] packet)
    {
        long nanoseconds = Timestamp.FromSeconds(time).Nanoseconds;
        return new CaptureBytes(bigEndian: false).PcapRecord((uint)(nanoseconds / 1_000_000_000), (uint)(nanoseconds % 1_000_000_000 / 1000), packet).ToArray();
    }

    private static byte[] Capture(params byte[][][] parts) =>
        [.. new CaptureBytes(bigEndian: false).PcapHeader(linkType: (uint)LinkType.Raw).ToArray(), .. parts.SelectMany(part => part).SelectMany(record => record)];
}
