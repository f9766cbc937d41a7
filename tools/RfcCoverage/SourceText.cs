using System.Text.RegularExpressions;

namespace TcpShell.RfcCoverage;

/// <summary>
/// The lines of a C# file and which declaration each belongs to. It trusts the project's layout: types start in the first column,
/// members after four spaces, and there is no more to parsing than that.
/// </summary>
internal sealed partial class SourceText
{
    private readonly string[] _lines;
    private readonly string?[] _declared;

    public SourceText(string root, string path)
    {
        Path = System.IO.Path.GetRelativePath(root, path).Replace('\\', '/');
        _lines = File.ReadAllLines(path);
        _declared = [.. _lines.Select(NameDeclaredBy)];
    }

    public string Path { get; }

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The declaration that a line stands in; for a comment or attribute in front of a declaration, that one.</summary>
    public string MemberAt(int index)
    {
        int indent = Indent(_lines[index]);
        if (indent is 0 or 4 && IsInFront(_lines[index]))
        {
            int next = index;
            while (next < _lines.Length && IsInFront(_lines[next]))
            {
                next++;
            }

            if (next < _lines.Length && _declared[next] is { } name)
            {
                return name;
            }
        }

        while (index >= 0 && _declared[index] is null)
        {
            index--;
        }

        return index < 0 ? System.IO.Path.GetFileNameWithoutExtension(Path) : _declared[index]!;
    }

    /// <summary>The type that a line stands in.</summary>
    public string TypeAt(int index)
    {
        while (index >= 0 && (_declared[index] is null || Indent(_lines[index]) > 0))
        {
            index--;
        }

        return index < 0 ? System.IO.Path.GetFileNameWithoutExtension(Path) : _declared[index]!;
    }

    private static string? NameDeclaredBy(string line)
    {
        if (IsInFront(line) || line.Length == 0)
        {
            return null;
        }

        return Indent(line) switch
        {
            0 when TypePattern().Match(line) is { Success: true } match => match.Groups[1].Value,
            4 when line.TrimStart() is not ("{" or "}" or "];") => NameIn(line),
            _ => null,
        };
    }

    private static string? NameIn(string line)
    {
        foreach (Match match in NamePattern().Matches(line))
        {
            if (match.Groups[1].Value is var name && name is not ("public" or "private" or "internal" or "protected" or "static" or "readonly" or "this"))
            {
                return name;
            }
        }

        return null;
    }

    private static int Indent(string line) => line.Length - line.TrimStart(' ').Length;

    /// <summary>Comments and attributes stand in front of what they are about.</summary>
    private static bool IsInFront(string line) => line.TrimStart() is var text && (text.StartsWith("//", StringComparison.Ordinal) || text.StartsWith('['));

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum)\s+(?:class\s+|struct\s+)?(\w+)")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"\b(\w+)(?:<[^>(]*>)?\s*(?:\(|\{|=|;|,?$)")]
    private static partial Regex NamePattern();
}
