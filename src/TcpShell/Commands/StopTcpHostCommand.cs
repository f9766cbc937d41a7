using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Hosting;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Shuts hosts of a simulated network down, or lets them crash.</summary>
/// <remarks>
/// <para>A host that is shut down aborts its connections, so that their peers get a RST. A host that crashes says nothing: its peers stay in their states until they send, or probe, or for ever.</para>
/// <para>Restart-TcpHost brings the host back, with its listeners but without any memory of its connections.</para>
/// </remarks>
/// <example>
/// <para>Half-open: the peer does not know</para>
/// <code>$c = New-TcpConnection
/// Stop-TcpHost server -Crash
/// $c.State</code>
/// <para>The client stays in Established; nothing has told it.</para>
/// </example>
/// <example>
/// <para>The crash is found out by sending</para>
/// <code>$c = New-TcpConnection
/// Stop-TcpHost server -Crash
/// Restart-TcpHost server
/// $c | Send-TcpData 'anyone?' -ErrorAction SilentlyContinue
/// $c.Error</code>
/// <para>The restarted server knows nothing of the connection and answers with a RST.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "TcpHost", SupportsShouldProcess = true)]
[OutputType(typeof(TcpHost))]
public sealed class StopTcpHostCommand : HostCmdlet
{
    /// <summary>The host loses its memory at once and tells nobody, as when its power fails.</summary>
    [Parameter]
    public SwitchParameter Crash { get; set; }

    /// <inheritdoc/>
    protected override void Process(TcpNetwork network, TcpHost host)
    {
        if (!host.IsRunning)
        {
            WriteVerbose($"Host {host.Name} is down already.");
        }
        else if (!MayAct(network, host, Crash ? "Crash" : "Shut down"))
        {
            return;
        }
        else if (Crash)
        {
            network.Crash(host);
        }
        else
        {
            network.Stop(host);
        }
    }
}
