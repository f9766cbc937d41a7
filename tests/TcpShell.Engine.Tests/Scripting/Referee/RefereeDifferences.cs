using System.Text.RegularExpressions;

namespace TcpShell.Engine.Tests.Scripting.Referee;

/// <summary>The table of docs/packetdrill.md under "The referee": scripts that packetdrill judges otherwise, and why.</summary>
internal static partial class RefereeDifferences
{
    /// <summary>Reads the table.</summary>
    /// <returns>The scripts with their reasons.</returns>
    public static IReadOnlyDictionary<string, string> Read()
    {
        string text = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "packetdrill.md"));
        string section = text[text.IndexOf("\n## The referee\n", StringComparison.Ordinal)..];
        return Row().Matches(section).ToDictionary(row => row.Groups[1].Value + ".pkt", row => row.Groups[2].Value);
    }

    [GeneratedRegex(@"^\| ([a-z-]+/[a-z0-9-]+) \| ([^|]{20,}) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
