using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>P50 to P61 and P72: refusals, crashes, illegal segments, crafted headers, and the edges that a lab has visited.</summary>
public class TroubleTests
{
    [Fact, Trait("Proves", "P50")]
    public void P50_NobodyListens_OpenerIsRefused()
    {
        var lab = new Lab();
        HostedConnection client = lab.Network.Connect(lab.Client, Endpoint.Parse("10.0.0.2:81"));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["0 client S 0", "0.01 server R. 0 ack 1"], lab.Packets); // SEQ=0, ACK=SEG.SEQ+1
        Assert.Equal(["0 client Closed -> SynSent", "0.02 client SynSent -> Closed"], lab.States);
        Assert.Equal(ConnectionError.Refused, client.Error);
        Assert.Equal((1, 1), (lab.Server.Counters.NoConnection, lab.Server.Counters.ResetsSent));
        Assert.Equal(0u, lab.Network.Trace.Last().Decode().Segment.SequenceNumber.Value);
    }

    [Theory, Trait("Proves", "P50")]
    [InlineData(TcpFlags.ACK, "R 100")] // SEQ=SEG.ACK
    [InlineData(TcpFlags.None, "R. 0 ack 3")] // ACK=SEG.SEQ+SEG.LEN
    [InlineData(TcpFlags.RST, "")] // a RST is never answered
    public void P50_SegmentToNobody_IsAnsweredByItsAck(TcpFlags flags, string answer)
    {
        var lab = new Lab();
        lab.Inject(
            Endpoint.Parse("10.0.0.1:1000"),
            Endpoint.Parse("10.0.0.2:81"),
            new() { Flags = flags, SequenceNumber = 0, AcknowledgmentNumber = 100, Payload = new byte[3] });
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(answer.Length == 0 ? [] : [$"0.01 server {answer}"], lab.Packets[1..]);
    }

    [Fact, Trait("Proves", "P50")]
    public void P50_NobodyHasTheAddress_AttemptTimesOut()
    {
        var lab = new Lab();
        HostedConnection client = lab.Network.Connect(lab.Client, Endpoint.Parse("10.0.0.99:80"));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(ConnectionError.TimedOut, client.Error);
        Assert.Equal(7, lab.Network.Trace.Count);
        Assert.All(
            lab.Network.Trace,
            packet => Assert.Equal((PacketFate.Unreachable, "10.0.0.99 is nobody's address"), (packet.Fate, packet.FateText)));
    }

    [Fact, Trait("Proves", "P51"), Trait("Proves", "MUST-11")]
    public void P51_ResetInSynReceived_PassiveSideListensAgain()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        lab.RunTo(0.01);
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.RST, SequenceNumber = client.Iss + 1 });
        lab.RunTo(0.02);
        Assert.Contains("0.02 server SynReceived -> Listen", lab.States);
        Assert.Empty(lab.Server.Connections);
        Assert.Equal(0, lab.Listener.HalfOpen);
    }

    [Fact, Trait("Proves", "P51")]
    public void P51_ResetInSynReceived_ActiveSideIsRefused()
    {
        var lab = new Lab();
        Endpoint here = Endpoint.Parse("10.0.0.1:1000");
        Endpoint there = Endpoint.Parse("10.0.0.2:2000");
        lab.Drop(TcpFlags.SYN | TcpFlags.ACK, count: null);
        HostedConnection client = lab.Network.Connect(lab.Client, there, here);
        HostedConnection server = lab.Network.Connect(lab.Server, here, there);
        lab.RunTo(0.01);
        Assert.Equal(TcpState.SynReceived, client.State);
        lab.Inject(there, here, new() { Flags = TcpFlags.RST, SequenceNumber = server.Iss + 1 });
        lab.RunTo(0.02);
        Assert.Equal((TcpState.Closed, ConnectionError.Refused), (client.State, client.Error));
    }

    [Fact, Trait("Proves", "P52")]
    public void P52_PeerCrashesAndNobodySends_StaysEstablishedForEver()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Crash(lab.Server);
        Assert.Equal((TcpState.Closed, ConnectionError.HostStopped), (server.State, server.Error));
        lab.Network.RunFor(TimeSpan.FromDays(365));
        Assert.Equal(TcpState.Established, client.State);
        Assert.Equal(3, lab.Network.Trace.Count);
    }

    [Fact, Trait("Proves", "P52")]
    public void P52_PeerDead_SenderTimesOut()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { R2 = 3 });
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Crash(lab.Server);
        lab.Network.Send(client, "hello"u8);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            [
                "0.03 client P. 1:6 ack 1 unreachable",
                "0.23 client P. 1:6 ack 1 unreachable",
                "0.43 client P. 1:6 ack 1 unreachable",
                "0.83 client P. 1:6 ack 1 unreachable",
                "1.63 client P. 1:6 ack 1 unreachable",
            ],
            lab.Packets[3..]);
        Assert.Equal("3.23 client Established -> Closed", lab.States[^1]);
        Assert.Equal(ConnectionError.TimedOut, client.Error);
        Assert.Equal("server is down", lab.Network.Trace.Last().FateText);
    }

    [Fact, Trait("Proves", "P52")]
    public void P52_ServerRebooted_SenderIsReset()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Crash(lab.Server);
        lab.RunTo(10);
        lab.Network.Restart(lab.Server);
        Assert.Equal(["0.03 server Established -> Closed", "0.03 server Listen -> Closed", "10 server Closed -> Listen"], lab.States[4..]);
        lab.Network.Send(client, "hello"u8);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(["10 client P. 1:6 ack 1", "10.01 server R 1"], lab.Packets[3..]);
        Assert.Equal("10.02 client Established -> Closed", lab.States[^1]);
        Assert.Equal(ConnectionError.Reset, client.Error);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(TcpState.Established, lab.Establish().Client.State); // and the listener works again
    }

    [Fact, Trait("Proves", "P52")]
    public void P52_ClientRebootedWithTheSamePort_GetsAChallengeAndResets()
    {
        var lab = new Lab();
        (_, HostedConnection server) = lab.Establish();
        lab.Network.Crash(lab.Client);
        lab.Network.Restart(lab.Client);
        HostedConnection again = lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd);
        Assert.True(lab.Network.RunUntil(() => again.State == TcpState.Established, Lab.Long));
        Assert.Equal(TcpState.Closed, server.State);
        Assert.Equal(ConnectionError.Reset, server.Error);
        IEnumerable<string> packets = lab.Packets.Skip(3).Select(packet => string.Join(' ', packet.Split(' ')[..3]));
        Assert.Equal(["0.03 client S", "0.04 server .", "0.05 client R", "1.03 client S", "1.04 server S.", "1.05 client ."], packets);
    }

    [Fact, Trait("Proves", "P52"), Trait("Proves", "MUST-24")]
    public void P52_KeepAlive_FindsADeadPeer()
    {
        TcpSettings alive = TcpSettings.Linux with
        {
            KeepAlive = true,
            KeepAliveIdle = TimeSpan.FromSeconds(60),
            KeepAliveInterval = TimeSpan.FromSeconds(10),
            KeepAliveProbes = 3,
        };
        var lab = new Lab(settings: alive, serverSettings: TcpSettings.Linux);
        HostedConnection client = lab.Connect();
        lab.RunTo(70);
        Assert.Equal(["60.02 client . 0 ack 1", "60.03 server . 1 ack 1"], lab.Packets[3..]); // SEQ=SND.NXT-1 makes the peer answer
        lab.Network.Crash(lab.Server);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(
            ["120.04 client . 0 ack 1 unreachable", "130.04 client . 0 ack 1 unreachable", "140.04 client . 0 ack 1 unreachable"],
            lab.Packets[5..]);
        Assert.Equal("150.04 client Established -> Closed", lab.States[^1]);
        Assert.Equal(ConnectionError.TimedOut, client.Error);
        Assert.Equal(TransitionEvent.KeepAliveTimeout, client.StateChanges[^1].Event);
    }

    [Fact, Trait("Proves", "P53"), Trait("Proves", "MUST-3")]
    public void P53_BadChecksums_AreDroppedAndCounted()
    {
        var lab = new Lab();
        (_, HostedConnection server) = lab.Establish();
        TcpSegment reset = new() { Flags = TcpFlags.RST, SequenceNumber = server.RcvNxt };
        TracedPacket tcp = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, reset, new() { Checksum = 0x1234 });
        TracedPacket ip = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, reset, new() { IpChecksum = 0x1234 });
        lab.RunTo(0.05);
        Assert.Equal(2, lab.Server.Counters.BadChecksums);
        Assert.Equal((SegmentFate.Dropped, SegmentFate.Dropped), (tcp.Verdict!.Value.Fate, ip.Verdict!.Value.Fate));
        Assert.Equal(TcpState.Established, server.State);
    }

    [Theory, Trait("Proves", "P53")]
    [InlineData(4)] // below the fixed header
    [InlineData(15)] // beyond the segment
    public void P53_DataOffsetThatCannotBe_IsDroppedAndCounted(byte dataOffset)
    {
        var lab = new Lab();
        TracedPacket packet = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN }, new() { DataOffset = dataOffset });
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(1, lab.Server.Counters.Malformed);
        Assert.Equal(SegmentFate.Dropped, packet.Verdict!.Value.Fate);
        Assert.Contains("header length", packet.Verdict.Value.Text, StringComparison.Ordinal);
        Assert.Single(lab.Network.Trace);
    }

    [Theory, Trait("Proves", "P53"), Trait("Proves", "MUST-7")]
    [InlineData(new byte[] { 2, 0, 0, 0 })] // length 0
    [InlineData(new byte[] { 2, 1, 0, 0 })] // length 1
    [InlineData(new byte[] { 8, 40, 0, 0 })] // beyond the header
    [InlineData(new byte[] { 1, 1, 1, 2 })] // cut before its length
    public void P53_BadOptionLength_IsNoReasonToStumble(byte[] options)
    {
        var lab = new Lab();
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = 90, Options = new() { Wire = options } });
        lab.RunTo(0.01);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        Assert.Null(lab.Accepted.Peer.MaximumSegmentSize);
        Assert.NotNull(lab.Accepted.Peer.Problem);
        Assert.Equal(536, lab.Accepted.SendMss); // [MUST-15]
    }

    [Fact, Trait("Proves", "P53")]
    public void P53_ReservedBits_AreIgnored()
    {
        var lab = new Lab();
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, ReservedBits = 7 });
        lab.RunTo(0.01);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        Assert.Equal(0, lab.Network.Trace.Last().Decode().Segment.ReservedBits);
    }

    [Fact, Trait("Proves", "P53")]
    public void P53_NoFlags_IsDroppedByListenerAndConnection()
    {
        var lab = new Lab();
        TracedPacket toListener = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { SequenceNumber = 5 });
        lab.RunTo(0.02);
        Assert.Equal(SegmentFate.Dropped, toListener.Verdict!.Value.Fate);
        Assert.Single(lab.Network.Trace);
        Assert.Empty(lab.Server.Connections);
    }

    [Fact, Trait("Proves", "P53")]
    public void P53_SynWithFin_OpensAndNothingElse()
    {
        var lab = new Lab();
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN | TcpFlags.FIN, SequenceNumber = 90 });
        lab.RunTo(0.01);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State); // its FIN is not taken, just as data on a SYN is not
        Assert.Equal((SeqNumber)91, lab.Accepted.RcvNxt);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Empty(lab.Network.Connections);
    }

    [Fact, Trait("Proves", "P60")]
    public void P60_LiveSegment_IsDissectedFieldByField()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        SegmentRecord syn = SegmentRecorder.Record(lab.Network.Trace).Single();
        HeaderField[] fields = [.. syn.Dissect().Where(field => field.Level == 0)];
        Assert.Equal([16, 16, 32, 32, 4], fields.Take(5).Select(field => field.BitWidth));
        Assert.Equal([49152ul, 80ul, client.Iss.Value, 0ul, 10ul], fields.Take(5).Select(field => field.Value!.Value));
        Assert.Equal(40 * 8, fields.Where(field => field.BitOffset + field.BitWidth <= 320).Max(field => field.BitOffset + field.BitWidth));
        Assert.DoesNotContain(fields, field => field.IsProblem);
    }

    [Fact, Trait("Proves", "P61")]
    public void P61_CraftedHeader_TravelsAsItIs()
    {
        var lab = new Lab();
        var segment = new TcpSegment
        {
            Flags = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST | TcpFlags.PSH | TcpFlags.URG | TcpFlags.ECE | TcpFlags.CWR | TcpFlags.AE,
            SequenceNumber = 0xDEADBEEF,
            AcknowledgmentNumber = 0xCAFEBABE,
            ReservedBits = 5,
            Window = 0xFFFF,
            UrgentPointer = 0x1234,
            Options = new() { Wire = new byte[] { 254, 4, 0xAB, 0xCD } },
            Payload = "any"u8.ToArray(),
        };
        TracedPacket packet = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, segment, new() { Checksum = 0x5678 });
        Assert.Equal((TransmitReason.Crafted, "forged", 0), (packet.Reason, packet.Note, packet.ConnectionId));
        DecodedPacket decoded = packet.Decode();
        Assert.Equal(segment.Flags, decoded.Segment.Flags);
        Assert.Equal((0xDEADBEEF, 0xCAFEBABE), (decoded.Segment.SequenceNumber.Value, decoded.Segment.AcknowledgmentNumber.Value));
        Assert.Equal((5, 0xFFFF, 0x1234), (decoded.Segment.ReservedBits, decoded.Segment.Window, decoded.Segment.UrgentPointer));
        Assert.Equal([254, 4, 0xAB, 0xCD], decoded.Segment.Options.Wire.ToArray());
        Assert.False(decoded.TcpChecksumValid);
        lab.RunTo(0.01);
        Assert.Equal(SegmentFate.Dropped, packet.Verdict!.Value.Fate);
    }

    [Fact, Trait("Proves", "P61")]
    public void P61_CraftedHeaderWithoutOverrides_HasRightChecksums()
    {
        var lab = new Lab();
        TracedPacket packet = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = 1 });
        Assert.True(packet.Decode().TcpChecksumValid);
        Assert.True(packet.Decode().IpChecksumValid);
        lab.RunTo(0.01);
        Assert.Equal(SegmentFate.Accepted, packet.Verdict!.Value.Fate);
        Assert.Equal([TcpState.SynReceived], packet.StateChanges.Select(change => change.To));
    }

    [Fact, Trait("Proves", "P61")]
    public void P61_NoIpHeader_IsRefused()
    {
        var lab = new Lab();
        Assert.Throws<ArgumentException>(() => lab.Network.Inject(new byte[] { 1, 2, 3 }));
        Assert.Throws<ArgumentException>(() => lab.Network.Inject(ReadOnlyMemory<byte>.Empty));
        Assert.Empty(lab.Network.Trace);
    }

    [Fact, Trait("Proves", "P72")]
    public void P72_VisitedEdges_AreEdgesOfTheTable()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Close(client);
        lab.Network.RunUntilIdle(Lab.Long);
        TcpTransition[] visited =
            [.. lab.Network.StateChanges.Select(change => TcpTransitions.Find(change.From, change.Event, change.To)!)];
        Assert.DoesNotContain(null, visited);
        Assert.Equal(
            visited.Select(edge => (edge.Rfc, edge.Explanation)),
            lab.Network.StateChanges.Select(change => (change.Rfc, change.Explanation)));
        Assert.Equal(11, visited.Distinct().Count());
        IEnumerable<HostedConnection> closed = lab.Network.Hosts.SelectMany(host => host.ClosedConnections);
        HashSet<StateChange> recorded = [.. closed.SelectMany(connection => connection.StateChanges)];
        Assert.All(lab.Network.StateChanges.Skip(1), change => Assert.Contains(change, recorded));
    }
}
