using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

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

    [Theory]
    [Trait("Proves", "3168-2")]
    [Trait("Proves", "3168-4")]
    [Trait("Proves", "3168-5")]
    [InlineData(CongestionAlgorithm.Reno)]
    [InlineData(CongestionAlgorithm.Cubic)]
    public void LinkThatMarks_EcnRequested_NothingIsLost(CongestionAlgorithm algorithm)
    {
        Lab lab = Transfer(s_buffered with { MarkThreshold = 20 }, algorithm, hyStart: false, out HostedConnection client, EcnMode.Request);
        Assert.True(lab.Network.RunUntil(() => client.SendQueue == 0, Lab.Long));
        Assert.DoesNotContain(lab.Network.Trace, packet => packet.Fate == PacketFate.Lost);
        SegmentRecord[] segments = [.. SegmentRecorder.Record(lab.Network.Trace)];
        int marked = segments.Count(segment => segment.FateText.Contains("marked by the link (20 packets or more wait)", StringComparison.Ordinal));
        Assert.InRange(marked, 2, segments.Length / 2);
        Assert.Contains(segments, segment => segment.From == "server" && segment.Flags.Has(TcpFlags.ECE | TcpFlags.ACK));
        Assert.Contains(segments, segment => segment.From == "client" && segment.Flags.Has(TcpFlags.CWR | TcpFlags.ACK) && segment.Ecn == Ecn.Ect0);
        Assert.All(segments, segment => Assert.Equal(segment.Length > 0 ? Ecn.Ect0 : Ecn.NotEct, segment.Ecn));
        Assert.Equal(0, client.Tcp.Counters.Retransmissions);
        Assert.InRange(lab.Network.Now.TotalSeconds, 2.6, 3.4); // 2 MB at 10 Mbit/s take 1.7 s, and the link is never idle for long
    }

    [Fact]
    [Trait("Proves", "3168-2")]
    public void LinkThatMarks_NoEcn_NothingIsMarked()
    {
        Lab lab = Transfer(s_buffered with { MarkThreshold = 20 }, CongestionAlgorithm.Reno, hyStart: false, out HostedConnection client);
        lab.Network.RunUntil(() => client.SendQueue == 0, Lab.Long);
        Assert.Contains(lab.Network.Trace, packet => packet.Fate == PacketFate.Lost);
        Assert.All(lab.Network.Trace, packet => Assert.True(packet.Bytes.Span.SequenceEqual(packet.ArrivedBytes.Span)));
    }

    [Theory]
    [InlineData("10.0.0.7", "10.0.0.8")]
    [InlineData("fd00::7", "fd00::8")]
    public void MarkingImpairment_EcnCapablePacketsOnly_ChecksumsStayRight(string one, string other)
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse(one)], TcpSettings.Linux with { Ecn = EcnMode.Request });
        TcpHost server = network.AddHost("server", [IpAddress.Parse(other)]);
        network.Listen(server, new Endpoint(default, 80), Applications.Discard);
        Impairment marking = network.AddImpairment(ImpairmentKind.Mark, new PacketSelector { Every = 2 });
        HostedConnection connection = network.Connect(client, new Endpoint(server.Addresses[0], 80));
        network.Send(connection, new byte[14_000]);
        network.RunFor(TimeSpan.FromMilliseconds(60));
        TracedPacket[] data = [.. network.Trace.Where(packet => packet.Decode().Segment.Payload.Length > 0)];
        Assert.Equal(10, data.Length);
        Assert.Equal(5, marking.Hits);
        for (int i = 0; i < data.Length; i++)
        {
            DecodedPacket arrived = PacketDecoder.Decode(data[i].ArrivedBytes, LinkType.Raw);
            Assert.Equal(i % 2 == 0 ? "ECT(0)" : "CE", arrived.TrafficClass.ToEcn().ToWireshark());
            Assert.NotEqual(false, arrived.IpChecksumValid);
            Assert.Equal(i % 2 == 0 ? "" : $"marked by {marking}", data[i].FateText);
        }

        Assert.Equal(14_000, server.Connections[0].Tcp.Counters.BytesReceived);
    }

    private static Lab Transfer(
        LinkOptions link, CongestionAlgorithm algorithm, bool hyStart, out HostedConnection client, EcnMode ecn = EcnMode.Accept)
    {
        var lab = new Lab(Applications.Discard, TcpSettings.Linux with { Congestion = algorithm, HyStart = hyStart ? HyStartMode.PlusPlus : HyStartMode.Off, Ecn = ecn }, links: link);
        client = lab.Connect();
        lab.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(2_000_000, lab.Network.Send(client, new byte[2_000_000]));
        return lab;
    }
}
