using TcpShell.Tcp;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>RFC 6675 with PRR, by hand-made ACKs; and what RFC 2018 asks of a sender.</summary>
public sealed class Rfc6675Tests
{
    [Fact]
    [Trait("Proves", "6675-2")]
    [Trait("Proves", "6675-4")]
    [Trait("Proves", "6675-5")]
    [Trait("Proves", "6675-8")]
    [Trait("Proves", "6937-1")]
    [Trait("Proves", "6937-2")]
    [Trait("Proves", "6937-3")]
    [Trait("Proves", "2018-8")]
    public void FirstOfTwelveLost_RecoveredAtHalfTheRate()
    {
        TcpHarness harness = Sent(Rfc6675, 30_000)
            .Inject("< . 301 ack 101 <sack 1101:2101>").Expect("> . 10101:11101(1000) ack 301")
            .Inject("< . 301 ack 101 <sack 1101:3101>").Expect("> . 11101:12101(1000) ack 301")
            .Check(Phase(RecoveryPhase.Open))
            .Inject("< . 301 ack 101 <sack 1101:4101>") // more than two segments SACKed above it
            .ExpectNext(2, "enough above it was SACKed").Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Check(Phase(RecoveryPhase.Recovery))
            .Check(connection => Assert.Equal(5000, connection.SlowStartThreshold)); // half of 10000: the last two do not count

        // RecoverFS 12000, ssthresh 5000: 5 octets may go for 12 that arrive; 1000 went, so the next after 4800 have arrived.
        harness.Inject("< . 301 ack 101 <sack 1101:5101>").ExpectNothing() // 2000 delivered: 834 - 1000
            .Inject("< . 301 ack 101 <sack 1101:6101>").ExpectNothing() // 3000: 1250 - 1000
            .Inject("< . 301 ack 101 <sack 1101:7101>").ExpectNothing() // 4000: 1667 - 1000
            .Check(Flight(6000, 6667))
            .Inject("< . 301 ack 101 <sack 1101:8101>").ExpectNothing().Check(Flight(5000, 5000)) // down to ssthresh: from here one for one
            .Inject("< . 301 ack 101 <sack 1101:9101>").Expect("> . 12101:13101(1000) ack 301", TransmitReason.Data).ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:10101>").Expect("> . 13101:14101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 12101").Expect("> . 14101:15101(1000) ack 301").Expect("> . 15101:16101(1000) ack 301")
            .Expect("> . 16101:17101(1000) ack 301").ExpectNothing()
            .Check(Phase(RecoveryPhase.Open)).Check(Window(5000, 5000)).Check(Flight(5000, 5000));
        harness.Check(connection => Assert.Equal((1L, 1L, 0L), (connection.Counters.Recoveries, connection.Counters.Retransmissions, connection.Counters.Timeouts)));
    }

