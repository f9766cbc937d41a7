using TcpShell.Tcp;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>TLP (RFC 8985 7).</summary>
public static class TailLossProbeTests
{
    [Fact]
    [Trait("Proves", "8985-8")]
    [Trait("Proves", "8985-9")]
    [Trait("Proves", "8985-12")]
    public static void TailIsLost_ProbeAndRackRepairItWithoutTimeout() =>
        Sent(Rack, 3000).Check(Timer(TimerKind.TailLossProbe))
            .Advance(100).Inject("< . 301 ack 1101").Check(Timer(TimerKind.TailLossProbe))
            .Advance(199.9).ExpectNothing()
            .Advance(0.1).ExpectNext(2, "no ACK for two round trips").Expect("> P. 2101:3101(1000) ack 301", TransmitReason.TailLossProbe, ago: 0)
            .ExpectNothing().Check(Timer(TimerKind.Retransmission))
            .Advance(100).Inject("< . 301 ack 1101 <sack 2101:3101>")
            .ExpectNext(2, "RACK: sent 300 ms before one that arrived").Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Advance(100).Inject("< . 301 ack 3101").ExpectNothing()
            .Check(connection => Assert.Equal((1L, 0L, 2L), (connection.Counters.TailLossProbes, connection.Counters.Timeouts, connection.Counters.Retransmissions)));

    [Fact]
    [Trait("Proves", "8985-8")]
    [Trait("Proves", "8985-9")]
    public static void OneSegment_ProbeWaitsForDelayedAcksButNotLongerThanTheRto() =>
        Sent(Rack, 1000).Advance(299.9).ExpectNothing() // 2 * 100 + 200 would be 400
            .Advance(0.1).Expect("> P. 101:1101(1000) ack 301", TransmitReason.TailLossProbe)
            .Advance(299.9).ExpectNothing()
            .Advance(0.1).Expect("> P. 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout) // one RTO later, and no second probe
            .Advance(600).Expect("> P. 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "8985-8")]
    public static void NoRoundTripMeasured_ProbeAfterOneSecond() =>
        InState.SynSent(Rack).Advance(1000).IgnoreSent().Inject("< S. 300:300(0) ack 101 win 65535 <mss 1000,sackOK>").Ignore()
            .Send(1000).IgnoreSent().Advance(999).ExpectNothing()
            .Advance(1).Expect("> P. 101:1101(1000) ack 301", TransmitReason.TailLossProbe);

    [Fact]
    [Trait("Proves", "8985-8")]
    public static void EachNewSegment_ProbeWaitsAnewButNotLongerThanTheRto() =>
        Open(Rack).Send(1000).Send1000().Advance(150).Send1000().Advance(149.9).ExpectNothing()
            .Advance(0.1).Expect("> P. 2101:3101(1000) ack 301", TransmitReason.TailLossProbe);

    [Fact]
    [Trait("Proves", "8985-9")]
    public static void NewDataWaits_ProbeIsNewAndBeyondCwnd() =>
        Sent(Rack, 5000, window: 2).Advance(200).ExpectNext(1).Expect("> . 2101:3101(1000) ack 301", TransmitReason.TailLossProbe).ExpectNothing()
            .Check(Flight(3000, 2000))
            .Inject("< . 301 ack 3101").IgnoreSent().Check(connection => Assert.Equal(int.MaxValue, connection.SlowStartThreshold));

    [Fact]
    [Trait("Proves", "8985-9")]
    public static void PeersWindowIsFull_ProbeIsTheLastSegmentAgain() =>
        Open(Rack).Inject("< . 301 ack 101 win 2000").Send(5000).IgnoreSent()
            .Advance(200).Expect("> . 1101:2101(1000) ack 301", TransmitReason.TailLossProbe).ExpectNothing();

    [Fact]
    [Trait("Proves", "8985-9")]
    public static void NoMeasurementSinceTheProbe_NoOtherProbe() =>
        Sent(Rack, 1000).Advance(300).Expect("> P. 101:1101(1000) ack 301", TransmitReason.TailLossProbe)
            .Advance(100).Inject("< . 301 ack 1101") // of either transmission: measures nothing
            .Send1000().Check(Timer(TimerKind.Retransmission))
            .Advance(100).Inject("< . 301 ack 2101").Send1000().Check(Timer(TimerKind.TailLossProbe));

    [Theory]
    [Trait("Proves", "8985-10")]
    [InlineData("< . 301 ack 2101 <sack 1101:2101>", false)] // D-SACK: both arrived
    [InlineData("< . 301 ack 2101", false)] // the same, from a peer without D-SACK
    [InlineData("", true)]
    public static void LastSegmentWasProbed_ReductionUnlessBothCopiesArrived(string second, bool reduced)
    {
        TcpHarness harness = Sent(Rack, 2000).Advance(200).Expect("> P. 1101:2101(1000) ack 301", TransmitReason.TailLossProbe)
            .Advance(100).Inject("< . 301 ack 2101");
        if (second.Length > 0)
        {
            harness.Inject(second);
        }

        harness.Send1000().Advance(100).Inject("< . 301 ack 3101")
            .Check(connection => Assert.Equal(reduced ? 2000 : int.MaxValue, connection.SlowStartThreshold))
            .Check(connection => Assert.Equal(reduced ? 2000 : 10_000, connection.CongestionWindow));
    }

    [Fact]
    [Trait("Proves", "8985-10")]
    public static void LastSegmentWasProbed_DuplicateIsToldWithNewData_NoReduction() =>
        Sent(Rack, 2000).Advance(200).Expect("> P. 1101:2101(1000) ack 301", TransmitReason.TailLossProbe)
            .Advance(100).Inject("< . 301 ack 2101").Send1000().Advance(100).Inject("< . 301 ack 3101 <sack 1101:2101>")
            .Check(connection => Assert.Equal((int.MaxValue, 10_000), (connection.SlowStartThreshold, connection.CongestionWindow)));

    [Fact]
    [Trait("Proves", "8985-8")]
    public static void SackedDataInFlight_NoProbe() =>
        Sent(Rack, 10_000).Advance(100).Inject("< . 301 ack 1101 <sack 2101:3101>").Check(Timer(TimerKind.Reordering))
            .Advance(25).Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit).Check(Timer(TimerKind.Retransmission));

    [Fact]
    [Trait("Proves", "8985-8")]
    public static void SettingIsOff_OnlyTheTimer() =>
        Sent(Rack with { TailLossProbe = false }, 3000).Check(Timer(TimerKind.Retransmission)).Advance(299.9).ExpectNothing()
            .Advance(0.1).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    private static TcpHarness Send1000(this TcpHarness harness) => harness.IgnoreSent().Send(1000).IgnoreSent();
}
