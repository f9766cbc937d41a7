using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>P20 to P23: the three segments of the handshake, lost one after the other.</summary>
public class LossWhileOpeningTests
{
    [Fact, Trait("Proves", "P20")]
    public void P20_FirstSegmentLost_ClientRetriesSixTimesAndFailsAt127Seconds()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN, count: null);
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0 client S 0 lost",
                "1 client S 0 lost",
                "3 client S 0 lost",
                "7 client S 0 lost",
                "15 client S 0 lost",
                "31 client S 0 lost",
                "63 client S 0 lost",
            ],
            lab.Packets);
        Assert.Equal(["0 client Closed -> SynSent", "127 client SynSent -> Closed"], lab.States);
        Assert.Equal(ConnectionError.TimedOut, client.Error);
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], lab.Network.Trace.Select(packet => packet.Attempt));
        Assert.Equal(
            [TransmitReason.Open, .. Enumerable.Repeat(TransmitReason.RetransmissionTimeout, 6)],
            lab.Network.Trace.Select(packet => packet.Reason));
    }

    [Fact, Trait("Proves", "P20"), Trait("Proves", "MUST-23")]
    public void P20_FirstSegmentLostWithProfileRfc_ClientTriesForMoreThanThreeMinutes()
    {
        var lab = new Lab(settings: TcpSettings.Rfc);
        lab.Drop(TcpFlags.SYN, count: null);
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 123], lab.Network.Trace.Select(packet => packet.Sent.TotalSeconds)); // RTO stops at 60 s
        Assert.Equal("183 client SynSent -> Closed", lab.States[^1]);
        Assert.Equal(ConnectionError.TimedOut, client.Error);
    }

    [Theory, Trait("Proves", "P20")]
    [InlineData(0, 1)]
    [InlineData(2, 7)]
    [InlineData(3, 15)]
    public void P20_SynRetries_AreASetting(int retries, double failsAt)
    {
        var lab = new Lab(settings: TcpSettings.Linux with { SynRetries = retries });
        lab.Drop(TcpFlags.SYN, count: null);
        HostedConnection client = lab.Connect();
        Assert.False(lab.Network.RunUntil(() => client.State == TcpState.Closed, TimeSpan.FromSeconds(failsAt - 0.001)));
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Closed, TimeSpan.FromSeconds(0.001)));
        Assert.Equal(retries + 1, lab.Network.Trace.Count);
    }

    [Fact, Trait("Proves", "P20")]
    public void P20_FirstSegmentLostOnce_OpensASecondLater()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN);
        lab.Connect();
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0 lost", "1 client S 0", "1.01 server S. 0 ack 1", "1.02 client . 1 ack 1"], lab.Packets);
        Assert.Equal("dropped by impairment 1 (drop SYN, once)", lab.Network.Trace.First().FateText);
    }

    [Fact, Trait("Proves", "P21")]
    public void P21_SecondSegmentLost_BothSidesRetransmit()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN | TcpFlags.ACK, count: null);
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Closed, Lab.Long));
        string[] syns = [.. lab.Packets.Where(packet => packet.Contains("client"))];
        Assert.Equal(
            ["0 client S 0", "1 client S 0", "3 client S 0", "7 client S 0", "15 client S 0", "31 client S 0", "63 client S 0"],
            syns);
        Assert.Equal(Timestamp.FromSeconds(127), lab.Network.Now);
        string[] answers =
            [.. lab.Network.Trace.Where(packet => packet.From == "server").Select(packet => $"{Lab.Seconds(packet.Sent)} {packet.Reason}")];
        Assert.Equal(
            [
                "0.01 Open",
                "1.01 RetransmissionTimeout",
                "3.01 RetransmissionTimeout",
                "7.01 RetransmissionTimeout",
                "15.01 RetransmissionTimeout",
                "31.01 RetransmissionTimeout",
            ],
            answers);

        // The client's SYNs arrive at the very moments at which the server's timer fires, and do not put off its giving up.
        Assert.Equal(["63.01 server SynReceived -> Closed", "127 client SynSent -> Closed"], lab.States[^2..]);
    }

    [Fact, Trait("Proves", "P21")]
    public void P21_SecondSegmentLostAndClientSilent_ServerGivesUpAfter63Seconds()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN | TcpFlags.ACK, count: null);
        lab.Connect();
        lab.Network.Crash(lab.Client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0 client S 0",
                "0.01 server S. 0 ack 1 lost",
                "1.01 server S. 0 ack 1 lost",
                "3.01 server S. 0 ack 1 lost",
                "7.01 server S. 0 ack 1 lost",
                "15.01 server S. 0 ack 1 lost",
                "31.01 server S. 0 ack 1 lost",
            ],
            lab.Packets);
        Assert.Equal("63.01 server SynReceived -> Closed", lab.States[^1]);
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
        Assert.Equal(0, lab.Listener.HalfOpen);
    }

    [Fact, Trait("Proves", "P21")]
    public void P21_SynAckRetries_AreASetting()
    {
        var lab = new Lab(serverSettings: TcpSettings.Linux with { SynAckRetries = 1 });
        lab.Drop(TcpFlags.SYN | TcpFlags.ACK, count: null);
        lab.Connect();
        lab.Network.Crash(lab.Client);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal("3.01 server SynReceived -> Closed", lab.States[^1]);
        Assert.Equal(3, lab.Network.Trace.Count);
    }

    [Fact, Trait("Proves", "P21")]
    public void P21_SecondSegmentLostOnce_OpensASecondLater()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN | TcpFlags.ACK);
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            ["0 client S 0", "0.01 server S. 0 ack 1 lost", "1 client S 0", "1.01 server S. 0 ack 1", "1.02 client . 1 ack 1"],
            lab.Packets);
        Assert.Equal((TcpState.Established, TcpState.Established), (client.State, lab.Accepted.State));
    }

    [Fact, Trait("Proves", "P22")]
    public void P22_ThirdSegmentLost_ServerRepeatsItsSynAck()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.ACK);
        HostedConnection client = lab.Connect();
        lab.RunTo(1);
        Assert.Equal((TcpState.Established, TcpState.SynReceived), (client.State, lab.Accepted.State));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0 client S 0",
                "0.01 server S. 0 ack 1",
                "0.02 client . 1 ack 1 lost",
                "1.01 server S. 0 ack 1",
                "1.02 client . 1 ack 1",
            ],
            lab.Packets);
        Assert.Equal("1.03 server SynReceived -> Established", lab.States[^1]);
    }

    [Fact, Trait("Proves", "P22")]
    public void P22_ThirdSegmentLost_FirstDataCompletesTheHandshake()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.ACK);
        HostedConnection client = lab.Connect();
        lab.RunTo(0.5);
        lab.Network.Send(client, "hello"u8);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0.5 client P. 1:6 ack 1", "0.51 server . 1 ack 6"], lab.Packets[3..]);
        Assert.Equal("0.51 server SynReceived -> Established", lab.States[^1]);
        Assert.Equal("hello"u8, lab.ReceiveAll(lab.Accepted));
    }

    [Fact, Trait("Proves", "P23")]
    public void P23_InitialRtoOfThreeSeconds_DelaysTheRetries()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { InitialRto = TimeSpan.FromSeconds(3), SynRetries = 2 });
        lab.Drop(TcpFlags.SYN, count: null);
        lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(["0 client S 0 lost", "3 client S 0 lost", "9 client S 0 lost"], lab.Packets);
        Assert.Equal("21 client SynSent -> Closed", lab.States[^1]);
    }

    [Fact, Trait("Proves", "P23"), Trait("Proves", "6298-12")]
    public void P23_SynTimedOut_DataStartsWithAnRtoOfThreeSeconds()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { TailLossProbe = false });
        lab.Drop(TcpFlags.SYN);
        HostedConnection client = lab.Connect();
        lab.RunTo(2);
        Assert.Equal(TimeSpan.FromSeconds(3), client.Rto);
        lab.Drop(data: true);
        lab.Network.Send(client, "hello"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(["2 client P. 1:6 ack 1 lost", "5 client P. 1:6 ack 1", "5.01 server . 1 ack 6"], lab.Packets[4..]);
    }
}
