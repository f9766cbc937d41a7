using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using TcpShell.Hosting;

namespace TcpShell.Completion;

/// <summary>Completes the numbers of the connections of the current network.</summary>
public sealed class ConnectionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach (HostedConnection connection in Lab.Current.Connections)
        {
            string id = connection.Id.ToString(CultureInfo.InvariantCulture);
            if (id.StartsWith(wordToComplete, StringComparison.Ordinal))
            {
                yield return new CompletionResult(id, connection.ToString(), CompletionResultType.ParameterValue, connection.ToString());
            }
        }
    }
}
