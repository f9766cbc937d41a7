using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Completion;
using TcpShell.Hosting;
using TcpShell.Transformation;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that take connections from the pipeline.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ConnectionCmdlet : NetworkCmdlet
{
    /// <summary>The connections to act on: objects of New-TcpConnection and Get-TcpConnection, or their numbers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>Hands the connection on, so that the next cmdlet of the pipeline can act on it.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        foreach (HostedConnection connection in Connection)
        {
            Process(connection);
        }
    }

    /// <summary>Acts on one connection.</summary>
    /// <param name="connection">The connection.</param>
    protected abstract void Process(HostedConnection connection);
}
