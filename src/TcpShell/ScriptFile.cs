using System.Collections;
using System.Globalization;
using TcpShell.Scripting;

namespace TcpShell;

/// <summary>What the cmdlets for scripts share.</summary>
internal static class ScriptFile
{
    /// <summary>The text of a file; no more of a long one than shows that it is too long.</summary>
    public static string Read(string file)
    {
        using var reader = new StreamReader(file);
        var text = new char[TcpScript.MaximumLength + 1];
        return new string(text, 0, reader.ReadBlock(text));
    }

    /// <summary>Words and what they stand for, as the user gave them: <c>@{ PORT = 80 }</c>.</summary>
    public static Dictionary<string, string> Definitions(IDictionary given)
    {
        var definitions = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given)
        {
            definitions[Text(entry.Key)] = Text(entry.Value);
        }

        return definitions;
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
