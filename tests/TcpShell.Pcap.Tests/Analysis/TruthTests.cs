using System.Globalization;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>Conversations of real captures against what tshark and Zeek say about them.</summary>
[Trait("Proves", "P71")]
public sealed class TruthTests
{
    /// <summary>Where tshark and we differ, and why: a path, or the start of one.</summary>
    private static readonly (string Why, string[] Captures)[] s_exceptions =
    [
        ("two segments in one 802.11 frame: we read the first", ["zeek/tunnels/gre-aruba-amsdu.pcap"]),
        ("tshark does not count the data of a fragmented segment for completeness", ["zeek/ipv4/fragmented-4.pcap"]),
        ("tshark reads FabricPath's inner frame as a length and misses segments", ["zeek/cisco-fabric-path.pcap"]),
        ("Times that cannot be: fractions above a second, or behind the year 2262", [
            "tcpdump/timestamp_invalid_", "pcapplusplus/Tests/Pcap++Test/PcapExamples/pcapng-example.pcapng",
            .. Fuzzed("4829420752470016", "4981601846820864", "5487001111429120", "5700358767902720", "6303070823907328")]),
        ("A checksum over the address in a home address option (RFC 6275): we take the header's", ["zeek/chksums/ip6-hoa-tcp-good-chksum.pcap"]),
        ("Data in a SYN,ACK do not make tshark's completeness have data", ["zeek/tcp/payload-synack.pcap"]),
    ];

    private static IEnumerable<string> Fuzzed(params string[] numbers) =>
        numbers.Select(number => $"pcapplusplus/Tests/Fuzzers/RegressionTests/regression_samples/clusterfuzz-testcase-minimized-FuzzTarget-{number}");

    [Fact]
    public void Conversations_OfAllCaptures_AreTsharks()
    {
        List<string> differences = [];
        List<string> needless = [];
        int compared = 0;
        int streams = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.Index.Where(row => IsSupported(row["link_types"])))
        {
            string name = $"{row["source"]}/{row["file"]}";
            List<TcpConversation> conversations = Track(name, out bool isInOrder);
            string difference = Compare(conversations, ReadTruth(name), isInOrder);
            bool isException = s_exceptions.Any(exception => exception.Captures.Any(start => StartsWith(start, name)));
            if (difference.Length > 0 && !isException)
            {
                differences.Add($"{name}: {difference}");
            }
            else if (difference.Length == 0 && isException)
            {
                needless.Add(name);
            }

            compared += difference.Length == 0 ? 1 : 0;
            streams += difference.Length == 0 ? conversations.Count : 0;
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(needless.Count == 0, "no longer different: " + string.Join('\n', needless));
        Assert.True(compared >= 850 && streams >= 6000, $"only {compared} captures with {streams} conversations are equal");
    }

    [Fact]
    public void Endings_OfZeeksCaptures_AreZeeks()
    {
        string table = Path.Combine(SharedCaptures.Folder, "truth", "zeek-baseline-by-stream.csv");
        List<string> differences = [];
        int compared = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.ReadCsv(table).Where(row => row["unique"] == "1" && row["same_packets"] == "1"))
        {
            TcpConversation? conversation = Track("zeek/" + row["trace"], out _).ElementAtOrDefault(row.Number("stream"));
            if (conversation is null)
            {
                // One of the tunnels that are left out above.
                Assert.Contains(s_exceptions.SelectMany(exception => exception.Captures), start => StartsWith(start, "zeek/" + row["trace"]));
                continue;
            }

            compared++;
            if (!IsZeeks(conversation.Ended, row["conn_state"]))
            {
                differences.Add($"{row["trace"]} {row["stream"]}: {conversation.Ended}, Zeek has {row["conn_state"]}");
            }
        }

