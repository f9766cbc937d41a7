using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Live.Devices;
using TcpShell.Live.Probing;
using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;
using IPStatus = System.Net.NetworkInformation.IPStatus;
using Ping = System.Net.NetworkInformation.Ping;
using PingReply = System.Net.NetworkInformation.PingReply;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>A host of our own on a cable, as the kernel at its other end sees it.</summary>
public class EthernetDeviceTests
{
    private static readonly AddressPrefix[] s_own = [AddressPrefix.Parse("10.78.0.2/24"), AddressPrefix.Parse("fd00:78::2/64")];

    [Theory]
    [InlineData("10.78.0.1", "10.78.0.2")]
    [InlineData("fd00:78::1", "fd00:78::2")]
    public void Kernel_FindsTheHostByItsAddress(string kernel, string own) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice device = Open(s_own);
        using var socket = new Socket(IPAddress.Parse(own).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(kernel), 0));
        socket.SendTo("hello"u8, new IPEndPoint(IPAddress.Parse(own), 7));
        byte[] packet = Receive(device, IpProtocol.Udp);
        Assert.Equal("hello", Encoding.ASCII.GetString(packet[^5..]));
        Assert.Contains("02:54:", NetworkNamespace.Shell("ip", $"neigh show {own}"), StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("10.78.0.1", "10.78.0.2")]
    [InlineData("fd00:78::1", "fd00:78::2")]
    public void Host_FindsTheKernelAndIsAnswered(string kernel, string own) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice device = Open(s_own);
        Assert.True(device.TryWrite(Syn(own, kernel)));
        DecodedPacket answer = PacketDecoder.Decode(Receive(device), LinkType.Raw);
        Assert.Equal(TcpFlags.RST | TcpFlags.ACK, answer.Segment.Flags);
        Assert.Equal(1001u, answer.Segment.AcknowledgmentNumber.Value);
        Assert.True(answer.TcpChecksumValid);
    });

    // The addresses of hosts in two networks often end alike.
    [Fact]
    public void EthernetAddress_DependsOnAllOctetsOfTheAddress() =>
        Assert.NotEqual(EthernetDevice.LocalAddress(IpAddress.Parse("fd00:78::2")), EthernetDevice.LocalAddress(IpAddress.Parse("fd00:79::2")));

    [Fact]
    public void Mtu_LoweredUnderTheInterface_IsToldToTheHost() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using var network = new LiveNetwork(Open(s_own), s_own);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse("10.78.0.1"), 0));
        listener.Listen();
        HostedConnection connection = network.Connect(network.Hosts[0], Endpoint.Parse(listener.LocalEndPoint!.ToString()!));
        using Socket peer = listener.Accept();
        peer.ReceiveTimeout = 20_000;
        NetworkNamespace.Shell("ip", $"link set {VethPair.Ours} mtu 1000");
        network.Send(connection, new byte[20_000]);
        var buffer = new byte[20_000];
        for (int received = 0; received < buffer.Length;)
        {
            int count = peer.Receive(buffer);
            Assert.NotEqual(0, count);
            received += count;
        }

        Assert.Contains(network.Trace, packet => packet.Fate == PacketFate.Lost);
    });

    [Theory]
    [InlineData("10.78.0.1/24")]
    [InlineData("fd00:78::1/64")]
    public void Address_ThatTheKernelHas_IsRefused(string taken) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        LiveException refused = Assert.Throws<LiveException>(() => Open([AddressPrefix.Parse(taken)]));
        Assert.Equal(LiveProblem.AddressInUse, refused.Problem);
        Assert.Contains(CaptureBackend.Find(VethPair.Kernel).MacAddress.ToString()!, refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Address_ThatOurHostHas_IsRefusedToAnother() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice first = Open(s_own);
        bool ends = false;
        Thread pump = NetworkNamespace.Start(() =>
        {
            while (!Volatile.Read(ref ends))
            {
                first.Wait(TimeSpan.FromMilliseconds(50));
                first.TryRead(out _);
            }
        });

        // The kernel tries to take the IPv6 address of our host on its device, and finds out that it cannot.
        NetworkNamespace.Shell("ip", $"addr add fd00:78::2/64 dev {VethPair.Kernel}");
        var patience = Stopwatch.StartNew();
        string state;
        do
        {
            Thread.Sleep(50);
            state = NetworkNamespace.Shell("ip", $"-6 addr show dev {VethPair.Kernel}");
        }
        while (!state.Contains("dadfailed", StringComparison.Ordinal) && patience.Elapsed < TimeSpan.FromSeconds(20));
        Volatile.Write(ref ends, true);
        pump.Join();
        Assert.Contains("dadfailed", state, StringComparison.Ordinal);
    });

    [Fact]
    public void Destination_BeyondTheLink_GoesToTheGatewaysEthernetAddress() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        NetworkNamespace.Shell("ip", "addr add 192.0.2.80/32 dev lo");
        using EthernetDevice device = Open(s_own, IpAddress.Parse("10.78.0.1"));
        Assert.True(device.TryWrite(Syn("10.78.0.2", "192.0.2.80")));
        DecodedPacket answer = PacketDecoder.Decode(Receive(device), LinkType.Raw);
        Assert.Equal((IpAddress.Parse("192.0.2.80"), TcpFlags.RST | TcpFlags.ACK), (answer.Source, answer.Segment.Flags));
    });

    [Fact]
    public void Destination_ThatNoGatewayLeadsTo_IsUnreachableAtOnce() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice device = Open(s_own, IpAddress.Parse("10.78.0.1"));
        byte[] syn = Syn("fd00:78::2", "2001:db8::80");
        Assert.False(device.TryWrite(syn), "there is no gateway for IPv6");
        DecodedPacket error = ReceiveError(device);
        Assert.Equal(IcmpErrorKind.NetworkUnreachable, IcmpError.Of(error).Kind);
    });

    [Theory]
    [InlineData("10.78.0.2", "10.78.0.99", 3, 1)]
    [InlineData("10.78.0.2", "192.0.2.80", 3, 1)]
    [InlineData("fd00:78::2", "fd00:78::99", 1, 3)]
    public void Neighbor_ThatAnswersNoQuestion_IsUnreachableAfterThreeSeconds(string own, string nobody, int type, int code) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice device = Open(s_own, IpAddress.Parse("10.78.0.98"));
        var clock = Stopwatch.StartNew();
        Assert.True(device.TryWrite(Syn(own, nobody)));
        DecodedPacket error = ReceiveError(device);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2.9), TimeSpan.FromSeconds(10));
        Assert.Equal((PacketStatus.IcmpError, (byte)type, (byte)code, true), (error.Status, error.IcmpType, error.IcmpCode, error.IcmpChecksumValid!.Value));
        Assert.Equal((IpAddress.Parse(own), IpAddress.Parse(own)), (error.IcmpSource, error.IcmpDestination));
        Assert.Equal((IpAddress.Parse(nobody), 1000u), (error.Destination, error.Segment.SequenceNumber.Value));
    });

    // RFC 1122 3.2.2: nothing is told of an ICMP message, nor of what came from somebody else's address.
    [Fact]
    public void Packets_ThatNobodyShallBeToldOf_AreLostInSilence() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using EthernetDevice device = Open(s_own);
        byte[] icmp = IcmpWriter.Write(s_own[0].Address, Syn("10.78.0.99", "10.78.0.2"), IcmpErrorKind.PortUnreachable);
        Assert.True(device.TryWrite(icmp));
        Assert.True(device.TryWrite(Syn("10.78.0.77", "10.78.0.99")));
        Assert.True(device.TryWrite(Syn("10.78.0.2", "10.78.0.97")));
        DecodedPacket error = ReceiveError(device);
        Assert.Equal(IpAddress.Parse("10.78.0.97"), error.Destination);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Probe_OfAnAddressThatNobodyHas_TellsWhy(bool halfOpen) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using var network = new LiveNetwork(Open(s_own), s_own);
        using var prober = new NetworkProber(network, network.Hosts[0], halfOpen, TimeSpan.FromSeconds(10));
        prober.Start(Endpoint.Parse("10.78.0.99:80"));
        prober.Start(Endpoint.Parse("[fd00:78::99]:80"));
        var results = new List<PortProbe>();
        Assert.True(network.RunUntil(
            () =>
            {
                prober.Look();
                while (prober.TryTake(out PortProbe? result))
                {
                    results.Add(result!);
                }

                return results.Count == 2;
            },
            TimeSpan.FromSeconds(20)));
        Assert.All(results, result => Assert.Equal((PortAnswer.Icmp, IcmpErrorKind.HostUnreachable), (result.Answer, result.IcmpError)));
    });

    [Theory]
    [InlineData("10.78.0.2")]
    [InlineData("fd00:78::2")]
    public void Ping_LargerThanTheMtu_GetsItsAnswer(string own) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using var network = new LiveNetwork(Open(s_own), s_own);
        using var ping = new Ping();
        byte[] data = new byte[4000];
        new Random(1).NextBytes(data);
        PingReply reply = ping.Send(IPAddress.Parse(own), 10_000, data);
        Assert.Equal(IPStatus.Success, reply.Status);
        Assert.Equal(data, reply.Buffer);
    });

    // MUST-56: a soft error ends nothing. The attempt goes on, and what it says of the last error is its cause.
    [Fact]
    public void Connection_ToAnAddressThatNobodyHas_LearnsWhyAndOpensWhenSomebodyTakesIt() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using var network = new LiveNetwork(Open(s_own), s_own);
        HostedConnection connection = network.Connect(network.Hosts[0], Endpoint.Parse("10.78.0.99:80"));
        Assert.True(network.RunUntil(() => connection.LastIcmpError is not null, TimeSpan.FromSeconds(20)));
        Assert.Equal((TcpState.SynSent, IcmpErrorKind.HostUnreachable), (connection.State, connection.LastIcmpError!.Value.Kind));
        NetworkNamespace.Shell("ip", $"addr add 10.78.0.99/24 dev {VethPair.Kernel}");
        Assert.True(network.RunUntil(() => connection.Error == ConnectionError.Refused, TimeSpan.FromSeconds(20)), $"{connection.State} {connection.Error}");
    });

    [Fact]
    public void Gateway_OutsideOfTheNetworks_IsRefused() => VethPair.Run(_ =>
        Assert.Equal(LiveProblem.NotPossible, Assert.Throws<LiveException>(() => Open(s_own, IpAddress.Parse("10.79.0.1"))).Problem));

    // Both hosts make their Ethernet addresses of their IP addresses, so they have the same; the question must reach the other nevertheless.
    [Theory]
    [InlineData(VethPair.Kernel)]
    [InlineData(VethPair.Ours)]
    public void Address_ThatAnotherHostOfOursHas_IsRefused(string device) => VethPair.Run(_ =>
    {
        foreach (AddressPrefix address in s_own)
        {
            using var first = new LiveNetwork(EthernetDevice.Open(CaptureBackend.Find(device), [address], [], null, CancellationToken.None), [address]);
            Assert.Equal(LiveProblem.AddressInUse, Assert.Throws<LiveException>(() => Open([address])).Problem);
        }
    });

    [Fact]
    public void Address_ThatThisKernelHasOnTheDevice_IsRefused() => VethPair.Run(_ =>
    {
        NetworkNamespace.Shell("ip", $"addr add 10.78.0.3/24 dev {VethPair.Ours}");
        LiveException refused = Assert.Throws<LiveException>(() => Open([AddressPrefix.Parse("10.78.0.3/24")]));
        Assert.Equal(LiveProblem.AddressInUse, refused.Problem);
        Assert.Contains(VethPair.Ours, refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Loopback_WhereNobodyCouldReachAHost_IsRefused() => VethPair.Run(_ =>
    {
        LiveException refused = Assert.Throws<LiveException>(
            () => EthernetDevice.Open(CaptureBackend.Find("lo"), [AddressPrefix.Parse("10.79.0.2/24")], [], null, CancellationToken.None));
        Assert.Equal(LiveProblem.NotSupported, refused.Problem);
    });

    [Theory]
    [InlineData("10.78.0.255/24", null)]
    [InlineData("10.78.0.0/24", null)]
    [InlineData("127.0.0.5/8", null)]
    [InlineData("fd00:78::/64", null)]
    [InlineData("10.78.0.2/24", "ff:ff:ff:ff:ff:ff")]
    [InlineData("10.78.0.2/24", "01:00:5e:00:00:01")]
    [InlineData("10.78.0.2/24", "00:00:00:00:00:00")]
    public void Addresses_ThatNoHostCanHave_AreRefused(string address, string? mac) => VethPair.Run(_ =>
    {
        MacAddress? ethernet = mac is null ? null : MacAddress.Parse(mac);
        LiveException refused = Assert.Throws<LiveException>(
            () => EthernetDevice.Open(CaptureBackend.Find(VethPair.Ours), [AddressPrefix.Parse(address)], [], ethernet, CancellationToken.None));
        Assert.Equal(LiveProblem.NotPossible, refused.Problem);
    });

    [Fact]
    public void Device_ThatIsNoEthernet_IsRefused() => VethPair.Run(_ =>
    {
        NetworkNamespace.Shell("ip", "tuntap add tcptun0 mode tun");
        NetworkNamespace.Shell("ip", "link set tcptun0 up");
        LiveException refused = Assert.Throws<LiveException>(() => EthernetDevice.Open(CaptureBackend.Find("tcptun0"), s_own, [], null, CancellationToken.None));
        Assert.Equal(LiveProblem.NotPossible, refused.Problem);
    });

    [Fact]
    public void Device_Removed_IsToldAsGone() => VethPair.Run(_ =>
    {
        using EthernetDevice device = Open(s_own);
        NetworkNamespace.Shell("ip", $"link del {VethPair.Kernel}");
        LiveException gone = Assert.Throws<LiveException>(() => Receive(device));
        Assert.Equal(LiveProblem.Gone, gone.Problem);
    });

    private static EthernetDevice Open(AddressPrefix[] addresses, params IpAddress[] gateways) =>
        EthernetDevice.Open(CaptureBackend.Find(VethPair.Ours), addresses, gateways, null, CancellationToken.None);

    private static byte[] Syn(string source, string destination)
    {
        var header = new PacketHeader(IpAddress.Parse(source), IpAddress.Parse(destination));
        var segment = new TcpSegment { SourcePort = 4000, DestinationPort = 81, SequenceNumber = 1000, Flags = TcpFlags.SYN, Window = 1000 };
        var packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet);
        return packet;
    }

    /// <summary>The next packet of a kind: the kernel has things of its own to tell on a new link.</summary>
    private static byte[] Receive(EthernetDevice device, IpProtocol protocol = IpProtocol.Tcp) =>
        Receive(device, packet => packet.Protocol == protocol).Frame.ToArray();

    private static DecodedPacket ReceiveError(EthernetDevice device) => Receive(device, packet => packet.Status == PacketStatus.IcmpError);

    private static DecodedPacket Receive(EthernetDevice device, Func<DecodedPacket, bool> isMeant)
    {
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < TimeSpan.FromSeconds(20))
        {
            device.Wait(TimeSpan.FromMilliseconds(100));
            if (device.TryRead(out byte[] packet) && PacketDecoder.Decode(packet, LinkType.Raw) is { } decoded && isMeant(decoded))
            {
                return decoded;
            }
        }

        throw new TimeoutException("Nothing has come in.");
    }
}
