using System.Net;
using TcpShell.Hosting;
using TcpShell.Live.Tests.Tun;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Interop;

/// <summary>Another TCP, or a program with the kernel's: an echo server that we call, and a client of our echo server. One row of docs/interop.md.</summary>
internal abstract class StreamPeer
{
    public const int EchoPort = 9000;
    public const int OurPort = 7;
    public const int AnyDistance = int.MaxValue;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StreamPeer> All { get; } =
    [
        new KernelPeer("Linux", new(), "as it comes"),
        new KernelPeer("Linux", new(Timestamps: false), "tcp_timestamps=0"),
        new KernelPeer("Linux", new(Sack: false), "tcp_sack=0"),
        new KernelPeer("Linux", new(WindowScaling: false), "tcp_window_scaling=0"),
        new KernelPeer("Linux", new(Ecn: true), "tcp_ecn=1"),
        new KernelPeer("Linux", new(), "tcp_ecn=0"),
        new KernelPeer("Linux", new(Cookies: true), "tcp_syncookies=2"),
        new KernelPeer("Linux", new(), "tcp_syncookies=0"),
        new KernelPeer("Linux", new(false, false, false, Cookies: true), "tcp_timestamps=0 tcp_sack=0 tcp_window_scaling=0 tcp_ecn=0 tcp_syncookies=2"),
        new NcatPeer(),
        new AsyncioPeer(),
        new LwipPeer(),
    ];

    /// <summary>What it is called in the table.</summary>
    public abstract string Name { get; }

    /// <summary>Where its echo server listens.</summary>
    public virtual IPEndPoint EchoServer => new(KernelLink.Kernel(false), EchoPort);

    /// <summary>What our side is set to.</summary>
    public virtual TcpSettings Settings => TcpSettings.Linux;

    /// <summary>How many octets may be sent to its echo server before they come back. Where that is limited, nobody may close before all came back.</summary>
    public virtual int Ahead => AnyDistance;

    /// <summary>Skips the test, and says why, where it is not installed.</summary>
    public virtual void Require()
    {
    }

    /// <summary>Makes ready what it needs in the test's network.</summary>
    /// <param name="folder">Where it may put files.</param>
    public virtual void Prepare(string folder)
    {
    }

    /// <summary>Starts the echo server. It may listen a little later only.</summary>
    /// <returns>What ends it.</returns>
    public abstract IDisposable Serve();

    /// <summary>Calls our echo server: sends a file, closes its half of the connection, and writes into another file what comes back.</summary>
    public abstract void Call(string sent, string received);

    /// <summary>Looks whether the connection came to be in the way that is to be tried.</summary>
    /// <param name="ours">Our end, open.</param>
    public virtual void Check(HostedConnection ours)
    {
    }

    public override string ToString() => Name;
}
