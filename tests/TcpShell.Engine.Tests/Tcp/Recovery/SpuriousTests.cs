using TcpShell.Tcp;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>What turns out to be a mistake: F-RTO (RFC 5682), echoes of older timestamps (RFC 3522), D-SACK (RFC 3708).</summary>
public sealed class SpuriousTests
{
    private const string Asks = "F-RTO: was the timeout spurious?";

    [Fact]
    [Trait("Proves", "5682-1")]
    [Trait("Proves", "5682-2")]
    [Trait("Proves", "5682-7")]
    public void Timeout_SecondAckIsOfWhatWasNotSentAgain_Undone() =>
        Sent(Plain, 20_000, window: 5).Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).Check(Window(1000, 2500))
            .Advance(50).Inject("< . 301 ack 1101")
            .ExpectNext(1, Asks).Expect("> . 5101:6101(1000) ack 301", TransmitReason.Data).Expect("> . 6101:7101(1000) ack 301", TransmitReason.Data)
            .ExpectNothing()
            .Inject("< . 301 ack 2101").Check(Phase(RecoveryPhase.Open)).Check(Window(6000, int.MaxValue)) // 5000 as before, and this ACK
            .Expect("> . 7101:8101(1000) ack 301", TransmitReason.Data).ExpectNothing()
            .Check(connection => Assert.Equal((1L, 1L, 1L), (connection.Counters.Timeouts, connection.Counters.SpuriousRecoveries, connection.Counters.Retransmissions)));

    [Fact]
    [Trait("Proves", "5682-3")]
    public void Timeout_SecondAckIsADuplicate_LossIsRepaired() =>
        Sent(Plain, 20_000, window: 5).Advance(300).IgnoreSent()
            .Inject("< . 301 ack 1101").Expect("> . 5101:6101(1000) ack 301").Expect("> . 6101:7101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 1101").Check(Window(3000, 2500)).Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Check(Phase(RecoveryPhase.Loss)).Check(connection => Assert.Equal(0, connection.Counters.SpuriousRecoveries));

    [Fact]
    [Trait("Proves", "5682-3")]
    public void Timeout_FirstAckIsADuplicate_LossIsRepaired() =>
        Sent(Plain, 20_000, window: 5).Advance(300).IgnoreSent().Inject("< . 301 ack 101").IgnoreSent()
            .Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "5682-4")]
    public void TimeoutAgain_NothingIsFoundOut() =>
        Sent(Plain, 20_000, window: 5).Advance(900).IgnoreSent().Check(connection => Assert.Equal(2, connection.Counters.Timeouts))
            .Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "5682-4")]
    public void Timeout_FirstAckCoversAll_NothingIsFoundOut() =>
        Sent(Plain, 20_000, window: 5).Advance(300).IgnoreSent()
            .Inject("< . 301 ack 5101").Check(Phase(RecoveryPhase.Open)).Check(Window(2000, 2500))
            .ExpectNext(1, "").Expect("> . 5101:6101(1000) ack 301").Expect("> . 6101:7101(1000) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "5682-6")]
    public void Timeout_NoNewData_LossIsRepaired() =>
        Sent(Plain, 5000).Advance(300).IgnoreSent()
            .Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301").Expect("> . 2101:3101(1000) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "5682-1")]
    public void SettingIsOff_LossIsRepaired() =>
        Sent(Plain with { ForwardRto = false }, 20_000, window: 5).Advance(300).IgnoreSent()
            .Inject("< . 301 ack 1101").Expect("> . 1101:2101(1000) ack 301").Expect("> . 2101:3101(1000) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "5682-5")]
    public void TimeoutWithSack_SackOfWhatWasNotSentAgain_Undone() =>
        Sent(Rfc6675, 20_000, window: 5).Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .Inject("< . 301 ack 101 <sack 4101:5101>").ExpectNothing()
            .Inject("< . 301 ack 1101 <sack 4101:5101>").ExpectNext(1, Asks).Expect("> . 5101:6101(1000) ack 301").Expect("> . 6101:7101(1000) ack 301")
            .Inject("< . 301 ack 1101 <sack 2101:3101 4101:5101>").IgnoreSent()
            .Check(Phase(RecoveryPhase.Open)).Check(connection => Assert.Equal(1, connection.Counters.SpuriousRecoveries));

    [Theory]
    [InlineData(1000100, 10_000)] // the echo of the first transmission: it was only late
    [InlineData(1000110, 2500)]
    public void Recovery_AckEchoesTheFirstTransmission_Undone(int echo, int window) =>
        Sent(Plain with { Timestamps = true }, 5000).Advance(10)
            .Inject(Duplicate, Duplicate, Duplicate).Expect("> . 101:1101(1000) ack 301 <TS val 1000110 ecr 56>", TransmitReason.FastRetransmit)
            .Inject($"< . 301 ack 5101 <TS val 60 ecr {echo}>")
            .Check(Phase(RecoveryPhase.Open)).Check(connection => Assert.Equal(window, connection.CongestionWindow))
            .Check(connection => Assert.Equal(window == 10_000 ? 1 : 0, connection.Counters.SpuriousRecoveries));

    [Fact]
    public void Recovery_AllSentAgainArrivedTwice_UndoneAfterItsEnd() =>
        Sent(Rfc6675, 6000).Inject("< . 301 ack 101 <sack 2101:6101>").Expect("> . 101:1101(1000) ack 301")
            .Expect("> . 1101:2101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 6101").Check(Window(3000, 3000))
            .Inject("< . 301 ack 6101 <sack 101:1101>").Check(Window(3000, 3000)) // one of two
            .Inject("< . 301 ack 6101 <sack 1101:2101>").Check(Window(10_000, int.MaxValue))
            .Check(connection => Assert.Equal((2L, 1L), (connection.Counters.DuplicateSacks, connection.Counters.SpuriousRecoveries)));

    private const string Duplicate = "< . 301 ack 101 <TS val 56 ecr 1000100>";
}
