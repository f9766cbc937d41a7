using System.Globalization;

namespace TcpShell.Pcap.Tests;

/// <summary>Real captures with independent truth, which lie beside the repository and not in it.</summary>
internal static class SharedCaptures
{
    private static readonly string? s_folder = Find();

    /// <summary>The folder; skips the test where there is none.</summary>
    public static string Folder
    {
        get
        {
            Assert.SkipWhen(s_folder is null, "There is no folder shared/captures beside the repository: the real captures are not checked.");
            return s_folder!;
        }
    }

    /// <summary>The rows of index.csv, one for each capture, by column name.</summary>
    public static List<Dictionary<string, string>> Index => ReadCsv(Path.Combine(Folder, "index.csv"));

    /// <summary>Reads a table whose first row names the columns.</summary>
    public static List<Dictionary<string, string>> ReadCsv(string path)
    {
        List<List<string>> rows = [.. File.ReadLines(path).Select(SplitCsv)];
        return [.. rows.Skip(1).Select(row => rows[0].Zip(row).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    public static int Number(this Dictionary<string, string> row, string column) =>
        row[column].Length == 0 ? 0 : int.Parse(row[column], CultureInfo.InvariantCulture);

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "captures");
            if (File.Exists(Path.Combine(candidate, "index.csv")))
            {
                return candidate;
            }
        }

        return null;
    }

    private static List<string> SplitCsv(string line)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        foreach (char character in line)
        {
            if (character == '"')
            {
                // A doubled quote inside of quotes is one quote: leaving and entering again, with the quote kept on entering.
                quoted = !quoted;
                if (quoted && field.Length > 0)
                {
                    field.Append('"');
                }
            }
            else if (character == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(character);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
