using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Lists TCP connections and listeners, as netstat does.</summary>
/// <remarks>
/// <para>Both ends of a connection are listed, each as its host knows it. Listeners come with the number 0. Connections that are closed are left out, unless -State Closed or -All asks for them. A host that is down has no connections.</para>
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
[Cmdlet(VerbsCommon.Get, "TcpConnection")]
[OutputType(typeof(HostedConnection))]
public sealed class GetTcpConnectionCommand : NetworkCmdlet
{
    /// <summary>Only the connections with these numbers.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public int[]? Id { get; set; }

    /// <summary>Only the connections of this host.</summary>
    [Parameter]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>Only connections in these states. Spellings of netstat and ss are understood as well.</summary>
    [Parameter]
    [TcpState]
    public TcpState[]? State { get; set; }

    /// <summary>Only connections with this port at either end.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int? Port { get; set; }

    /// <summary>Lists the connections that are closed as well: the last thousand of each host.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        IReadOnlyList<TcpHost> hosts = HostName is null ? network.Hosts : [FindHost(network, HostName)];
        bool closed = All || Id is not null || State?.Contains(TcpState.Closed) == true;

        // A copy, so that a cmdlet further down the pipeline may close what is being listed.
        HostedConnection[] found =
        [
            .. hosts.SelectMany(host => host.Listeners).Select(listener => listener.Control),
            .. hosts.SelectMany(host => closed ? host.ClosedConnections.Concat(host.Connections) : host.Connections).OrderBy(connection => connection.Id),
        ];
        foreach (int missing in (Id ?? []).Where(id => !found.Any(connection => connection.Id == id)))
        {
            WriteError(ErrorRecords.ConnectionNotFound(missing, network));
        }

        foreach (HostedConnection connection in found.Where(IsWanted))
        {
            WriteObject(connection);
        }
    }

    private bool IsWanted(HostedConnection connection) =>
        (Id is null || Id.Contains(connection.Id))
        && (State is null || State.Contains(connection.State))
        && (Port is null || connection.Local.Port == Port || connection.Remote.Port == Port);
}
