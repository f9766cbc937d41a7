using TcpShell.Live.Devices;
using TcpShell.Live.Tun;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Devices;

/// <summary>Packets of one's own making on a device, as the kernel at the other end takes them.</summary>
public class DeviceInjectorTests
{
    [Theory]
    [InlineData("10.78.0.9", "10.78.0.1")]
    [InlineData("fd00:78::9", "fd00:78::1")]
    public void Packet_ForTheKernel_IsAnswered(string from, string to) => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        NetworkDevice device = CaptureBackend.Find(VethPair.Ours);
        using IDeviceCapture watch = VethPair.Open(VethPair.Kernel, new CaptureOptions { Filter = "tcp or ip6[6] == 6" });
        using var injector = new DeviceInjector(device);
        injector.Send(Syn(from, to), null, CancellationToken.None);
        Assert.True(watch.TryRead(TimeSpan.FromSeconds(20), out CapturedFrame frame));
        DecodedPacket seen = PacketDecoder.Decode(frame.Data, LinkType.Ethernet);
        Assert.Equal((IpAddress.Parse(from), TcpFlags.SYN, true), (seen.Source, seen.Segment.Flags, seen.TcpChecksumValid));
        Assert.Equal(CaptureBackend.Find(VethPair.Kernel).MacAddress, MacAddress.FromBytes(frame.Data.Span[..6]));
    });

    [Fact]
    public void Packet_ForNobody_IsRefusedUnlessItSaysWhereTo() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        using IDeviceCapture watch = VethPair.Open(VethPair.Kernel, new CaptureOptions { Filter = "tcp", Promiscuous = true });
        using var injector = new DeviceInjector(CaptureBackend.Find(VethPair.Ours));
        byte[] packet = Syn("10.78.0.9", "10.78.0.77");
        CaptureException refused = Assert.Throws<CaptureException>(() => injector.Send(packet, null, CancellationToken.None));
        Assert.Equal(CaptureError.NeighborNotFound, refused.Error);
        Assert.Contains("10.78.0.77", refused.Message, StringComparison.Ordinal);

        injector.Send(packet, MacAddress.Parse("02-00-00-00-00-77"), CancellationToken.None);
        Assert.True(watch.TryRead(TimeSpan.FromSeconds(20), out CapturedFrame frame));
        Assert.Equal(new MacAddress(0x020000000077), MacAddress.FromBytes(frame.Data.Span[..6]));
    });

    [Fact]
    public void Packet_OnLoopback_GoesWithoutAskingAnybody() => VethPair.Run(_ =>
    {
        using IDeviceCapture watch = VethPair.Open("lo", new CaptureOptions { Filter = "tcp dst port 81" });
        using var injector = new DeviceInjector(CaptureBackend.Find("lo"));
        byte[] packet = Syn("127.0.0.9", "127.0.0.1");
        injector.Send(packet, null, CancellationToken.None);
        Assert.True(watch.TryRead(TimeSpan.FromSeconds(20), out CapturedFrame frame));
        Assert.Equal(packet, frame.Data[14..].ToArray());
    });

    [Fact]
    public void Packet_OnADeviceWithoutEthernet_GoesAsItIs() => VethPair.Run(_ =>
    {
        using TunDevice tun = TunDevice.Open("tcptun0", [AddressPrefix.Parse("10.79.0.1/24")], 1500);
        using var injector = new DeviceInjector(CaptureBackend.Find("tcptun0"));
        byte[] packet = Syn("10.79.0.1", "10.79.0.2");
        injector.Send(packet, null, CancellationToken.None);
        byte[] received;
        do
        {
            tun.Wait(TimeSpan.FromSeconds(20));
            Assert.True(tun.TryRead(out received), "nothing has come to the other end");
        }
        while (received[0] >> 4 != 4); // the kernel has IPv6 things of its own to tell
        Assert.Equal(packet, received);
    });

    [Theory]
    [InlineData("02:00:0a:00:00:01", 0x02000a000001)]
    [InlineData("02-00-0A-00-00-01", 0x02000a000001)]
    [InlineData("ffffffffffff", 0xffffffffffff)]
    public void MacAddress_AsPeopleWriteIt_IsRead(string text, ulong value) => Assert.Equal(new MacAddress(value), MacAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("02:00:0a:00:00")]
    [InlineData("02:00:0a:00:00:01:02:03")]
    [InlineData("02:00:0a:00:00:0g")]
    public void MacAddress_ThatIsNone_IsRefused(string text) => Assert.Throws<FormatException>(() => MacAddress.Parse(text));

    private static byte[] Syn(string source, string destination, ushort port = 81)
    {
        var header = new PacketHeader(IpAddress.Parse(source), IpAddress.Parse(destination));
        var segment = new TcpSegment { SourcePort = 4000, DestinationPort = port, SequenceNumber = 1000, Flags = TcpFlags.SYN, Window = 1000 };
        var packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet);
        return packet;
    }
}
