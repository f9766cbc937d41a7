using System.Collections;
using System.Globalization;

namespace TcpShell.Completion;

/// <summary>Completes the numbers of the connections of the current network.</summary>
public sealed class ConnectionCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters) =>
        Lab.Current.Connections.Select(connection => (connection.Id.ToString(CultureInfo.InvariantCulture), connection.ToString()));
}
