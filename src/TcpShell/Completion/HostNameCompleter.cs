using System.Collections;
using TcpShell.Hosting;

namespace TcpShell.Completion;

/// <summary>Completes the names of the hosts of the network that the command line names, or of the current one.</summary>
public sealed class HostNameCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters)
    {
        TcpNetwork network = fakeBoundParameters["Network"].Unwrap() as TcpNetwork ?? Lab.Current;
        return network.Hosts.Select(host => (host.Name, host.ToString()));
    }
}
