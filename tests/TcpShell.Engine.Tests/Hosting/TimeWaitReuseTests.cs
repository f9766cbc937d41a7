using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>A request for the ends of a connection in TIME-WAIT (RFC 6191), and what a RST does there (RFC 1337).</summary>
public class TimeWaitReuseTests
{
    private static readonly TcpSettings s_timestamps = TcpSettings.Linux;
    private static readonly byte[] s_data = [1, 2, 3];
    private static readonly TcpSettings s_plain = TcpSettings.Linux with { Timestamps = false };

    /// <summary>The table of RFC 6191 2: timestamps before, timestamps now, TSval and SEQ against the last ones, and whether it is taken up.</summary>
    [Theory]
    [Trait("Proves", "SHLD-4")]
    [Trait("Proves", "6191-1")]
    [InlineData(true, true, 1, -5, true)]
    [InlineData(true, true, 0, 1, true)]
    [InlineData(true, true, 0, 0, false)]
    [InlineData(true, true, 0, -5, false)]
    [InlineData(true, true, -1, 100_000, false)]
    [Trait("Proves", "6191-2")]
    [InlineData(true, false, 0, 1, true)]
    [InlineData(true, false, 0, 0, false)]
    [InlineData(true, false, 0, -5, false)]
    [Trait("Proves", "6191-3")]
    [InlineData(false, true, 1, 1, true)]
    [InlineData(false, true, 1, 0, true)]
    [InlineData(false, true, 1, -5, true)]
    [Trait("Proves", "6191-4")]
    [InlineData(false, false, 0, 1, true)]
    [InlineData(false, false, 0, 0, false)]
    [InlineData(false, false, 0, -5, false)]
    public void Syn_ReopensOnlyIfItIsNewer(bool timestampsBefore, bool timestampsNow, int valueAfterLast, int numberAfterLast, bool isTakenUp)
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old, client: timestampsBefore ? s_timestamps : s_plain);
        Assert.Equal(timestampsBefore, old.TimestampsInForce);
        lab.Network.Crash(lab.Client); // nobody there who would refuse the answer
        TracedPacket request = Request(lab, old, timestampsNow ? valueAfterLast : null, numberAfterLast);

        if (!isTakenUp)
        {
            Assert.Equal((SegmentFate.Dropped, "6191 2"), (request.Verdict!.Value.Fate, request.Verdict.Value.Rfc));
            Assert.Equal([old], lab.Server.Connections);
            Assert.NotEqual(TransmitReason.Open, lab.Network.Trace.Last().Reason); // silently
            return;
        }

        Assert.Equal(SegmentVerdict.Accepted, request.Verdict);
        Assert.Equal(TcpState.TimeWait, old.State); // until the new one is open
        HostedConnection reopened = lab.Accepted;
        Assert.NotSame(old, reopened);
        Assert.Equal((TcpState.SynReceived, old.Local, old.Remote), (reopened.State, reopened.Local, reopened.Remote));
        Assert.True(reopened.Iss > old.SndNxt);
    }

    [Fact, Trait("Proves", "MAY-2"), Trait("Proves", "SHLD-4")]
    public void NewerConnection_Opens_AndTheOldOneEnds()
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old);
        HostedConnection client = lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd);
        lab.RunTo(2);
        Assert.Equal((TcpState.Established, TcpState.Closed, ConnectionError.None), (client.State, old.State, old.Error));
        Assert.Equal([lab.Accepted], lab.Server.Connections);
        StateChange end = old.StateChanges[^1];
        Assert.Equal((TransitionEvent.ReopenedByNewerSyn, "6191 2"), (end.Event, end.Rfc));

        lab.Network.Send(client, "anew"u8);
        Assert.True(lab.Network.RunUntil(() => lab.Accepted.ReceiveQueue == 4, Lab.Long));
        Assert.Equal("anew"u8, lab.ReceiveAll(lab.Accepted));
    }

    [Fact, Trait("Proves", "MAY-2")]
    public void NewerConnectionClosedWhileItOpens_TheOldOneEndsAndTheEndsCanBeUsedAgain()
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old);
        for (int round = 0; round < 2; round++)
        {
            HostedConnection client = lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd);
            lab.Network.RunFor(TimeSpan.FromMilliseconds(15));
            HostedConnection newer = lab.Accepted;
            Assert.Equal(TcpState.SynReceived, newer.State);
            lab.Network.Close(newer); // past ESTABLISHED
            lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
            Assert.Equal(TcpState.Closed, old.State);
            Assert.Equal([newer], lab.Server.Connections);
            lab.Network.Close(client);
            lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
            Assert.Equal((TcpState.Closed, TcpState.TimeWait), (client.State, newer.State));
            old = newer;
        }
    }

    [Fact, Trait("Proves", "MAY-2")]
    public void ManyOctetsSentBefore_TheNewNumberLiesAboveThem()
    {
        // 2 MB within half a second: SND.NXT is far ahead of the clock that the next ISN comes from.
        var lab = new Lab(serverSettings: s_timestamps);
        (HostedConnection client, HostedConnection old) = lab.Establish();
        lab.Network.Send(old, new byte[2_000_000]);
        byte[] sink = new byte[4_000_000];
        int received = 0;
        Assert.True(lab.Network.RunUntil(() => (received += lab.Network.Receive(client, sink)) == 2_000_000, TimeSpan.FromSeconds(2)));
        CloseBoth(lab, client, old);
        lab.Network.Connect(lab.Client, Lab.ServerEnd, Lab.ClientEnd);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Equal(TcpState.Established, lab.Accepted.State);
        Assert.Equal(old.SndNxt + 1, lab.Accepted.Iss);
    }

    [Fact, Trait("Proves", "MAY-2")]
    public void RequestThatIsRefused_TheOldOneIsBackInTimeWaitAndLastsItsTime()
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old);
        Timestamp end = old.Timers.Single(timer => timer.Key == TimerKind.TimeWait).Value;
        Request(lab, old, valueAfterLast: 1, numberAfterLast: 1);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        lab.Network.RunFor(TimeSpan.FromSeconds(1)); // the client knows nothing of it and refuses
        Assert.Equal([old], lab.Server.Connections);

        // It is found by what arrives for it.
        TracedPacket fin = lab.Inject(
            Lab.ClientEnd, Lab.ServerEnd, new TcpSegment { SequenceNumber = old.RcvNxt - 1, AcknowledgmentNumber = old.SndNxt, Flags = TcpFlags.FIN | TcpFlags.ACK });
        lab.Network.RunFor(TimeSpan.FromMilliseconds(15));
        Assert.NotEqual(SegmentFate.Reset, fin.Verdict!.Value.Fate);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal((TcpState.Closed, TransitionEvent.TimeWaitTimeout), (old.State, old.StateChanges[^1].Event));
        Assert.True(old.StateChanges[^1].Time >= end);
        Assert.Empty(lab.Server.Connections);
    }

    [Fact, Trait("Proves", "MAY-2")]
    public void TwoMslPassWhileTheNewOneOpens_BothAreTidiedUp()
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old);
        lab.Network.Crash(lab.Client);
        lab.Network.RunFor(TimeSpan.FromSeconds(50));
        Request(lab, old, valueAfterLast: 100_000, numberAfterLast: 1); // its SYN,ACKs go on for 63 s
        lab.Network.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal((TcpState.Closed, TcpState.SynReceived), (old.State, lab.Accepted.State));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Server.Connections);
    }

    [Fact]
    public void SwitchedOff_ARequestIsChallengedWhateverItsNumbers()
    {
        Lab lab = InTimeWait(s_timestamps with { TimeWaitReuse = false }, out HostedConnection old);
        TracedPacket request = Request(lab, old, valueAfterLast: 1, numberAfterLast: 1);
        Assert.Equal(SegmentFate.Challenged, request.Verdict!.Value.Fate);
        Assert.Equal([old], lab.Server.Connections);
    }

    [Fact]
    public void BacklogFull_TheRequestIsDroppedAndTimeWaitStays()
    {
        Lab lab = InTimeWait(s_timestamps, out HostedConnection old, backlog: 1);
        lab.Inject(Endpoint.Parse("10.0.9.9:99"), Lab.ServerEnd, new TcpSegment { Flags = TcpFlags.SYN });
        lab.Network.RunFor(TimeSpan.FromMilliseconds(15));
        TracedPacket request = Request(lab, old, valueAfterLast: 1, numberAfterLast: 1);
        Assert.Equal((SegmentFate.Dropped, "4987 3.1"), (request.Verdict!.Value.Fate, request.Verdict.Value.Rfc));
        Assert.Equal(TcpState.TimeWait, old.State);
    }

    /// <summary>RFC 1337's hazard 1: an old duplicate is answered with an ACK, which the peer that is gone refuses with a RST.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Proves", "1337-1")]
    [Trait("Proves", "1337-3")]
    public void OldDuplicateCausesRst_TimeWaitEndsUnlessItIgnoresIt(bool ignores)
    {
        Lab lab = InTimeWait(s_plain with { TimeWaitIgnoresReset = ignores }, out HostedConnection old);
        Timestamp end = old.Timers.Single(timer => timer.Key == TimerKind.TimeWait).Value;
        lab.Inject(
            Lab.ClientEnd,
            Lab.ServerEnd,
            new TcpSegment { SequenceNumber = old.Irs + 1, AcknowledgmentNumber = old.SndNxt, Flags = TcpFlags.ACK, Payload = s_data });
        lab.Network.RunFor(TimeSpan.FromMilliseconds(100));
        TracedPacket reset = lab.Network.Trace.Last();
        Assert.Equal((TransmitReason.Reset, "client"), (reset.Reason, reset.From));
        Assert.Equal(old.RcvNxt, reset.Decode().Segment.SequenceNumber); // at the very number: no challenge helps
        Assert.Equal(ignores ? TcpState.TimeWait : TcpState.Closed, old.State);
        Assert.Equal(ignores ? "1337 3" : "", reset.Verdict!.Value.Rfc);

        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(TcpState.Closed, old.State);
        Assert.Equal(ignores, old.StateChanges[^1].Time == end);
    }

    /// <summary>A lab whose server closed first and waits in TIME-WAIT.</summary>
    private static Lab InTimeWait(TcpSettings settings, out HostedConnection old, int backlog = 128, TcpSettings? client = null)
    {
        var lab = new Lab(settings: client ?? settings, serverSettings: settings);
        lab.Network.Close(lab.Listener.Control);
        lab.Network.Listen(lab.Server, new Endpoint(default, 80), Applications.Manual, backlog);
        (HostedConnection asking, old) = lab.Establish();
        lab.Network.Send(asking, s_data);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Equal(s_data, lab.ReceiveAll(old));
        CloseBoth(lab, asking, old);
        return lab;
    }

    private static void CloseBoth(Lab lab, HostedConnection client, HostedConnection server)
    {
        lab.Network.Close(server);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
        lab.Network.Close(client);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Equal((TcpState.Closed, TcpState.TimeWait), (client.State, server.State));
    }

    /// <summary>A SYN arrives for the ends of a connection in TIME-WAIT.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="old">The connection.</param>
    /// <param name="valueAfterLast">By how much TSval is above the last one; null for no timestamps.</param>
    /// <param name="numberAfterLast">By how much SEQ is above that of the old FIN.</param>
    private static TracedPacket Request(Lab lab, HostedConnection old, int? valueAfterLast, int numberAfterLast)
    {
        uint last = lab.Network.Trace.Last(packet => packet.From == "client").Decode().Segment.Options.Timestamps?.Value ?? 0;
        TracedPacket request = lab.Inject(old.Remote, old.Local, new TcpSegment
        {
            SequenceNumber = old.RcvNxt - 1 + numberAfterLast,
            Flags = TcpFlags.SYN,
            Window = 65535,
            Options = valueAfterLast is { } value ? new TcpOptions { Timestamps = new(unchecked(last + (uint)value), 0) } : default,
        });
        lab.Network.RunFor(TimeSpan.FromMilliseconds(15));
        return request;
    }
}
