using System.Globalization;
using System.Text;

namespace TcpShell.Diagrams;

/// <summary>Text as it can stand in Mermaid's language.</summary>
internal static class MermaidText
{
    private const string Plain = " .,:=-+()/[]_";

    /// <summary>
    /// Writes characters that could mean something (; ends a statement, % begins a comment, &lt; begins a tag, # an entity) as entities:
    /// their number between # and ;.
    /// </summary>
    /// <param name="text">Any text.</param>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            bool isPlain = char.IsAsciiLetterOrDigit(character) || Plain.Contains(character, StringComparison.Ordinal) || character > '~';
            if (isPlain)
            {
                escaped.Append(character);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"#{(int)character};");
            }
        }

        return escaped.ToString();
    }
}
