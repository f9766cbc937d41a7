using System.Collections;
using TcpShell.Exploration;

namespace TcpShell.Completion;

/// <summary>Offers the names of the scenarios.</summary>
public sealed class ScenarioCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters) =>
        NamedScenarios.Names.Select(name => (name, NamedScenarios.Make(name).Description));
}
