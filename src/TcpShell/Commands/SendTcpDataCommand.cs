using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Sends data on connections: the SEND call.</summary>
/// <remarks>
/// <para>Text is sent as UTF-8. The cmdlet lets virtual time pass until the peer has acknowledged everything, or nothing more can happen, or the time limit is reached: then a warning says how much is waiting. With -NoWait the data is only handed to TCP.</para>
/// <para>On a listener, -To makes the listening connection the active side of a connection (RFC 9293 3.10.2).</para>
/// </remarks>
/// <example>
/// <para>Text, and the answer</para>
/// <code>$c = New-TcpConnection
/// $c | Send-TcpData 'hello'
/// $c | Receive-TcpData -AsText</code>
/// <para>The server of the default lab echoes.</para>
/// </example>
/// <example>
/// <para>100 kB, and what became of them</para>
/// <code>$c = New-TcpConnection
/// $c | Send-TcpData ([byte[]]::new(100kb))
/// $c | Format-List Sent, SndUna, SndNxt, Cwnd, Rto, Retransmissions</code>
/// <para>The congestion window has grown, and nothing is left unacknowledged.</para>
/// </example>
[Cmdlet(VerbsCommunications.Send, "TcpData", SupportsShouldProcess = true)]
[OutputType(typeof(HostedConnection))]
public sealed class SendTcpDataCommand : NetworkCmdlet
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Text, or octets (byte[]).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [Payload]
    public byte[] Data { get; set; } = null!;

    /// <summary>The connections: objects of New-TcpConnection and Get-TcpConnection, or their numbers.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>Whom to call, for a listening connection.</summary>
    [Parameter]
    [ListenerEndpoint]
    public string? To { get; set; }

    /// <summary>Marks the data as urgent (RFC 9293 3.8.5).</summary>
    [Parameter]
    public SwitchParameter Urgent { get; set; }

    /// <summary>Hands the data to TCP and leaves the time alone.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>How much virtual time to wait for the acknowledgment at most; 60 s by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = s_patience;

    /// <summary>Hands the connection on, so that the next cmdlet of the pipeline can act on it.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (HostedConnection connection in Connection)
        {
            TcpNetwork network = NetworkOf(connection);
            if (MayAct(network, connection, $"Send {Data.Length} octets"))
            {
                Try(() => Send(network, connection), connection);
            }
        }
    }

    private void Send(TcpNetwork network, HostedConnection connection)
    {
        int sent = 0;
        if (To is not null && connection.Owner.Listeners.FirstOrDefault(listener => listener.Control == connection) is { } listener)
        {
            network.SendWhileListening(listener, Data, FindEndpoint(network, To));
            sent = Data.Length;
        }
        else
        {
            sent = network.Send(connection, Data, Urgent);
        }

        Timestamp end = network.Now + Timeout;
        while (!NoWait && sent < Data.Length && connection.Error == ConnectionError.None)
        {
            // More than the send buffer takes: the rest follows as room appears.
            if (!RunUntil(network, () => connection.Tcp.SendSpace > 0 || connection.Error != ConnectionError.None, end - network.Now))
            {
                break;
            }

            sent += connection.Error == ConnectionError.None ? network.Send(connection, Data.AsSpan(sent), Urgent) : 0;
        }

        bool settled = NoWait || RunUntil(network, () => connection.SendQueue == 0 || connection.Error != ConnectionError.None, end - network.Now);
        Report(connection, sent, settled);
    }

    private void Report(HostedConnection connection, int sent, bool settled)
    {
        if (connection.Error != ConnectionError.None)
        {
            WriteError(ErrorRecords.ConnectionFailed(connection));
            return;
        }

        if (sent < Data.Length)
        {
            WriteError(ErrorRecords.SendBufferFull(connection, sent, Data.Length));
        }
        else if (!settled)
        {
            WriteWarning($"{connection.SendQueue} octets of connection {connection.Id} are not acknowledged yet (window {connection.SndWnd}, state {connection.State}).");
        }

        if (PassThru)
        {
            WriteObject(connection);
        }
    }
}