    [Fact]
    [Trait("Proves", "6675-3")]
    [Trait("Proves", "6675-7")]
    public void NextSeg_NothingNew_HolesAndThenTheTailOnce() =>
        Sent(Rfc6675, 10_000)
            .Inject("< . 301 ack 101 <sack 1101:7101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing() // rule 1; 3, 4: nothing below the SACKed
            .Check(Flight(4000, 5000))
            .Inject("< . 301 ack 101 <sack 8101:9101 1101:7101>") // the hole at 7101 is not known to be lost: rule 3
            .ExpectNext(2, "before it is known to be lost").Expect("> . 7101:8101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Check(Flight(4000, 5000)) // 1101 again, 7101 twice, the tail
            .Inject("< . 301 ack 7101 <sack 8101:9101>") // HighACK has passed the first retransmission: rule 4
            .ExpectNext(2, "rescue of the tail").Expect("> P. 9101:10101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Inject("< . 301 ack 9101").ExpectNothing() // once in a recovery
            .Inject("< . 301 ack 10101").Check(Phase(RecoveryPhase.Open)).Check(Window(5000, 5000));

    [Fact]
    [Trait("Proves", "6675-7")]
    public void NextSeg_LostBeforeNew_NewBeforeDoubtful() =>
        Sent(Rfc6675, 12_000)
            .Inject("< . 301 ack 101 <sack 2101:8101>").Expect("> . 101:1101(1000) ack 301").Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit)
            .Expect("> . 10101:11101(1000) ack 301", TransmitReason.Data).ExpectNothing().Check(Flight(5000, 5000))
            .Inject("< . 301 ack 1101 <sack 9101:10101 2101:8101>").Expect("> P. 11101:12101(1000) ack 301", TransmitReason.Data)
            .Expect("> . 8101:9101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing(); // in doubt, and last

    [Fact]
    [Trait("Proves", "6675-5")]
    [Trait("Proves", "5681-10")]
    public void ThreeDuplicateAcksOfSmallSegments_Recovery() =>
        Small(4)
            .Inject("< . 301 ack 101 <sack 201:301>", "< . 301 ack 101 <sack 201:401>").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 201:501>") // 300 octets are less than two segments; but it is the third
            .ExpectNext(2, "after 3 duplicate ACKs").Expect("> . 101:201(100) ack 301", TransmitReason.FastRetransmit);

    [Fact]
    [Trait("Proves", "6675-4")]
    public void CumulativeAckBetween_DuplicateAcksCountAnew() =>
        Small(5)
            .Inject("< . 301 ack 101 <sack 301:401>", "< . 301 ack 101 <sack 301:501>", "< . 301 ack 201 <sack 301:501>", "< . 301 ack 201 <sack 301:601>")
            .ExpectNothing()
            .Check(connection => Assert.Equal(3, connection.Counters.DuplicateAcks));

    [Fact]
    [Trait("Proves", "5681-11")]
    public void FirstAckAlsoOpensTheWindow_CountsAllTheSame() =>
        Small(4)
            .Inject("< . 301 ack 101 win 60000 <sack 201:301>", "< . 301 ack 101 win 60000 <sack 201:401>", "< . 301 ack 101 win 60000 <sack 201:501>")
            .Expect("> . 101:201(100) ack 301", TransmitReason.FastRetransmit);

    [Fact]
    [Trait("Proves", "6675-9")]
    public void RecoveryEnds_MarksAboveStay() =>
        Sent(Rfc6675, 12_000).Inject("< . 301 ack 101 <sack 1101:9101>").Expect("> . 101:1101(1000) ack 301")
            .Expect("> . 10101:11101(1000) ack 301").Expect("> P. 11101:12101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 11101:12101 1101:9101>").IgnoreSent()
            .Inject("< . 301 ack 10101 <sack 11101:12101>").ExpectNothing().Check(Phase(RecoveryPhase.Open))
            .Check(connection => Assert.Equal((1, 1000), (connection.Unacknowledged.Sacked, connection.Unacknowledged.SackedOctets)))
            .Check(connection => Assert.True(connection.Unacknowledged.Segments.Last().Sacked));

    [Fact]
    [Trait("Proves", "6675-10")]
    [Trait("Proves", "6675-11")]
    [Trait("Proves", "6582-6")]
    public void TimeoutInRecovery_SackedIsNotSentAgain_NoRecoveryBeforeThePoint() =>
        Sent(Rfc6675, 10_000).Inject("< . 301 ack 101 <sack 2101:6101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Check(Phase(RecoveryPhase.Loss)).Check(Flight(1000, 1000))
            .Inject("< . 301 ack 1101 <sack 2101:6101>").Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .Expect("> . 6101:7101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing() // what is SACKed is passed over
            .Inject("< . 301 ack 1101 <sack 6101:7101 2101:6101>", "< . 301 ack 1101 <sack 7101:8101 2101:7101>").IgnoreSent()
            .Check(Phase(RecoveryPhase.Loss))
            .Inject("< . 301 ack 10101").Check(Phase(RecoveryPhase.Open));

    [Fact]
    [Trait("Proves", "6675-12")]
    public void FirstRetransmission_TimerStartsAnew() =>
        Sent(Rfc6675, 10_000).Advance(250).Inject("< . 301 ack 101 <sack 1101:5101>").Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Advance(299).ExpectNothing().Advance(1).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "2018-7")]
    public void TimeoutAndLeftEdgeIsSacked_PeerHasReneged_AllGoesAgain() =>
        Sent(Rfc6675, 3000)
            .Inject("< . 301 ack 101 <sack 1101:3101>").ExpectNothing()
            .Check(connection => Assert.Equal(2, connection.Unacknowledged.Sacked))
            .Advance(100).Inject("< . 301 ack 1101") // without a word of what it had
            .Advance(300).Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Check(connection => Assert.Equal(0, connection.Unacknowledged.Sacked))
            .Inject("< . 301 ack 2101").Expect("> P. 2101:3101(1000) ack 301");

    [Theory]
    [Trait("Proves", "2018-9")]
    [InlineData("10101:11101")] // never sent
    [InlineData("9101:10102")]
    [InlineData("5101:4101")]
    [InlineData("5101:5101")]
    [InlineData("1:51")] // long ago
    public void ImpossibleBlock_Ignored(string block) =>
        Sent(Rfc6675, 10_000).Inject($"< . 301 ack 101 <sack {block}>").ExpectNothing()
            .Check(connection => Assert.Equal((0, 10_000), (connection.Unacknowledged.Sacked, connection.Unacknowledged.InFlight)));

    [Fact]
    [Trait("Proves", "2883-2")]
    public void BlockBelowTheAckOfItsSegment_TellsOfADuplicate() =>
        Sent(Rfc6675, 10_000).Inject("< . 301 ack 5101")
            .Inject("< . 301 ack 5101 <sack 2101:3101>").Check(connection => Assert.Equal(1, connection.Counters.DuplicateSacks))
            .Inject("< . 301 ack 5101 <sack 7101:8101 6101:9101>").IgnoreSent()
            .Check(connection => Assert.Equal(2, connection.Counters.DuplicateSacks)) // inside of the next
            .Check(connection => Assert.Equal(3, connection.Unacknowledged.Sacked))
            .Inject("< . 301 ack 2101 <sack 3101:4101>") // an old ACK: the block was no duplicate when it was sent
            .Check(connection => Assert.Equal((2L, 3), (connection.Counters.DuplicateSacks, connection.Unacknowledged.Sacked)));

    [Fact]
    [Trait("Proves", "5681-21")]
    public void LossInTheNextWindow_SecondReduction() =>
        Sent(Rfc6675, 40_000).Inject("< . 301 ack 101 <sack 1101:7101>").Expect("> . 101:1101(1000) ack 301")
            .Expect("> . 10101:11101(1000) ack 301").ExpectNothing().Check(connection => Assert.Equal(5000, connection.SlowStartThreshold))
            .Inject("< . 301 ack 101 <sack 1101:10101>").Expect("> . 11101:12101(1000) ack 301").Expect("> . 12101:13101(1000) ack 301")
            .Expect("> . 13101:14101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 11101:14101 1101:10101>") // 10101:11101 was sent after the reduction, and is lost
            .Check(connection => Assert.Equal(2500, connection.SlowStartThreshold))
            .Expect("> . 10101:11101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing();

    private static TcpHarness Small(int segments)
    {
        TcpHarness harness = Open(Rfc6675);
        for (int i = 0; i < segments; i++)
        {
            harness.Send(100).IgnoreSent();
        }

        return harness;
    }
}
