using System.Collections;
using System.ComponentModel;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace TcpShell.Completion;

/// <summary>
/// The base of completers that offer names: of hosts, of connections. A name fits when it begins with what is typed so far, or matches it as a wildcard.
/// Parameters whose type is an enumeration need none: PowerShell completes their values itself and asks no completer.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class NameCompleter : IArgumentCompleter
{
    /// <summary>All names in the order in which to offer them, each with a word of explanation.</summary>
    /// <param name="fakeBoundParameters">The parameters given so far, to narrow the offer.</param>
    protected abstract IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = new WildcardPattern((wordToComplete ?? "").Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        foreach ((string name, string toolTip) in GetNames(fakeBoundParameters))
        {
            if (pattern.IsMatch(name))
            {
                yield return new CompletionResult(Quote(name), name, CompletionResultType.ParameterValue, toolTip);
            }
        }
    }

    private static string Quote(string name) =>
        name.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':') ? name : $"'{name.Replace("'", "''")}'";
}
