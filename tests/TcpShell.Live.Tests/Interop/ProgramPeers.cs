using System.Diagnostics;
using System.Net;
using TcpShell.Hosting;
using TcpShell.Live.Tests.Tun;

namespace TcpShell.Live.Tests.Interop;

/// <summary>A program that serves and calls.</summary>
internal abstract class ProgramPeer : StreamPeer
{
    /// <summary>The program and its arguments that serve.</summary>
    protected abstract string ServerCommand { get; }

    /// <summary>The program and its arguments that call us.</summary>
    protected abstract string ClientCommand { get; }

    public override IDisposable Serve() => new RunningProgram("sh", $"-c \"exec {ServerCommand}\"");

    public override void Call(string sent, string received) => NetworkNamespace.Shell("sh", $"-c \"exec timeout 120 {ClientCommand} < {sent} > {received}\"");

    protected static string Own => KernelLink.Own(false).ToString();

    /// <summary>A program of this folder.</summary>
    protected static string Source(string name) => Path.Combine(AppContext.BaseDirectory, "Interop", "Peers", name);
}

internal sealed class NcatPeer : ProgramPeer
{
    public override string Name => "ncat";

    // With the kernel's TCP, too, ncat and its program wait for each other if there is much under way, and its last words are lost after a half-close.
    public override int Ahead => 16 * 1024;

    protected override string ServerCommand => $"ncat -l {EchoServer.Address} {EchoPort} --exec /bin/cat";

    protected override string ClientCommand => $"ncat {Own} {OurPort}";

    public override void Require() => NetworkNamespace.RequireProgram("ncat", "ncat");
}

internal sealed class AsyncioPeer : ProgramPeer
{
    public override string Name => "Python's asyncio";

    protected override string ServerCommand => $"python3 {Source("asyncio-peer.py")} serve {EchoServer.Address} {EchoPort}";

    protected override string ClientCommand => $"python3 {Source("asyncio-peer.py")} call {Own} {OurPort}";

    public override void Require() => NetworkNamespace.RequireProgram("python3", "python3");
}

/// <summary>lwIP, a TCP in user space, on a TUN device of its own; the kernel is the router between it and us.</summary>
internal sealed class LwipPeer : ProgramPeer
{
    private string _program = "";

    public override string Name => "lwIP";

    public override IPEndPoint EchoServer => new(IPAddress.Parse("10.79.0.2"), EchoPort);

    protected override string ServerCommand => $"{_program} serve {EchoPort}";

    protected override string ClientCommand => $"{_program} call {Own} {OurPort}";

    public override void Require()
    {
        NetworkNamespace.RequireProgram("cc", "gcc");
        Assert.SkipUnless(File.Exists("/usr/include/lwip/lwip/api.h"), "lwIP is not installed (package liblwip-dev)");
    }

    public override void Prepare(string folder)
    {
        _program = Path.Combine(folder, "lwip-peer");
        NetworkNamespace.Shell("cc", $"-o {_program} {Source("lwip-peer.c")} -I/usr/include/lwip -llwip");
        NetworkNamespace.Shell("ip", "tuntap add lwip0 mode tun");
        NetworkNamespace.Shell("ip", "addr add 10.79.0.1/24 dev lwip0");
        NetworkNamespace.Shell("ip", "link set lwip0 up");
        NetworkNamespace.Shell("sysctl", "-qw net.ipv4.ip_forward=1");
    }

    // What lwIP offers as Debian builds it.
    public override void Check(HostedConnection ours) =>
        Assert.Equal((false, false, true), (ours.TimestampsInForce, ours.SackInForce, ours.WindowScalingInForce));
}

/// <summary>A program that runs until it is disposed of.</summary>
internal sealed class RunningProgram(string program, string arguments) : IDisposable
{
    private readonly Process _process = NetworkNamespace.StartProgram(program, arguments);

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
