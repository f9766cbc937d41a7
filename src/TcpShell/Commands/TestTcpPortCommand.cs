using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Live.Probing;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Tries the handshake of ports, and shows more than open or closed: SYN,ACK, RST, ICMP error or silence, the round-trip time, the options offered.</summary>
/// <remarks>
/// <para>Many ports are tried at once, at most -Rate new ones a second; each result comes when it is known. In a lab, and on an interface of New-TcpInterface, the answers themselves are seen. With -System the operating system connects, which takes no rights and sees less. Connections that open are ended by a RST at once.</para>
/// <para>With -HalfOpen the SYN,ACK is answered with a RST, so the peer's program never hears of it.</para>
/// <para>Only probe hosts that are yours, or whose owners agree.</para>
/// </remarks>
/// <example>
/// <para>Which ports does the server have?</para>
/// <code>Test-TcpPort server 22, 80, 443</code>
/// <para>Port 80 answers SYN,ACK, the others RST.</para>
/// </example>
/// <example>
/// <para>End points</para>
/// <code>Test-TcpPort 10.0.0.2:80, server:443</code>
/// <para>Each target with a port of its own.</para>
/// </example>
/// <example>
/// <para>A filter is silent</para>
/// <code>Add-TcpImpairment -Drop -To server -Flags SYN | Out-Null
/// Test-TcpPort server 80 -HalfOpen -Timeout 3s | Format-List</code>
/// <para>Requests were sent twice, and nobody answered.</para>
/// </example>
/// <example>
/// <para>Ports of this machine, by the operating system</para>
/// <code>Test-TcpPort localhost 22, 80 -System -Timeout 2s</code>
/// <para>The round-trip times are those that the kernel measured.</para>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "TcpPort", SupportsShouldProcess = true, DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(PortProbe))]
public sealed class TestTcpPortCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string SystemSet = "System";

    private readonly List<(string Target, Endpoint End)> _targets = [];
    private TcpNetwork? _network;

    /// <summary>The hosts: addresses, names of hosts of a lab, or with -System names that the system can resolve; with a port of their own or without: 10.0.0.2, server:80, [fd00::2]:80.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string[] Target { get; set; } = null!;

    /// <summary>The ports of targets that have none of their own, 1 to 65535.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(1, 65535)]
    public int[]? Port { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>The host that asks: its name or address. The host named client, or the only one, by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? From { get; set; }

    /// <summary>Breaks the handshake off after the answer.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    public SwitchParameter HalfOpen { get; set; }

    /// <summary>Lets the operating system connect.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SystemSet)]
    public SwitchParameter System { get; set; }

    /// <summary>How long to wait for each answer. After 3 s a local network has shown that it has no such host; a shorter time takes that for silence.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>How many ports are begun with in a second at most, 1 to 100000.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int Rate { get; set; } = 100;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _network = ParameterSetName == SystemSet ? null : Resolve(Network);
        foreach (string target in Target)
        {
            (string host, int? own) = Split(target);
            int[]? ports = own is null ? Port : [own.Value];
            if (own is < 1 or > 65535 || Find(host) is not { } address)
            {
                WriteError(ErrorRecords.TargetNotFound(target));
            }
            else if (ports is null)
            {
                WriteError(ErrorRecords.PortMissing(target));
            }
            else if (_network is null ? ShouldProcess(target, $"Probe {ports.Length} port(s)") : MayAct(_network, target, $"Probe {ports.Length} port(s)"))
            {
                if (_network is SimulatedNetwork && _network.FindHost(address) is null)
                {
                    WriteWarning($"No host of the lab '{_network.Name}' has the address {address}, so nobody will answer. -System asks over the operating system, -Interface over an interface of New-TcpInterface.");
                }

                _targets.AddRange(ports.Select(port => (target, new Endpoint(address, (ushort)port))));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_network is null)
        {
            ProbeBySystem();
        }
        else
        {
            ProbeByNetwork(_network);
        }
    }

    /// <summary>The host of a target, and the port that stands behind it: <c>server:80</c>, <c>[fd00::2]:80</c>.</summary>
    private static (string Host, int? Port) Split(string target)
    {
        int colon = target.LastIndexOf(':');
        return colon >= 0 && !IpAddress.TryParse(target, out _) && int.TryParse(target[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? (target[..colon].Trim('[', ']'), port)
            : (target, null);
    }

    private IpAddress? Find(string target)
    {
        if (IpAddress.TryParse(target, out IpAddress address))
        {
            return address;
        }

        if (_network is not null)
        {
            return _network.FindHost(target)?.Addresses[0];
        }

        try
        {
            IPAddress? first = Dns.GetHostAddresses(target).FirstOrDefault();
            return first is null ? default(IpAddress?) : (IpAddress)first;
        }
        catch (Exception unknown) when (unknown is SocketException or ArgumentException)
        {
            return null;
        }
    }

    private void ProbeByNetwork(TcpNetwork network)
    {
        TcpHost host = From is not null ? FindHost(network, From) : UsualHost(network, DefaultLab.Client) ?? network.Hosts[0];
        if (network.IsRealTime)
        {
            NetworkProber.WarmUp(HalfOpen);
        }

        using var prober = new NetworkProber(network, host, HalfOpen, Timeout);
        TimeSpan interval = TimeSpan.FromSeconds(1.0 / Rate);
        foreach ((string target, Endpoint end) in _targets)
        {
            Timestamp next = network.Now + interval;
            if (Try(() => prober.Start(end), target))
            {
                Wait(network, prober, () => network.Now >= next, next);
            }
        }

        Wait(network, prober, () => prober.Pending == 0, Timestamp.MaxValue);
    }

    /// <summary>Waits for something, and gives meanwhile what is known of ports.</summary>
    private void Wait(TcpNetwork network, NetworkProber prober, Func<bool> condition, Timestamp end)
    {
        bool isOver;
        do
        {
            Timestamp? due = prober.Look();
            Write(prober);
            isOver = condition();
            Timestamp until = due < end ? due.Value : end;
            if (!isOver && !RunUntil(network, () => condition() || prober.HasResults, until - network.Now) && network.IsIdle && network is SimulatedNetwork lab)
            {
                lab.RunFor(until - network.Now, CancelToken); // nothing is left to happen there, but the time passes
            }
        }
        while (!isOver);
        Write(prober);
    }

    private void Write(NetworkProber prober)
    {
        while (prober.TryTake(out PortProbe? result))
        {
            WriteObject(result);
        }
    }

    private void ProbeBySystem()
    {
        using var prober = new SystemProber(Timeout);
        var clock = Stopwatch.StartNew();
        int started = 0;
        while (started < _targets.Count || prober.Pending > 0)
        {
            ThrowIfStopping();
            while (started < _targets.Count && clock.Elapsed.TotalSeconds * Rate >= started)
            {
                prober.Start(_targets[started++].End);
            }

            Thread.Sleep(5);
            Write(prober);
        }

        Write(prober);
    }

    private void Write(SystemProber prober)
    {
        while (prober.TryTake(out PortProbe? result))
        {
            WriteObject(result);
        }

        while (prober.TryTakeRefused(out (Endpoint Target, SocketException Why) refused))
        {
            WriteError(ErrorRecords.ProbeRefused(refused.Why, refused.Target));
        }
    }
}
