using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using TcpShell.Live.Kernel;
using TcpShell.Live.Tests.Tun;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Kernel;

/// <summary>The operating system's connections, on loopback: the judge is <c>ss</c>, which asks the same kernel.</summary>
public class SystemConnectionTests
{
    [Fact]
    public void List_ConnectionOnLoopback_HasBothEndsAndTheListener()
    {
        using Socket listener = Listen(IPAddress.Loopback);
        using Socket client = Call(listener);
        using Socket server = listener.Accept();
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        SystemConnection[] found = [.. SystemConnections.List(withProcesses: true).Where(connection => connection.Local.Port == port || connection.Remote.Port == port)];
        Assert.Equal(
            [TcpState.Listen, TcpState.Established, TcpState.Established],
            found.Select(connection => connection.State).Order());
        Endpoint clientEnd = Endpoint.Parse(client.LocalEndPoint!.ToString()!);
        Assert.Contains(found, connection => connection.Local == clientEnd && connection.Remote.Port == port);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells the processes to everybody");
        Assert.All(found, connection => Assert.Equal(Environment.ProcessId, connection.ProcessId));
    }

    [Fact]
    public void List_BothVersions_HasIPv4PeersOfIPv6SocketsAsIPv4()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this system has no IPv6");
        using var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        listener.Listen();
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, port);
        using Socket server = listener.Accept();
        SystemConnection end = Assert.Single(SystemConnections.List(), connection => connection.Local.Port == port && connection.State == TcpState.Established);
        Assert.Equal(IpAddress.Parse("127.0.0.1"), end.Local.Address);
    }

    [Fact]
    public void List_AfterATransfer_SaysWhatSsSays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells so much");
        NetworkNamespace.RequireProgram("ss", "iproute2");
        using Socket listener = Listen(IPAddress.Loopback);
        using Socket client = Call(listener);
        using Socket server = listener.Accept();
        client.Send(new byte[100_000]);
        var buffer = new byte[100_000];
        for (int got = 0; got < buffer.Length;)
        {
            got += server.Receive(buffer, got, buffer.Length - got, SocketFlags.None);
        }

        server.Send(new byte[500]);
        Thread.Sleep(300); // the last delayed ACK
        Endpoint local = Endpoint.Parse(client.LocalEndPoint!.ToString()!);
        SystemConnection ours = Assert.Single(SystemConnections.List(), connection => connection.Local == local && connection.State == TcpState.Established);
        string theirs = NetworkNamespace.Shell("ss", $"-Htino state established src {local.Address} sport = :{local.Port}");

        long? mss = Number(theirs, @"\bmss:(\d+)");
        Assert.Equal(mss, (long?)ours.SendMss);
        Assert.Equal(Number(theirs, @"\bpmtu:(\d+)"), (long?)ours.PathMtu);
        Assert.Equal(Number(theirs, @"\badvmss:(\d+)"), (long?)ours.ReceiveMss);
        Assert.Equal(Number(theirs, @"\bcwnd:(\d+)") * mss, ours.Cwnd);
        Assert.Equal(Number(theirs, @"\bbytes_sent:(\d+)"), ours.Sent);
        Assert.Equal(Number(theirs, @"\bbytes_received:(\d+)"), ours.Received);
        Assert.Equal(Fraction(theirs, @"\brto:([\d.]+)"), ours.Rto!.Value.TotalMilliseconds, 0.01);
        Assert.Equal(Fraction(theirs, @"\brtt:([\d.]+)"), ours.Rtt!.Value.TotalMilliseconds, 0.01);
        Assert.Equal(Fraction(theirs, @"\brtt:[\d.]+/([\d.]+)"), ours.RttVar!.Value.TotalMilliseconds, 0.01);
        Assert.Equal(Fraction(theirs, @"\bminrtt:([\d.]+)"), ours.MinRtt!.Value.TotalMilliseconds, 0.01);
        Assert.Equal(Number(theirs, @"\bsnd_wnd:(\d+)"), ours.SndWnd);
        Assert.Equal((Number(theirs, @"\bwscale:(\d+),"), Number(theirs, @"\bwscale:\d+,(\d+)")), ((long?)ours.SndScale, (long?)ours.RcvScale));
        Assert.Equal(Regex.IsMatch(theirs, @"\sts\s"), ours.TimestampsInForce);
        Assert.Equal(Regex.IsMatch(theirs, @"\ssack\s"), ours.SackInForce);
        Assert.Contains($" {ours.Congestion} ", theirs, StringComparison.Ordinal);
        Assert.Equal(((long?)100_000, (long?)500), (ours.Sent, ours.Received));
        Assert.Equal(Number(theirs, @"\bbytes_sent:(\d+)"), ours.BytesSent);
        Assert.Equal(Number(theirs, @"\bbytes_acked:(\d+)"), ours.BytesAcknowledged);
        Assert.Equal(Optional(theirs, @"\bbytes_retrans:(\d+)"), ours.BytesRetransmitted);
        Assert.Equal(Number(theirs, @"\bsegs_out:(\d+)"), ours.SegmentsSent);
        Assert.Equal(Number(theirs, @"\bsegs_in:(\d+)"), ours.SegmentsReceived);
        Assert.Equal(Number(theirs, @"\bdata_segs_out:(\d+)"), ours.DataSegmentsSent);
        Assert.Equal(Number(theirs, @"\bdata_segs_in:(\d+)"), ours.DataSegmentsReceived);
        Assert.Equal(Number(theirs, @"\bdelivered:(\d+)"), ours.Delivered);
        Assert.Equal(Number(theirs, @"\brcvmss:(\d+)"), (long?)ours.PeerSegmentSize);
        Assert.Equal(Number(theirs, @"\brcv_space:(\d+)"), ours.ReceiveSpace);
        Assert.Equal(Number(theirs, @"\brcv_ssthresh:(\d+)"), ours.ReceiveSsthresh);
        Assert.Equal(Optional(theirs, @"\bbackoff:(\d+)"), (long?)ours.Backoff);
        Assert.Equal(Optional(theirs, @"\bnotsent:(\d+)"), ours.Unsent);
        Assert.Equal(Fraction(theirs, @"\bato:([\d.]+)"), ours.DelayedAckTimeout!.Value.TotalMilliseconds, 0.01);
        Assert.Equal(Regex.IsMatch(theirs, @"\bapp_limited\b"), ours.IsApplicationLimited);
        Assert.Equal((double)Optional(theirs, @"\bbusy:(\d+)ms")!, ours.BusyTime!.Value.TotalMilliseconds, 1.0);
        Assert.Equal(Fraction(theirs, @"\bpacing_rate (\d+)bps"), ours.PacingRate!.Value * 8.0, 8);

        // The two looked one after the other.
        const double Between = 2000;
        Assert.InRange(Fraction(theirs, @"\blastsnd:(\d+)") - ours.SinceDataSent!.Value.TotalMilliseconds, 0, Between);
        Assert.InRange(Fraction(theirs, @"\blastrcv:(\d+)") - ours.SinceDataReceived!.Value.TotalMilliseconds, 0, Between);
        Assert.InRange(Fraction(theirs, @"\blastack:(\d+)") - ours.SinceAckReceived!.Value.TotalMilliseconds, 0, Between);
    }

    // A session with pauses between its steps: each state is seen once, in order, at both ends. P: handshake, half-close, TIME-WAIT.
    [Fact]
    public void Watch_ScriptedSession_SeesEachStateOnceInOrder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere a listener with a full queue answers otherwise");
        using Socket listener = Listen(IPAddress.Loopback, backlog: 0);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;

        // The queue of the listener is full, so the kernel drops the next request: it stays in SYN-SENT until there is room again.
        using Socket first = Call(listener);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Endpoint local = Endpoint.Parse(client.LocalEndPoint!.ToString()!);
        using var watch = new SystemWatch(new SystemFilter { Port = local.Port });
        var changes = new List<StateChange>();
        void See(TcpState state, int ends)
        {
            DateTime limit = DateTime.UtcNow.AddSeconds(30);
            while (changes.Count(change => change.To == state) < ends)
            {
                Assert.True(DateTime.UtcNow < limit, $"{state} does not come: {string.Join("; ", changes)}");
                watch.Wait(TimeSpan.FromMilliseconds(20));
                changes.AddRange(watch.Look());
            }
        }

        Thread connecting = NetworkNamespace.Start(() => client.Connect(IPAddress.Loopback, port));
        See(TcpState.SynSent, 1);
        using Socket firstServer = listener.Accept();
        See(TcpState.Established, 2);
        connecting.Join();
        using Socket server = listener.Accept();
        client.Shutdown(SocketShutdown.Send);
        See(TcpState.FinWait2, 1);
        See(TcpState.CloseWait, 1);
        server.Dispose();
        See(TcpState.TimeWait, 1);
        See(TcpState.Closed, 1); // the server's end; the client's stays in TIME-WAIT for a minute
        Assert.Equal(
            [TcpState.SynSent, TcpState.Established, TcpState.FinWait2, TcpState.TimeWait],
            Lasting(changes.Where(change => change.Local == local)));
        Assert.Equal(
            [TcpState.Established, TcpState.CloseWait, TcpState.Closed],
            Lasting(changes.Where(change => change.Local != local)));
        Assert.Equal(TransitionEvent.SynAckArrives, changes.Single(change => change.From == TcpState.SynSent).Event);
        Assert.All(changes, change => Assert.True(change.Cause.Length > 0 && change.Explanation.Length > 0));
    }

    // Whoever shows the changes may take his time with each: what lasts 300 ms is seen all the same, and has the time at which it was.
    [Fact]
    public void Watcher_SlowConsumer_MissesNoStateMeanwhile()
    {
        using Socket listener = Listen(IPAddress.Loopback);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var watcher = new SystemWatcher(new SystemFilter { Port = port }, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(4));
        using Socket client = Call(listener);
        using Socket server = listener.Accept();
        Assert.True(watcher.TryTake(out StateChange? first, CancellationToken.None));
        Thread.Sleep(300);
        client.Shutdown(SocketShutdown.Send);
        Thread.Sleep(300);
        server.Dispose();
        Thread.Sleep(300); // and nothing was taken since the first
        List<StateChange> changes = [first!];
        while (watcher.TryTake(out StateChange? change, CancellationToken.None))
        {
            changes.Add(change!);
        }

        StateChange halfClosed = Assert.Single(changes, change => change.To == TcpState.FinWait2);
        StateChange closed = Assert.Single(changes, change => change.To == TcpState.TimeWait);
        Assert.Single(changes, change => change.To == TcpState.CloseWait);
        Assert.True((closed.Time - halfClosed.Time) > TimeSpan.FromMilliseconds(200), $"{halfClosed.Time}, {closed.Time}");
    }

    // The states in which an end waits for an ACK last as long as the peer takes its time with it: they may be seen or not.
    private static IEnumerable<TcpState> Lasting(IEnumerable<StateChange> changes) =>
        changes.Select(change => change.To).Where(state => state is not (TcpState.FinWait1 or TcpState.LastAck or TcpState.SynReceived));

    private static Socket Listen(IPAddress address, int backlog = 100)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        socket.Listen(backlog);
        return socket;
    }

    private static Socket Call(Socket listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndPoint!);
        return socket;
    }

    // ss leaves out what is 0.
    private static long? Optional(string text, string pattern) => Regex.IsMatch(text, pattern) ? Number(text, pattern) : 0;

    private static long? Number(string text, string pattern) => (long)Fraction(text, pattern);

    private static double Fraction(string text, string pattern)
    {
        Match match = Regex.Match(text, pattern);
        Assert.True(match.Success, $"{pattern} is not in: {text}");
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
