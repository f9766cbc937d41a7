using System.Net.Sockets;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Tun;

/// <summary>Connections between our TCP and the kernel's: opened from either side, closed and aborted in all ways, over IPv4 and IPv6.</summary>
public class ClosingTests
{
    private static readonly byte[] s_hello = Encoding.ASCII.GetBytes("hello");

    [Fact]
    public void Close_DoesNotWaitForAnAttemptThatNobodyAnswers() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        HostedConnection attempt = link.Network.Connect(link.Host, Endpoint.Parse("10.77.0.99:80"));
        Assert.Equal(TcpState.SynSent, attempt.State);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        link.Network.Close(KernelLink.Patience);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(TcpState.Closed, attempt.State);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connect_ToTheKernel_BothEndsCloseInOrder(bool isIPv6) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen(isIPv6);
        (HostedConnection ours, Socket theirs) = link.Open(listener);
        link.Send(ours, s_hello);
        link.Network.Close(ours);
        var buffer = new byte[100];
        Assert.Equal(5, theirs.Receive(buffer));
        Assert.Equal(0, theirs.Receive(buffer));

        // Half-closed: the kernel goes on sending.
        theirs.Send("still here"u8);
        link.WaitUntil(() => ours.ReceiveQueue == 10, "nothing comes after the half-close");
        Assert.Equal(TcpState.FinWait2, ours.State);
        theirs.Dispose();
        link.WaitFor(ours, TcpState.TimeWait);
        Assert.Equal(
            [TcpState.SynSent, TcpState.Established, TcpState.FinWait1, TcpState.FinWait2, TcpState.TimeWait],
            ours.StateChanges.Select(change => change.To));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Listen_CalledByTheKernel_EchoesAndClosesAfterIt(bool isIPv6) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        link.Network.Listen(link.Host, new Endpoint(default, 7), Applications.Echo);
        using Socket client = KernelLink.Call(7, isIPv6);
        client.Send(s_hello);
        client.Shutdown(SocketShutdown.Send);
        var received = new StringBuilder();
        KernelLink.ReadToEnd(client, data => received.Append(Encoding.ASCII.GetString(data.Span)));
        Assert.Equal("hello", received.ToString());
        HostedConnection server = link.OnlyConnection;
        link.WaitFor(server, TcpState.Closed);
        Assert.Equal(ConnectionError.None, server.Error);
    });

    [Fact]
    public void Connect_NobodyListens_IsRefusedByTheKernel() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        HostedConnection connection = link.Network.Connect(link.Host, Endpoint.Parse("10.77.0.1:81"));
        link.WaitFor(connection, TcpState.Closed);
        Assert.Equal(ConnectionError.Refused, connection.Error);
    });

    [Fact]
    public void Call_NobodyListensHere_KernelIsRefused() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        SocketException refused = Assert.Throws<SocketException>(() => KernelLink.Call(81));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    });

    [Fact]
    public void Abort_ByUs_ResetsTheKernelsEnd() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (HostedConnection ours, Socket theirs) = link.Open(listener);
        link.Network.Abort(ours);
        SocketException reset = Assert.Throws<SocketException>(() => theirs.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    });

    [Fact]
    public void Abort_ByTheKernel_ResetsOurEnd() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (HostedConnection ours, Socket theirs) = link.Open(listener);
        theirs.LingerState = new LingerOption(true, 0);
        theirs.Dispose();
        link.WaitFor(ours, TcpState.Closed);
        Assert.Equal(ConnectionError.Reset, ours.Error);
    });

    [Fact]
    public void Close_BothAtOnce_CrossesThroughClosing() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (HostedConnection ours, Socket theirs) = link.Open(listener);

        // Nothing that the kernel sends comes in while the network is held: both FINs are under way before either arrives.
        using (link.Network.Hold())
        {
            theirs.Shutdown(SocketShutdown.Send);
            link.Network.AddImpairment(
                Simulation.Impairments.ImpairmentKind.Delay, new() { From = "tcpsh0", Flags = TcpFlags.FIN, Count = 1 }, TimeSpan.FromMilliseconds(100));
            link.Network.Close(ours);
        }

        link.WaitFor(ours, TcpState.TimeWait);
        Assert.Contains(ours.StateChanges, change => change.To == TcpState.Closing);
        Assert.Equal(0, theirs.Receive(new byte[1]));
    });

    [Fact]
    public void Dispose_WithOpenConnections_LeavesNoHalfOpenPeerAndNoDevice() => NetworkNamespace.Run(() =>
    {
        using Socket? theirs = OpenAndDispose(polite: false);
        SocketException reset = Assert.Throws<SocketException>(() => theirs.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        Assert.DoesNotContain("tcpsh0", NetworkNamespace.Shell("ip", "link"));
    });

    // Who misses a segment answers a RST beyond it with a challenge only (RFC 5961 3.2).
    [Fact]
    public void Dispose_WhilePeersMissSegments_LeavesNoHalfOpenPeer() => NetworkNamespace.Run(() =>
    {
        NetworkNamespace.RequireProgram("ss", "iproute2");
        var theirs = new List<Socket>();
        using (var link = new KernelLink())
        {
            using Socket listener = KernelLink.Listen();
            link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = 0.1 });
            for (int i = 0; i < 20; i++)
            {
                (HostedConnection ours, Socket peer) = link.Open(listener);
                theirs.Add(peer);
                NetworkNamespace.Start(() => Record.Exception(() => KernelLink.ReadToEnd(peer)));
                link.Network.Send(ours, new byte[1_000_000]);
            }

            Assert.NotEmpty(Half());
        }

        for (int tries = 0; tries < 20 && Half().Length > 0; tries++)
        {
            Thread.Sleep(50);
        }

        Assert.Empty(Half());
        theirs.ForEach(socket => socket.Dispose());

        static string[] Half() => [.. NetworkNamespace.Shell("ss", "-tanH").Split('\n').Where(line => line.StartsWith("ESTAB", StringComparison.Ordinal))];
    });

    [Fact]
    public void Close_OfTheInterface_SaysGoodbyeWithFin() => NetworkNamespace.Run(() =>
    {
        using Socket theirs = OpenAndDispose(polite: true);
        Assert.Equal(0, theirs.Receive(new byte[1]));
        Assert.DoesNotContain("tcpsh0", NetworkNamespace.Shell("ip", "link"));
    });

    [Fact]
    public void Device_RemovedBySomebodyElse_EndsTheConnectionsAndTheThread() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (HostedConnection ours, _) = link.Open(listener);
        NetworkNamespace.Shell("ip", "link del tcpsh0");
        link.WaitFor(ours, TcpState.Closed);
        Assert.Equal(ConnectionError.HostStopped, ours.Error);
        Assert.False(link.Network.IsOpen);
        Assert.Contains("gone", link.Network.Failure, StringComparison.Ordinal);
    });

    private static Socket OpenAndDispose(bool polite)
    {
        var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (_, Socket theirs) = link.Open(listener);
        if (polite)
        {
            NetworkNamespace.Start(() =>
            {
                theirs.Receive(new byte[1], SocketFlags.Peek);
                theirs.Shutdown(SocketShutdown.Send);
            });
            link.Network.Close(TimeSpan.FromSeconds(20));
        }
        else
        {
            link.Dispose();
        }

        return theirs;
    }
}
