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

/// <summary>Lists TCP connections and listeners, as netstat does: those of a lab or an interface, or the operating system's.</summary>
/// <remarks>
/// <para>With -System, the operating system's own connections are listed, of all processes, as they are at the moment: what netstat -napt shows, and on Linux most of what ss -ti does. It takes no rights; the processes of other users take root.</para>
/// <para>In a lab both ends of a connection are listed, each as its host knows it. Listeners come with the number 0. Connections that are closed are left out, unless -State Closed or -All asks for them. A host that is down has no connections.</para>
/// </remarks>
/// <example>
/// <para>Everything there is</para>
/// <code>New-TcpConnection | Out-Null
/// Get-TcpConnection</code>
/// <para>The listener, the client's end and the server's end.</para>
/// </example>
/// <example>
/// <para>The control block of the server's end</para>
/// <code>New-TcpConnection | Out-Null
/// Get-TcpConnection -HostName server -State Established | Format-List *</code>
/// <para>Sequence variables, buffers, timers, round-trip times, options and counters.</para>
/// </example>
/// <example>
/// <para>Who listens on this machine?</para>
/// <code>Get-TcpConnection -System -State Listen</code>
/// <para>With the processes, as far as they may be seen.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "TcpConnection", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(HostedConnection), ParameterSetName = [NetworkSet])]
[OutputType(typeof(SystemConnection), ParameterSetName = [SystemSet])]
public sealed class GetTcpConnectionCommand : SystemCmdlet
{
    private const string NetworkSet = "Network";

    /// <summary>Only the connections with these numbers.</summary>
    [Parameter(Position = 0, ParameterSetName = NetworkSet)]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public int[]? Id { get; set; }

    /// <summary>Only connections of processes with these names; wildcards are understood.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [SupportsWildcards]
    public string[]? ProcessName { get; set; }

    /// <summary>Only the connections of this host.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>Lists the connections that are closed as well: the last thousand of each host.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    public SwitchParameter All { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SystemSet)
        {
            WriteSystem();
            return;
        }

        TcpNetwork network = Resolve(Network);
        IReadOnlyList<TcpHost> hosts = HostName is null ? network.Hosts : [FindHost(network, HostName)];
        bool closed = All || Id is not null || State?.Contains(TcpState.Closed) == true;

        HostedConnection[] found = Find(network, hosts, closed);
        foreach (int missing in (Id ?? []).Where(id => !found.Any(connection => connection.Id == id)))
        {
            WriteError(ErrorRecords.ConnectionNotFound(missing, network));
        }

        SystemFilter filter = Wanted;
        foreach (HostedConnection connection in found.Where(connection => Id is null || Id.Contains(connection.Id)))
        {
            if (filter.Fits(connection.Local, connection.Remote) && filter.Fits(connection.State))
            {
                WriteObject(connection);
            }
        }
    }

    // A copy, so that a cmdlet further down the pipeline may close what is being listed; and held, for what closes just then would be missed.
    private static HostedConnection[] Find(TcpNetwork network, IReadOnlyList<TcpHost> hosts, bool closed)
    {
        using NetworkHold hold = network.Hold();
        return
        [
            .. hosts.SelectMany(host => host.Listeners).Select(listener => listener.Control),
            .. hosts.SelectMany(host => closed ? host.ClosedConnections.Concat(host.Connections) : host.Connections).OrderBy(connection => connection.Id),
        ];
    }

    private void WriteSystem()
    {
        SystemFilter filter = Wanted;
        WildcardPattern[]? names = ProcessName?.Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase)).ToArray();
        try
        {
            foreach (SystemConnection connection in SystemConnections.List(withProcesses: true))
            {
                ThrowIfStopping();
                if (filter.Fits(connection.Local, connection.Remote) && filter.Fits(connection.State)
                    && (names is null || names.Any(name => name.IsMatch(connection.ProcessName ?? ""))))
                {
                    WriteObject(connection);
                }
            }
        }
        catch (LiveException refused)
        {
            ThrowTerminatingError(ErrorRecords.InterfaceRefused(refused, "system"));
        }
    }
}
