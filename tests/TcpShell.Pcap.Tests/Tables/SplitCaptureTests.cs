using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Pcap.Tables;
using TcpShell.Pcap.Tests.Analysis;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>
/// Real captures, split every 25 frames as a ring of files does it: what a merge says of the pieces is what the capture says as a whole. Every
/// third is split by default, all of them with TCPSHELL_ALL_DAMAGE=1.
/// </summary>
public sealed class SplitCaptureTests(ITestOutputHelper output)
{
    private const int FramesPerFile = 25;
    private const string LateSyn = "A SYN without the numbers of any other comes when all of the files before are over: it begins another conversation.";
    private const string OuterFragments = "The fragments of a tunnel's packet are in two files.";

    private static readonly AnalysisOptions s_options = new() { QuietTime = TimeSpan.MaxValue, MaximumOpenConversations = int.MaxValue };

    // What the pieces tell between them.
    private static readonly (string Name, Func<ConversationData, object?> Value)[] s_fields =
    [
        ("Start", one => one.Start),
        ("End", one => one.End),
        ("Packets", one => (one.Client.Packets, one.Server.Packets)),
        ("Bytes", one => (one.Client.Bytes, one.Server.Bytes)),
        ("DataPackets", one => (one.Client.DataPackets, one.Server.DataPackets)),
        ("Flags", one => (one.Client.Syns, one.Server.Syns, one.Client.Fins, one.Server.Fins, one.Client.Resets, one.Server.Resets)),
        ("Completeness", one => one.Completeness),
        ("Roles", one => (one.Client.ToString(), one.RolesFrom)),
        ("Ended", one => one.Ended),
        ("ZeekState", one => one.ZeekState),
    ];

    // What needs segments of the file before as well: how many of a hundred conversations may differ, and three more.
    private static readonly (string Name, Func<ConversationData, object?> Value, int Percent)[] s_looseFields =
    [
        ("Handshake", one => (one.HandshakeRtt, one.ServerRtt), 5),
        ("States", one => (one.ClientState, one.ServerState), 2),
        ("UniqueBytes", one => (one.Client.UniqueBytes, one.Server.UniqueBytes), 10),
        ("Retransmissions", one => (one.Client.Retransmissions, one.Server.Retransmissions), 20),
    ];

    private static readonly Dictionary<(string Name, int Stream), string> s_exceptions = new()
    {
        [("zeek/erspan.pcap", 3)] = OuterFragments,
        [("zeek/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap", 0)] = OuterFragments,
        [("zeek/tunnels/gtp/gtp2_different_udp_port.pcap", 0)] = OuterFragments,
        [("gopacket/layers/testdata/cip.pcap", 5)] = LateSyn,
        [("arkime/tcp-reassembly-synthetic.pcap", 9)] = LateSyn,
        [("gopacket/layers/testdata/cip.pcap", 2759)] = "Its SYN was captured twice at the same time, and looks like one that two taps saw.",
        [("gopacket/layers/testdata/linux_sll_oversized_addr.pcapng", 0)] = "A reset out of the window, which its piece does not know.",
    };

    [Fact]
    public void Merge_OfTheFilesOfARing_IsTheWhole()
    {
        int conversations = 0;
        var others = new List<string>();
        var looseOthers = s_looseFields.ToDictionary(field => field.Name, _ => 0);
        foreach ((string name, byte[] octets) in DamagedCaptures.Whole(step: 3))
        {
            if (Split(octets) is not { Count: > 1 } files)
            {
                continue;
            }

            ILookup<string, ConversationData> whole = ByEnds(Read(octets, name));
            ILookup<string, ConversationData> merged = ByEnds(ConversationMerge.Merge(files.SelectMany((file, i) => Read(file, $"{name}_{i:d5}"))));

            // A merge does not know what an analysis can see: that the same ends begin anew. And a packet whose fragments are in two files is in none.
            foreach (ConversationData expected in whole.Where(same => same.Count() == 1).Select(same => same.Single()).Where(one => one.Fragments == 0))
            {
                List<ConversationData> all = [.. merged[EndsOf(expected)]];
                string where = $"{name} {expected.Stream}";
                if (s_exceptions.ContainsKey((name, expected.Stream)))
                {
                    continue;
                }

                conversations++;
                others.AddRange(all.Count == 1 ? [] : [$"{where}: {all.Count} conversations"]);
                foreach (ConversationData actual in all.Take(1))
                {
                    others.AddRange(s_fields.Where(field => !Equals(field.Value(expected), field.Value(actual)))
                        .Select(field => $"{where} {field.Name}: {field.Value(expected)}, merged {field.Value(actual)}, {expected.ZeekHistory}"));
                    foreach ((string field, Func<ConversationData, object?> value, _) in s_looseFields.Where(field => !Equals(field.Value(expected), field.Value(actual))))
                    {
                        looseOthers[field]++;
                        output.WriteLine($"{where} {field}: {value(expected)}, merged {value(actual)}, {expected.ZeekHistory}");
                    }
                }
            }
        }

        output.WriteLine($"{conversations} conversations, {string.Join(", ", looseOthers)}");
        Assert.True(conversations > 200);
        Assert.True(others.Count == 0, string.Join('\n', others));
        Assert.All(s_looseFields, field => Assert.True(looseOthers[field.Name] * 100 <= (conversations * field.Percent) + 300, $"{field.Name}: {looseOthers[field.Name]} of {conversations} differ"));
    }

    private static ILookup<string, ConversationData> ByEnds(IEnumerable<ConversationData> conversations) =>
        conversations.ToLookup(EndsOf);

    private static string EndsOf(ConversationData one) => string.Join(" - ", new[] { one.Client.ToString(), one.Server.ToString() }.Order(StringComparer.Ordinal));

    private static IEnumerable<ConversationData> Read(byte[] capture, string name) =>
        [.. CaptureAnalysis.Read([CaptureReader.Open(new MemoryStream(capture))], s_options).Select(one => ConversationData.From(one) with { File = name })];

    // Null where the capture cannot be read, its frames cannot be written, or its clock goes back between two files: those look like two taps.
    private static List<byte[]>? Split(byte[] octets)
    {
        try
        {
            using var reader = CaptureReader.Open(new MemoryStream(octets));
            var files = new List<byte[]>();
            MemoryStream stream = new();
            PcapWriter? writer = null;
            LinkType? linkType = null;
            var last = new Timestamp(long.MinValue);
            for (int frames = 0; reader.TryRead(out CapturedFrame frame); frames++)
            {
                linkType ??= frame.LinkType;
                bool isFirst = frames % FramesPerFile == 0;
                if (frame.LinkType != linkType || (isFirst && frame.Timestamp < last) || frame.Timestamp < Timestamp.Zero || frame.Timestamp.TotalSeconds > uint.MaxValue)
                {
                    writer?.Dispose();
                    return null;
                }

                last = frame.Timestamp > last ? frame.Timestamp : last;
                if (isFirst)
                {
                    Close();
                    writer = new PcapWriter(stream = new(), frame.LinkType, nanoseconds: true, leaveOpen: true);
                }

                writer!.Write(frame.Timestamp, frame.Data.Span, frame.OriginalLength);
            }

            Close();
            return files;

            void Close()
            {
                if (writer is not null)
                {
                    writer.Dispose();
                    files.Add(stream.ToArray());
                }
            }
        }
        catch (CaptureFormatException)
        {
            return null;
        }
    }
}
