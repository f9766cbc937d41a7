using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Opens TCP connections: the active OPEN, with the three-way handshake.</summary>
/// <remarks>
/// <para>Without any argument the client of the current network connects to the echo service of its server; a session that has no network gets the default lab. The cmdlet lets virtual time pass until the connection is open or has failed. With -NoWait it only puts the SYN on its way.</para>
/// <para>The connection is an object that shows its control block as it is at the moment: Format-List * shows all of it.</para>
/// </remarks>
/// <example>
/// <para>The first connection</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Receive-TcpData -AsText</code>
/// <para>The echo service sends the text back.</para>
/// </example>
/// <example>
/// <para>A handshake in slow motion</para>
/// <code>$c = New-TcpConnection -NoWait
/// $c.State
/// Step-TcpNetwork -Count 2
/// $c.State
/// Get-TcpSegment</code>
/// <para>Each step is one event: the SYN arrives, the SYN,ACK arrives.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpConnection", SupportsShouldProcess = true)]
[OutputType(typeof(HostedConnection))]
public sealed class NewTcpConnectionCommand : NetworkCmdlet
{
    /// <summary>Where to: 10.0.0.2:80, [fd00::2]:80, server:80, a host that listens, or a port of the server. The first listener of the network by default.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [ListenerEndpoint]
    public string? To { get; set; }

    /// <summary>From where: a host's name or address, or an end point such as 10.0.0.1:5000 or client:5000. The host named client, or else the first one, by default.</summary>
    [Parameter(Position = 1)]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? From { get; set; }

    /// <summary>Settings of this connection that differ from the host's, by name: @{ Nagle = $false; SynRetries = 2 }.</summary>
    [Parameter]
    public IDictionary? Option { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Puts the SYN on its way and leaves the time alone.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>How much virtual time to wait at most. By default as long as the connection itself tries: 127 s with the profile linux.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        Endpoint remote = FindEndpoint(network, To);
        (TcpHost host, Endpoint local) = FindSource(network);
        TcpSettings? settings = Option is null ? null : Settings.From(this, null, Option, host.Settings);
        HostedConnection? connection = null;
        if (!MayAct(network, remote, "Open a connection") || !Try(() => connection = network.Connect(host, remote, local, settings), remote))
        {
            return;
        }

        if (!NoWait)
        {
            RunUntil(network, () => connection!.State is not (TcpState.SynSent or TcpState.SynReceived), Timeout);
            if (connection!.State is TcpState.SynSent or TcpState.SynReceived)
            {
                WriteError(ErrorRecords.NotOpenYet(connection, Timeout ?? LimitOf(network)));
            }
            else if (connection.Error != ConnectionError.None)
            {
                WriteError(ErrorRecords.ConnectionFailed(connection));
                return;
            }
        }

        WriteObject(connection);
    }

    private (TcpHost Host, Endpoint Local) FindSource(TcpNetwork network)
    {
        if (From is null)
        {
            TcpHost? usual = UsualHost(network, DefaultLab.Client) ?? (network.Hosts.Count > 0 ? network.Hosts[0] : null);
            return (usual ?? FindHost(network, DefaultLab.Client), default);
        }

        if (network.FindHost(From) is { } host)
        {
            // An address names both the host and which of its addresses to leave from [MUST-43].
            return (host, IpAddress.TryParse(From, out IpAddress address) ? new Endpoint(address, 0) : default);
        }

        if (!From.Contains(':', StringComparison.Ordinal))
        {
            return (FindHost(network, From), default);
        }

        Endpoint local = FindEndpoint(network, From);
        return (FindHost(network, local.Address.ToString()), local);
    }
}
