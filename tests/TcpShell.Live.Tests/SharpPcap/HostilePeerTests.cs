using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TcpShell.Hosting;
using TcpShell.Live.Devices;
using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Live.Tun;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>
/// A host of ours, on a cable or on a TUN device, somebody hostile at the other end, and beside him the kernel with an ordinary client. Usually five seconds
/// long, and no more frames than the host takes, so that the test holds on a busy machine too: frames that find no room are lost, whoever sent them. As a soak
/// it runs as many seconds as TCPSHELL_HOSTILE_SECONDS says, at full rate: 600 for ten minutes.
/// </summary>
[Collection(nameof(RunsAlone))]
public class HostilePeerTests(ITestOutputHelper output)
{
    private const int Port = 7;
    private const string Tun = "tcptun0";
    private const long AllowedGrowth = 32 * 1024 * 1024;

    // A client on a busy machine may have to ask more than once.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private static readonly AddressPrefix[] s_own = [AddressPrefix.Parse("10.78.0.2/24"), AddressPrefix.Parse("fd00:78::2/64")];
    private static readonly AddressPrefix[] s_kernelPrefixes = [AddressPrefix.Parse("10.78.0.1/24"), AddressPrefix.Parse("fd00:78::1/64")];
    private static readonly IpAddress[] s_kernel = [.. s_kernelPrefixes.Select(prefix => prefix.Address)];

