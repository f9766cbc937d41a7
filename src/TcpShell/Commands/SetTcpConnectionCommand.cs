using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Commands;

/// <summary>Changes the settings of open connections: Nagle, keep-alive, timeouts, retries, DSCP, time to live, delayed ACKs and more.</summary>
/// <remarks>
/// <para>The change takes effect at once: data that Nagle held back goes out, a keep-alive timer starts. What the handshake has fixed cannot change, such as window scaling and the receive buffer that it was chosen for; the error SettingFixed names it.</para>
/// <para>Settings of a listener count for the connections that it accepts from then on.</para>
/// </remarks>
/// <example>
/// <para>Find out whether an idle peer lives</para>
/// <code>$c = New-TcpConnection
/// $c | Set-TcpConnection -Option @{ KeepAlive = $true; KeepAliveIdle = '10s' }
/// Step-TcpNetwork -For 15s
/// $c | Get-TcpSegment | Select-Object -Last 2</code>
/// <para>The probe and its answer.</para>
/// </example>
/// <example>
/// <para>A telnet user without Nagle</para>
/// <code>New-TcpConnection | Set-TcpConnection -Option @{ Nagle = $false } -PassThru | Send-TcpData a -NoWait -PassThru | Send-TcpData b</code>
/// <para>Both octets leave at once, in segments of their own.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "TcpConnection")]
[OutputType(typeof(HostedConnection))]
public sealed class SetTcpConnectionCommand : ConnectionCmdlet
{
    /// <summary>The settings to change, by name: @{ Nagle = $false; R2 = 5 }. about_TcpOptions describes them.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNull]
    public IDictionary Option { get; set; } = null!;

    /// <inheritdoc/>
    protected override void Process(HostedConnection connection)
    {
        TcpNetwork network = NetworkOf(connection);
        TcpSettings settings = Settings.From(this, profile: null, Option, connection.Settings);
        if (Try(() => network.ChangeSettings(connection, settings), connection) && PassThru)
        {
            WriteObject(connection);
        }
    }
}
