using TcpShell.Pcap.Analysis;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>The analysis flags of real captures against tshark's.</summary>
[Trait("Proves", "P71")]
public sealed class AnalysisTruthTests
{
    private static readonly (TcpAnalysisFlags Flag, string Column)[] s_columns =
    [
        (TcpAnalysisFlags.Retransmission, "retransmission"), (TcpAnalysisFlags.FastRetransmission, "fast_retransmission"),
        (TcpAnalysisFlags.SpuriousRetransmission, "spurious_retransmission"), (TcpAnalysisFlags.OutOfOrder, "out_of_order"),
        (TcpAnalysisFlags.PreviousSegmentNotCaptured, "lost_segment"), (TcpAnalysisFlags.AckedUnseenSegment, "ack_lost_segment"),
        (TcpAnalysisFlags.DuplicateAck, "duplicate_ack"), (TcpAnalysisFlags.ZeroWindow, "zero_window"),
        (TcpAnalysisFlags.ZeroWindowProbe, "zero_window_probe"), (TcpAnalysisFlags.ZeroWindowProbeAck, "zero_window_probe_ack"),
        (TcpAnalysisFlags.WindowUpdate, "window_update"), (TcpAnalysisFlags.WindowFull, "window_full"),
        (TcpAnalysisFlags.KeepAlive, "keep_alive"), (TcpAnalysisFlags.KeepAliveAck, "keep_alive_ack"), (TcpAnalysisFlags.PortReuse, "reused_ports"),
    ];

    /// <summary>Where a count differs, and why.</summary>
    private static readonly (string Why, string[] Captures)[] s_exceptions =
    [
        ("tshark keeps 10,000 unacknowledged segments and does not count the FIN behind them", [
            "zeek/contentline/rlogin-long-client-user-no-nul.pcapng.gz", "zeek/contentline/rsh-long-client-user-no-nul.pcapng.gz",
            "zeek/contentline/telnet-long-line-no-eol.pcapng.gz", "zeek/contentline/telnet-unclosed-suboption.pcapng.gz"]),
        ("tshark takes the number 0, or a port, for something that it has not seen", [
            "zeek/tcp/syn-then-ack-then-rst.pcap", "zeek/tcp/syn-then-stuff-then-rst.pcap", "zeek/tcp/rst-inject-rae.pcap",
            "gopacket/layers/testdata/linux_sll_oversized_addr.pcapng", "gopacket/layers/testdata/cip.pcap", "arkime/tcp_handshake_synthetic.pcap"]),
        ("tshark misses segments of FabricPath", ["zeek/cisco-fabric-path.pcap"]),
        ("gaps of about 2^31, or lengths that lie: no order can be told", [
            "zeek/ftp/bigtransfer.pcap", "zeek/modbus/fuzz-72.pcap", "tcpdump/bgp-as-path-oobr.pcap", "zeek/tcp/reassembly.pcap",
            "pcapplusplus/Tests/Packet++Test/PacketExamples/doipPackets.pcapng", "pcapplusplus/Tests/Packet++Test/PacketExamples/Ftp.pcap"]),
        ("captured at both ends of a bond, or with many gaps: the repeated ACKs of what was not seen are counted once more or less", [
            "zeek/smb/smb3_multichannel.pcap", "pcapplusplus/Tests/ExamplesTest/pcap_examples/tls2.pcap", "gopacket/pcapgo/tests/le/test301.pcapng",
            "zeek/erspan.pcap", "zeek/pppoe-over-qinq.pcap"]),
    ];

    [Fact]
    public void Flags_OfAllCaptures_AreTsharks()
    {
        string[] known = [.. s_exceptions.SelectMany(exception => exception.Captures)];
        Dictionary<string, int> wrong = s_columns.ToDictionary(column => column.Column, _ => 0);
        HashSet<string> differing = [];
        List<string> differences = [];
        int files = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.Index.Where(row => TruthTests.IsSupported(row["link_types"])))
        {
            string name = $"{row["source"]}/{row["file"]}";
            List<TcpConversation> conversations = TruthTests.Track(name, out _);
            List<Dictionary<string, string>> truth = TruthTests.ReadTruth(name);
            if (conversations.Count != truth.Count)
            {
                continue; // named and explained in TruthTests
            }

            files++;
            foreach ((TcpAnalysisFlags flag, string column) in s_columns)
            {
                string difference = Compare(conversations, truth, flag, column);
                if (difference.Length > 0)
                {
                    wrong[column]++;
                    differing.Add(name);
                    differences.Add($"{name} {column}: {difference}");
                }
            }
        }

        string unknown = string.Join('\n', differences.Where(difference => !known.Any(name => difference.StartsWith(name, StringComparison.Ordinal))));
        Assert.True(unknown.Length == 0, unknown);
        Assert.True(!known.Except(differing).Any(), "no longer different: " + string.Join('\n', known.Except(differing)));
        Assert.True(files > 860, $"only {files} captures were compared");
        Assert.All(wrong, column => Assert.True(column.Value <= files * 0.02, $"{column.Key} differs in {column.Value} of {files} captures"));
    }

    private static string Compare(List<TcpConversation> conversations, List<Dictionary<string, string>> truth, TcpAnalysisFlags flag, string column)
    {
        for (int stream = 0; stream < truth.Count; stream++)
        {
            Dictionary<string, string> row = truth[stream];
            TcpConversation conversation = conversations[stream];
            bool isClientFirst = conversation.Client.Endpoint == new Endpoint(IpAddress.Parse(row["src"]), (ushort)row.Number("sport"));
            (int Client, int Server) actual = (conversation.Client.Analysis[flag], conversation.Server.Analysis[flag]);
            (int Client, int Server) expected = (row.Number(column + (isClientFirst ? "_f" : "_r")), row.Number(column + (isClientFirst ? "_r" : "_f")));
            if (actual != expected)
            {
                return $"stream {stream} has {actual}, tshark {expected}";
            }
        }

        return "";
    }
}
