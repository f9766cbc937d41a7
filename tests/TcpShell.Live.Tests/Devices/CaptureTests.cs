using TcpShell.Live.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Devices;

/// <summary>Capturing and sending on real devices, checked against what was sent and what the kernel counted.</summary>
public class CaptureTests
{
    [Fact]
    public void Frames_SentOnOneEnd_ArriveAtTheOtherOctetForOctet() => VethPair.Run(_ =>
    {
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        Assert.Equal(LinkType.Ethernet, receiver.LinkType);
        DateTime before = DateTime.UtcNow;
        byte[][] frames = [.. Enumerable.Range(0, 100).Select(number => VethPair.Frame(number, number))];
        foreach (byte[] frame in frames)
        {
            sender.Send(frame);
        }

        List<CapturedFrame> received = VethPair.ReadAll(receiver);
        Assert.Equal(frames, received.Select(frame => frame.Data.ToArray()));
        Assert.Equal(Enumerable.Range(1, 100), received.Select(frame => (int)frame.Number));
        Assert.All(received, frame => Assert.InRange(DateTime.UnixEpoch + frame.Timestamp.ToTimeSpan(), before.AddSeconds(-1), DateTime.UtcNow.AddSeconds(1)));
    });

    [Fact]
    public void Burst_OfTwentyThousandSmallFrames_IsCapturedWithoutLoss() => VethPair.Run(_ =>
    {
        const int Count = 20_000;
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        for (int number = 0; number < Count; number++)
        {
            sender.Send(VethPair.Frame(number));
        }

        // Read only afterwards: all of them have to find room.
        List<CapturedFrame> received = VethPair.ReadAll(receiver);
        Assert.Equal(Count, received.Count);
        Assert.Equal(Enumerable.Range(0, Count), received.Select(frame => (int)PacketDecoder.Decode(frame.Data, LinkType.Ethernet).Segment.SequenceNumber.Value));
        Assert.Equal(new CaptureStatistics(Count, 0, 0), receiver.Statistics);
    });

    [Fact]
    public void Drops_OfABufferThatIsTooSmall_AreTheKernelsOwnCount() => VethPair.Run(_ =>
    {
        const int Count = 20_000;
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true, BufferSize = 256 * 1024 });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        for (int number = 0; number < Count; number++)
        {
            sender.Send(VethPair.Frame(number));
        }

