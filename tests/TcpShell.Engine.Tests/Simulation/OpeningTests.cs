using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>P01 to P16: how a connection opens, to the microsecond. What is old or forged stands in the other half.</summary>
public partial class OpeningTests
{
    [Fact, Trait("Proves", "P01")]
    public void P01_PassiveOpen_ServerListensBeforeAnySegment()
    {
        var lab = new Lab();
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
        StateChange change = Assert.Single(lab.Network.StateChanges);
        Assert.Equal("0 server Closed -> Listen", Lab.Describe(change));
        Assert.Equal(TransitionEvent.PassiveOpen, change.Event);
        Assert.Empty(lab.Network.Trace);
        Assert.Null(lab.Network.NextEvent);
    }

    [Fact, Trait("Proves", "P02")]
    public void P02_ActiveOpen_SynConsumesOneNumber()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        Assert.Equal(["0 client Closed -> SynSent"], lab.States);
        TracedPacket packet = Assert.Single(lab.Network.Trace);
        TcpSegment syn = packet.Decode().Segment;
        Assert.Equal(TcpFlags.SYN, syn.Flags);
        Assert.Equal(client.Iss, syn.SequenceNumber);
        Assert.Equal(0u, syn.AcknowledgmentNumber.Value);
        Assert.Equal(0, syn.Payload.Length);
        Assert.Equal(client.Iss, client.SndUna);
        Assert.Equal(client.Iss + 1, client.SndNxt);
        Assert.Equal(TransmitReason.Open, packet.Reason);
    }

    [Fact, Trait("Proves", "P03")]
    public void P03_SynArrives_ServerAnswersWithSynAck()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        lab.RunTo(0.01);
        Assert.Equal(["0 client Closed -> SynSent", "0.01 server Listen -> SynReceived"], lab.States);
        TcpSegment answer = lab.Network.Trace.Last().Decode().Segment;
        Assert.Equal(TcpFlags.SYN | TcpFlags.ACK, answer.Flags);
        Assert.Equal(lab.Accepted.Iss, answer.SequenceNumber);
        Assert.Equal(client.Iss + 1, answer.AcknowledgmentNumber);
        Assert.Equal(0, answer.Payload.Length);
        Assert.Equal(lab.Accepted.Iss + 1, lab.Accepted.SndNxt);
        Assert.Equal(1, lab.Listener.HalfOpen);
    }

    [Fact, Trait("Proves", "P04")]
    public void P04_ThirdSegment_BothEndsAreEstablished()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.02 client . 1 ack 1"], lab.Packets);
        Assert.Equal(
            [
                "0 client Closed -> SynSent",
                "0.01 server Listen -> SynReceived",
                "0.02 client SynSent -> Established",
                "0.03 server SynReceived -> Established",
            ],
            lab.States);
        Assert.Equal(client.Iss + 1, client.SndNxt); // the third segment consumed nothing
        Assert.Equal(client.SndNxt, server.RcvNxt);
        Assert.Equal(server.SndNxt, client.RcvNxt);
        Assert.Equal(0, lab.Listener.HalfOpen);
        Assert.Equal(1, lab.Listener.Accepted);
        Assert.Equal([TcpState.Listen, TcpState.SynReceived, TcpState.Established], server.StateChanges.Select(change => change.To));
        Assert.Null(lab.Network.NextEvent);
    }

    [Fact, Trait("Proves", "P04")]
    public void P04_ThirdSegmentWithData_NextNumberMoves()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        lab.Network.Send(client, "hello"u8);
        lab.RunTo(0.03);
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.02 client P. 1:6 ack 1", "0.03 server . 1 ack 6"], lab.Packets);
        Assert.Equal(TcpState.Established, lab.Accepted.State);
        Assert.Equal(client.Iss + 6, client.SndNxt);
        Assert.Equal("hello"u8, lab.ReceiveAll(lab.Accepted));
    }

    [Fact, Trait("Proves", "P05")]
    public void P05_Options_WhatBothWantIsInForce()
    {
        TcpSettings plain = TcpSettings.Linux with { Timestamps = false, MaximumSegmentSize = 1000, ReceiveBufferSize = 100_000 };
        var lab = new Lab(serverSettings: plain);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        Assert.Equal((ushort?)1460, client.Offered.MaximumSegmentSize);
        Assert.Equal((byte?)7, client.Offered.WindowScale); // 6 MiB in units of 128
        Assert.True(client.Offered.SackPermitted);
        Assert.NotNull(client.Offered.Timestamps);
        Assert.Equal((ushort?)1000, client.Peer.MaximumSegmentSize);
        Assert.Equal((byte?)1, client.Peer.WindowScale);
        Assert.True(client.Peer.SackPermitted);
        Assert.Null(client.Peer.Timestamps);

        Assert.Equal((1000, 1000), (client.SendMss, server.SendMss));
        Assert.Equal((1460, 1000), (client.ReceiveMss, server.ReceiveMss));
        Assert.Equal((1, 7), (client.SndScale, client.RcvScale));
        Assert.Equal((7, 1), (server.SndScale, server.RcvScale));
        Assert.True(client.SackInForce && server.SackInForce);
        Assert.True(client.WindowScalingInForce && server.WindowScalingInForce);
        Assert.False(client.TimestampsInForce || server.TimestampsInForce);
        Assert.Equal((client.Iss, server.Iss), (server.Irs, client.Irs));
    }

    [Fact, Trait("Proves", "P06")]
    public void P06_SegmentList_RelativeAndAbsolute()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        SegmentRecord[] records = [.. SegmentRecorder.Record(lab.Network.Trace)];
        Assert.Equal("49152 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM WS=128", records[0].Info);
        Assert.Equal("80 → 49152 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0 MSS=1460 SACK_PERM WS=128", records[1].Info);
        Assert.StartsWith("49152 → 80 [ACK] Seq=1 Ack=1 ", records[2].Info, StringComparison.Ordinal);
        Assert.StartsWith(
            $"49152 → 80 [ACK] Seq={client.Iss + 1} Ack={server.Iss + 1} ", records[2].ToInfo(absolute: true), StringComparison.Ordinal);
    }

    [Theory, Trait("Proves", "P07")]
    [InlineData(TcpFlags.SYN, "client S 0")]
    [InlineData(TcpFlags.SYN | TcpFlags.ACK, "server S. 0 ack 1")]
    [InlineData(TcpFlags.ACK, "client P. 1:6 ack 1")]
    [InlineData(TcpFlags.FIN, "client F. 6 ack 1")]
    public void P07_WhatConsumesANumber_IsSentUntilAcknowledged(TcpFlags flags, string line)
    {
        var lab = new Lab(Applications.Discard);
        lab.Drop(flags, data: flags == TcpFlags.ACK, count: 2, from: flags == TcpFlags.FIN ? "client" : null);
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Established, Lab.Long));
        lab.Network.Send(client, "hello"u8);
        Assert.True(lab.Network.RunUntil(() => client.SendQueue == 0, Lab.Long));
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Closed, Lab.Long));
        IEnumerable<string> all = lab.Packets.Select(packet => packet[(packet.IndexOf(' ') + 1)..]);
        string[] sent = [.. all.Where(packet => packet.StartsWith(line, StringComparison.Ordinal))];
        Assert.Equal([$"{line} lost", $"{line} lost", line], flags == (TcpFlags.SYN | TcpFlags.ACK) ? sent[..3] : sent);
    }

    [Fact, Trait("Proves", "P07")]
    public void P07_PureAck_IsNotRetransmitted()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Drop(from: "server");
        lab.Network.Send(client, "hello"u8);
        lab.RunTo(0.04);
        Assert.Equal("0.04 server . 1 ack 6 lost", lab.Packets[^1]);
        Assert.Empty(server.Timers);
        Assert.Empty(server.Unacknowledged);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));

        // It is the data that comes again, after the RTO of 200 ms; and only that brings another ACK.
        Assert.Equal(["0.23 client P. 1:6 ack 1", "0.24 server . 1 ack 6"], lab.Packets[^2..]);
    }

    [Fact, Trait("Proves", "P08")]
    public void P08_ThirdSegmentWithWrongAck_IsAnsweredWithReset()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.ACK, "client");
        HostedConnection client = lab.Connect();
        lab.RunTo(0.02);
        TracedPacket forged = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new()
        {
            Flags = TcpFlags.ACK,
            SequenceNumber = client.Iss + 1,
            AcknowledgmentNumber = lab.Accepted.Iss + 2,
            Options = new() { Timestamps = new(uint.MaxValue / 2, 0) },
        });
        lab.RunTo(0.03);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        Assert.Equal(SegmentFate.Reset, forged.Verdict!.Value.Fate);
        Assert.Equal("0.03 server R 2", lab.Packets[^1]); // SEQ is what was wrongly acknowledged
    }

    [Fact, Trait("Proves", "P08")]
    public void P08_ThirdSegmentWithoutAckFlag_DoesNotEstablish()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        lab.Drop(TcpFlags.ACK, "client");
        HostedConnection client = lab.Connect();
        lab.RunTo(0.02);
        TcpSegment bare = new() { SequenceNumber = client.Iss + 1, AcknowledgmentNumber = lab.Accepted.Iss + 1 };
        TracedPacket forged = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, bare);
        lab.RunTo(0.03);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        Assert.Equal(SegmentFate.Dropped, forged.Verdict!.Value.Fate);
    }

    [Fact, Trait("Proves", "P08")]
    public void P08_SynAckWithWrongAck_IsAnsweredWithReset()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN);
        HostedConnection client = lab.Connect();
        TracedPacket forged = lab.Inject(Lab.ServerEnd, Lab.ClientEnd, new()
        {
            Flags = TcpFlags.SYN | TcpFlags.ACK,
            SequenceNumber = 5000,
            AcknowledgmentNumber = client.Iss + 2,
        });
        lab.RunTo(0.01);
        Assert.Equal(TcpState.SynSent, client.State);
        Assert.Equal(SegmentFate.Reset, forged.Verdict!.Value.Fate);
        TcpSegment reset = lab.Network.Trace.Last().Decode().Segment;
        Assert.Equal((TcpFlags.RST, client.Iss + 2), (reset.Flags, reset.SequenceNumber));
    }

    [Fact, Trait("Proves", "P09")]
    public void P09_ControlBlock_ShowsWhatIsInFlight()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, new byte[1000]);
        Assert.Equal((Lab.ClientEnd, Lab.ServerEnd), (client.Local, client.Remote));
        Assert.Equal((client.Iss + 1, client.Iss + 1001), (client.SndUna, client.SndNxt));
        Assert.Equal((server.Iss + 1, server.Iss + 1), (client.RcvNxt, server.SndNxt));
        Assert.Equal((1000, 0, 1000), (client.SendQueue, client.ReceiveQueue, client.InFlight));
        SentSegment segment = Assert.Single(client.Unacknowledged);
        Assert.Equal((client.Iss + 1, 1000, 1), (segment.SequenceNumber, segment.Length, segment.Transmissions));
        Assert.Equal(Timestamp.FromSeconds(0.03), segment.LastSent);
        Assert.Equal([new(TimerKind.TailLossProbe, Timestamp.FromSeconds(0.23))], client.Timers);
        Assert.Equal(
            (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(10)),
            (client.Rto, client.Srtt, client.RttVar));
        Assert.Equal(10 * 1448, client.Cwnd);
        lab.RunTo(0.05);
        Assert.Empty(client.Unacknowledged);
        Assert.Empty(client.Timers);
        Assert.Equal((0, 1000), (client.SendQueue, server.ReceiveQueue));
    }

    [Fact, Trait("Proves", "P10")]
    public void P10_OtherPort_IsAnotherConnection()
    {
        var lab = new Lab(Applications.Echo);
        HostedConnection one = lab.Connect();
        HostedConnection two = lab.Connect();
        Assert.Equal((49152, 49153), (one.Local.Port, two.Local.Port));
        lab.RunTo(0.03);
        Assert.Equal(2, lab.Server.Connections.Count);
        lab.Network.Send(two, "two"u8);
        lab.Network.Send(one, "one"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal("one"u8, lab.ReceiveAll(one));
        Assert.Equal("two"u8, lab.ReceiveAll(two));
    }

    [Theory, Trait("Proves", "P10"), Trait("Proves", "MUST-46")]
    [InlineData("224.0.0.1:80")]
    [InlineData("255.255.255.255:80")]
    [InlineData("0.0.0.0:80")]
    [InlineData("10.0.0.2:0")]
    public void P10_NoOneHost_CannotBeCalled(string remote)
    {
        var lab = new Lab();
        Lab.Refuses(TcpCallError.InvalidAddress, () => lab.Network.Connect(lab.Client, Endpoint.Parse(remote)));
        Assert.Empty(lab.Client.Connections);
        Assert.Equal(49152, lab.Connect().Local.Port); // and no port was spent on it
    }

    [Theory, Trait("Proves", "P10"), Trait("Proves", "MUST-57"), Trait("Proves", "MUST-63")]
    [InlineData("224.0.0.1:1000", "10.0.0.2:80")]
    [InlineData("255.255.255.255:1000", "10.0.0.2:80")]
    public void P10_SynFromNoOneHost_IsDropped(string from, string to)
    {
        var lab = new Lab();
        TracedPacket forged = lab.Inject(Endpoint.Parse(from), Endpoint.Parse(to), new() { Flags = TcpFlags.SYN });
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(SegmentFate.Dropped, forged.Verdict!.Value.Fate);
        Assert.Equal(1, lab.Server.Counters.NotForUs);
        Assert.Single(lab.Network.Trace);
        Assert.Empty(lab.Server.Connections);
    }

    [Fact, Trait("Proves", "P11"), Trait("Proves", "MUST-10")]
    public void P11_SynsCross_FourSegmentsMakeOneConnection()
    {
        var lab = new Lab();
        Endpoint here = Endpoint.Parse("10.0.0.1:1000");
        Endpoint there = Endpoint.Parse("10.0.0.2:2000");
        HostedConnection client = lab.Network.Connect(lab.Client, there, here);
        HostedConnection server = lab.Network.Connect(lab.Server, here, there);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0", "0 server S 0", "0.01 server S. 0 ack 1", "0.01 client S. 0 ack 1"], lab.Packets);
        Assert.Equal(
            [
                "0 client Closed -> SynSent",
                "0 server Closed -> SynSent",
                "0.01 server SynSent -> SynReceived",
                "0.01 client SynSent -> SynReceived",
                "0.02 client SynReceived -> Established",
                "0.02 server SynReceived -> Established",
            ],
            lab.States);
        Assert.Equal((client.SndNxt, server.SndNxt), (server.RcvNxt, client.RcvNxt));
        lab.Network.Send(client, "ping"u8);
        lab.Network.Send(server, "pong"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal("ping"u8, lab.ReceiveAll(server));
        Assert.Equal("pong"u8, lab.ReceiveAll(client));
    }

    [Fact, Trait("Proves", "P12")]
    public void P12_SendOnListener_MakesItActive()
    {
        var lab = new Lab();
        Listener other = lab.Network.Listen(lab.Client, new Endpoint(default, 7000), Applications.Manual);
        HostedConnection connection = lab.Network.SendWhileListening(other, "hello"u8, Lab.ServerEnd);
        Assert.Equal(new Endpoint(lab.Client.Addresses[0], 7000), connection.Local);
        Assert.Empty(lab.Client.Listeners);
        Assert.Equal(ConnectionRole.Client, connection.Role);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0", "0.01 server S. 0 ack 1", "0.02 client P. 1:6 ack 1", "0.03 server . 1 ack 6"], lab.Packets);
        Assert.Equal(["0 client Closed -> Listen", "0 client Listen -> SynSent"], lab.States[..2]);
        Assert.Equal("hello"u8, lab.ReceiveAll(lab.Accepted));
    }
}
