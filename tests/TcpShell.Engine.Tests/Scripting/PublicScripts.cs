using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>The public packetdrill scripts, in a folder of the machine's and not in the repository.</summary>
internal static class PublicScripts
{
    /// <summary>The environment variable that names the folder: a checkout of google/packetdrill, or its gtests/net.</summary>
    public const string Variable = "TCPSHELL_PACKETDRILL";

    /// <summary>Words that the authors' own driver defines on the command line, so that their scripts cannot be read without them.</summary>
    public static IReadOnlyDictionary<string, string> Definitions { get; } = new Dictionary<string, string>
    {
        ["TFO_COOKIE"] = "7053de8a2bf5d1e6",
        ["CODE"] = "host_unreachable",
        ["MSS"] = "1460",
        ["CMSG_LEVEL_IP"] = "SOL_IP",
        ["CMSG_TYPE_RECVERR"] = "IP_RECVERR",
    };

    /// <summary>The scripts' paths, sorted; skips the test where no folder is given.</summary>
    public static IReadOnlyList<string> Paths
    {
        get
        {
            string? folder = Environment.GetEnvironmentVariable(Variable);
            Assert.SkipWhen(
                string.IsNullOrEmpty(folder),
                $"{Variable} names no folder with the scripts of google/packetdrill: the public scripts are not checked.");
            return [.. Directory.GetFiles(folder!, "*.pkt", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>A script's path below gtests/net, without the extension.</summary>
    public static string NameOf(string path) =>
        path[(path.IndexOf("/net/", StringComparison.Ordinal) + "/net/".Length)..^".pkt".Length];

    public static TcpScript Parse(string path) => TcpScript.Parse(File.ReadAllText(path), path, Definitions);
}
