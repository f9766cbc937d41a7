using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>What a link does to the time of a packet, and which packets it cannot carry.</summary>
public class LinkTests
{
    [Fact]
    public void Default_TenMilliseconds_WhateverTheSize()
    {
        Link link = Make(new());
        Assert.Equal([10_000_000, 10_000_000, 10_000_000], Send(link, 0, 40, 1500, 40));
    }

    [Fact]
    public void Bandwidth_PacketsAtOnce_AreSerializedOneBehindTheOther()
    {
        // 1 Mbit/s is 8 us for an octet: 1500 octets take 12 ms, 40 take 0.32 ms.
        Link link = Make(new() { Bandwidth = 1_000_000 });
        Assert.Equal([22_000_000, 34_000_000, 34_320_000], Send(link, 0, 1500, 1500, 40));
        Assert.Equal([112_000_000], Send(link, 90_000_000, 1500)); // the link was idle in between
    }

    [Fact]
    public void Bandwidth_ThatDividesUnevenly_RoundsDownToANanosecond()
    {
        Link link = Make(new() { Bandwidth = 3_000_000, Latency = TimeSpan.Zero });
        Assert.Equal([106_666, 213_332], Send(link, 0, 40, 40)); // 320 bits in 106666.67 ns
    }

    [Fact]
    public void Bandwidth_InTheNetwork_ThirdOctetOfTheRoundTripIsExact()
    {
        var lab = new Lab(links: new LinkOptions { Bandwidth = 8_000 }); // 1 ms for an octet; SYN and SYN,ACK have 60 octets, the ACK 52
        lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(["0 client S 0", "0.07 server S. 0 ack 1", "0.14 client . 1 ack 1"], lab.Packets);
        Assert.Equal(Timestamp.FromSeconds(0.202), lab.Network.Trace.Last().Arrived);
    }

    [Fact]
    public void Queue_IsFull_FurtherPacketsAreLostUntilOneHasLeft()
    {
        Link link = Make(new() { Bandwidth = 8_000, QueueLength = 2 }); // 40 ms for 40 octets
        // one on the wire and two that wait
        Assert.Equal([50_000_000, 90_000_000, 130_000_000, null, null], Send(link, 0, 40, 40, 40, 40, 40));
        Assert.Equal([null], Send(link, 39_999_999, 40));
        Assert.Equal([170_000_000, null], Send(link, 40_000_000, 40, 40));
        link.TrySend(40, new Timestamp(40_000_000), out _, out string loss);
        Assert.Equal("queue full (2 packets wait for the link)", loss);
    }

    [Fact]
    public void Mtu_LargerPacket_IsLost()
    {
        Link link = Make(new() { Mtu = 1000 });
        Assert.Equal([10_000_000, null], Send(link, 0, 1000, 1001));
        link.TrySend(1001, default, out _, out string loss);
        Assert.Equal("larger than the link's MTU (1001 of 1000 octets)", loss);
    }

    [Fact]
    public void Mtu_OfTheDefaultLink_IsWhatTheMssIsMadeFrom()
    {
        var lab = new Lab(links: new LinkOptions { Mtu = 576 });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        Assert.Equal(536, client.ReceiveMss);
        lab.Network.Send(client, new byte[5000]);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(5000, server.ReceiveQueue);
        Assert.Equal(576, lab.Network.Trace.Max(packet => packet.Bytes.Length));
    }

    [Fact]
    public void Mtu_SmallerThanTheHostsKnow_LosesFullSegmentsOnly()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { R2 = 2 });
        lab.Network.SetLink("client", "server", new LinkOptions { Mtu = 1400 });
        lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { From = SimulatedNetwork.RouterName });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, new byte[100]);
        lab.RunTo(1);
        Assert.Equal(100, server.ReceiveQueue);
        lab.Network.Send(client, new byte[2000]);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(ConnectionError.TimedOut, client.Error); // a black hole: the host never hears of it
        Assert.Contains("larger than the link's MTU (1500 of 1400 octets)", lab.Network.Trace.Select(packet => packet.FateText));
    }

    [Fact]
    public void Jitter_PacketsInARow_AreSpreadAndDoNotOvertake()
    {
        Link link = Make(new() { Jitter = TimeSpan.FromMilliseconds(5) });
        long last = 0;
        var delays = new List<long>();
        for (long sent = 0; sent < 1_000_000_000; sent += 1_000_000)
        {
            long arrival = Send(link, sent, 100)[0]!.Value;
            Assert.InRange(arrival - sent, 10_000_000, 15_000_000);
            Assert.True(arrival >= last);
            last = arrival;
            delays.Add(arrival - sent);
        }

        Assert.True(delays.Distinct().Count() > 900);
        Assert.True(delays.Max() - delays.Min() > 3_000_000);
    }

    [Fact]
    public void Latency_InOneDirectionChanged_PacketsOnTheirWayAreNotTouched()
    {
        var lab = new Lab();
        lab.Connect();
        lab.Network.SetLink("SERVER", "Client", new LinkOptions { Latency = TimeSpan.FromMilliseconds(100) }); // names in any case
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.11 client . 1 ack 1"], lab.Packets);
    }

    [Fact]
    public void SetLink_UnknownHost_IsRefused()
    {
        var lab = new Lab();
        ArgumentException refused = Assert.Throws<ArgumentException>(() => lab.Network.SetLink("client", "sever", new()));
        Assert.Equal("other", refused.ParamName);
        Assert.Contains("There is no host sever", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_ThatCannotBe_AreRefused()
    {
        LinkOptions[] wrong =
        [
            new() { Latency = TimeSpan.FromTicks(-1) },
            new() { Jitter = TimeSpan.FromTicks(-1) },
            new() { Bandwidth = 0 },
            new() { QueueLength = 0 },
            new() { Mtu = 67 },
            new() { Mtu = 65536 },
        ];
        Assert.All(wrong, options => Assert.Throws<ArgumentOutOfRangeException>(() => new SimulatedNetwork(links: options)));
        var lab = new Lab();
        Assert.All(wrong, options => Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.SetLink("client", "server", options)));
    }

    [Fact]
    public void BandwidthAndQueue_LongTransfer_DeliversAtTheSpeedOfTheLink()
    {
        var lab = new Lab(links: new LinkOptions { Bandwidth = 10_000_000, QueueLength = 50 });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        byte[] data = Lab.Pattern(2_000_000);
        lab.Network.Send(client, data);
        Assert.True(lab.Network.RunUntil(() => server.Received == data.Length, Lab.Long));
        double seconds = lab.Network.Now.TotalSeconds;
        Assert.InRange(seconds, 2_000_000 * 8 / 10_000_000.0, 4);
        Assert.Equal(data, lab.ReceiveAll(server));
        Assert.Contains(lab.Network.Trace, packet => packet.FateText.StartsWith("queue full", StringComparison.Ordinal));
    }

    private static Link Make(LinkOptions options) => new(options, new SeededRandom(1, "jitter"));

    private static long?[] Send(Link link, long now, params int[] sizes) =>
        [.. sizes.Select(size => link.TrySend(size, new Timestamp(now), out Timestamp arrival, out _) ? arrival.Nanoseconds : (long?)null)];
}
