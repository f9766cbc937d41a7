using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Lets virtual time pass until connections are in a state.</summary>
/// <remarks>
/// <para>A connection that is in the state already costs no time. If the state is not reached within the time limit, or cannot come because the connection has ended or nothing is left to happen, an error says so.</para>
/// </remarks>
/// <example>
/// <para>A lost SYN,ACK</para>
/// <code>$net = New-TcpNetwork
/// $net | Add-TcpImpairment -Drop -Flags SYN,ACK -Count 1
/// $c = New-TcpConnection -NoWait
/// $c | Wait-TcpState Established -Timeout 10s
/// $net.Now</code>
/// <para>The retransmission after one second repairs it.</para>
/// </example>
/// <example>
/// <para>The end of TIME-WAIT</para>
/// <code>New-TcpConnection | Close-TcpConnection -PassThru | Wait-TcpState Closed -Timeout 5m -PassThru</code>
/// <para>2 MSL are 60 s by default, and pass in no time.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Wait, "TcpState")]
[OutputType(typeof(HostedConnection))]
public sealed class WaitTcpStateCommand : NetworkCmdlet
{
    /// <summary>The states of which one shall be reached. Spellings of netstat and ss are understood as well.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [TcpState]
    public TcpState[] State { get; set; } = null!;

    /// <summary>The connections: objects of New-TcpConnection and Get-TcpConnection, or their numbers.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>How much virtual time to wait at most; 5 minutes by default, which is longer than TIME-WAIT.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Hands the connection on, so that the next cmdlet of the pipeline can act on it.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (HostedConnection connection in Connection)
        {
            TcpNetwork network = NetworkOf(connection);
            bool IsThere() => State.Contains(connection.State);

            // A closed connection opens no more, so waiting for anything else would only burn time.
            RunUntil(network, () => IsThere() || connection.State == TcpState.Closed, Timeout);
            if (!IsThere())
            {
                bool over = connection.State == TcpState.Closed || network.IsIdle;
                WriteError(over ? ErrorRecords.StateCannotCome(connection, State) : ErrorRecords.StateNotReached(connection, State, Timeout));
            }
            else if (PassThru)
            {
                WriteObject(connection);
            }
        }
    }
}
