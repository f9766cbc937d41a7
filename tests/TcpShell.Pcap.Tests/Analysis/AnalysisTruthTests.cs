using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>
/// The analysis of all real captures beside tshark's. The table is printed with
/// <c>dotnet test tests/TcpShell.Pcap.Tests --filter Table_OfAllCaptures --logger "console;verbosity=detailed"</c>, with TCPSHELL_FRAMES=1 in the
/// environment also the frames that differ; docs/analysis.md has it, and says why what differs differs.
/// </summary>
[Trait("Proves", "P71")]
public sealed partial class AnalysisTruthTests(ITestOutputHelper output)
{
    private static readonly (TcpAnalysisFlags Flag, string Column)[] s_flags =
    [
        (TcpAnalysisFlags.Retransmission, "retransmission"), (TcpAnalysisFlags.FastRetransmission, "fast_retransmission"),
        (TcpAnalysisFlags.SpuriousRetransmission, "spurious_retransmission"), (TcpAnalysisFlags.OutOfOrder, "out_of_order"),
        (TcpAnalysisFlags.PreviousSegmentNotCaptured, "lost_segment"), (TcpAnalysisFlags.AckedUnseenSegment, "ack_lost_segment"),
        (TcpAnalysisFlags.DuplicateAck, "duplicate_ack"), (TcpAnalysisFlags.ZeroWindow, "zero_window"),
        (TcpAnalysisFlags.ZeroWindowProbe, "zero_window_probe"), (TcpAnalysisFlags.ZeroWindowProbeAck, "zero_window_probe_ack"),
        (TcpAnalysisFlags.WindowUpdate, "window_update"), (TcpAnalysisFlags.WindowFull, "window_full"),
        (TcpAnalysisFlags.KeepAlive, "keep_alive"), (TcpAnalysisFlags.KeepAliveAck, "keep_alive_ack"), (TcpAnalysisFlags.PortReuse, "reused_ports"),
    ];

    [Fact]
    public void Table_OfAllCaptures_IsTsharks()
    {
        Dictionary<string, int> wrong = [];
        List<string> differences = [];
        int files = 0;
        foreach (Dictionary<string, string> row in SharedCaptures.Index)
        {
            string name = $"{row["source"]}/{row["file"]}";
            List<TcpConversation> conversations = TruthTests.Track(name, out _);
            List<Dictionary<string, string>> truth = TruthTests.ReadTruth(name);
            files++;
            List<string> found = [.. Facts(row, conversations, truth)];
            if (conversations.Count == truth.Count)
            {
                found.AddRange(Enumerable.Range(0, truth.Count).SelectMany(stream => Flags(name, conversations[stream], truth[stream])));
            }

            foreach (string column in found.Select(difference => difference[..difference.IndexOf(' ', StringComparison.Ordinal)]).Distinct())
            {
                wrong[column] = wrong.GetValueOrDefault(column) + 1;
            }

            differences.AddRange(found.Select(difference => $"{name}: {difference}"));
        }

        string[] columns = ["packets", "conversations", "bytes", "completeness", .. s_flags.Select(flag => flag.Column)];
        foreach (string column in columns)
        {
            output.WriteLine($"{column,-24}{files - wrong.GetValueOrDefault(column),4} of {files}  {100.0 * (files - wrong.GetValueOrDefault(column)) / files:0.0} %");
        }

        differences.ForEach(output.WriteLine);
        string explanations = File.ReadAllText(Explanations());
        string[] unexplained = [.. differences.Select(difference => difference[..difference.IndexOf(": ", StringComparison.Ordinal)]).Distinct().Where(name => !explanations.Contains($"`{name}`"))];
        Assert.True(unexplained.Length == 0, "not in docs/analysis.md: " + string.Join('\n', differences.Where(difference => unexplained.Any(difference.StartsWith))));
        Assert.All(columns, column => Assert.Contains(InTable(column, files - wrong.GetValueOrDefault(column), files), explanations));
        string[] obsolete = [.. Explained().Matches(explanations).Select(row => row.Groups[1].Value).Where(name => !differences.Any(difference => difference.StartsWith(name + ": ", StringComparison.Ordinal)))];
        Assert.True(obsolete.Length == 0, "in docs/analysis.md, but there is no difference any more: " + string.Join('\n', obsolete));
        Assert.True(files > 900, $"only {files} captures were compared");
        Assert.All(columns, column => Assert.True(wrong.GetValueOrDefault(column) <= files * (column is "packets" or "conversations" or "bytes" ? 0.005 : column == "completeness" ? 0.01 : 0.02), $"{column} differs in {wrong.GetValueOrDefault(column)} captures"));
    }

