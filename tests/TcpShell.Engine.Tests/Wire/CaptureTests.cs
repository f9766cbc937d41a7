using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Real captures of other projects are read as TShark reads them, frame by frame.</summary>
[Trait("Proves", "P71")]
public class CaptureTests
{
    /// <summary>Where the decoder differs from TShark, by file or folder, and why.</summary>
    private static readonly (string Start, string Reason)[] s_knownDifferences =
    [
        .. Known("fragments are not put together", """
            zeek/ipv4/fragmented-4 zeek/ipv4/fragmented-syn arkime/socks5-http-302-frag
            pcapplusplus/Tests/ExamplesTest/expected_output/http_req_frag pcapplusplus/Tests/ExamplesTest/expected_output/ipfragutil_
            pcapplusplus/Tests/ExamplesTest/pcap_examples/frag_http_req pcapplusplus/Tests/Pcap++Test/PcapExamples/frag_http_req
            zeek/erspan.pcap zeek/tunnels/gtp/gtp1_gn zeek/tunnels/gtp/gtp2_diff zeek/tunnels/gtp/gtp9_unk zeek/tunnels/gtp/gtp_ext
            """),
        .. Known("TShark does not look into every second FabricPath frame", "zeek/cisco-fabric-path"),
        .. Known("of the segments that 802.11 has aggregated in a frame only the first is read", "zeek/tunnels/gre-aruba-amsdu"),
        .. Known("a home address (RFC 6275) is not put into the pseudo-header", "zeek/chksums/ip6-hoa-tcp-good"),
    ];

    [Theory]
    [InlineData("tcpdump")]
    [InlineData("zeek")]
    [InlineData("arkime")]
    [InlineData("pcapplusplus")]
    [InlineData("gopacket")]
    [InlineData("packetnet")]
    [InlineData("sharppcap")]
    public void Captures_OfOneSource_AreCountedAsTSharkCounts(string source)
    {
        Assert.SkipWhen(CaptureFolder.Path == null, "There is no folder shared/captures beside the repository.");
        var differences = new List<string>();
        int files = 0;
        foreach (IReadOnlyDictionary<string, string> row in CaptureFolder.ReadIndex().Where(row => row["source"] == source && IsReadable(row)))
        {
            string name = $"{source}/{row["file"]}";
            Counts ours = Count(Path.Combine(CaptureFolder.Path!, name));
            Counts theirs = Counts.FromTruth(row, Path.Combine(CaptureFolder.Path!, "truth", name + ".csv"));
            string? reason = s_knownDifferences.FirstOrDefault(known => name.StartsWith(known.Start, StringComparison.Ordinal)).Reason;
            files++;
            if (ours == theirs != (reason == null))
            {
                differences.Add($"{name}: ours {ours}, TShark's {theirs}, {reason ?? "no known reason"}");
            }
        }

        Assert.True(files > 0, $"No capture of {source} could be read.");
        Assert.True(differences.Count == 0, string.Join(Environment.NewLine, differences));
    }

    private static IEnumerable<(string Start, string Reason)> Known(string reason, string starts) =>
        starts.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(start => (start, reason));

    private static bool IsReadable(IReadOnlyDictionary<string, string> row) =>
        row["format"].StartsWith("pcap us", StringComparison.Ordinal)
        && ushort.TryParse(row["link_types"].Split(':')[0], CultureInfo.InvariantCulture, out ushort linkType)
        && PacketDecoder.Supports((LinkType)linkType);

    private static Counts Count(string path)
    {
        (LinkType linkType, List<CapturedFrame> frames) = CaptureFolder.ReadPcap(path);
        Counts counts = default;
        foreach (CapturedFrame frame in frames)
        {
            DecodedPacket decoded = PacketDecoder.Decode(frame.Octets, linkType, frame.OriginalLength);
            counts.Quoted += decoded.Status == PacketStatus.IcmpError ? 1 : 0;
            if (decoded.Status != PacketStatus.Tcp)
            {
                continue;
            }

            TcpSegment segment = decoded.Segment;
            counts.Segments++;
            counts.Octets += decoded.SegmentLength;
            counts.Syn += segment.Flags.Has(TcpFlags.SYN) ? 1 : 0;
            counts.Fin += segment.Flags.Has(TcpFlags.FIN) ? 1 : 0;
            counts.Rst += segment.Flags.Has(TcpFlags.RST) ? 1 : 0;
            counts.Timestamps += segment.Options.Timestamps != null ? 1 : 0;
            counts.Sack += segment.Options.Sack.Count > 0 ? 1 : 0;
            counts.BadChecksum += decoded.TcpChecksumValid == false ? 1 : 0;
            counts.UnverifiedChecksum += decoded.TcpChecksumValid == null ? 1 : 0;
        }

        return counts;
    }

    /// <summary>What is counted over all frames of a file.</summary>
    private record struct Counts(
        long Segments,
        long Octets,
        long Syn,
        long Fin,
        long Rst,
        long Timestamps,
        long Sack,
        long BadChecksum,
        long UnverifiedChecksum,
        long Quoted)
    {
        public static Counts FromTruth(IReadOnlyDictionary<string, string> row, string path)
        {
            Counts counts = new()
            {
                Segments = Number(row["tcp_packets"]),
                BadChecksum = Number(row["bad_checksum"]),
                UnverifiedChecksum = Number(row["unverified_checksum"]),
                Quoted = Number(row["icmp_quoted_tcp"]),
            };
            string[] lines = File.ReadAllLines(path);
            string[] names = lines[0].Split(',');
            foreach (string[] stream in lines.Skip(1).Select(line => line.Split(',')))
            {
                counts.Octets += Sum("bytes_f", "bytes_r");
                counts.Syn += Sum("syn_f", "syn_r");
                counts.Fin += Sum("fin_f", "fin_r");
                counts.Rst += Sum("rst_f", "rst_r");
                counts.Timestamps += Sum("ts_pkts");
                counts.Sack += Sum("sack_pkts");

                long Sum(params string[] columns) => columns.Sum(column => Number(stream[Array.IndexOf(names, column)]));
            }

            return counts;
        }

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}