    private readonly ConcurrentQueue<TracedPacket> _fromClient = [];
    private Func<long> _dropped = () => 0;
    private bool _ends;
    private long _frames;
    private long _refused;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frames_OfAnyKindAtFullRate_NeitherHarmTheHostNorKeepAClientFromIt(bool isTun) => VethPair.Run(pair =>
    {
        bool isSoak = int.TryParse(Environment.GetEnvironmentVariable("TCPSHELL_HOSTILE_SECONDS"), out int wanted);
        int seconds = isSoak ? wanted : 5;
        using LiveNetwork network = isTun ? OnTun() : OnCable(pair);

        // What is kept to look at afterwards is full soon, and nothing else may grow.
        network.Trace.Limit = 1024 * 1024;
        network.StateChanges.Limit = 5000;
        string[] clients = [.. s_kernel.Select(address => address.ToString())];
        network.PacketArrived += packet =>
        {
            if (clients.Contains(packet.From) && PacketDecoder.Decode(packet.Bytes, LinkType.Raw).Status == PacketStatus.Tcp)
            {
                _fromClient.Enqueue(packet);
            }
        };
        Listener listener = network.Listen(network.Hosts[0], new Endpoint(default, Port), Applications.Echo);

        Thread attacker = NetworkNamespace.Start(() => Attack(isTun, isSparing: !isSoak));
        var clock = Stopwatch.StartNew();
        TimeSpan length = TimeSpan.FromSeconds(seconds);
        int served = 0;
        int servedLate = 0;
        int refused = 0;
        long memory = 0;
        while (clock.Elapsed < length || (servedLate == 0 && clock.Elapsed < length + s_patience))
        {
            _fromClient.Clear();
            bool isServed = TryServe(served % 2 == 1, served);
            served += isServed ? 1 : 0;
            if (!isServed)
            {
                refused++;
                output.WriteLine($"refused: {string.Join("; ", _fromClient.TakeLast(12).Select(packet => $"{Text(packet)} ({packet.Verdict})"))}");
            }

            bool isLate = clock.Elapsed > length / 2;
            servedLate += isServed && isLate ? 1 : 0;
            if (isLate && memory == 0)
            {
                memory = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        Volatile.Write(ref _ends, true);
        attacker.Join();
        long growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
        output.WriteLine(
            $"{_frames} hostile frames in {clock.Elapsed.TotalSeconds:F0} s ({_frames / clock.Elapsed.TotalSeconds:F0}/s, {_refused} more not taken by the device), "
            + $"{_dropped()} frames lost before the host; {served} clients served, {refused} refused; cookies: {listener.SynCookiesSent} sent, {listener.SynCookiesAccepted} taken; "
            + $"memory {growth / 1024.0:+0;-0} KiB in the second half, {Environment.WorkingSet / 1048576} MiB in all");
        Assert.True(network.IsOpen, network.Failure);
        Assert.True(servedLate > 0, $"{served} clients were served, but none of them in the second half");
        Assert.InRange(growth, long.MinValue, AllowedGrowth);
        Serve(isIPv6: false, served);
    });

    private LiveNetwork OnCable(VethPair pair)
    {
        pair.AddKernelAddresses();
        EthernetDevice device = EthernetDevice.Open(CaptureBackend.Find(VethPair.Ours), s_own, [], null, CancellationToken.None);
        _dropped = () => device.Statistics.Dropped;
        return new LiveNetwork(device, s_own);
    }

    private LiveNetwork OnTun()
    {
        // The device's name, eight numbers of what the kernel received on it, and of what it sent the fourth is drops.
        _dropped = () => File.ReadLines("/proc/thread-self/net/dev")
            .Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words[0] == Tun)
            .Sum(words => long.Parse(words[1 + 8 + 3], CultureInfo.InvariantCulture));
        return new LiveNetwork(TunDevice.Open(Tun, s_kernelPrefixes), s_own);
    }

    /// <summary>Sends frames without end; a sparing attacker pauses whenever the host was too slow for them.</summary>
    private void Attack(bool isTun, bool isSparing)
    {
        long dropped = 0;
        var peer = new HostilePeer(1, new MacAddress(0x0254_0a4e_0002), [.. s_own.Select(prefix => prefix.Address)], s_kernel);
        using IDeviceCapture sender = VethPair.Open(isTun ? Tun : VethPair.Kernel, new CaptureOptions { Filter = "less 1", BufferSize = 65536 });
        while (!Volatile.Read(ref _ends))
        {
            try
            {
                // On a TUN device there are no Ethernet headers: what follows them is sent, IP or not.
                ReadOnlySpan<byte> frame = peer.Next();
                sender.Send(isTun ? frame[Math.Min(14, frame.Length - 1)..] : frame);
                _frames++;
                if (isSparing && _frames % 100 == 0 && _dropped() is long now && now > dropped)
                {
                    dropped = now;
                    Thread.Sleep(200);
                }
            }
            catch (CaptureException)
            {
                _refused++;
            }
        }
    }

    private static string Text(TracedPacket packet)
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet.Bytes, LinkType.Raw);
        return $"{decoded.SourceEndpoint} {decoded.Segment.Flags} {decoded.Segment.SequenceNumber} ack {decoded.Segment.AcknowledgmentNumber} {decoded.Segment.Payload.Length} octets";
    }

    /// <summary>
    /// An ordinary connection, unless it is refused: under a flood a host answers with SYN cookies, and where the first segments behind one are lost, what comes
    /// next fits no connection and is reset (RFC 4987 3.6). A client asks again then.
    /// </summary>
    private static bool TryServe(bool isIPv6, int seed)
    {
        try
        {
            Serve(isIPv6, seed);
            return true;
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.TimedOut)
        {
            return false;
        }
    }

    /// <summary>An ordinary connection from the kernel: opened, used, closed.</summary>
    private static void Serve(bool isIPv6, int seed)
    {
        using var client = new Socket(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = 60_000,
            SendTimeout = 60_000,
        };
        client.Connect(new IPEndPoint(s_own[isIPv6 ? 1 : 0].Address.ToIPAddress(), Port));
        var sent = new byte[4096];
        new Random(seed).NextBytes(sent);
        client.Send(sent);
        client.Shutdown(SocketShutdown.Send);
        var received = new MemoryStream();
        var buffer = new byte[4096];
        while (client.Receive(buffer) is > 0 and int count)
        {
            received.Write(buffer, 0, count);
        }

        Assert.Equal(sent, received.ToArray());
    }
}
