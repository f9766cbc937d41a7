namespace TcpShell.RfcCoverage;

/// <summary>The requirements as docs/rfc-requirements has them.</summary>
public sealed class Catalog
{
    private const string MainRfc = "9293";

    private Catalog(IReadOnlyList<Requirement> requirements, IReadOnlyList<Phenomenon> phenomena, IReadOnlyDictionary<string, string> reasons)
    {
        Requirements = requirements;
        Phenomena = phenomena;
        ReasonsWhyNot = reasons;
        Rfcs = [.. requirements.Select(requirement => requirement.Rfc).Distinct()];
        Ids = new HashSet<string>([.. requirements.Select(requirement => requirement.Id), .. phenomena.Select(phenomenon => phenomenon.Id)]);
    }

    /// <summary>All requirements: RFC 9293 first, then by number of RFC, in the order of their files.</summary>
    public IReadOnlyList<Requirement> Requirements { get; }

    /// <summary>All phenomena.</summary>
    public IReadOnlyList<Phenomenon> Phenomena { get; }

    /// <summary>Why a requirement is not implemented, by id.</summary>
    public IReadOnlyDictionary<string, string> ReasonsWhyNot { get; }

    /// <summary>The RFCs, in the order of <see cref="Requirements"/>.</summary>
    public IReadOnlyList<string> Rfcs { get; }

    /// <summary>The ids of requirements and phenomena.</summary>
    public IReadOnlySet<string> Ids { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="root">The root of the repository.</param>
    /// <exception cref="FormatException">A line has too few columns, or an id stands twice.</exception>
    public static Catalog Read(string root)
    {
        string folder = Path.Combine(root, "docs", "rfc-requirements");
        List<Requirement> requirements = [];
        foreach (string path in Directory.GetFiles(folder, "rfc*.tsv").OrderBy(RankOf, StringComparer.Ordinal))
        {
            string rfc = Path.GetFileNameWithoutExtension(path)[3..];
            requirements.AddRange(Rows(path, 4).Select(row => new Requirement(row[0], rfc, row[1], row[2], row[3])));
        }

        Phenomenon[] phenomena = [.. Rows(Path.Combine(folder, "phenomena.tsv"), 3).Select(row => new Phenomenon(row[0], row[1], row[2]))];
        Dictionary<string, string> reasons = Rows(Path.Combine(folder, "not-implemented.tsv"), 2).ToDictionary(row => row[0], row => row[1]);
        if (requirements.GroupBy(requirement => requirement.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new FormatException($"{twice.Key} stands twice in {folder}.");
        }

        return new(requirements, phenomena, reasons);
    }

    private static string RankOf(string path) =>
        Path.GetFileNameWithoutExtension(path)[3..] is var rfc && rfc == MainRfc ? "" : rfc;

    private static IEnumerable<string[]> Rows(string path, int columns)
    {
        foreach (string line in File.ReadLines(path).Skip(1).Where(line => line.Length > 0))
        {
            string[] row = line.Split('\t');
            yield return row.Length == columns && row[0].Length > 0 && row[^1].Length > 0
                ? row
                : throw new FormatException($"{path}: a line needs {columns} columns with something in the first and the last: {line}");
        }
    }
}
