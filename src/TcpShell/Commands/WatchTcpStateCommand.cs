using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Live;
using TcpShell.Live.Kernel;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Shows the changes of state of connections, each with its cause and the rule that asked for it.</summary>
/// <remarks>
/// <para>First come the changes that have happened, then the cmdlet lets virtual time pass and shows each further change as it happens, until nothing can happen any more, -Duration is over, or Ctrl-C ends it. With -History the time stands still. Of a connection both ends are shown.</para>
/// <para>With -System, the operating system's own connections are watched, of all processes: their table is looked at every -Interval, and on Linux also whenever the kernel tells that a socket has ended. What lasts shorter is not seen; how long the changes take to be shown plays no part. And nobody tells what caused a change. It takes no rights.</para>
/// <para>With -Interface, connections of anybody are watched whose segments pass on a network device: both ends' states, as far as the segments show them. That takes libpcap and the right to capture (docs/permissions.md).</para>
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
/// <example>
/// <para>The connections of this machine, for a second</para>
/// <code>Watch-TcpState -System -RemotePort 443 -Duration 1s</code>
/// <para>Without -Duration until Ctrl-C ends it.</para>
/// </example>
/// <example>
/// <para>Whose connections to the web come and go on a network</para>
/// <code>Watch-TcpState -Interface eth0 -Filter 'tcp port 443' | Format-Table Time, Local, Remote, From, To</code>
/// <para>Both ends of each connection.</para>
/// </example>
[Cmdlet(VerbsCommon.Watch, "TcpState", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(StateChange))]
public sealed class WatchTcpStateCommand : CapturedStateCmdlet
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
    public TcpNetwork? Network { get; set; }

    /// <summary>How long to wait between two looks at the system's table: 1 ms to 1 s, 20 ms by default.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [Duration]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Only changes on this host.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Parameter(ParameterSetName = ConnectionSet)]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>Shows only what has happened, and leaves the time alone.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Parameter(ParameterSetName = ConnectionSet)]
    public SwitchParameter History { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ConnectionSet)
        {
            _watched.AddRange(Connection);
        }
        else if (ParameterSetName == SystemSet)
        {
            WatchSystem();
        }
        else if (ParameterSetName == InterfaceSet && (WantsFrames || !Lab.Interfaces.Any(own => own.Name == Interface)))
        {
            WatchDevice();
        }
        else
        {
            Watch(Resolve(Network ?? Lab.Interfaces.FirstOrDefault(own => own.Name == Interface)), _ => true);
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
        SystemFilter filter = Wanted;
        long shown = 0;
        Timestamp end = network.Now + (Duration ?? LimitOf(network));
        do
        {
            // A copy, for a cmdlet further down the pipeline may let time pass.
            StateChange[] news = [.. network.StateChanges.From(shown)];
            shown = network.StateChanges.Total;
            foreach (StateChange change in news)
            {
                if (concerns(change) && (host is null || host == change.Host) && filter.Fits(change.Local, change.Remote) && filter.Fits(change.To))
                {
                    WriteObject(change);
                }
            }
        }
        while (!History && RunUntil(network, () => network.StateChanges.Total > shown, end - network.Now));
    }

    private void WatchSystem()
    {
        if (Interval < TimeSpan.FromMilliseconds(1) || Interval > TimeSpan.FromSeconds(1))
        {
            ThrowTerminatingError(ErrorRecords.ValueOutOfRange(new ArgumentOutOfRangeException(nameof(Interval), Interval, "The interval is 1 ms to 1 s."), Interval));
        }

        try
        {
            using var watcher = new SystemWatcher(Wanted, Interval, Duration ?? TimeSpan.MaxValue);
            while (watcher.TryTake(out StateChange? change, CancelToken))
            {
                // All of them are this machine's: the table shows the ends instead.
                var shown = PSObject.AsPSObject(change);
                shown.TypeNames.Insert(0, "TcpShell.Tcp.StateChange#System");
                WriteObject(shown);
            }
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (LiveException refused)
        {
            ThrowTerminatingError(ErrorRecords.InterfaceRefused(refused, "system"));
        }
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