    // How docs/analysis.md has the number of captures that are equal.
    private static string InTable(string column, int equal, int files)
    {
        string percent = (100.0 * equal / files).ToString(equal == files ? "0" : "0.0", CultureInfo.InvariantCulture);
        return $"| {(column == "packets" ? "TCP packets" : column)} | {equal} ({percent} %) |";
    }

    [GeneratedRegex("^\\| `([^`]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Explained();

    private static IEnumerable<string> Facts(Dictionary<string, string> row, List<TcpConversation> conversations, List<Dictionary<string, string>> truth)
    {
        if (conversations.Count != truth.Count)
        {
            yield return $"conversations {conversations.Count}, tshark {truth.Count}";
        }

        long packets = conversations.Sum(conversation => conversation.Packets);
        if (packets != row.Number("tcp_packets"))
        {
            yield return $"packets {packets}, tshark {row["tcp_packets"]}";
        }

        long bytes = conversations.Sum(conversation => conversation.Bytes);
        long theirs = truth.Sum(stream => (long)stream.Number("bytes_f") + stream.Number("bytes_r"));
        if (bytes != theirs)
        {
            yield return $"bytes {bytes}, tshark {theirs}";
        }

        foreach ((TcpConversation conversation, Dictionary<string, string> stream) in conversations.Zip(truth))
        {
            int completeness = TruthTests.Completeness(conversation, stream);
            if (completeness != stream.Number("completeness"))
            {
                yield return $"completeness of stream {conversation.Stream} is {completeness}, tshark {stream["completeness"]}";
            }
        }
    }

    private static IEnumerable<string> Flags(string name, TcpConversation conversation, Dictionary<string, string> row)
    {
        bool isClientFirst = conversation.Client.Endpoint == new Endpoint(IpAddress.Parse(row["src"]), (ushort)row.Number("sport"));
        foreach ((TcpAnalysisFlags flag, string column) in s_flags)
        {
            (int Client, int Server) ours = (conversation.Client.Analysis[flag], conversation.Server.Analysis[flag]);
            (int Client, int Server) theirs = (row.Number(column + (isClientFirst ? "_f" : "_r")), row.Number(column + (isClientFirst ? "_r" : "_f")));
            if (ours != theirs)
            {
                yield return $"{column} in stream {conversation.Stream}: client {ours.Client}, tshark {theirs.Client}, server {ours.Server}, tshark {theirs.Server}{Frames(name, conversation, flag, column)}";
            }
        }
    }

    /// <summary>The frames on which both differ, if asked for; nothing where tshark is not installed.</summary>
    private static string Frames(string name, TcpConversation conversation, TcpAnalysisFlags flag, string column)
    {
        if (Environment.GetEnvironmentVariable("TCPSHELL_FRAMES") != "1")
        {
            return "";
        }

        var start = new ProcessStartInfo("tshark", ["-n", "-r", Path.Combine(SharedCaptures.Folder, name), "-Y", $"tcp.stream == {conversation.Stream} && tcp.analysis.{column}", "-T", "fields", "-e", "frame.number"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            HashSet<long> theirs = [.. process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];
            HashSet<long> ours = [.. conversation.Client.Listed(flag).Concat(conversation.Server.Listed(flag)).Select(segment => segment.Frame)];
            return $"; only ours: {string.Join(' ', ours.Except(theirs).Order().Take(8))}; only tshark's: {string.Join(' ', theirs.Except(ours).Order().Take(8))}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }

    private static string Explanations()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, "docs", "analysis.md");
    }
}
