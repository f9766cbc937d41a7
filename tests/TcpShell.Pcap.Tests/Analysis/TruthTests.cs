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
        ("TCP within a tunnel (GRE, VXLAN, Geneve, GTP, IP in IP, AYIYA): only the outermost packet is looked at", []),
        ("IP fragments are reported, not put together", []),
        ("clocks with times that cannot be: tshark shows other numbers, or they are beyond the year 2262", []),
    ];

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
            bool isException = s_exceptions.Any(exception => exception.Captures.Any(start => name.StartsWith(start, StringComparison.Ordinal)));
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

        File.WriteAllLines("/tmp/perf/d2.txt", differences);
        Assert.Empty(differences);
        Assert.Empty(needless);
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
            string state = row["conn_state"];
            TcpConversation? conversation = Track("zeek/" + row["trace"], out _).FirstOrDefault(one => one.Stream == row.Number("stream"));
            if (conversation is null) { differences.Add($"{row["trace"]} none"); continue; }
            differences.Add($"{row["trace"]} {row["stream"]}: {state} {row["history"]} {conversation.Ended} {conversation.ClientState} {conversation.ServerState}");
            compared++;
        }
        File.WriteAllLines("/tmp/perf/z.txt", differences);
    }

    private static bool IsSupported(string linkTypes) => linkTypes.Split('+').All(type =>
        type == "ether" || PacketDecoder.Supports((LinkType)int.Parse(type[..type.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture)));

    private static List<TcpConversation> Track(string name, out bool isInOrder)
    {
        var tracker = new ConversationTracker();
        using CaptureReader reader = CaptureReader.Open(Path.Combine(SharedCaptures.Folder, name));
        var last = new Timestamp(long.MinValue);
        isInOrder = true;
        while (reader.TryRead(out CapturedFrame frame))
        {
            tracker.Add(frame);
            isInOrder &= frame.Timestamp >= last;
            last = frame.Timestamp;
        }

        return [.. tracker.Conversations];
    }

    private static List<Dictionary<string, string>> ReadTruth(string name)
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
    private static int Completeness(TcpConversation conversation, Dictionary<string, string> row)
    {
        int theirs = row.Number("completeness");
        int ours = (int)conversation.Completeness;
        bool isOdd = theirs == 0 && conversation.Packets == 1 // a single packet counts only if it is a SYN
            || ours == (theirs | 1); // a SYN does not count where another dissector announced the conversation
        return isOdd ? theirs : ours;
    }
}