        // The client answers data with a reset after its FIN, and the server's FIN comes later: Zeek calls that an orderly end.
        Assert.Equal(["tls/irc-starttls.pcap 0: ResetByClient, Zeek has SF"], differences);
        Assert.True(compared > 200, $"only {compared} compared");
    }

    /// <summary>Where Zeek's histories differ: see docs/analysis.md.</summary>
    private static readonly string[] s_otherHistories =
    [
        "mpls-in-vlan.pcap 1", "pppoe-over-qinq.pcap 0", "tunnels/gtp/gtp2_different_udp_port.pcap 0", "ftp/cwd-navigation.pcap 0",
        "ftp/fake-long-commands.pcap 0", "http/concurrent-range-requests.pcap 1", "http/connect-with-smtp.pcap 0",
    ];

    [Fact]
    public void ConnectionStatesAndHistories_OfZeeksCaptures_AreZeeks()
    {
        string table = Path.Combine(SharedCaptures.Folder, "truth", "zeek-baseline-by-stream.csv");
        List<string> states = [];
        List<string> histories = [];
        int compared = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.ReadCsv(table).Where(row => row["unique"] == "1" && row["same_packets"] == "1"))
        {
            TcpConversation? conversation = Track("zeek/" + row["trace"], out _, verify: false).ElementAtOrDefault(row.Number("stream"));
            if (conversation is null || conversation.Client.Endpoint != new Endpoint(IpAddress.Parse(row["orig"]), (ushort)row.Number("orig_port")))
            {
                continue; // roles told by other rules
            }

            compared++;
            if (conversation.ZeekState != row["conn_state"])
            {
                states.Add($"{row["trace"]} {row["stream"]}: {conversation.ZeekState}, Zeek {row["conn_state"]} ({row["history"]})");
            }

            if (conversation.ZeekHistory != row["history"])
            {
                histories.Add($"{row["trace"]} {row["stream"]}: {conversation.ZeekHistory}, Zeek {row["history"]}");
            }
        }

        Assert.True(compared > 200, $"only {compared} compared");
        Assert.True(states.Count == 0, string.Join('\n', states));
        string unknown = string.Join('\n', histories.Where(history => !s_otherHistories.Any(known => history.StartsWith(known, StringComparison.Ordinal))));
        Assert.True(unknown.Length == 0, unknown);
    }

    private static bool IsZeeks(ConversationEnding ending, string state) => state switch
    {
        "S0" => ending == ConversationEnding.Unanswered,
        "S1" => ending == ConversationEnding.Open,
        "S2" or "SH" => ending == ConversationEnding.HalfClosedByClient,
        "S3" or "SHR" => ending == ConversationEnding.HalfClosedByServer,
        "SF" => ending is ConversationEnding.ClosedByClient or ConversationEnding.ClosedByServer,
        "REJ" => ending == ConversationEnding.Refused,
        "RSTO" => ending == ConversationEnding.ResetByClient,
        "RSTR" => ending == ConversationEnding.ResetByServer,
        "OTH" => ending == ConversationEnding.Open, // neither SYN nor end
        _ => false,
    };

    [Theory]
    [InlineData("tcpdump/dns_tcp.pcap", 0, "192.168.1.11:33779 209.87.249.18:53 6+5 packets 58+226 bytes", ConversationEnding.ClosedByClient,
        "Closed > SynSent > Established > FinWait1 > FinWait2 > TimeWait", "Listen > SynReceived > Established > CloseWait > LastAck > Closed")]
    [InlineData("zeek/http/get-gzip.pcap", 0, "141.142.228.5:50153 54.243.118.187:80 8+6 packets 79+342 bytes", ConversationEnding.ClosedByClient,
        "Closed > SynSent > Established > FinWait1 > Closing > TimeWait", "Listen > SynReceived > Established > FinWait1 > Closing > TimeWait")]
    [InlineData("zeek/ftp/ftp-auth-tls.pcap", 0, "127.0.0.1:40284 127.0.0.1:21 40+44 packets 1133+3314 bytes", ConversationEnding.ResetByServer,
        "Closed > SynSent > Established > Closed", "Listen > SynReceived > Established > FinWait1 > Closed")]
    [InlineData("tcpdump/bgp-4byte-asn.pcap", 1, "1.0.3.2:43415 1.0.3.1:179 1+1 packets 0+0 bytes", ConversationEnding.Refused,
        "Closed > SynSent > Closed", "")]
    [InlineData("gopacket/layers/testdata/cip.pcap", 1, "10.200.1.162:36232 10.200.1.18:139 2+1 packets 0+0 bytes", ConversationEnding.ResetByClient,
        "Closed > SynSent > Closed", "Listen > SynReceived > Listen")]
    [InlineData("tcpdump/tcp-handshake-nano.pcap", 0, "131.155.215.69:46656 137.116.81.94:80 2+1 packets 0+0 bytes", ConversationEnding.Open,
        "Closed > SynSent > Established", "Listen > SynReceived > Established")]
    public void Conversation_OfARealCapture_IsReplayed(string name, int stream, string summary, ConversationEnding ending, string client, string server)
    {
        TcpConversation conversation = Track(name, out _)[stream];

        (TcpConversationSide c, TcpConversationSide s) = (conversation.Client, conversation.Server);
        Assert.Equal(summary, $"{c} {s} {c.Packets}+{s.Packets} packets {c.Bytes}+{s.Bytes} bytes");
        Assert.Equal(ending, conversation.Ended);
        Assert.Equal(client, Exchange.PathOf(conversation.StateChanges.Where(change => change.Host == "client")));
        Assert.Equal(server, Exchange.PathOf(conversation.StateChanges.Where(change => change.Host == "server")));
    }

    private static bool StartsWith(string start, string name) => name.StartsWith(start, StringComparison.Ordinal);

    internal static bool IsSupported(string linkTypes) => linkTypes.Split('+').All(type =>
        type == "ether" || PacketDecoder.Supports((LinkType)int.Parse(type[..type.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture)));

    internal static List<TcpConversation> Track(string name, out bool isInOrder, bool verify = true)
    {
        var tracker = new ConversationTracker(new AnalysisOptions { VerifyChecksums = verify, QuietTime = TimeSpan.MaxValue, MaximumOpenConversations = int.MaxValue });
        List<TcpConversation> conversations = [];
        using CaptureReader reader = CaptureReader.Open(Path.Combine(SharedCaptures.Folder, name));
        var last = new Timestamp(long.MinValue);
        isInOrder = true;
        while (reader.TryRead(out CapturedFrame frame))
        {
            Exchange.Keep(tracker.Add(frame), conversations);
            isInOrder &= frame.Timestamp >= last;
            last = frame.Timestamp;
        }

        return conversations;
    }

    internal static List<Dictionary<string, string>> ReadTruth(string name)
    {
        List<Dictionary<string, string>> truth = SharedCaptures.ReadCsv(Path.Combine(SharedCaptures.Folder, "truth", name + ".csv"));
        // Streams of broken frames only are none to us, and ours have no numbers for them.
        truth.RemoveAll(stream => stream.Number("packets_f") + stream.Number("packets_r") == 0);
        return truth;
    }

    private static string Compare(List<TcpConversation> conversations, List<Dictionary<string, string>> truth, bool isInOrder)
    {
        if (conversations.Count != truth.Count)
        {
            return $"{conversations.Count} conversations, tshark has {truth.Count}";
        }

        for (int stream = 0; stream < truth.Count; stream++)
        {
            string expected = Describe(truth[stream], isInOrder);
            string actual = Describe(conversations[stream], truth[stream], isInOrder);
            if (actual != expected)
            {
                return $"stream {stream} is {actual}, tshark has {expected}";
            }
        }

        return "";
    }

    private static string Describe(Dictionary<string, string> row, bool isInOrder)
    {
        string[] columns = ["src", "sport", "dst", "dport", "packets_f", "packets_r", "bytes_f", "bytes_r", "syn_f", "syn_r", "fin_f", "fin_r", "rst_f", "rst_r",
            "mss_f", "mss_r", "wscale_f", "wscale_r", "sackok_f", "sackok_r", "bad_checksum", "first"];
        // The last segment in the file has the last time only where the file is in order.
        return string.Join(' ', columns.Select(column => row[column])) + (isInOrder ? $" {row["last"]}" : "") + $" completeness {row["completeness"]}";
    }

    private static string Describe(TcpConversation conversation, Dictionary<string, string> row, bool isInOrder)
    {
        bool isClientFirst = conversation.Client.Endpoint == new Endpoint(IpAddress.Parse(row["src"]), (ushort)row.Number("sport"));
        (TcpConversationSide f, TcpConversationSide r) = isClientFirst ? (conversation.Client, conversation.Server) : (conversation.Server, conversation.Client);
        object?[] values = [f.Endpoint.Address, f.Endpoint.Port, r.Endpoint.Address, r.Endpoint.Port, f.Packets, r.Packets, f.Bytes, r.Bytes, f.Syns, r.Syns, f.Fins, r.Fins, f.Resets, r.Resets,
            f.MaximumSegmentSize, r.MaximumSegmentSize, f.WindowScale, r.WindowScale, f.SackPermitted ? 1 : 0, r.SackPermitted ? 1 : 0, conversation.BadChecksums, Epoch(conversation.Start)];
        return string.Join(' ', values) + (isInOrder ? $" {Epoch(conversation.End)}" : "") + $" completeness {Completeness(conversation, row)}";
    }

    private static string Epoch(Timestamp time) => $"{time.Nanoseconds / 1_000_000_000}.{time.Nanoseconds % 1_000_000_000:D9}";

    /// <summary>Ours, but for the known oddities of tshark's.</summary>
    internal static int Completeness(TcpConversation conversation, Dictionary<string, string> row)
    {
        int theirs = row.Number("completeness");
        int ours = (int)conversation.Completeness;
        bool isOdd = theirs == 0 && conversation.Packets == 1 // a single packet counts only if it is a SYN
            || ours == (theirs | 1); // a SYN does not count where another dissector announced the conversation
        return isOdd ? theirs : ours;
    }
}
