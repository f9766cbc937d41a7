using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Shows the changes of state of connections, each with its cause and the rule that asked for it.</summary>
/// <remarks>
/// <para>First come the changes that have happened, then the cmdlet lets virtual time pass and shows each further change as it happens, until nothing can happen any more, -Duration is over, or Ctrl-C ends it. With -History the time stands still. Of a connection both ends are shown.</para>
/// <para>Format-List shows the explanation of each change.</para>
/// </remarks>
/// <example>
/// <para>A whole life</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection -PassThru | Watch-TcpState</code>
/// <para>From LISTEN and SYN-SENT to the end of TIME-WAIT.</para>
/// </example>
/// <example>
/// <para>Only what the server went through, with the reasons</para>
/// <code>New-TcpConnection | Out-Null
/// Watch-TcpState -HostName server -History | Format-List</code>
/// <para>One sentence for each change.</para>
/// </example>
[Cmdlet(VerbsCommon.Watch, "TcpState", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(StateChange))]
public sealed class WatchTcpStateCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string ConnectionSet = "Connection";

    private readonly List<HostedConnection> _watched = [];

    /// <summary>The connections; both ends of each are shown.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ConnectionSet)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Only changes on this host.</summary>
    [Parameter]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>Only changes to these states. Spellings of netstat and ss are understood as well.</summary>
    [Parameter]
    [TcpState]
    public TcpState[]? State { get; set; }

    /// <summary>How much virtual time to watch at most; by default until nothing can happen any more, but no longer than an hour; on a real network until Ctrl-C.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Duration { get; set; }

    /// <summary>Shows only what has happened, and leaves the time alone.</summary>
    [Parameter]
    public SwitchParameter History { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ConnectionSet)
        {
            _watched.AddRange(Connection);
        }
        else
        {
            Watch(Resolve(Network), _ => true);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Connections are gathered first: what several of them go through shall come in the order of time.
        foreach (IGrouping<TcpNetwork, HostedConnection> group in _watched.GroupBy(NetworkOf))
        {
            HostedConnection[] connections = [.. group];
            Watch(group.Key, change => connections.Any(connection => Concerns(change, connection)));
        }
    }

    private void Watch(TcpNetwork network, Func<StateChange, bool> concerns)
    {
        string? host = HostName is null ? null : FindHost(network, HostName).Name;
        long shown = 0;
        Timestamp end = network.Now + (Duration ?? LimitOf(network));
        do
        {
            // A copy, for a cmdlet further down the pipeline may let time pass.
            StateChange[] news = [.. network.StateChanges.From(shown)];
            shown = network.StateChanges.Total;
            foreach (StateChange change in news)
            {
                if (concerns(change) && (host is null || host == change.Host) && (State is null || State.Contains(change.To)))
                {
                    WriteObject(change);
                }
            }
        }
        while (!History && RunUntil(network, () => network.StateChanges.Total > shown, end - network.Now));
    }

    /// <summary>A change on either end of the connection, or on the listener that became its server's end.</summary>
    private static bool Concerns(StateChange change, HostedConnection connection) =>
        connection.Joins(change.Local, change.Remote)
        || (change.Remote.Port == 0 && IsListenerOf(change, connection));

    private static bool IsListenerOf(StateChange change, HostedConnection connection)
    {
        TcpNetwork network = connection.Network!;
        bool serves = change.Local.Port == connection.Remote.Port && network.FindHost(connection.Remote.Address)?.Name == change.Host;
        bool served = change.Local.Port == connection.Local.Port && change.Host == connection.Host;
        return connection.Role == ConnectionRole.Client ? serves : served;
    }
}
