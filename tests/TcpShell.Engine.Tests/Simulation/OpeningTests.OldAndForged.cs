using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

// P13 to P16: segments of former connections, and of nobody.
public partial class OpeningTests
{
    [Fact, Trait("Proves", "P13")]
    public void P13_OldDuplicateSyn_IsRefusedByItsSupposedSender()
    {
        var lab = new Lab();
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = 90, Window = 1000 });
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.02 client R 1"], lab.Packets);
        Assert.Equal(["0.01 server Listen -> SynReceived", "0.03 server SynReceived -> Listen"], lab.States);
        Assert.Empty(lab.Network.Connections);
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
        Assert.Equal((0, 0), (lab.Listener.HalfOpen, lab.Listener.Accepted));
    }

    [Fact, Trait("Proves", "P13")]
    public void P13_SynDelayedBeyondItsConnection_IsRefused()
    {
        var lab = new Lab(Applications.Echo);
        lab.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { Flags = TcpFlags.SYN, Count = 1 }, TimeSpan.FromSeconds(100));
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Established, Lab.Long));
        Assert.Equal(Timestamp.FromSeconds(1.02), lab.Network.Now); // by the SYN that was sent again after 1 s
        lab.Network.Close(client);
        lab.RunTo(100);
        Assert.Empty(lab.Network.Connections);
        int before = lab.States.Length;
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["100.01 server Listen -> SynReceived", "100.03 server SynReceived -> Listen"], lab.States[before..]);
        Assert.Equal(["100.01 server S. 0 ack 1", "100.02 client R 1"], lab.Packets[^2..]);
        Assert.Empty(lab.Network.Connections);
    }

    [Fact, Trait("Proves", "P14")]
    public void P14_OldDuplicateSynAndTwoWayHandshake_LeavesAGhost()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { TwoWayHandshake = true });
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = 90, Window = 1000 });
        lab.Network.RunFor(Lab.Long);
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1"], lab.Packets); // the client does not refuse
        HostedConnection ghost = Assert.Single(lab.Network.Connections);
        Assert.Equal(("server", TcpState.Established), (ghost.Host, ghost.State)); // for ever, since nobody is there to end it
        Assert.Empty(lab.Client.Connections);
    }

    [Fact, Trait("Proves", "P14")]
    public void P14_TwoWayHandshakeWithoutTrouble_CarriesData()
    {
        var lab = new Lab(Applications.Echo, TcpSettings.Linux with { TwoWayHandshake = true });
        HostedConnection client = lab.Connect();
        lab.RunTo(0.02);
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1"], lab.Packets);
        Assert.Equal(["0 client Closed -> SynSent", "0.01 server Listen -> Established", "0.02 client SynSent -> Established"], lab.States);
        lab.Network.Send(client, "hello"u8);
        lab.RunTo(0.05);
        Assert.Equal("hello"u8, lab.ReceiveAll(client));
    }

    [Fact, Trait("Proves", "P15"), Trait("Proves", "MUST-8"), Trait("Proves", "MUST-9")]
    public void P15_InitialSequenceNumbers_AreAClockPlusAHashOfTheTuple()
    {
        var lab = new Lab();
        Endpoint nobody = Endpoint.Parse("10.0.0.2:81");
        Endpoint local = Endpoint.Parse("10.0.0.1:5000");
        SeqNumber first = lab.Network.Connect(lab.Client, nobody, local).Iss;
        lab.RunTo(1); // it was refused, so the ports are free again
        SeqNumber second = lab.Network.Connect(lab.Client, nobody, local).Iss;
        Assert.Equal(250_000, second - first); // a tick each 4 us
        SeqNumber other = lab.Network.Connect(lab.Client, nobody, local with { Port = 5001 }).Iss;
        Assert.NotInRange(Math.Abs(other - second), 0, 1_000_000);
    }

    [Fact, Trait("Proves", "P15")]
    public void P15_SameSeedSameNumbers_OtherSeedOtherNumbers()
    {
        Assert.Equal(new Lab(seed: 7).Connect().Iss, new Lab(seed: 7).Connect().Iss);
        Assert.NotEqual(new Lab(seed: 7).Connect().Iss, new Lab(seed: 8).Connect().Iss);
    }

    [Theory, Trait("Proves", "P16"), Trait("Proves", "5961-1")]
    [InlineData(0, SegmentFate.Accepted, TcpState.Closed)] // exactly RCV.NXT
    [InlineData(1, SegmentFate.Challenged, TcpState.Established)]
    [InlineData(50_000, SegmentFate.Challenged, TcpState.Established)]
    [InlineData(-1, SegmentFate.Dropped, TcpState.Established)]
    [InlineData(10_000_000, SegmentFate.Dropped, TcpState.Established)]
    public void P16_ForgedReset_CountsOnlyAtTheEdgeOfTheWindow(int offset, SegmentFate fate, TcpState state)
    {
        var lab = new Lab();
        (_, HostedConnection server) = lab.Establish();
        TracedPacket forged =
            lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.RST, SequenceNumber = server.RcvNxt + offset });
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(fate, forged.Verdict!.Value.Fate);
        Assert.Equal(state, server.State);
        Assert.Equal(state == TcpState.Closed ? ConnectionError.Reset : ConnectionError.None, server.Error);
        string[] answer = fate == SegmentFate.Challenged ? ["0.04 server . 1 ack 1"] : [];
        Assert.Equal(answer, lab.Packets[4..]);
    }

    [Fact, Trait("Proves", "P16"), Trait("Proves", "5961-3")]
    public void P16_ForgedSyn_IsChallenged()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        TracedPacket forged =
            lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = server.RcvNxt + 100 });
        lab.RunTo(0.05);
        Assert.Equal(SegmentFate.Challenged, forged.Verdict!.Value.Fate);
        Assert.Equal((TcpState.Established, TcpState.Established), (client.State, server.State));
    }

    [Theory, Trait("Proves", "P16")]
    [InlineData(0, 0, SegmentFate.Accepted, "forged")]
    [InlineData(0, 1, SegmentFate.Acknowledged, "")] // acknowledges what was never sent
    [InlineData(0, -100_000_000, SegmentFate.Challenged, "")] // acknowledges what is older than any window
    [InlineData(-100, 0, SegmentFate.Acknowledged, "")] // all of it was received before
    [InlineData(10_000_000, 0, SegmentFate.Acknowledged, "")] // beyond the window
    public void P16_ForgedData_NeedsBothNumbers(int seq, int ack, SegmentFate fate, string received)
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        (_, HostedConnection server) = lab.Establish();
        TracedPacket forged = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new()
        {
            Flags = TcpFlags.ACK | TcpFlags.PSH,
            SequenceNumber = server.RcvNxt + seq,
            AcknowledgmentNumber = server.SndNxt + ack,
            Window = 1000,
            Payload = "forged"u8.ToArray(),
        });
        lab.RunTo(0.04);
        Assert.Equal(fate, forged.Verdict!.Value.Fate);
        Assert.Equal(TcpState.Established, server.State);
        Assert.Equal(received, System.Text.Encoding.ASCII.GetString(lab.ReceiveAll(server)));
    }

    [Fact, Trait("Proves", "P16"), Trait("Proves", "7323-7")]
    public void P16_ForgedDataWithoutTimestamps_IsDroppedWhereTheyAreInForce()
    {
        var lab = new Lab();
        (_, HostedConnection server) = lab.Establish();
        TracedPacket forged = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new()
        {
            Flags = TcpFlags.ACK,
            SequenceNumber = server.RcvNxt,
            AcknowledgmentNumber = server.SndNxt,
            Payload = "forged"u8.ToArray(),
        });
        lab.RunTo(0.04);
        Assert.Equal(SegmentFate.Dropped, forged.Verdict!.Value.Fate);
        Assert.Equal(0, server.ReceiveQueue);
    }
}
