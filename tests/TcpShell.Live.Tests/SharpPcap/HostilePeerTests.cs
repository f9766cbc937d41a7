using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TcpShell.Hosting;
using TcpShell.Live.Devices;
using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>
/// A host of ours on a cable, somebody hostile at the other end, and beside him the kernel with an ordinary client. Usually five seconds long, and no more
/// frames than the host takes, so that the test holds on a busy machine too: frames that find no room are lost, whoever sent them. As a soak it runs as
/// many seconds as TCPSHELL_HOSTILE_SECONDS says, at full rate: 600 for ten minutes.
/// </summary>
public class HostilePeerTests(ITestOutputHelper output)
{
    private const int Port = 7;
    private const long AllowedGrowth = 32 * 1024 * 1024;

    // A client on a busy machine may have to ask more than once.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private static readonly AddressPrefix[] s_own = [AddressPrefix.Parse("10.78.0.2/24"), AddressPrefix.Parse("fd00:78::2/64")];
    private static readonly IpAddress[] s_kernel = [IpAddress.Parse("10.78.0.1"), IpAddress.Parse("fd00:78::1")];

    private bool _ends;
    private long _frames;
    private long _refused;

    [Fact]
    public void Frames_OfAnyKindAtFullRate_NeitherHarmTheHostNorKeepAClientFromIt() => VethPair.Run(pair =>
    {
        bool isSoak = int.TryParse(Environment.GetEnvironmentVariable("TCPSHELL_HOSTILE_SECONDS"), out int wanted);
        int seconds = isSoak ? wanted : 5;
        pair.AddKernelAddresses();
        EthernetDevice device = EthernetDevice.Open(CaptureBackend.Find(VethPair.Ours), s_own, [], null, CancellationToken.None);
        using var network = new LiveNetwork(device, s_own);
        network.Trace.Limit = 1024 * 1024;
        network.Listen(network.Hosts[0], new Endpoint(default, Port), Applications.Echo);

        Thread attacker = NetworkNamespace.Start(() => Attack(isSoak ? null : device));
        var clock = Stopwatch.StartNew();
        TimeSpan length = TimeSpan.FromSeconds(seconds);
        int served = 0;
        int servedLate = 0;
        int refused = 0;
        long memory = 0;
        while (clock.Elapsed < length || (servedLate == 0 && clock.Elapsed < length + s_patience))
        {
            bool isServed = TryServe(served % 2 == 1, served);
            served += isServed ? 1 : 0;
            refused += isServed ? 0 : 1;
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
            + $"{served} clients served, {refused} refused, memory {growth / 1024.0:+0;-0} KiB in the second half, {Environment.WorkingSet / 1048576} MiB in all; {device.Statistics}");
        Assert.True(network.IsOpen, network.Failure);
        Assert.True(servedLate > 0, $"{served} clients were served, but none of them in the second half");
        Assert.InRange(growth, long.MinValue, AllowedGrowth);
        Serve(isIPv6: false, served);
    });

    /// <summary>Sends frames without end; where the device is given, with pauses whenever the host was too slow for them.</summary>
    private void Attack(EthernetDevice? sparing)
    {
        uint dropped = 0;
        var peer = new HostilePeer(1, new MacAddress(0x0254_0a4e_0002), [.. s_own.Select(prefix => prefix.Address)], s_kernel);
        using IDeviceCapture sender = VethPair.Open(VethPair.Kernel, new CaptureOptions { Filter = "less 1", BufferSize = 65536 });
        while (!Volatile.Read(ref _ends))
        {
            try
            {
                sender.Send(peer.Next());
                _frames++;
                if (sparing is not null && _frames % 100 == 0 && sparing.Statistics.Dropped is uint now && now > dropped)
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
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
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
