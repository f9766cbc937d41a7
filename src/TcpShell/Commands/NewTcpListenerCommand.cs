using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Live.Serving;
using TcpShell.Serving;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Opens ports of a host for connections.</summary>
/// <remarks>
/// <para>What happens with the connections is the application's affair: Echo sends everything back, Discard takes everything and answers nothing, both close when the peer closes. Manual does nothing by itself: the connections are there in Get-TcpConnection, to send, receive and close by hand.</para>
/// <para>-HttpFolder serves the regular files of a folder to GET requests, one for each connection. A file that is cut short while it is sent resets its connection.</para>
/// <para>-ScriptBlock is run for each piece of data that arrives, with the data and the connection as arguments, and what it gives is sent back. The data is text (read as UTF-8, a character that comes in two segments as one), or octets where the first parameter is a [byte[]]. [byte] and [byte[]] output is sent as it is, everything else as UTF-8 text. It runs in a runspace of its own, so it sees no variables of the session, and none of another run. A script block that fails resets its connection; the Application of the listener has the LastError.</para>
/// <para>On an interface script blocks run beside each other, 32 at once for each listener; further pieces wait. Output is sent as it comes, and a script block whose peer does not read waits. It is stopped when its connection, its listener or the interface is closed; connections of a closed listener are reset when they want something of it.</para>
/// </remarks>
/// <example>
/// <para>A server driven by hand</para>
/// <code>New-TcpListener 8080 -Application Manual
/// $client = New-TcpConnection server:8080
/// Step-TcpNetwork -For 10ms
/// $server = Get-TcpConnection -HostName server -Port 8080 -State Established
/// $server | Send-TcpData 'who is there?'
/// $client | Receive-TcpData -AsText</code>
/// <para>Both ends are objects, and each can be acted on.</para>
/// </example>
/// <example>
/// <para>Settings of a port's connections</para>
/// <code>New-TcpListener 9 -Application Discard -Option @{ ReceiveBufferSize = 2048 }</code>
/// <para>Connections to port 9 have a small receive window; others keep the host's.</para>
/// </example>
/// <example>
/// <para>A server that is a script</para>
/// <code>New-TcpListener 8080 -ScriptBlock { param($Text) $Text.ToUpper() }
/// New-TcpConnection server:8080 | Send-TcpData 'who is there?' -PassThru | Receive-TcpData -AsText</code>
/// <para>WHO IS THERE?</para>
/// </example>
/// <example>
/// <para>A server of octets</para>
/// <code>New-TcpListener 8081 -ScriptBlock { param([byte[]] $Data) [array]::Reverse($Data); $Data }
/// New-TcpConnection server:8081 | Send-TcpData ([byte[]] (1, 2, 255)) -PassThru | Receive-TcpData</code>
/// <para>Gives 255, 2 and 1: nothing is read as text on the way.</para>
/// </example>
/// <example>
/// <para>Files over HTTP</para>
/// <code>Set-Content hello.txt 'hello'
/// New-TcpListener 8080 -HttpFolder .
/// New-TcpConnection server:8080 | Send-TcpData "GET /hello.txt HTTP/1.1`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText</code>
/// <para>On an interface (New-TcpInterface), curl gets them as well.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpListener", SupportsShouldProcess = true, DefaultParameterSetName = ApplicationSet)]
[OutputType(typeof(Listener))]
public sealed class NewTcpListenerCommand : NetworkCmdlet
{
    private const string ApplicationSet = "Application";

    /// <summary>The ports, 1 to 65535.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateRange(1, 65535)]
    public int[] Port { get; set; } = null!;

    /// <summary>The host: its name, its address, or an object of New-TcpHost. The host named server, or the only one, by default.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>The one address of the host to listen on; all of them by default.</summary>
    [Parameter]
    public IpAddress Address { get; set; }

    /// <summary>What is done with the connections: Echo, Discard or Manual.</summary>
    [Parameter(ParameterSetName = ApplicationSet)]
    [ValidateSet("Echo", "Discard", "Manual")]
    public string Application { get; set; } = "Echo";

    /// <summary>The folder whose files are served over HTTP.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Http")]
    [ValidateNotNullOrEmpty]
    public string HttpFolder { get; set; } = null!;

    /// <summary>What is run for each piece of data: { param($Text, $Connection) ... } gets text, { param([byte[]] $Data, $Connection) ... } gets octets. Octets that it gives are sent as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ScriptBlock")]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>How many connections may be half-open at once. A further SYN is answered with a SYN cookie, or dropped where the setting SynCookies is Off.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int Backlog { get; set; } = 128;

    /// <summary>Settings of the port's connections that differ from the host's, by name.</summary>
    [Parameter]
    public IDictionary? Option { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        TcpHost host = HostName is { Length: > 0 } ? FindHost(network, HostName)
            : UsualHost(network, DefaultLab.Server) ?? FindHost(network, DefaultLab.Server);
        TcpSettings? settings = Option is null ? null : Settings.From(this, null, Option, host.Settings);
        ITcpApplication application = ChooseApplication();
        foreach (int port in Port)
        {
            var local = new Endpoint(Address, (ushort)port);
            if (MayAct(network, local, "Open a port"))
            {
                Try(() => WriteObject(network.Listen(host, local, application, Backlog, settings)), local);
            }
        }
    }

    private ITcpApplication ChooseApplication()
    {
        if (ParameterSetName == "ScriptBlock")
        {
            return new ScriptBlockApplication(ScriptBlock);
        }

        if (ParameterSetName == ApplicationSet)
        {
            return Applications.All.First(candidate => candidate.Name.Equals(Application, StringComparison.OrdinalIgnoreCase));
        }

        string folder = GetUnresolvedProviderPathFromPSPath(HttpFolder);
        if (!Directory.Exists(folder))
        {
            ThrowTerminatingError(ErrorRecords.PathNotFound(HttpFolder));
        }

        return new HttpFileApplication(folder);
    }
}
