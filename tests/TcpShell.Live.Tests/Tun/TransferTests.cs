using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Tun;

/// <summary>Large transfers between our TCP and the kernel's, both ways at once, with sums at both ends: on a good link and on a bad one.</summary>
/// <remarks>TCPSHELL_TRANSFER_SIZE makes them larger: octets each way. The rate is in the output.</remarks>
public class TransferTests(ITestOutputHelper output)
{
    private static readonly long s_size = long.TryParse(Environment.GetEnvironmentVariable("TCPSHELL_TRANSFER_SIZE"), out long size) ? size : 100_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GoodLink_100MegabytesEachWay_ArriveUnchanged(bool isIPv6) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen(isIPv6);
        Exchange(link, listener, s_size);
    });

    // Some kernels have no netem, so our side of the link makes the trouble for both directions. P: loss, reordering, delay. What one loss in a
    // hundred leaves of the rate is so many segments a round trip: large ones, for the test to end this year.
    [Fact]
    public void BadLink_100MegabytesEachWay_ArriveUnchanged() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink(mtu: 9000);
        link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = 0.01 });
        link.Network.AddImpairment(ImpairmentKind.Reorder, new() { Probability = 0.05 }, TimeSpan.FromMilliseconds(1));
        link.Network.AddImpairment(ImpairmentKind.Delay, new(), TimeSpan.FromMilliseconds(10));
        using Socket listener = KernelLink.Listen();
        HostedConnection ours = Exchange(link, listener, s_size);
        Assert.True(ours.Retransmissions > 0);
        Assert.All(link.Network.Impairments, impairment => Assert.True(impairment.Hits > 100, impairment.ToString()));
        Assert.True(ours.Srtt > TimeSpan.FromMilliseconds(20), $"SRTT {ours.Srtt}");
    });

    // The same made by the kernel on its side, where it can.
    [Fact]
    public void Netem_10MegabytesEachWay_ArriveUnchanged() => NetworkNamespace.Run(() =>
    {
        NetworkNamespace.RequireProgram("tc", "iproute2");
        using var link = new KernelLink(mtu: 9000);
        using Process netem = NetworkNamespace.StartProgram("tc", "qdisc add dev tcpsh0 root netem delay 20ms reorder 5% loss 1%");
        netem.WaitForExit();
        Assert.SkipUnless(netem.ExitCode == 0, "this kernel has no netem (CONFIG_NET_SCH_NETEM)");
        using Socket listener = KernelLink.Listen();
        HostedConnection ours = Exchange(link, listener, 10_000_000);
        Assert.True(ours.Srtt > TimeSpan.FromMilliseconds(15), $"SRTT {ours.Srtt}");
    });

    [Fact]
    public void LargePackets_100MegabytesEachWay_ArriveUnchanged() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink(mtu: 9000);
        using Socket listener = KernelLink.Listen();
        HostedConnection ours = Exchange(link, listener, s_size);
        Assert.True(ours.SendMss > 8000, $"MSS {ours.SendMss}");
    });

    [Fact]
    public void Trace_OfALongTransfer_KeepsItsLimit() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        link.Network.Trace.Limit = 1_000_000;
        using Socket listener = KernelLink.Listen();
        Exchange(link, listener, 10_000_000);
        Assert.InRange(link.Network.Trace.Sum(packet => (long)packet.Bytes.Length), 1, 1_000_000);
        Assert.True(link.Network.Trace.Forgotten > 1000);
    });

    // P: zero window. The kernel's program does not read, so the window closes, and probes keep asking until it does.
    [Fact]
    public void Kernel_ThatDoesNotRead_ClosesItsWindowAndGetsEverythingLater() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        listener.ReceiveBufferSize = 8192;
        (HostedConnection ours, Socket theirs) = link.Open(listener);
        Thread sender = NetworkNamespace.Start(() =>
        {
            KernelLink.Generate(1_000_000, 1, data => link.Send(ours, data.Span));
            link.Network.Close(ours);
        });
        link.WaitUntil(() => ours.SndWnd < ours.SendMss && ours.Timers.Any(timer => timer.Key == TimerKind.Persist), $"the window stays open: {ours.SndWnd}");
        link.WaitUntil(
            () => link.Network.Trace.Any(packet => packet.Reason == TransmitReason.ZeroWindowProbe),
            $"no probe: {string.Join(", ", ours.Timers)}");
        Assert.Equal(Sum(1_000_000, 1), KernelLink.ReadToEnd(theirs));
        sender.Join();
    });

    // P: zero window, the other way round.
    [Fact]
    public void OurUser_WhoDoesNotRead_ClosesTheWindowAndGetsEverythingLater() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        (HostedConnection ours, Socket theirs) = link.Open(listener, TcpSettings.Linux with { ReceiveBufferSize = 20_000 });
        Thread sender = NetworkNamespace.Start(() =>
        {
            KernelLink.Generate(1_000_000, 2, data => theirs.Send(data.Span));
            theirs.Shutdown(SocketShutdown.Send);
        });
        link.WaitUntil(() => ours.RcvWnd < 1000, $"the window stays open: {ours.RcvWnd}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        link.ReceiveToEnd(ours, data => hash.AppendData(data.Span));
        Assert.Equal(Sum(1_000_000, 2), Convert.ToHexString(hash.GetHashAndReset()));
        sender.Join();
    });

    // P: keep-alive, against a kernel that answers and one that is gone.
    [Fact]
    public void KeepAlive_KernelAnswersUntilItIsCutOff() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        TcpSettings settings = TcpSettings.Linux with
        {
            KeepAlive = true,
            KeepAliveIdle = TimeSpan.FromMilliseconds(200),
            KeepAliveInterval = TimeSpan.FromMilliseconds(100),
            KeepAliveProbes = 3,
        };
        (HostedConnection ours, _) = link.Open(listener, settings);
        link.WaitUntil(() => link.Network.Trace.Count(packet => packet.Reason == TransmitReason.KeepAliveProbe) >= 3, "no probes");
        Assert.Equal(TcpState.Established, ours.State);
        link.Network.AddImpairment(ImpairmentKind.Drop, new() { To = "tcpsh0" });
        link.WaitFor(ours, TcpState.Closed);
        Assert.Equal(ConnectionError.TimedOut, ours.Error);
    });

    private HostedConnection Exchange(KernelLink link, Socket listener, long size)
    {
        (HostedConnection ours, Socket theirs) = link.Open(listener);
        string atKernel = "";
        var clock = Stopwatch.StartNew();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Thread[] threads =
        [
            NetworkNamespace.Start(() => atKernel = KernelLink.ReadToEnd(theirs)),
            NetworkNamespace.Start(() =>
            {
                KernelLink.Generate(size, 4, data => theirs.Send(data.Span));
                theirs.Shutdown(SocketShutdown.Send);
            }),
            NetworkNamespace.Start(() =>
            {
                KernelLink.Generate(size, 6, data => link.Send(ours, data.Span));
                link.Network.Close(ours);
            }),
        ];
        link.ReceiveToEnd(ours, data => hash.AppendData(data.Span));
        Array.ForEach(threads, thread => thread.Join());
        double seconds = clock.Elapsed.TotalSeconds;
        output.WriteLine($"{size} octets each way in {seconds:0.00} s: {size * 16 / seconds / 1e6:0} Mbit/s in all, {ours.Retransmissions} segments of ours again");
        Assert.Equal(Sum(size, 6), atKernel);
        Assert.Equal(Sum(size, 4), Convert.ToHexString(hash.GetHashAndReset()));
        return ours;
    }

    private static string Sum(long size, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        KernelLink.Generate(size, seed, data => hash.AppendData(data.Span));
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
