using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Commands;

/// <summary>Closes connections, or one direction of them, or aborts them: the CLOSE and ABORT calls.</summary>
/// <remarks>
/// <para>What was sent before goes out first, then the FIN. The cmdlet lets virtual time pass until both directions are closed as far as this end can know: TimeWait or Closed, or FinWait2 where the peer keeps its direction open. TIME-WAIT itself is not waited for; Watch-TcpState or Wait-TcpState Closed do that.</para>
/// </remarks>
/// <example>
/// <para>Four states later</para>
/// <code>New-TcpConnection | Close-TcpConnection -PassThru | Watch-TcpState</code>
/// <para>Every change of state of the client's end, with what caused it, up to the end of TIME-WAIT.</para>
/// </example>
/// <example>
/// <para>An abort</para>
/// <code>$c = New-TcpConnection
/// $c | Close-TcpConnection -Abort
/// Get-TcpSegment -Flags RST</code>
/// <para>The peer is told by a RST, and learns "reset", not "end of stream".</para>
/// </example>
[Cmdlet(VerbsCommon.Close, "TcpConnection", DefaultParameterSetName = "Close", SupportsShouldProcess = true)]
[OutputType(typeof(HostedConnection))]
public sealed class CloseTcpConnectionCommand : ConnectionCmdlet
{
    /// <summary>Closes this end's direction only: waits until the FIN is acknowledged, and leaves the other direction to the peer.</summary>
    [Parameter(ParameterSetName = "Close")]
    public SwitchParameter HalfClose { get; set; }

    /// <summary>Ends the connection at once with a RST; what is not sent or not received yet is lost.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Abort")]
    public SwitchParameter Abort { get; set; }

    /// <summary>Leaves the time alone.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <inheritdoc/>
    protected override void Process(HostedConnection connection)
    {
        TcpNetwork network = NetworkOf(connection);
        if (!MayAct(network, connection, Abort ? "Abort" : "Close") || !Try(() => Close(network, connection), connection))
        {
            return;
        }

        if (connection.Error is not (ConnectionError.None or ConnectionError.Aborted))
        {
            WriteError(ErrorRecords.ConnectionFailed(connection));
        }

        if (PassThru)
        {
            WriteObject(connection);
        }
    }

    private void Close(TcpNetwork network, HostedConnection connection)
    {
        if (Abort)
        {
            network.Abort(connection);
            return;
        }

        network.Close(connection);
        if (!NoWait)
        {
            RunUntil(network, () => connection.State switch
            {
                TcpState.Closed or TcpState.TimeWait => true,
                TcpState.FinWait2 => HalfClose || network.IsQuiet,
                _ => false,
            });
        }
    }
}
