using System.Collections;

namespace TcpShell.Completion;

/// <summary>Completes the names of the interfaces that this session has made.</summary>
public sealed class InterfaceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters) =>
        Lab.Interfaces.Select(network => (network.Name, network.ToString()));
}
