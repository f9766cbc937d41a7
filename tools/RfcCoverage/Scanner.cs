using System.Text.RegularExpressions;

namespace TcpShell.RfcCoverage;

/// <summary>Finds the tags in the code, and what the tests say that they prove.</summary>
internal static partial class Scanner
{
    private const string IdPattern = @"(?:MUST|SHLD|MAY|REC|U|\d{4})-\d{1,2}";

    /// <summary>The tags in the comments below src.</summary>
    /// <param name="root">The root of the repository.</param>
    /// <param name="malformed">Takes what looks like a tag and is none.</param>
    public static IEnumerable<Mention> TagsInCode(string root, List<string> malformed)
    {
        foreach (SourceText source in SourceFiles(root, "src"))
        {
            for (int i = 0; i < source.Lines.Count; i++)
            {
                int comment = source.Lines[i].IndexOf("//", StringComparison.Ordinal);
                foreach (Match match in comment < 0 ? [] : BracketPattern().Matches(source.Lines[i], comment).AsEnumerable())
                {
                    if (!TagPattern().IsMatch(match.Value))
                    {
                        malformed.Add($"{source.Path}:{i + 1}: {match.Value} is no list of ids: write [{string.Join(", ", IdsIn(match.Value))}].");
                        continue;
                    }

                    foreach (string id in IdsIn(match.Value))
                    {
                        yield return new(id, source.MemberAt(i), source.Path, i + 1);
                    }
                }
            }
        }
    }

    /// <summary>What tests prove: traits of xunit tests, ids in the names of Pester's and in the comments of packetdrill scripts.</summary>
    /// <param name="root">The root of the repository.</param>
    public static IEnumerable<Mention> Proofs(string root) =>
        SourceFiles(root, "tests").SelectMany(Traits).Concat(PesterNames(root)).Concat(Scripts(root));

    private static IEnumerable<Mention> Traits(SourceText source)
    {
        for (int i = 0; i < source.Lines.Count; i++)
        {
            foreach (Match match in TraitPattern().Matches(source.Lines[i]))
            {
                string member = source.MemberAt(i);
                string type = source.TypeAt(i);
                yield return new(match.Groups[1].Value, member == type ? type : $"{type}.{member}", source.Path, i + 1);
            }
        }
    }

    private static IEnumerable<Mention> PesterNames(string root) =>
        from folder in new[] { "tests", "labs" }
        from path in Files(root, folder, "*.Tests.ps1")
        from line in Numbered(path)
        let it = ItPattern().Match(line.Text)
        where it.Success
        from Match id in IdInNamePattern().Matches(it.Groups[1].Value)
        select new Mention(id.Value, it.Groups[1].Value, Relative(root, path), line.Number);

    private static IEnumerable<Mention> Scripts(string root) =>
        from path in Files(root, "tests", "*.pkt")
        from line in Numbered(path)
        where line.Text.StartsWith("//", StringComparison.Ordinal)
        from Match id in IdInNamePattern().Matches(line.Text)
        select new Mention(id.Value, Path.GetFileName(path), Relative(root, path), line.Number);

    private static IEnumerable<string> IdsIn(string text) => AnyIdPattern().Matches(text).Select(match => match.Value);

    private static IEnumerable<SourceText> SourceFiles(string root, string folder) =>
        Files(root, folder, "*.cs").Select(path => new SourceText(root, path));

    // Ordinal, so that the page is the same on every machine.
    private static IEnumerable<string> Files(string root, string folder, string pattern) =>
        Directory.GetFiles(Path.Combine(root, folder), pattern, SearchOption.AllDirectories)
            .Where(path => !GeneratedPattern().IsMatch(Relative(root, path)))
            .OrderBy(path => Relative(root, path), StringComparer.Ordinal);

    private static IEnumerable<(string Text, int Number)> Numbered(string path) =>
        File.ReadLines(path).Select((text, index) => (text, index + 1));

    private static string Relative(string root, string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    [GeneratedRegex(IdPattern)]
    private static partial Regex AnyIdPattern();

    [GeneratedRegex($@"\[[^\]\[]*\b(?:MUST|SHLD|MAY|REC|U)-\d[^\]\[]*\]|\[{IdPattern}[^\]\[]*\]")]
    private static partial Regex BracketPattern();

    [GeneratedRegex($@"^\[{IdPattern}(?:, {IdPattern})*\]$")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\bTrait\(""Proves"", ""([^""\\]*)""\)")]
    private static partial Regex TraitPattern();

    [GeneratedRegex(@"^\s*It\s+'([^']*)'")]
    private static partial Regex ItPattern();

    [GeneratedRegex($@"\b(?:{IdPattern}|P\d\d)\b")]
    private static partial Regex IdInNamePattern();

    [GeneratedRegex(@"(^|/)(bin|obj|TestResults)/")]
    private static partial Regex GeneratedPattern();
}
