using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>P40 to P48: how a connection ends.</summary>
public class ClosingTests
{
    [Fact, Trait("Proves", "P40")]
    public void P40_FourWayClose_EveryStateAtItsTime()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.RunTo(1);
        lab.Network.Close(client);
        lab.RunTo(2);
        Assert.Equal((TcpState.FinWait2, TcpState.CloseWait), (client.State, server.State));
        lab.Network.Close(server);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["1 client F. 1 ack 1", "1.01 server . 1 ack 2", "2 server F. 1 ack 2", "2.01 client . 2 ack 2"], lab.Packets[3..]);
        Assert.Equal(
            [
                "1 client Established -> FinWait1",
                "1.01 server Established -> CloseWait",
                "1.02 client FinWait1 -> FinWait2",
                "2 server CloseWait -> LastAck",
                "2.01 client FinWait2 -> TimeWait",
                "2.02 server LastAck -> Closed",
                "62.01 client TimeWait -> Closed",
            ],
            lab.States[4..]);
        Assert.Equal((ConnectionError.None, ConnectionError.None), (client.Error, server.Error));
        Assert.Empty(lab.Network.Connections);
    }

    [Theory, Trait("Proves", "P41")]
    [InlineData("Manual")]
    [InlineData("Echo")]
    [InlineData("Discard")]
    public void P41_ServerClosesFirst_StatesAreMirrored(string application)
    {
        var lab = new Lab(Applications.All.Single(candidate => candidate.Name == application));
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.RunTo(1);
        lab.Network.Close(server);
        lab.RunTo(2);
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["1 server F. 1 ack 1", "1.01 client . 1 ack 2", "2 client F. 1 ack 2", "2.01 server . 2 ack 2"], lab.Packets[3..]);
        Assert.Equal(
            [
                "1 server Established -> FinWait1",
                "1.01 client Established -> CloseWait",
                "1.02 server FinWait1 -> FinWait2",
                "2 client CloseWait -> LastAck",
                "2.01 server FinWait2 -> TimeWait",
                "2.02 client LastAck -> Closed",
                "62.01 server TimeWait -> Closed",
            ],
            lab.States[4..]);
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
    }

    [Fact, Trait("Proves", "P42")]
    public void P42_PassiveSideHasNothingLeft_ThreeSegmentsAreEnough()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0.03 client F. 1 ack 1", "0.04 server F. 1 ack 2", "0.05 client . 2 ack 2"], lab.Packets[3..]);
        Assert.Equal(
            [
                "0.03 client Established -> FinWait1",
                "0.04 server Established -> CloseWait",
                "0.04 server CloseWait -> LastAck",
                "0.05 client FinWait1 -> TimeWait",
                "0.06 server LastAck -> Closed",
                "60.05 client TimeWait -> Closed",
            ],
            lab.States[4..]);
    }

    [Fact, Trait("Proves", "P42")]
    public void P42_PassiveSideHasData_ItsFinComesBehindIt()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Close(client);
        lab.RunTo(0.05);
        lab.Network.Send(server, "the rest"u8);
        lab.Network.Close(server);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0.03 client F. 1 ack 1",
                "0.04 server . 1 ack 2",
                "0.05 server P. 1:9 ack 2",
                "0.05 server F. 9 ack 2",
                "0.06 client . 2 ack 9",
                "0.06 client . 2 ack 10",
            ],
            lab.Packets[3..]);
        Assert.Equal("the rest"u8, lab.ReceiveAll(client));
    }

    [Fact, Trait("Proves", "P43")]
    public void P43_HalfClose_TheOtherDirectionGoesOn()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Close(client);
        lab.RunTo(100); // no timer ends a half-closed connection
        Assert.Equal((TcpState.FinWait2, TcpState.CloseWait), (client.State, server.State));
        Lab.Refuses(TcpCallError.ConnectionClosing, () => lab.Network.Send(client, "no"u8));
        byte[] data = Lab.Pattern(100_000);
        lab.Network.Send(server, data);
        lab.RunTo(200);
        Assert.Equal(data, lab.ReceiveAll(client));
        Assert.False(client.Tcp.EndOfStream);
        lab.Network.Close(server);
        lab.RunTo(201);
        Assert.True(client.Tcp.EndOfStream);
        Assert.Equal((TcpState.TimeWait, TcpState.Closed), (client.State, server.State));
    }

    [Fact, Trait("Proves", "P44")]
    public void P44_FinsCross_BothGoThroughClosing()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.RunTo(1);
        lab.Network.Close(client);
        lab.Network.Close(server);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["1 client F. 1 ack 1", "1 server F. 1 ack 1", "1.01 server . 2 ack 2", "1.01 client . 2 ack 2"], lab.Packets[3..]);
        Assert.Equal(
            [
                "1 client Established -> FinWait1",
                "1 server Established -> FinWait1",
                "1.01 server FinWait1 -> Closing",
                "1.01 client FinWait1 -> Closing",
                "1.02 client Closing -> TimeWait",
                "1.02 server Closing -> TimeWait",
                "61.02 client TimeWait -> Closed",
                "61.02 server TimeWait -> Closed",
            ],
            lab.States[4..]);
    }

    [Theory, Trait("Proves", "P45")]
    [InlineData(30)]
    [InlineData(60)]
    [InlineData(120)]
    public void P45_TimeWait_LastsTwoMsl(int msl)
    {
        var lab = new Lab(Applications.Echo, TcpSettings.Linux with { MaximumSegmentLifetime = TimeSpan.FromSeconds(msl) });
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.TimeWait, Lab.Long));
        Assert.Equal([new(TimerKind.TimeWait, Timestamp.FromSeconds(0.05 + (2 * msl)))], client.Timers);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal($"{2 * msl}.05 client TimeWait -> Closed", lab.States[^1]);
    }

    [Fact, Trait("Proves", "P45")]
    public void P45_LastAckLost_FinIsAcknowledgedAgainAndTheTimerStartsAnew()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Drop(TcpFlags.ACK, "client");
        lab.Network.Close(client);
        lab.RunTo(0.1);
        Assert.Equal((TcpState.TimeWait, TcpState.LastAck), (client.State, server.State));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0.03 client F. 1 ack 1",
                "0.04 server F. 1 ack 2",
                "0.05 client . 2 ack 2 lost",
                "0.24 server F. 1 ack 2",
                "0.25 client . 2 ack 2",
            ],
            lab.Packets[3..]);
        Assert.Equal(
            ["0.05 client FinWait1 -> TimeWait", "0.26 server LastAck -> Closed", "60.25 client TimeWait -> Closed"], lab.States[^3..]);
    }

    [Fact, Trait("Proves", "P45")]
    public void P45_FinAfterTimeWait_IsAnsweredWithReset()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.AddImpairment(
            ImpairmentKind.Duplicate, new PacketSelector { Flags = TcpFlags.FIN, From = "server" }, TimeSpan.FromSeconds(70));
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal("60.05 client TimeWait -> Closed", lab.States[^1]);
        TracedPacket late = lab.Network.Trace.Single(packet => packet.CopyOf > 0);
        Assert.Equal(Timestamp.FromSeconds(70.05), late.Arrived);
        Assert.Equal(SegmentFate.Reset, late.Verdict!.Value.Fate);
        Assert.Equal("70.05 client R 2", lab.Packets[^1]);
    }

    [Fact, Trait("Proves", "P45")]
    public void P45_TimeWait_KeepsThePortUntilItEnds()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Close(client);
        lab.RunTo(30);
        Lab.Refuses(TcpCallError.PortInUse, () => lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd));
        lab.RunTo(61);
        HostedConnection again = lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd);
        lab.RunTo(62);
        Assert.Equal(TcpState.Established, again.State);
    }

    [Fact, Trait("Proves", "P46")]
    public void P46_CloseInSynReceived_GoesToFinWait1()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        lab.RunTo(0.01);
        HostedConnection server = lab.Accepted;
        Assert.Equal(TcpState.SynReceived, server.State);
        lab.Network.Close(server);
        lab.RunTo(1);
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1"], lab.Packets[..2]);
        Assert.Contains("0.01 server SynReceived -> FinWait1", lab.States);
        Assert.Equal((TcpState.CloseWait, TcpState.FinWait2), (client.State, server.State));
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Network.Connections);
        Assert.Equal((ConnectionError.None, ConnectionError.None), (client.Error, server.Error));
        Assert.Equal((0, 0), (lab.Listener.HalfOpen, lab.Listener.Accepted));
    }

    [Fact, Trait("Proves", "P47")]
    public void P47_CloseInListen_EndsTheListener()
    {
        var lab = new Lab();
        lab.Network.Close(lab.Listener.Control);
        Assert.Equal(["0 server Listen -> Closed"], lab.States);
        Assert.Empty(lab.Server.Listeners);
        HostedConnection client = lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(ConnectionError.Refused, client.Error);
        lab.Network.Listen(lab.Server, new Endpoint(default, 80), Applications.Echo); // and the port is free again
    }

    [Fact, Trait("Proves", "P47")]
    public void P47_CloseInSynSent_EndsTheAttempt()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        lab.Network.Close(client);
        Assert.Equal(["0 client Closed -> SynSent", "0 client SynSent -> Closed"], lab.States);
        Assert.Empty(lab.Client.Connections);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.02 client R 1"], lab.Packets); // its request was on its way already
    }

    [Fact, Trait("Proves", "P48")]
    public void P48_Abort_PeerLearnsOfAReset()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, "lost"u8);
        lab.Network.Abort(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0.03 client P. 1:5 ack 1", "0.03 client R. 5 ack 1"], lab.Packets[3..5]);
        Assert.Equal(["0.03 client Established -> Closed", "0.04 server Established -> Closed"], lab.States[4..]);
        Assert.Equal((ConnectionError.Aborted, ConnectionError.Reset), (client.Error, server.Error));
        Assert.False(server.Tcp.EndOfStream);
        Lab.Refuses(TcpCallError.ConnectionReset, () => lab.Network.Receive(server, new byte[10]));
    }
}
