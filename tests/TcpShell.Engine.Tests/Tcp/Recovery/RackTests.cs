using TcpShell.Tcp;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>RACK (RFC 8985 6) by hand-made ACKs. The reordering window is 25 ms at first, a quarter of the smallest round-trip time.</summary>
public sealed class RackTests
{
    [Fact]
    [Trait("Proves", "8985-2")]
    [Trait("Proves", "8985-5")]
    [Trait("Proves", "8985-6")]
    [Trait("Proves", "8985-12")]
    public void OneSacked_LostAfterTheReorderingWindow() =>
        Sent(Rack, 5000).Check(Timer(TimerKind.TailLossProbe))
            .Advance(100).Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing().Check(Timer(TimerKind.Reordering))
            .Advance(24.9).ExpectNothing().Check(Phase(RecoveryPhase.Open))
            .Advance(0.1).ExpectNext(2, "RACK: sent together with one that arrived")
            .Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit, ago: 0).ExpectNothing()
            .Check(Phase(RecoveryPhase.Recovery)).Check(Timer(TimerKind.Retransmission))
            .Check(connection =>
            {
                SentSegment segment = connection.Unacknowledged.Segments.First();
                Assert.Equal((false, 2, 125.0), (segment.Lost, segment.Transmissions, (segment.LastSent - segment.FirstSent).TotalMilliseconds));
            });

    [Fact]
    [Trait("Proves", "8985-5")]
    [Trait("Proves", "P33")]
    public void ThreeSackedAndNoReorderingSeen_LostAtOnce() =>
        Sent(Rack, 5000).Advance(100).Inject("< . 301 ack 101 <sack 1101:3101>").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:4101>").Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Inject("< . 301 ack 5101").Check(Phase(RecoveryPhase.Open)).Check(Window(2500, 2500));

    [Fact]
    [Trait("Proves", "8985-4")]
    [Trait("Proves", "8985-5")]
    public void ReorderingSeen_EvenManySackedWaitForTheWindow() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing()
            .Advance(10).Inject("< . 301 ack 2101").ExpectNothing() // the first came late
            .Check(connection => Assert.Equal((true, 3), (connection.ReorderingSeen, connection.Reordering)))
            .Inject("< . 301 ack 2101 <sack 3101:9101>").ExpectNothing().Check(Timer(TimerKind.Reordering))
            .Advance(24.9).ExpectNothing()
            .Advance(0.1).Expect("> . 2101:3101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing();

    [Fact]
    [Trait("Proves", "8985-4")]
    public void ReorderingOverManySegments_DegreeIsShown() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 101 <sack 7101:9101>").Inject("< . 301 ack 1101 <sack 7101:9101>")
            .Check(connection => Assert.Equal((true, 9), (connection.ReorderingSeen, connection.Reordering)));

    [Fact]
    [Trait("Proves", "8985-4")]
    public void BlocksOfOneAckInAnyOrder_AreNoReordering() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 1101 <sack 9101:10101 7101:8101 3101:4101>")
            .Check(connection => Assert.False(connection.ReorderingSeen));

    [Fact]
    [Trait("Proves", "8985-5")]
    public void DuplicateSack_WindowIsWider()
    {
        TcpHarness harness = Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 101 <sack 1101:2101>")
            .Advance(25).Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Advance(10).Inject("< . 301 ack 10101 <sack 101:1101>").ExpectNothing() // both copies came: the window was too small
            .Check(connection => Assert.Equal((1L, 1L), (connection.Counters.DuplicateSacks, connection.Counters.SpuriousRecoveries)));
        harness.Send(5000).IgnoreSent().Advance(100).Inject("< . 301 ack 10101 <sack 11101:12101>").ExpectNothing()
            .Advance(49.9).ExpectNothing().Advance(0.1).Expect("> . 10101:11101(1000) ack 301", TransmitReason.FastRetransmit);
    }

    [Fact]
    [Trait("Proves", "8985-5")]
    public void SixteenRecoveriesWithoutDuplicateSack_WindowIsNarrowAgain()
    {
        var rack = new TcpShell.Tcp.Recovery.Rack();
        rack.Start(0);
        rack.DuplicateArrived(next: 100);
        rack.DuplicateArrived(next: 100); // once in a round
        Assert.Equal(50, Milliseconds(rack));
        rack.Acknowledged(100);
        rack.DuplicateArrived(next: 200);
        Assert.Equal(75, Milliseconds(rack));
        rack.Acknowledged(200);
        for (int i = 0; i < 9; i++)
        {
            rack.DuplicateArrived(next: 300);
            rack.Acknowledged(300);
        }

        Assert.Equal(200, Milliseconds(rack)); // SRTT is the bound
        for (int i = 1; i < 16; i++)
        {
            rack.RecoveryEnded();
            Assert.Equal(200, Milliseconds(rack));
        }

        rack.RecoveryEnded();
        Assert.Equal(25, Milliseconds(rack));
    }

    [Fact]
    [Trait("Proves", "5681-21")]
    [Trait("Proves", "8985-11")]
    public void RetransmissionIsLost_FoundWithoutTimerAndSecondReduction() =>
        Sent(Rack, 40_000).Advance(100).Inject("< . 301 ack 101 <sack 1101:4101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Check(connection => Assert.Equal(5000, connection.SlowStartThreshold))
            .Inject("< . 301 ack 101 <sack 1101:10101>").Expect("> . 10101:11101(1000) ack 301").Expect("> . 11101:12101(1000) ack 301")
            .Expect("> . 12101:13101(1000) ack 301").Expect("> . 13101:14101(1000) ack 301").ExpectNothing().Check(Flight(5000, 5000))
            .Advance(100).Inject("< . 301 ack 101 <sack 10101:13101 1101:10101>")
            .ExpectNext(3).Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Check(Window(2500, 2500))
            .Check(connection => Assert.Equal(0, connection.Counters.Timeouts));

    [Fact]
    public void RetransmissionIsLostAndOneReductionIsEnough_GoesAgainWithinTheSameWindow() =>
        Sent(Rack with { ReduceOncePerRecovery = true }, 40_000).Advance(100)
            .Inject("< . 301 ack 101 <sack 1101:4101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:10101>").Expect("> . 10101:11101(1000) ack 301").Expect("> . 11101:12101(1000) ack 301")
            .Expect("> . 12101:13101(1000) ack 301").Expect("> . 13101:14101(1000) ack 301").ExpectNothing().Check(Flight(5000, 5000))
            .Advance(100).Inject("< . 301 ack 101 <sack 10101:13101 1101:10101>")
            .ExpectNext(3).Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit)
            .Expect("> . 14101:15101(1000) ack 301").Expect("> . 15101:16101(1000) ack 301").Expect("> . 16101:17101(1000) ack 301").ExpectNothing()
            .Check(Window(5000, 5000));

    [Fact]
    public void NewDataIsLostInRecoveryAndOneReductionIsEnough_TheNextWindowReducesAgain() =>
        Sent(Rack with { ReduceOncePerRecovery = true }, 40_000).Advance(100)
            .Inject("< . 301 ack 101 <sack 1101:10101>").IgnoreSent().Check(connection => Assert.Equal(5000, connection.SlowStartThreshold))
            .Advance(100).Inject("< . 301 ack 10101 <sack 11101:14101>").IgnoreSent() // what was sent first in recovery is lost
            .Check(connection => Assert.Equal(2000, connection.SlowStartThreshold));

    [Fact]
    [Trait("Proves", "8985-3")]
    public void OlderSegmentArrivesLate_ItsRoundTripCountsForTheOthers() =>
        Sent(Rack, 5000).Advance(100).Inject("< . 301 ack 101 <sack 4101:5101>").ExpectNothing()
            .Advance(20).Inject("< . 301 ack 101 <sack 1101:2101 4101:5101>").ExpectNothing()
            .Advance(24.9).ExpectNothing() // 120 ms and the reordering window
            .Advance(0.1).Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit);

    [Theory]
    [Trait("Proves", "8985-3")]
    [InlineData(false, TimerKind.Retransmission)] // 110 ms, of the retransmission: what was sent 210 ms ago is lost
    [InlineData(true, TimerKind.Reordering)] // 210 ms, of what has the highest number: that waits for the reordering window
    public void OneAckOfOldAndNew_RoundTripOfWhatWasSentLast_OrOfTheHighestNumber(bool bySequence, TimerKind timer) =>
        Sent(Rack with { RackBySequence = bySequence }, 10_000).Advance(100)
            .Inject("< . 301 ack 101 <sack 1101:3101 6101:7101>").IgnoreSent() // four are lost; two go again
            .Advance(110).Inject("< . 301 ack 3101 <sack 4101:5101 6101:7101>").IgnoreSent() // the first comes, and with it one that was only late
            .Check(connection => Assert.True(connection.ReorderingSeen)).Check(Timer(timer));

    [Theory]
    [InlineData(0, 25)]
    [InlineData(1, 27)]
    [InlineData(4, 36)] // 28 are seven ticks
    [InlineData(10, 50)]
    public void ClockWithTicks_WholeOnesAndTwoMore(int tick, double after) =>
        Sent(Rack with { LossTimerTick = TimeSpan.FromMilliseconds(tick) }, 5000)
            .Advance(100).Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing()
            .Advance(after - 0.1).ExpectNothing().Advance(0.1).Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing();

    [Fact]
    public void Rfc9937_EntryAndSackAlone_AsMuchAsArrives() =>
        Sent(Rack with { RateReduction = RateReduction.Rfc9937 }, 10_000).Advance(100)
            .Inject("< . 301 ack 101 <sack 2101:3101>").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 2101:3101 6101:7101>").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 2101:3101 6101:7101 8101:9101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing() // 6 are lost
            .Inject("< . 301 ack 101 <sack 2101:3101 6101:7101 8101:10101>").Expect("> . 1101:2101(1000) ack 301").ExpectNothing()
            .Advance(100).Inject("< . 301 ack 1101 <sack 2101:3101 6101:7101 8101:10101>")
            .Expect("> . 3101:4101(1000) ack 301").Expect("> . 4101:5101(1000) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "8985-11")]
    public void NothingNew_DoubtfulSegmentsAndTailWait() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 101 <sack 1101:7101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 7101").ExpectNothing() // room for three, but nothing says that they are lost
            .Check(Phase(RecoveryPhase.Recovery))
            .Inject("< . 301 ack 10101").Check(Phase(RecoveryPhase.Open));

    [Fact]
    [Trait("Proves", "8985-11")]
    public void ManyLost_WaitForTheWindow() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 101 <sack 6101:10101>") // 6 lost; ssthresh 5000, 0 in flight, 4000 delivered
            .Expect("> . 101:1101(1000) ack 301").Expect("> . 1101:2101(1000) ack 301").Expect("> . 2101:3101(1000) ack 301")
            .Expect("> . 3101:4101(1000) ack 301").Expect("> . 4101:5101(1000) ack 301").ExpectNothing()
            .Check(Flight(5000, 5000)).Check(connection => Assert.Equal(1, connection.Unacknowledged.Lost));

    [Theory]
    [Trait("Proves", "8985-3")]
    [InlineData(1000100, false)] // of the first transmission: says nothing of when the probe was sent
    [InlineData(1000300, true)]
    public void ProbedSegmentIsSacked_OnlyTheEchoOfTheProbeCounts(int echo, bool lost)
    {
        TcpHarness harness = Sent(Rack with { Timestamps = true }, 2000).Advance(200)
            .Expect("> P. 1101:2101(1000) ack 301 <TS val 1000300 ecr 55>", TransmitReason.TailLossProbe)
            .Advance(120).Inject($"< . 301 ack 101 <TS val 60 ecr {echo},sack 1101:2101>");
        if (lost)
        {
            harness.ExpectNext(2, "RACK: sent 200 ms before one that arrived").Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit);
        }

        harness.ExpectNothing().Check(Timer(TimerKind.Retransmission));
    }

    [Fact]
    [Trait("Proves", "8985-3")]
    public void ProbedSegmentIsSackedTooSoon_ItWasTheFirstTransmission() =>
        Sent(Rack, 2000).Advance(200).Expect("> P. 1101:2101(1000) ack 301", TransmitReason.TailLossProbe)
            .Advance(99).Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing();

    [Fact]
    [Trait("Proves", "8985-7")]
    public void Timeout_OnlyWhatIsOldEnoughIsLost() =>
        Open(Rack with { TailLossProbe = false }).Send(1000).IgnoreSent().Advance(100).Inject("< . 301 ack 1101") // RTO is 250 ms now
            .Send(1000).IgnoreSent().Advance(100).Send(1000).IgnoreSent().Advance(100).Send(1000).IgnoreSent()
            .Advance(50).Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .ExpectNothing()
            .Check(connection => Assert.Equal((1, 2000), (connection.Unacknowledged.Lost, connection.Unacknowledged.InFlight)));

    [Fact]
    [Trait("Proves", "8985-1")]
    public void PeerWithoutSack_DuplicateAcksAreCounted() =>
        InState.Established(Rack).Send(5000).IgnoreSent().Advance(100)
            .Inject("< . 301 ack 101", "< . 301 ack 101").ExpectNothing()
            .Inject("< . 301 ack 101").ExpectNext(2, "after 3 duplicate ACKs").Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit);

    private static double Milliseconds(TcpShell.Tcp.Recovery.Rack rack) => rack
        .ReorderingWindow(inRecovery: false, sacked: 0, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200)).TotalMilliseconds;
}
