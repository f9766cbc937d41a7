using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Tun;

/// <summary>
/// Two hundred connections a second, half of them called by the kernel and half by us, opened, used and closed on a link that loses one packet in two
/// hundred. Usually a few seconds long; as a soak it runs as many seconds as TCPSHELL_SOAK_SECONDS says: 1800 for half an hour. A rate that the machine
/// does not keep is in the output.
/// </summary>
public class SoakTests(ITestOutputHelper output)
{
    private const int PerSecond = 200;
    private const int EchoPort = 7;
    private const int LargestMessage = 8192;

    // A machine that is too slow is not to be buried under what it has not done yet.
    private const int AtOnce = 200;
    private const double Loss = 0.005;
    private const double AllowedGrowth = 0.1;

    // The first minute, in which TIME-WAIT (60 s) fills up, and a little for those that loss delays.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(70);
    private static readonly TimeSpan s_reportInterval = TimeSpan.FromSeconds(10);

    // Six losses in a row of the same segment take a minute, and come once in many soaks.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly TcpSettings s_brief = TcpSettings.Linux with { MaximumSegmentLifetime = TimeSpan.FromSeconds(1) };
    private static readonly byte[] s_octets = RandomOctets();

    private readonly ConcurrentDictionary<int, Stopwatch> _open = [];
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly ConcurrentQueue<OurCall> _ourCalls = [];
    private int _done;
    private long _longest;
    private bool _ends;

    [Fact]
    public void Connections_OpenedUsedAndClosedOnALossyLink_AllEndAndLeaveNothingBehind() => NetworkNamespace.Run(() =>
    {
        bool isSoak = int.TryParse(Environment.GetEnvironmentVariable("TCPSHELL_SOAK_SECONDS"), out int wanted);
        TimeSpan length = TimeSpan.FromSeconds(isSoak ? wanted : 4);
        if (isSoak)
        {
            // What the runtime opens for itself and keeps.
            Soak(TimeSpan.FromSeconds(1), s_brief);
        }

        int descriptors = Descriptors();
        Soak(length, isSoak ? TcpSettings.Linux : s_brief);
        Assert.Empty(NetworkNamespace.Shell("ss", "-Htan state connected exclude time-wait"));
        if (isSoak)
        {
            // Other tests may run beside a short one, and open theirs.
            Report($"{descriptors} descriptors before, {Descriptors()} after");
            Assert.Equal(descriptors, Descriptors());
        }
    });

