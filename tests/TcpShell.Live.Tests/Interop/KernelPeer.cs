using System.Net.Sockets;
using TcpShell.Hosting;
using TcpShell.Live.Tests.Tun;
using TcpShell.Tcp;

namespace TcpShell.Live.Tests.Interop;

/// <summary>The kernel's own TCP with some of its settings (net.ipv4....), which belong to the network namespace.</summary>
internal sealed class KernelPeer(string name, KernelPeer.Features expected, string sysctls) : StreamPeer
{
    /// <summary>What is in force between such a kernel and us.</summary>
    public readonly record struct Features(bool Timestamps = true, bool Sack = true, bool WindowScaling = true, bool Ecn = false, bool Cookies = false)
    {
        public Features()
            : this(true)
        {
        }
    }

    private const string AsItComes = "as it comes";

    public override string Name => $"{name}, {sysctls}";

    // Linux asks for ECN only where it is told to, and so do we.
    public override TcpSettings Settings => TcpSettings.Linux with { Ecn = expected.Ecn ? EcnMode.Request : EcnMode.Accept };

    public override void Prepare(string folder)
    {
        if (sysctls != AsItComes)
        {
            NetworkNamespace.Shell("sysctl", $"-qw {string.Join(' ', sysctls.Split(' ').Select(setting => $"net.ipv4.{setting}"))}");
        }
    }

    public override IDisposable Serve()
    {
        Socket listener = KernelLink.Listen(port: EchoPort);
        NetworkNamespace.Start(() =>
        {
            using Socket socket = listener.Accept();
            KernelLink.ReadToEnd(socket, data => socket.Send(data.Span));
        });
        return listener;
    }

    public override void Call(string sent, string received)
    {
        using Socket socket = KernelLink.Call(OurPort);
        Thread sender = NetworkNamespace.Start(() =>
        {
            socket.Send(File.ReadAllBytes(sent));
            socket.Shutdown(SocketShutdown.Send);
        });
        using FileStream file = File.Create(received);
        KernelLink.ReadToEnd(socket, data => file.Write(data.Span));
        sender.Join();
    }

    public override void Check(HostedConnection ours)
    {
        Assert.Equal(
            (expected.Timestamps, expected.Sack, expected.WindowScaling, expected.Ecn),
            (ours.TimestampsInForce, ours.SackInForce, ours.WindowScalingInForce, ours.Tcp.EcnInForce));
        if (ours.Role == ConnectionRole.Client)
        {
            Assert.Equal(expected.Cookies, CookiesSent() > 0);
        }
    }

    private static long CookiesSent()
    {
        // Two lines, one with the names and one with the numbers.
        string[][] lines = [.. NetworkNamespace.Shell("cat", "/proc/net/netstat").Split('\n').Where(line => line.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return long.Parse(lines[1][Array.IndexOf(lines[0], "SyncookiesSent")], System.Globalization.CultureInfo.InvariantCulture);
    }
}
