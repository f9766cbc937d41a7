using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>Congestion control on links with a bandwidth and a queue.</summary>
public class CongestionTests
{
    // 40 ms and 10 Mbit/s: 33 packets of 1500 octets fill the pipe, 300 more the queue.
    private static readonly LinkOptions s_buffered = new() { Latency = TimeSpan.FromMilliseconds(20), Bandwidth = 10_000_000, QueueLength = 300 };

    [Theory]
    [Trait("Proves", "9406-3")]
    [Trait("Proves", "9406-7")]
    [InlineData(CongestionAlgorithm.Reno)]
    [InlineData(CongestionAlgorithm.Cubic)]
    public void BufferedLink_HyStart_LeavesSlowStartBeforeTheQueueOverflows(CongestionAlgorithm algorithm)
    {
        Lab lab = Transfer(s_buffered, algorithm, hyStart: true, out HostedConnection client);
        lab.Network.RunUntil(() => client.Tcp.SlowStartThreshold < int.MaxValue, Lab.Long);
        Assert.InRange(client.Tcp.CongestionWindow / 1448, 34, 333); // the pipe is full, the queue is not
        Assert.DoesNotContain(lab.Network.Trace, packet => packet.Fate == PacketFate.Lost);
    }

    [Theory]
    [Trait("Proves", "9406-3")]
    [InlineData(CongestionAlgorithm.Reno)]
    [InlineData(CongestionAlgorithm.Cubic)]
    public void BufferedLink_NoHyStart_TheQueueOverflows(CongestionAlgorithm algorithm)
    {
        Lab lab = Transfer(s_buffered, algorithm, hyStart: false, out HostedConnection client);
        lab.Network.RunUntil(() => client.Tcp.SlowStartThreshold < int.MaxValue, Lab.Long);
        Assert.Contains(lab.Network.Trace, packet => packet.Fate == PacketFate.Lost);
    }

    [Fact]
    [Trait("Proves", "9406-4")]
    public void JitterAlone_HyStart_SlowStartGoesOn()
    {
        var jittery = new LinkOptions { Latency = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(10) };
        Lab lab = Transfer(jittery, CongestionAlgorithm.Cubic, hyStart: true, out HostedConnection client);
        lab.Network.RunUntil(() => client.SendQueue == 0, Lab.Long);
        Assert.Equal(int.MaxValue, client.Tcp.SlowStartThreshold);
        Assert.True(client.Tcp.CongestionWindow > 1_000_000, $"cwnd is {client.Tcp.CongestionWindow}.");
    }

    private static Lab Transfer(LinkOptions link, CongestionAlgorithm algorithm, bool hyStart, out HostedConnection client)
    {
        var lab = new Lab(Applications.Discard, TcpSettings.Linux with { Congestion = algorithm, HyStart = hyStart }, links: link);
        client = lab.Connect();
        lab.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(2_000_000, lab.Network.Send(client, new byte[2_000_000]));
        return lab;
    }
}
