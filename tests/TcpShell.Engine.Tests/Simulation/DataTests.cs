using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>P30 to P35: data, its numbers, its losses and its clocks.</summary>
public class DataTests
{
    [Fact, Trait("Proves", "P30")]
    public void P30_ThousandOctetsFrom1000_NextIs2000()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Send(client, new byte[999]);
        lab.RunTo(0.1);
        lab.Network.Send(client, new byte[1000]);
        Assert.Equal(client.Iss + 2000, client.SndNxt);
        lab.RunTo(0.2);
        Assert.Equal(
            ["0.03 client P. 1:1000 ack 1", "0.04 server . 1 ack 1000", "0.1 client P. 1000:2000 ack 1", "0.11 server . 1 ack 2000"],
            lab.Packets[3..]);
        Assert.Equal(client.Iss + 2000, client.SndUna);
    }

    [Fact, Trait("Proves", "P30")]
    public void P30_AckLost_TheNextOneCoversBoth()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Nagle = false });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Drop(TcpFlags.ACK, "server");
        lab.Network.Send(client, new byte[1000]);
        lab.Network.Send(client, new byte[500]);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            ["0.03 client P. 1:1001 ack 1", "0.03 client P. 1001:1501 ack 1", "0.04 server . 1 ack 1001 lost", "0.04 server . 1 ack 1501"],
            lab.Packets[3..]);
        Assert.Equal(client.SndNxt, client.SndUna);
        Assert.Equal(0, client.Retransmissions);
        Assert.Equal(1500, server.ReceiveQueue);
    }

    [Fact, Trait("Proves", "P31")]
    public void P31_AfterTheHandshake_EverySegmentHasAnAck()
    {
        var lab = new Lab(Applications.Echo);
        lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = 0.1 });
        HostedConnection client = lab.Connect();
        lab.Network.Send(client, Lab.Pattern(200_000));
        Assert.True(lab.Network.RunUntil(() => client.SendQueue == 0 && client.State == TcpState.Established, Lab.Long));
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.True(lab.Network.Trace.Count > 300);
        Assert.All(lab.Network.Trace, packet => Assert.True(packet.Decode().Segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.SYN)));
    }

    [Theory, Trait("Proves", "P32")]
    [InlineData(ImpairmentKind.Drop)]
    [InlineData(ImpairmentKind.Duplicate)]
    [InlineData(ImpairmentKind.Reorder)]
    [InlineData(ImpairmentKind.Delay)]
    [InlineData(ImpairmentKind.Corrupt)]
    public void P32_EveryThirdDataSegmentImpaired_EveryOctetArrivesOnceInOrder(ImpairmentKind kind)
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        Impairment impairment = lab.Network.AddImpairment(kind, new PacketSelector { DataOnly = true, Every = 3 });
        byte[] data = Lab.Pattern(50_000);
        lab.Network.Send(client, data);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(data, lab.ReceiveAll(server));
        Assert.Equal(50_000, server.Received);
        Assert.True(impairment.Hits >= 11, $"{impairment.Hits} hits");
        Assert.Equal(
            lab.Network.Trace.Count(packet => packet.FateText.Contains("impairment 1", StringComparison.Ordinal) && packet.CopyOf == 0),
            impairment.Hits);
    }

    [Fact, Trait("Proves", "P32")]
    public void P32_HundredLossyTransfers_EveryOctetArrivesOnceInOrder()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var lab = new Lab(seed: seed);
            lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = 0.05 });
            lab.Network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { Probability = 0.05 });
            lab.Network.AddImpairment(ImpairmentKind.Duplicate, new PacketSelector { Probability = 0.02 });
            lab.Network.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { Probability = 0.01 });
            byte[] data = Lab.Pattern(1_000_000, seed);
            HostedConnection client = lab.Connect();
            Assert.Equal(data.Length, lab.Network.Send(client, data));
            HostedConnection? server = null;
            Assert.True(lab.Network.RunUntil(() => lab.Listener.TryAccept(out server), Lab.Long));
            lab.Network.Close(client);
            Assert.True(lab.Network.RunUntil(() => server!.State == TcpState.CloseWait, Lab.Long), $"seed {seed}: {client}, {server}");
            Assert.True(data.AsSpan().SequenceEqual(lab.ReceiveAll(server!)), $"seed {seed}");
            Assert.True(server!.Tcp.EndOfStream);
            lab.Network.Close(server);
            Assert.True(lab.Network.RunUntilIdle(Lab.Long));
            Assert.Empty(lab.Network.Connections);
            Assert.Equal((ConnectionError.None, ConnectionError.None), (client.Error, server.Error));
        }
    }

    [Fact, Trait("Proves", "P33")]
    public void P33_OnlySegmentLost_ProbeAndTimerSendItAgain()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        lab.Drop(data: true, count: 2);
        lab.Network.Send(client, "hello"u8);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            ["0.03 client P. 1:6 ack 1 lost", "0.23 client P. 1:6 ack 1 lost", "0.43 client P. 1:6 ack 1", "0.44 server . 1 ack 6"],
            lab.Packets[3..]);
        TracedPacket[] sent = [.. lab.Network.Trace.Skip(3).Take(3)];
        Assert.Equal(
            [TransmitReason.Data, TransmitReason.TailLossProbe, TransmitReason.RetransmissionTimeout],
            sent.Select(packet => packet.Reason));
        Assert.Equal([1, 2, 3], sent.Select(packet => packet.Attempt));
        Assert.Equal(["", "no ACK for two round trips", "RTO 0.4 s next"], sent.Select(packet => packet.Note));
        Assert.Equal((2, 1, 0), (client.Retransmissions, client.Counters.Timeouts, client.Counters.FastRetransmits));
    }

    [Fact, Trait("Proves", "P33"), Trait("Proves", "5681-10")]
    public void P33_FirstOfFiveLost_ThreeDuplicateAcksSendItAgain()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Drop(data: true);
        lab.Network.Send(client, new byte[5 * 1460]);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0.03 client . 1:1461 ack 1 lost",
                "0.03 client . 1461:2921 ack 1",
                "0.03 client . 2921:4381 ack 1",
                "0.03 client . 4381:5841 ack 1",
                "0.03 client P. 5841:7301 ack 1",
                "0.04 server . 1 ack 1",
                "0.04 server . 1 ack 1",
                "0.04 server . 1 ack 1",
                "0.04 server . 1 ack 1",
                "0.05 client . 1:1461 ack 1",
                "0.06 server . 1 ack 7301",
            ],
            lab.Packets[3..]);
        TracedPacket again = lab.Network.Trace.Single(packet => packet.Attempt == 2);
        Assert.Equal((TransmitReason.FastRetransmit, "RACK: sent together with one that arrived"), (again.Reason, again.Note));

        // The first of the four also opens the window wider than the handshake could say. Its SACK makes it a duplicate all the same (RFC 6675 2).
        Assert.Equal(
            (1, 0, 1, 4),
            (client.Retransmissions, client.Counters.Timeouts, client.Counters.FastRetransmits, client.Counters.DuplicateAcks));
        Assert.Equal(7300, server.ReceiveQueue);
    }

    [Fact, Trait("Proves", "P34")]
    public void P34_WindowCloses_IsProbedAndReopens()
    {
        TcpSettings small = TcpSettings.Linux with { ReceiveBufferSize = 2920, Timestamps = false, WindowScaling = false };
        var lab = new Lab(serverSettings: small);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        byte[] data = Lab.Pattern(5000);
        lab.Network.Send(client, data);
        lab.RunTo(5);
        Assert.Equal(2920, server.ReceiveQueue);
        Assert.Equal((0u, 0u), (server.RcvWnd, client.SndWnd));
        TracedPacket[] probes = [.. lab.Network.Trace.Where(packet => packet.Reason == TransmitReason.ZeroWindowProbe)];
        Assert.True(probes.Length >= 3);
        Assert.All(probes, probe => Assert.Equal(1, probe.Decode().Segment.Payload.Length));
        double[] gaps = [.. probes.Zip(probes.Skip(1), (one, next) => (next.Sent - one.Sent).TotalSeconds)];
        Assert.All(gaps.Zip(gaps.Skip(1)), pair => Assert.Equal(2, pair.Second / pair.First, 6)); // [SHLD-30]

        Assert.Equal(data[..2920], lab.ReceiveAll(server));
        Assert.Equal(TransmitReason.WindowUpdate, lab.Network.Trace.Last().Reason);
        Assert.True(lab.Network.RunUntil(() => server.ReceiveQueue > 0, TimeSpan.FromMilliseconds(20)));
        var rest = new List<byte>();
        while (rest.Count < 2080)
        {
            rest.AddRange(lab.ReceiveAll(server));
            Assert.True(rest.Count == 2080 || lab.Network.RunUntil(() => server.ReceiveQueue > 0, TimeSpan.FromSeconds(60)));
        }

        Assert.Equal(data[2920..], rest);
    }

    [Fact, Trait("Proves", "P35"), Trait("Proves", "6298-2"), Trait("Proves", "6298-3")]
    public void P35_RoundTripsOfOneLength_TimesConverge()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { MinimumRto = TimeSpan.FromMilliseconds(1), Timestamps = false });
        (HostedConnection client, _) = lab.Establish();
        Assert.Equal((20, 10, 60), Milliseconds(client)); // SRTT R, RTTVAR R/2, RTO SRTT + 4 RTTVAR
        lab.Network.Send(client, "1"u8);
        lab.RunTo(0.05);
        Assert.Equal((20, 7.5, 50), Milliseconds(client));
        lab.Network.SetLink("client", "server", new LinkOptions { Latency = TimeSpan.FromMilliseconds(18) });
        lab.Network.Send(client, "2"u8);
        lab.RunTo(0.1);

        // R' = 36: RTTVAR = 3/4 7.5 + 1/4 |20 - 36|, then SRTT = 7/8 20 + 1/8 36
        Assert.Equal((22, 9.625, 60.5), Milliseconds(client));
    }

    [Fact, Trait("Proves", "P35"), Trait("Proves", "6298-4")]
    public void P35_Floors_AreTheProfiles()
    {
        var linux = new Lab();
        Assert.Equal(TimeSpan.FromMilliseconds(200), linux.Establish().Client.Rto);
        var rfc = new Lab(settings: TcpSettings.Rfc);
        Assert.Equal(TimeSpan.FromSeconds(1), rfc.Establish().Client.Rto);
    }

    private static (double Srtt, double RttVar, double Rto) Milliseconds(HostedConnection connection) =>
        (connection.Srtt!.Value.TotalMilliseconds, connection.RttVar!.Value.TotalMilliseconds, connection.Rto.TotalMilliseconds);
}