        List<CapturedFrame> received = VethPair.ReadAll(receiver);
        long sent = VethPair.Count(VethPair.Ours, sent: true);
        Assert.Equal(Count, sent);
        Assert.InRange(received.Count, 1, Count - 1);
        Assert.Equal(sent - received.Count, receiver.Statistics.Dropped);
        Assert.Equal(sent, receiver.Statistics.Received);
    });

    [Fact]
    public void Statistics_OfAClosedCapture_AreItsLast() => VethPair.Run(_ =>
    {
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true });
        sender.Send(VethPair.Frame(1));
        VethPair.ReadAll(receiver);
        receiver.Dispose();
        receiver.Dispose();
        Assert.Equal(1u, receiver.Statistics.Received);
        Assert.Throws<ObjectDisposedException>(() => receiver.TryRead(TimeSpan.Zero, out CapturedFrame _));
    });

    [Fact]
    public void Filter_OfTheUser_IsAppliedByTheKernel() => VethPair.Run(_ =>
    {
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true, Filter = "tcp src port 1026 or tcp src port 1030" });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        for (int number = 0; number < 10; number++)
        {
            sender.Send(VethPair.Frame(number));
        }

        Assert.Equal([2u, 6u], VethPair.ReadAll(receiver).Select(frame => PacketDecoder.Decode(frame.Data, LinkType.Ethernet).Segment.SequenceNumber.Value));
        Assert.Equal(2u, receiver.Statistics.Received);
    });

    [Theory]
    [InlineData("tcp port", "syntax error")]
    [InlineData("host 300.1.2.3", "invalid IPv4 address")]
    [InlineData("tcp port 99999", "illegal port number")]
    public void Filter_ThatCannotBe_IsRefusedInLibpcapsWords(string filter, string words) => VethPair.Run(_ =>
    {
        CaptureException refused = Assert.Throws<CaptureException>(() => VethPair.Open(VethPair.Kernel, new CaptureOptions { Filter = filter }));
        Assert.Equal(CaptureError.FilterNotUnderstood, refused.Error);
        Assert.Contains(filter, refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.OrdinalIgnoreCase);
    });

    [Fact]
    public void Promiscuous_IsOffUnlessAskedFor() => VethPair.Run(_ =>
    {
        using IDeviceCapture plain = VethPair.Open(VethPair.Kernel);
        Assert.DoesNotContain("promiscuity 1", NetworkNamespace.Shell("ip", $"-d link show {VethPair.Kernel}"), StringComparison.Ordinal);
        using IDeviceCapture promiscuous = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true });
        Assert.Contains("promiscuity 1", NetworkNamespace.Shell("ip", $"-d link show {VethPair.Kernel}"), StringComparison.Ordinal);
    });

    [Fact]
    public void SnapLength_CutsTheDataAndKeepsTheLength() => VethPair.Run(_ =>
    {
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true, SnapLength = 68 });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        sender.Send(VethPair.Frame(1, 1000));
        CapturedFrame frame = Assert.Single(VethPair.ReadAll(receiver));
        Assert.Equal((68, 1054u), (frame.CapturedLength, frame.OriginalLength));
        Assert.Equal(1000, PacketDecoder.Decode(frame.Data, LinkType.Ethernet, (int)frame.OriginalLength).SegmentLength);
    });

    [Fact]
    public void Device_RemovedWhileCapturing_EndsTheCaptureWithAnError() => VethPair.Run(_ =>
    {
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel);
        NetworkNamespace.Shell("ip", $"link del {VethPair.Kernel}");
        CaptureException gone = Assert.Throws<CaptureException>(() => ReadForever(receiver));
        Assert.Equal(CaptureError.DeviceFailed, gone.Error);
        Assert.Contains(VethPair.Kernel, gone.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Send_OfAFrameThatIsTooLong_IsRefusedAndTheDeviceGoesOn() => VethPair.Run(_ =>
    {
        using IDeviceCapture receiver = VethPair.Open(VethPair.Kernel, new CaptureOptions { Promiscuous = true });
        using IDeviceCapture sender = VethPair.Open(VethPair.Ours);
        CaptureException refused = Assert.Throws<CaptureException>(() => sender.Send(VethPair.Frame(1, 3000)));
        Assert.Contains("3054 octets", refused.Message, StringComparison.Ordinal);
        sender.Send(VethPair.Frame(2));
        Assert.Single(VethPair.ReadAll(receiver));
    });

    [Fact]
    public void Devices_HaveAddressesAndState() => VethPair.Run(pair =>
    {
        pair.AddKernelAddresses();
        NetworkNamespace.Shell("ip", $"link set {VethPair.Ours} mtu 1400");
        NetworkDevice kernel = CaptureBackend.Find(VethPair.Kernel);
        Assert.Contains(AddressPrefix.Parse("10.78.0.1/24"), kernel.Addresses);
        Assert.Contains(AddressPrefix.Parse("fd00:78::1/64"), kernel.Addresses);
        Assert.Equal("Up", kernel.Status);
        Assert.NotNull(kernel.MacAddress);
        Assert.Equal(1400, CaptureBackend.Find(VethPair.Ours).Mtu);
        NetworkNamespace.Shell("ip", $"link set {VethPair.Kernel} down");
        Assert.Equal(("Down", "NoCarrier"), (CaptureBackend.Find(VethPair.Kernel).Status, CaptureBackend.Find(VethPair.Ours).Status));
        Assert.True(CaptureBackend.Find("lo").IsLoopback);
    });

    [Fact]
    public void Device_ThatIsNotThere_IsSaidSo() => VethPair.Run(_ =>
        Assert.Equal(CaptureError.DeviceNotFound, Assert.Throws<CaptureException>(() => VethPair.Open("tcpveth7")).Error));

    private static void ReadForever(IDeviceCapture capture)
    {
        while (true)
        {
            capture.TryRead(TimeSpan.FromMilliseconds(100), out CapturedFrame _);
        }
    }
}
