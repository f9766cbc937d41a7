using TcpShell.Tcp;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>RFC 3042, and what NewReno (RFC 6582) does with it.</summary>
public sealed class LimitedTransmitTests
{
    [Fact]
    [Trait("Proves", "3042-1")]
    [Trait("Proves", "3042-3")]
    [Trait("Proves", "5681-12")]
    [Trait("Proves", "5681-13")]
    public void Open_ThreeDuplicateAcks_TwoNewSegmentsAndThenTheLostOne() =>
        Sent(Plain, 10_000, window: 5).Check(Flight(5000, 5000))
            .Inject("< . 301 ack 101").ExpectNext(1, "limited transmit").Expect("> . 5101:6101(1000) ack 301", TransmitReason.Data).ExpectNothing()
            .Inject("< . 301 ack 101").Expect("> . 6101:7101(1000) ack 301", TransmitReason.Data).ExpectNothing()
            .Check(Window(5000, int.MaxValue))
            .Inject("< . 301 ack 101").Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Check(Window(5500, 2500)); // half of 5000: the two do not count

    [Fact]
    [Trait("Proves", "3042-1")]
    public void Open_SettingIsOff_DuplicateAcksSendNothing() =>
        Sent(Plain with { LimitedTransmit = false }, 10_000, window: 5)
            .Inject("< . 301 ack 101", "< . 301 ack 101").ExpectNothing();

    [Fact]
    [Trait("Proves", "3042-2")]
    public void Open_PeersWindowIsFull_DuplicateAcksSendNothing() =>
        Open(Plain with { InitialWindowSegments = 5 }).Inject("< . 301 ack 101 win 5500").Send(10_000).IgnoreSent()
            .Inject("< . 301 ack 101 win 5500", "< . 301 ack 101 win 5500").ExpectNothing();

    [Fact]
    [Trait("Proves", "3042-4")]
    [Trait("Proves", "5681-12")]
    [Trait("Proves", "6675-6")]
    public void Open_DuplicateAcksWithSack_OnlyNewInformationSends() =>
        Sent(Rfc6675, 10_000, window: 5)
            .Inject("< . 301 ack 101").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:2101>").Expect("> . 5101:6101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing()
            .Check(Flight(5000, 5000));

    [Fact]
    [Trait("Proves", "6675-6")]
    public void Open_SackAndSettingIsOff_NothingNewBeforeRecovery() =>
        Sent(Rfc6675 with { LimitedTransmit = false }, 10_000, window: 5)
            .Inject("< . 301 ack 101 <sack 1101:2101>").ExpectNothing()
            .Inject("< . 301 ack 101 <sack 1101:3101>").ExpectNothing();

    [Theory]
    [InlineData(true, false, 8000)] // all of the three segments that the ACK covers
    [InlineData(true, true, 6000)]
    [InlineData(false, false, 8000)]
    [InlineData(false, true, 6000)]
    public void Open_ReorderedSegmentComesLate_WindowGrowsByWhatIsAcknowledgedOrByWhatIsNew(bool sack, bool byDelivered, int window)
    {
        TcpSettings settings = (sack ? Rack : Plain) with { GrowByDelivered = byDelivered, SlowStartStep = 100 };
        Sent(settings, 20_000, window: 5)
            .Inject("< . 301 ack 101" + (sack ? " <sack 1101:2101>" : "")).IgnoreSent()
            .Inject("< . 301 ack 101" + (sack ? " <sack 1101:3101>" : "")).IgnoreSent()
            .Inject("< . 301 ack 3101").IgnoreSent()
            .Check(connection => Assert.Equal(window, connection.CongestionWindow));
    }

    [Fact]
    [Trait("Proves", "5681-14")]
    public void Recovery_MoreDuplicateAcksThanSegments_WindowIsBounded()
    {
        TcpHarness harness = Sent(Plain, 5000).Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").IgnoreSent().Check(Window(5500, 2500));
        for (int i = 0; i < 1000; i++)
        {
            harness.Inject("< . 301 ack 101");
        }

        harness.Check(Window(7500, 2500)); // ssthresh and the 5000 that can have left the network
    }

    [Fact]
    [Trait("Proves", "6582-5")]
    public void Recovery_PartialAcks_OnlyTheFirstRestartsTheTimer() =>
        Sent(Plain, 6000).Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Expect("> . 101:1101(1000) ack 301")
            .Advance(100).Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit)
            .Advance(100).Inject("< . 301 ack 2101").Expect("> . 2101:3101(1000) ack 301", TransmitReason.FastRetransmit)
            .Advance(199).ExpectNothing()
            .Advance(1).Expect("> . 2101:3101(1000) ack 301", TransmitReason.RetransmissionTimeout); // 300 ms after the first partial ACK

    [Fact]
    public void Recovery_PartialAcksSlowButSteady_EachRestartsTheTimer() =>
        Sent(Plain with { SlowButSteady = true }, 6000).Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Expect("> . 101:1101(1000) ack 301")
            .Advance(100).Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit)
            .Advance(100).Inject("< . 301 ack 2101").Expect("> . 2101:3101(1000) ack 301", TransmitReason.FastRetransmit)
            .Advance(299).ExpectNothing()
            .Advance(1).Expect("> . 2101:3101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "6582-4")]
    public void Recovery_PartialAck_SaysWhy() =>
        Sent(Plain, 6000).Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").IgnoreSent()
            .Inject("< . 301 ack 1101").ExpectNext(2, "after a partial ACK").Expect("> . 1101:2101(1000) ack 301");

    [Fact]
    [Trait("Proves", "6298-9")]
    public void Recovery_FastRetransmitIsLost_TimerWaitsOneRtoAfterIt() =>
        Sent(Plain, 5000).Advance(200).Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Expect("> . 101:1101(1000) ack 301")
            .Advance(299).ExpectNothing().Advance(1).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "P33")]
    public void Recovery_TinySegments_OneRetransmissionTakesAllThatFit()
    {
        TcpHarness harness = Open(Plain);
        for (int i = 0; i < 50; i++)
        {
            harness.Send(10).IgnoreSent();
        }

        harness.Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101")
            .Expect("> P. 101:601(500) ack 301", TransmitReason.FastRetransmit).ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "P33")]
    public void Open_TinySegments_QueueIsBounded()
    {
        TcpHarness harness = Open(Plain with { Congestion = CongestionAlgorithm.None, SendBufferSize = 12_800 });
        for (int i = 0; i < 1000; i++)
        {
            harness.Send(1).IgnoreSent();
        }

        harness.Check(connection => Assert.Equal(164, connection.Unacknowledged.Count)); // 64 + 12800/128
        harness.Inject("< . 301 ack 265").Expect("> P. 265:1101(836) ack 301").ExpectNothing();
    }
}
