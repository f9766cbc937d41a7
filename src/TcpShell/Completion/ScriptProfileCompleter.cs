using System.Collections;
using TcpShell.Scripting;

namespace TcpShell.Completion;

/// <summary>Completes the names of the profiles that come with the module.</summary>
public sealed class ScriptProfileCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters) =>
        ScriptProfile.All.Select(profile => (profile.Name, profile.Description));
}
