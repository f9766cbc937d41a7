using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Hosting;

namespace TcpShell.Commands;

/// <summary>Brings hosts of a simulated network up again.</summary>
/// <remarks>
/// <para>The host listens where it listened before, and remembers nothing of its connections. A host that is up is shut down first, as by Stop-TcpHost.</para>
/// </remarks>
/// <example>
/// <para>After a crash</para>
/// <code>Stop-TcpHost server -Crash
/// Restart-TcpHost server
/// New-TcpConnection</code>
/// <para>The server takes connections again.</para>
/// </example>
/// <example>
/// <para>A reboot under load</para>
/// <code>$c = New-TcpConnection
/// Restart-TcpHost server
/// Step-TcpNetwork
/// $c.Error</code>
/// <para>The shutdown aborts the connection, and the client learns it from a RST.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Restart, "TcpHost")]
[OutputType(typeof(TcpHost))]
public sealed class RestartTcpHostCommand : HostCmdlet
{
    /// <inheritdoc/>
    protected override void Process(TcpNetwork network, TcpHost host)
    {
        if (host.IsRunning)
        {
            network.Stop(host);
        }

        network.Restart(host);
    }
}
