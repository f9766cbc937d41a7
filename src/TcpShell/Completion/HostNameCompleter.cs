using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TcpShell.Hosting;
using TcpShell.Simulation;

namespace TcpShell.Completion;

/// <summary>Completes the names of the hosts of the network that the command line names, or of the current one.</summary>
public sealed class HostNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        object? named = fakeBoundParameters["Network"];
        SimulatedNetwork network = (named is PSObject wrapped ? wrapped.BaseObject : named) as SimulatedNetwork ?? Lab.Current;
        foreach (TcpHost host in network.Hosts)
        {
            if (host.Name.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(host.Name, host.Name, CompletionResultType.ParameterValue, host.ToString());
            }
        }
    }
}