    private void Soak(TimeSpan length, TcpSettings settings)
    {
        using var link = new KernelLink(settings);
        _done = 0;
        _ends = false;

        // What is kept to look at afterwards is full within the first minute.
        link.Network.Trace.Limit = 1024 * 1024;
        link.Network.StateChanges.Limit = 5000;
        link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = Loss });
        link.Network.Listen(link.Host, new Endpoint(default, EchoPort), Applications.Echo, backlog: 1024);
        using Socket listener = KernelLink.Listen(port: EchoPort);
        NetworkNamespace.Start(() => Serve(listener));
        Thread caller = NetworkNamespace.Start(() => Drive(link));

        var clock = Stopwatch.StartNew();
        TimeSpan reported = TimeSpan.Zero;
        (long Heap, long Process) first = default;
        int opened = 0;
        int missed = 0;
        while (clock.Elapsed < length)
        {
            int due = (int)(clock.Elapsed.TotalSeconds * PerSecond);
            while (opened + missed < due)
            {
                // What a slow machine has missed is not made up for: that would be another rate.
                if (_open.Count >= AtOnce)
                {
                    missed++;
                }
                else
                {
                    Open(link, opened++);
                }
            }

            if (clock.Elapsed - reported > s_reportInterval)
            {
                reported = clock.Elapsed;
                (long Heap, long Process) now = Memory();
                first = first == default && reported > s_warmUp ? now : first;
                Report($"{reported.TotalSeconds,5:F0} s: {opened} opened, {_done} done, {_open.Count} open, {link.Host.Connections.Count} on our host; "
                    + $"heap {now.Heap / 1048576.0:F1} MiB, process {now.Process / 1048576} MiB, {Descriptors()} descriptors");
            }

            Thread.Sleep(1);
        }

        double rate = opened / clock.Elapsed.TotalSeconds;
        (long Heap, long Process) last = Memory();
        if (!SpinWait.SpinUntil(() => _open.IsEmpty, s_patience))
        {
            Assert.Fail(Describe(link));
        }

        Volatile.Write(ref _ends, true);
        caller.Join();
        Assert.True(
            link.Network.RunUntil(() => link.Host.Connections.Count == 0, s_patience),
            $"left on our host: {string.Join("; ", link.Host.Connections)}");
        Report($"{opened} connections in {length.TotalSeconds:F0} s, {rate:F1}/s, {missed} not made because the machine was too slow; the longest took {_longest / 1000.0:F1} s; "
            + $"{link.Network.Impairments[0].Hits} packets lost; heap {first.Heap / 1048576.0:F1} MiB after the first minute, {last.Heap / 1048576.0:F1} MiB at the end, "
            + $"process {first.Process / 1048576} and {last.Process / 1048576} MiB");
        Assert.Empty(_failures);
        Assert.Equal(opened, _done);
        if (first != default)
        {
            Assert.True(last.Heap < first.Heap * (1 + AllowedGrowth), $"the heap grew from {first.Heap} to {last.Heap} octets");
            Assert.True(last.Process < first.Process * (1 + AllowedGrowth), $"the process grew from {first.Process} to {last.Process} octets");
        }
    }

    /// <summary>What is stuck, as both ends see it, and what the kernel has given up.</summary>
    private string Describe(KernelLink link)
    {
        var text = new StringBuilder();
        foreach ((int number, Stopwatch clock) in _open)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"call {number} ({(number % 2 == 0 ? "the kernel's" : "ours")}) for {clock.Elapsed.TotalSeconds:F0} s");
        }

        foreach (HostedConnection connection in link.Host.Connections.Where(connection => connection.State is not TcpState.TimeWait and not TcpState.Listen))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{connection}, sent {connection.Sent}, received {connection.Received}, RCV.NXT {connection.RcvNxt}, out of order {connection.OutOfOrder}: ")
                .AppendJoin("; ", connection.StateChanges).AppendLine();
        }

        return text.AppendLine(NetworkNamespace.Shell("ss", "-tanoi exclude time-wait")).AppendLine(NetworkNamespace.Shell("nstat", "-as")).ToString();
    }

    /// <summary>Opens a connection; every other one is ours.</summary>
    private void Open(KernelLink link, int number)
    {
        _open[number] = Stopwatch.StartNew();
        if (number % 2 == 0)
        {
            // Made here, for a socket belongs to the network of the thread that makes it.
            _ = CallFromKernel(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), number);
        }
        else
        {
            _ourCalls.Enqueue(new OurCall(number, link.Network.Connect(link.Host, new Endpoint(KernelLink.Kernel(false), EchoPort))));
        }
    }

    private async Task CallFromKernel(Socket socket, int number)
    {
        string failure = "";
        try
        {
            using (socket)
            {
                await socket.ConnectAsync(KernelLink.Own(false), EchoPort);
                ReadOnlyMemory<byte> message = Message(number);
                await socket.SendAsync(message);
                socket.Shutdown(SocketShutdown.Send);
                var received = new byte[LargestMessage + 1];
                int length = 0;
                while (await socket.ReceiveAsync(received.AsMemory(length)) is > 0 and int count)
                {
                    length += count;
                }

                failure = message.Span.SequenceEqual(received.AsSpan(0, length)) ? "" : $"{length} octets came back of {message.Length}";
            }
        }
        catch (SocketException thrown)
        {
            failure = thrown.Message;
        }

        Finish(number, failure);
    }

    /// <summary>The user of all connections that we call: does with each what its state allows, whenever something happens.</summary>
    private void Drive(KernelLink link)
    {
        var calls = new List<OurCall>();
        var buffer = new byte[LargestMessage + 1];
        while (!Volatile.Read(ref _ends))
        {
            using (link.Network.Hold())
            {
                while (_ourCalls.TryDequeue(out OurCall? call))
                {
                    calls.Add(call);
                }

                calls.RemoveAll(call => HasEnded(link, call, buffer));
            }

            link.Network.RunUntil(() => !_ourCalls.IsEmpty || calls.Exists(call => call.CanAct), TimeSpan.FromMilliseconds(5));
        }
    }

    private bool HasEnded(KernelLink link, OurCall call, byte[] buffer)
    {
        HostedConnection connection = call.Connection;
        ReadOnlySpan<byte> message = Message(call.Number).Span;
        if (connection.State == TcpState.Established && !call.IsClosed)
        {
            call.Sent += link.Network.Send(connection, message[call.Sent..]);
            if (call.Sent == message.Length)
            {
                call.IsClosed = true;
                link.Network.Close(connection);
            }
        }

        while (link.Network.Receive(connection, buffer) is > 0 and int count)
        {
            call.IsWrong |= count > message.Length - call.Received || !message.Slice(call.Received, count).SequenceEqual(buffer.AsSpan(0, count));
            call.Received += count;
        }

        if (connection.State is TcpState.TimeWait or TcpState.Closed)
        {
            bool isWhole = connection.Error == ConnectionError.None && !call.IsWrong && call.Received == message.Length;
            Finish(call.Number, isWhole ? "" : $"{connection}: {connection.Error}, {call.Received} octets came back of {message.Length}");
            return true;
        }

        return false;
    }

    private void Finish(int number, string failure)
    {
        _open.Remove(number, out Stopwatch? clock);
        lock (_failures)
        {
            _longest = Math.Max(_longest, clock!.ElapsedMilliseconds);
            _done++;
        }

        if (failure.Length > 0)
        {
            _failures.Enqueue($"{number} after {clock.Elapsed.TotalSeconds:F1} s: {failure}");
        }
    }

    /// <summary>The kernel's echo.</summary>
    private static void Serve(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = Echo(listener.Accept());
            }
        }
        catch (SocketException)
        {
            // Closed: the soak is over.
        }

        static async Task Echo(Socket socket)
        {
            using (socket)
            {
                var buffer = new byte[LargestMessage];
                while (await socket.ReceiveAsync(buffer) is > 0 and int count)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count));
                }
            }
        }
    }

    private static ReadOnlyMemory<byte> Message(int number) => s_octets.AsMemory(number % LargestMessage, 1 + (number * 31 % LargestMessage));

    private static byte[] RandomOctets()
    {
        var octets = new byte[2 * LargestMessage];
        new Random(1).NextBytes(octets);
        return octets;
    }

    private static (long Heap, long Process) Memory()
    {
        // What is free is given back, or the process would be as large as it once had to be.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return (GC.GetTotalMemory(forceFullCollection: false), Environment.WorkingSet);
    }

    /// <summary>Sockets, pipes, devices: all but the assemblies, of which the runtime opens one now and then.</summary>
    private static int Descriptors() =>
        new DirectoryInfo("/proc/self/fd").GetFiles().Count(descriptor => descriptor.LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) == false);

    /// <summary>At once on the console too, for whoever watches a long soak.</summary>
    private void Report(string text)
    {
        output.WriteLine(text);
        Console.WriteLine(text);
    }

    private sealed class OurCall(int number, HostedConnection connection)
    {
        public int Number => number;

        public HostedConnection Connection => connection;

        public int Sent { get; set; }

        public int Received { get; set; }

        public bool IsClosed { get; set; }

        public bool IsWrong { get; set; }

        /// <summary>Whether its user has something to do.</summary>
        public bool CanAct => connection.State switch
        {
            TcpState.Established => !IsClosed && connection.Tcp.SendSpace > 0,
            TcpState.TimeWait or TcpState.Closed => true,
            _ => connection.ReceiveQueue > 0,
        };
    }
}
