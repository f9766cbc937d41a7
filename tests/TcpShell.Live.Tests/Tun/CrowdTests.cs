using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TcpShell.Hosting;
using TcpShell.Live.Tun;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;
using TcpState = TcpShell.Tcp.TcpState;

namespace TcpShell.Live.Tests.Tun;

/// <summary>Many connections at once, requests that nobody means, and what the IP layer has to do on a real link.</summary>
public class CrowdTests
{
    private const int Crowd = 1000;

    [Fact]
    public void Kernel_OpensAThousandConnections_EachGetsItsOwnEcho() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        Listener listener = link.Network.Listen(link.Host, new Endpoint(default, 7), Applications.Echo);
        Socket[] clients = [.. Enumerable.Range(0, Crowd).Select(_ => KernelLink.Call(7))];
        link.WaitUntil(() => listener.Accepted == Crowd, $"{listener.Accepted} accepted");
        Assert.Equal(Crowd, link.Host.Connections.Count(connection => connection.State == TcpState.Established));
        for (int i = 0; i < Crowd; i++)
        {
            clients[i].Send(BitConverter.GetBytes(i));
        }

        var buffer = new byte[4];
        for (int i = 0; i < Crowd; i++)
        {
            int got = 0;
            while (got < 4)
            {
                got += clients[i].Receive(buffer, got, 4 - got, SocketFlags.None);
            }

            Assert.Equal(i, BitConverter.ToInt32(buffer));
            clients[i].Dispose();
        }

        link.WaitUntil(() => link.Host.Connections.Count == 0, $"{link.Host.Connections.Count} left");
    });

    [Fact]
    public void We_OpenAThousandConnections_EachHasItsOwnStream() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        var remote = (IPEndPoint)listener.LocalEndPoint!;
        Thread server = NetworkNamespace.Start(() =>
        {
            for (int i = 0; i < Crowd; i++)
            {
                using Socket socket = listener.Accept();
                var number = new byte[4];
                socket.Receive(number);
                socket.Send(number);
            }
        });
        HostedConnection[] ours =
        [
            .. Enumerable.Range(0, Crowd).Select(i =>
            {
                HostedConnection connection = link.Network.Connect(link.Host, new Endpoint(remote.Address, (ushort)remote.Port));
                link.Network.Send(connection, BitConverter.GetBytes(i));
                return connection;
            }),
        ];
        link.WaitUntil(() => ours.All(connection => connection.ReceiveQueue == 4), $"{ours.Count(connection => connection.ReceiveQueue == 4)} answered");
        var buffer = new byte[4];
        for (int i = 0; i < Crowd; i++)
        {
            link.Network.Receive(ours[i], buffer);
            Assert.Equal(i, BitConverter.ToInt32(buffer));
            link.Network.Close(ours[i]);
        }

        server.Join();
        link.WaitUntil(() => ours.All(connection => connection.State is TcpState.TimeWait or TcpState.Closed), "some do not close");
        Assert.All(ours, connection => Assert.Equal(ConnectionError.None, connection.Error));
    });

    // P: SYN flood. A hundred thousand requests in other people's names, by hand, at our own listener; a client of the kernel's is served meanwhile.
    [Fact]
    public void SynFlood_AtOurListener_TakesNoMemoryAndLeavesRoomForARealClient() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        link.Network.Trace.Limit = 1_000_000;
        Listener listener = link.Network.Listen(link.Host, new Endpoint(default, 7), Applications.Echo);
        IpAddress own = IpAddress.Parse("10.77.0.2");
        for (int i = 0; i < 100_000; i++)
        {
            var header = new PacketHeader(IpAddress.FromBytes([198, 18, (byte)(i >> 8), (byte)i]), own);
            var segment = new TcpSegment { SourcePort = (ushort)(1024 + (i % 60000)), DestinationPort = 7, SequenceNumber = (uint)i, Flags = TcpFlags.SYN, Window = 1000 };
            var packet = new byte[PacketWriter.SizeOf(header, segment)];
            PacketWriter.Write(header, segment, packet);
            link.Network.Inject(packet, "flood");
            if (i == 50_000)
            {
                Echo();
            }
        }

        Echo();
        Assert.True(listener.SynCookiesSent > 90_000, $"{listener.SynCookiesSent} cookies");
        Assert.True(link.Host.Connections.Count <= listener.Backlog + 2, $"{link.Host.Connections.Count} connections");

        static void Echo()
        {
            using Socket client = KernelLink.Call(7);
            client.Send("real"u8);
            var buffer = new byte[4];
            Assert.Equal(4, client.Receive(buffer));
        }
    });

    // In one piece, and in fragments, which the answer comes in as well.
    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 1000)]
    [InlineData(false, 4000)]
    [InlineData(true, 4000)]
    [InlineData(false, 65_000)]
    [InlineData(true, 65_000)]
    public void Ping_GetsItsAnswer(bool isIPv6, int size) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using var ping = new Ping();
        byte[] data = new byte[size];
        new Random(size).NextBytes(data);
        PingReply reply = ping.Send(KernelLink.Own(isIPv6), 10_000, data);
        Assert.Equal(IPStatus.Success, reply.Status);
        Assert.Equal(data, reply.Buffer);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagram_ToTheHost_IsRefusedToItsSender(bool isIPv6) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using var socket = new Socket(KernelLink.Own(isIPv6).AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 60_000 };
        socket.Connect(KernelLink.Own(isIPv6), 53);
        socket.Send("hello"u8);
        SocketException refused = Assert.Throws<SocketException>(() => socket.Receive(new byte[10]));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    });

    // P: path MTU. Two hosts of ours, the kernel between them as a router: the second link carries less than the first.
    [Theory]
    [InlineData("10.78.0.2")]
    [InlineData("fd00:78::2")]
    public void Router_WithASmallerLink_TellsUsAndTheTransferGoesOn(string far) => NetworkNamespace.Run(() =>
    {
        using var near = new KernelLink();
        TunDevice device = TunDevice.Open("tcpsh1", [AddressPrefix.Parse("10.78.0.1/24"), AddressPrefix.Parse("fd00:78::1/64")], 1300);
        using var other = new LiveNetwork(device, [AddressPrefix.Parse("10.78.0.2/24"), AddressPrefix.Parse("fd00:78::2/64")]);
        NetworkNamespace.Shell("sysctl", "-qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        other.Listen(other.Hosts[0], new Endpoint(default, 9), Applications.Discard, settings: TcpSettings.Linux with { MaximumSegmentSize = 1460 });
        HostedConnection ours = near.Connect(new IPEndPoint(IPAddress.Parse(far), 9));
        KernelLink.Generate(1_000_000, 1, data => near.Send(ours, data.Span));
        near.WaitUntil(() => ours.SendQueue == 0, $"{ours.SendQueue} octets wait; path MTU {ours.PathMtu}");
        Assert.Equal(1300, ours.PathMtu);
        Assert.Equal(IcmpErrorKind.PacketTooBig, ours.LastIcmpError?.Kind);
        Assert.Contains(SegmentRecorder.Record(near.Network.Trace), segment => segment.Icmp is not null);
    });
}
