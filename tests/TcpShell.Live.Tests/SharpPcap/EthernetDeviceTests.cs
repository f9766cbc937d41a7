using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TcpShell.Live.Devices;
using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Wire;

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
        Assert.False(device.TryWrite(Syn("fd00:78::2", "2001:db8::80")), "there is no gateway for IPv6");
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
    private static byte[] Receive(EthernetDevice device, IpProtocol protocol = IpProtocol.Tcp)
    {
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < TimeSpan.FromSeconds(20))
        {
            device.Wait(TimeSpan.FromMilliseconds(100));
            if (device.TryRead(out byte[] packet) && PacketDecoder.Decode(packet, LinkType.Raw).Protocol == protocol)
            {
                return packet;
            }
        }

        throw new TimeoutException("Nothing has come in.");
    }
}
