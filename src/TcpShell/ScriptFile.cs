using System.Collections;
using System.Globalization;
using System.Management.Automation;
using TcpShell.Errors;
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

    /// <summary>Words and what they stand for, as the user gave them: <c>@{ PORT = 80 }</c>. One that cannot be ends the cmdlet.</summary>
    public static Dictionary<string, string> Definitions(PSCmdlet cmdlet, IDictionary given)
    {
        var definitions = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given)
        {
            string word = $"{entry.Key}";
            object? value = entry.Value.Unwrap();
            if (!TcpScript.CanDefine(word))
            {
                Refuse(word, $"'{word}' cannot be defined: a word has letters, digits and underscores, is no number, and does not belong to the language.");
            }

            if (TextOf(value) is not { Length: > 0 } text)
            {
                Refuse(word, $"{word} cannot stand for {(value is null or "" ? "nothing" : value is ICollection ? "several values" : $"a {value.GetType().Name}")}: a number or a text is needed.");
                break;
            }

            definitions[word] = text;
        }

        return definitions;
        void Refuse(string word, string problem) => cmdlet.ThrowTerminatingError(ErrorRecords.DefinitionNotUsable(word, problem));
    }

    private static string? TextOf(object? value) => value switch
    {
        string text => text,
        byte or sbyte or short or ushort or int or uint or long or ulong => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => null,
    };
}
