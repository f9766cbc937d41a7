using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Files;

public sealed class RealCaptureTests
{
    [Fact]
    public void Captures_OfSevenProjects_HaveAsManyFramesAsTsharkCounts()
    {
        var wrong = new List<string>();
        List<Dictionary<string, string>> index = SharedCaptures.Index;
        foreach (Dictionary<string, string> row in index)
        {
            string verdict = Check(row);
            if (verdict.Length > 0)
            {
                wrong.Add($"{row["source"]}/{row["file"]}: {verdict}");
            }
        }

        Assert.True(index.Count > 900, $"only {index.Count} captures");
        Assert.Empty(wrong);
    }

    private static string Check(Dictionary<string, string> row)
    {
        using CaptureReader reader = CaptureReader.Open(Path.Combine(SharedCaptures.Folder, row["source"], row["file"]));
        string format = row["format"];
        CaptureFormat expected = format.StartsWith("pcapng", StringComparison.Ordinal) ? CaptureFormat.PcapNg
            : format.StartsWith("snoop", StringComparison.Ordinal) ? CaptureFormat.Snoop
            : CaptureFormat.Pcap;
        if (reader.Format != expected || reader.IsCompressed != format.Contains("(gz)", StringComparison.Ordinal))
        {
            return $"read as {reader.Format}";
        }

        while (reader.TryRead(out _))
        {
        }

        // tshark speaks of "cut short in the middle of a packet" or of "damaged or corrupt".
        string damage = row["read_error"];
        CaptureProblemKind? problem = damage.Contains("cut short", StringComparison.Ordinal) ? CaptureProblemKind.Truncated
            : damage.Length > 0 ? CaptureProblemKind.Malformed
            : null;
        return reader.Problem?.Kind != problem ? $"problem {reader.Problem?.Message ?? "none"}, tshark's is '{damage}'"
            : reader.FramesRead != row.Number("packets") ? $"{reader.FramesRead} frames, tshark has {row["packets"]}"
            : "";
    }

    [Theory]
    [InlineData("nokiapcap")]
    [InlineData("rh6_1pcap")]
    [InlineData("suse6_3pcap")]
    [InlineData("modpcap")]
    public void Variants_WrittenByEditcap_AreReadAsTheCapturesThemselves(string variant)
    {
        string path = Path.Combine(Path.GetTempPath(), $"tcpshell-{Guid.NewGuid():N}");
        try
        {
            string[] captures = [.. SharedCaptures.Index.Where(row => row["format"].StartsWith("pcap us", StringComparison.Ordinal) && row["read_error"].Length == 0 && row.Number("packets") > 1)
                .Where((_, i) => i % 40 == 0).Select(row => Path.Combine(SharedCaptures.Folder, row["source"], row["file"]))];
            foreach (string capture in captures)
            {
                Tshark.Run("editcap", "-F", variant, capture, path);
                Assert.True(Frames(capture).SequenceEqual(Frames(path)), capture);
            }

            Assert.True(captures.Length > 5, $"only {captures.Length} captures");
        }
        finally
        {
            File.Delete(path);
        }

        static List<string> Frames(string file)
        {
            using CaptureReader reader = CaptureReader.Open(file);
            List<string> frames = [.. reader.ReadAll().Select(frame => $"{frame.Timestamp} {frame.LinkType} {frame.OriginalLength} {Convert.ToHexString(frame.Data.Span)}")];
            Assert.Null(reader.Problem);
            return frames;
        }
    }

    [Theory]
    [InlineData("pcapng")]
    [InlineData("pcap")]
    [InlineData("pcap-nanoseconds")]
    public void Capture_WrittenByUs_IsReadByTsharkFrameByFrame(string format)
    {
        string path = Path.Combine(Path.GetTempPath(), $"tcpshell-{Guid.NewGuid():N}");
        try
        {
            // A SYN over raw IPv4; its checksums do not matter here.
            byte[] packet = Convert.FromHexString("450000280000400040060000" + "0a0000010a000002" + "c00000500000000000000000" + "5002ffff00000000");
            using (CaptureWriter writer = format == "pcapng" ? new PcapNgWriter(path) : new PcapWriter(path, LinkType.Raw, format == "pcap-nanoseconds"))
            {
                Write(writer, packet);
            }

            string[] lines = Tshark.Run("tshark", "-n", "-r", path, "-T", "fields",
                "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.interface_name", "-e", "frame.comment", "-e", "tcp.flags.syn", "-e", "frame.len");

            Assert.Equal(3, lines.Length);
            Assert.Equal(
                format switch
                {
                    "pcapng" => "2\t1700000000.000000001\tserver\tdropped: the first SYN,ACK\t1\t1500",
                    "pcap" => "2\t1700000000.000000000\t\t\t1\t1500",
                    _ => "2\t1700000000.000000001\t\t\t1\t1500",
                },
                lines[1]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Write(CaptureWriter writer, byte[] packet)
    {
        if (writer is PcapNgWriter pcapNg)
        {
            int client = pcapNg.AddInterface("client", LinkType.Raw);
            int server = pcapNg.AddInterface("server", LinkType.Raw);
            pcapNg.Write(client, new(1_700_000_000_000_000_000), packet);
            pcapNg.Write(server, new(1_700_000_000_000_000_001), packet, 1500, "dropped: the first SYN,ACK");
            pcapNg.Write(client, new(1_700_000_001_000_000_000), packet, null, "ü");
        }
        else
        {
            var pcap = (PcapWriter)writer;
            pcap.Write(new(1_700_000_000_000_000_000), packet);
            pcap.Write(new(1_700_000_000_000_000_001), packet, 1500);
            pcap.Write(new(1_700_000_001_000_000_000), packet);
        }
    }

    [Fact]
    public void PcapNg_WrittenByUs_HasNoComplaintFromCapinfos()
    {
        string path = Path.Combine(Path.GetTempPath(), $"tcpshell-{Guid.NewGuid():N}.pcapng");
        try
        {
            using (var writer = new PcapNgWriter(path))
            {
                Write(writer, new byte[40]);
            }

            string text = string.Join('\n', Tshark.Run("capinfos", path));

            Assert.Contains("Number of packets:   3", text);
            Assert.Contains("Capture application: TcpShell", text);
            Assert.Contains("Time precision:      nanoseconds (9)", text.Replace("File timestamp precision:  ", "Time precision:      "));
            Assert.Contains("Number of interfaces in file: 2", text);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
