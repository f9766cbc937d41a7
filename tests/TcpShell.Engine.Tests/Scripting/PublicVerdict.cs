using System.Globalization;
using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>What a public script is expected to come to, from public-scripts.tsv.</summary>
/// <param name="Script">Its path below gtests/net without the extension: <c>tcp/blocking/blocking-read</c>.</param>
/// <param name="Class">R1 core, R2 Fast Open, R3 Linux's buffers and queues, X the operating system; psp for what is not TCP alone.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Why it is no pass; for an unsupported one how the result's reason begins.</param>
internal sealed record PublicVerdict(string Script, string Class, ScriptVerdict Verdict, string Reason)
{
    /// <summary>The page of the documentation that tells of them.</summary>
    public static string Page { get; } = Path.Combine(Checkout.Root, "docs", "packetdrill.md");

    public static IReadOnlyDictionary<string, PublicVerdict> All { get; } =
        File.ReadLines(Path.Combine(Checkout.Root, "tests", "TcpShell.Engine.Tests", "Scripting", "public-scripts.tsv"))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .Select(row => new PublicVerdict(row[0], row[1], Enum.Parse<ScriptVerdict>(row[2]), row[3]))
            .ToDictionary(row => row.Script);

    private string Folder => Script[..Script.LastIndexOf('/')];

    /// <summary>The rows that the page has to have: one for each folder and class, one for each script that fails, and the sums.</summary>
    public static IEnumerable<string> Rows()
    {
        foreach (IGrouping<(string Folder, string Class), PublicVerdict> group in All.Values.GroupBy(row => (row.Folder, row.Class)))
        {
            yield return Row(group.Key.Folder, group.Key.Class, [.. group]);
        }

        foreach (IGrouping<string, PublicVerdict> group in All.Values.GroupBy(row => row.Class))
        {
            yield return Row("all", group.Key, [.. group]);
        }

        foreach (PublicVerdict row in All.Values.Where(row => row.Verdict is ScriptVerdict.Fail or ScriptVerdict.Suspect))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"| {row.Script} | {row.Verdict} | {row.Reason} |");
        }
    }

    private static string Row(string folder, string kind, PublicVerdict[] rows)
    {
        int Count(ScriptVerdict verdict) => rows.Count(row => row.Verdict == verdict);
        string reasons = string.Join("; ", rows.Where(row => row.Verdict == ScriptVerdict.Unsupported).Select(row => row.Reason).Distinct());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {folder} | {kind} | {rows.Length} | {Count(ScriptVerdict.Pass)} | {Count(ScriptVerdict.Suspect)} | {Count(ScriptVerdict.Fail)} | {Count(ScriptVerdict.Unsupported)} | {(folder == "all" ? "" : reasons)} |");
    }
}
