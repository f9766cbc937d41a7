using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.6 and the eighth step of 3.10.7.4: FINs, their ACKs, and TIME-WAIT.</summary>
public sealed class ClosingTests
{
    private const double Tick = 0.0001; // 100 ns, the smallest step of the timers

    [Fact]
    [Trait("Proves", "P40")]
    [Trait("Proves", "U-13")]
    public void Established_Fin_CloseWait() =>
        InState.Established().Inject("< F. 301 ack 101")
            .ExpectChange(Established, CloseWait, TransitionEvent.FinArrives, "FIN arrives, seq=1")
            .Expect("> . 101:101(0) ack 302", TransmitReason.Acknowledgment)
            .ExpectEvent(ConnectionEventKind.EndOfStream)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "P40")]
    [Trait("Proves", "U-12")]
    public void FinWait1_AckOfFin_FinWait2() =>
        InState.FinWait1().Inject("< . 301 ack 102").ExpectChange(FinWait1, FinWait2, TransitionEvent.AckOfFinArrives).ExpectNothing()
            .Check(connection => Assert.Null(connection.PollTimeout()));

    [Fact]
    [Trait("Proves", "U-12")]
    public void FinWait1_AckOfLess_Stays() =>
        InState.Established().Send(10).Expect("> P. 101:111(10) ack 301").Close().Expect("> F. 111:111(0) ack 301")
            .Inject("< . 301 ack 111").ExpectState(FinWait1)
            .Inject("< . 301 ack 112").ExpectState(FinWait2);

    [Fact]
    [Trait("Proves", "P44")]
    [Trait("Proves", "U-13")]
    public void FinWait1_FinWithoutAckOfOurs_Closing() =>
        InState.FinWait1().Inject("< F. 301 ack 101").ExpectChange(FinWait1, Closing, TransitionEvent.FinArrives)
            .Expect("> . 102:102(0) ack 302").ExpectNothing()
            .Inject("< . 302 ack 102").ExpectChange(Closing, TimeWait, TransitionEvent.AckOfFinArrives).ExpectNothing();

    [Fact]
    [Trait("Proves", "P42")]
    public void FinWait1_FinWithAckOfOurs_TimeWaitInOneStep() =>
        InState.FinWait1().Inject("< F. 301 ack 102").ExpectChange(FinWait1, TimeWait, TransitionEvent.FinAndAckOfFinArrive)
            .ExpectNoChange()
            .Expect("> . 102:102(0) ack 302").ExpectNothing();

    [Fact]
    [Trait("Proves", "P42")]
    public void FinWait1_DataAndFinWithAckOfOurs_TimeWait() =>
        InState.FinWait1().Inject("< FP. 301:311(10) ack 102").ExpectChange(FinWait1, TimeWait, TransitionEvent.FinAndAckOfFinArrive)
            .Expect("> . 102 ack 312").Receive(99, 10);

    [Fact]
    [Trait("Proves", "U-12")]
    public void FinWait1_AckOfOursWithFinThatDoesNotFit_FinWait2() =>
        InState.FinWait1(TcpHarness.Plain with { ReceiveBufferSize = 100, MaximumSegmentSize = 20 }).Inject("< FP. 301:421(120) ack 102")
            .ExpectChange(FinWait1, FinWait2, TransitionEvent.AckOfFinArrives).Expect("> . 102 ack 401 win 0").ExpectNothing()
            .Receive(100, 100).Expect("> . 102 ack 401 win 100").Inject("< FP. 401:421(20) ack 102").ExpectState(TimeWait)
            .Expect("> . 102 ack 422");

    [Fact]
    public void FinWait1_AckOfOursWithFinBehindAGap_FinWait2() =>
        InState.FinWait1().Inject("< F. 311 ack 102").ExpectChange(FinWait1, FinWait2, TransitionEvent.AckOfFinArrives)
            .Expect("> . 102 ack 301")
            .Inject("< P. 301:311(10) ack 102").ExpectChange(FinWait2, TimeWait, TransitionEvent.FinArrives).Expect("> . 102 ack 312");

    [Fact]
    [Trait("Proves", "P40")]
    public void FinWait2_Fin_TimeWait() =>
        InState.FinWait2().Inject("< F. 301 ack 102").ExpectChange(FinWait2, TimeWait, TransitionEvent.FinArrives)
            .Expect("> . 102:102(0) ack 302").ExpectNothing();

    [Fact]
    [Trait("Proves", "P43")]
    public void FinWait2_Data_IsStillReceived() =>
        InState.FinWait2().Advance(3600_000).Inject("< P. 301:311(10) ack 102").Expect("> . 102 ack 311").Receive(99, 10)
            .Inject("< FP. 311:321(10) ack 102")
            .ExpectState(TimeWait).Expect("> . 102 ack 322").Receive(99, 10);

    [Fact]
    [Trait("Proves", "P43")]
    public void CloseWait_Send_GoesAndIsRetransmittedUntilOwnFin() =>
        InState.CloseWait().Send(10).Expect("> P. 101:111(10) ack 302").Advance(300)
            .Expect("> P. 101:111(10) ack 302", TransmitReason.RetransmissionTimeout)
            .Inject("< . 302 ack 111").Close().ExpectChange(CloseWait, LastAck, TransitionEvent.Close).Expect("> F. 111:111(0) ack 302")
            .Inject("< . 302 ack 112").ExpectState(Closed);

    [Fact]
    [Trait("Proves", "P40")]
    [Trait("Proves", "U-12")]
    public void LastAck_AckOfFin_Closed() =>
        InState.LastAck().Inject("< . 302 ack 101").ExpectState(LastAck).ExpectNothing()
            .Inject("< . 302 ack 102").ExpectChange(LastAck, Closed, TransitionEvent.AckOfFinArrives).ExpectNothing().ExpectNoEvent()
            .Check(connection => Assert.Equal((ConnectionError.None, (Timestamp?)null), (connection.Error, connection.PollTimeout())));

    [Fact]
    public void LastAck_DataStillQueued_ClosesBehindIt() =>
        InState.CloseWait(TcpHarness.Plain with { InitialWindowSegments = 1 }).Send(1500).Expect("> . 101:1101(1000) ack 302").Close()
            .ExpectState(LastAck).ExpectNothing()
            .Inject("< . 302 ack 1101").Expect("> FP. 1101:1601(500) ack 302").Inject("< . 302 ack 1601").ExpectState(LastAck)
            .Inject("< . 302 ack 1602").ExpectState(Closed);

    [Theory]
    [Trait("Proves", "U-13")]
    [InlineData(CloseWait)]
    [InlineData(Closing)]
    [InlineData(LastAck)]
    [InlineData(TimeWait)]
    public void ClosedByPeer_FinAgain_AcknowledgedAgain(TcpState state) =>
        InState.Of(state).Inject($"< F. 301 ack 101").Expect($"> . {InState.SndNxt(state)} ack 302").ExpectNothing().ExpectState(state);

    [Theory]
    [InlineData(Closing)]
    [InlineData(LastAck)]
    public void ClosedByBoth_FinAgainWithAckOfOurs_TheAckWaitsForItsOwnSegment(TcpState state) =>
        InState.Of(state).Inject("< F. 301 ack 102").Expect("> . 102 ack 302").ExpectState(state).Inject("< . 302 ack 102")
            .ExpectState(state == Closing ? TimeWait : Closed);

    [Fact]
    [Trait("Proves", "P45")]
    [Trait("Proves", "MUST-13")]
    [Trait("Proves", "U-17")]
    public void TimeWait_2Msl_ClosedNotATickEarlier() =>
        InState.TimeWait().Advance(60_000 - Tick).ExpectState(TimeWait).Advance(Tick)
            .ExpectChange(TimeWait, Closed, TransitionEvent.TimeWaitTimeout, "2 MSL have passed (60 s)")
            .ExpectNothing().ExpectNoEvent().Check(connection => Assert.Equal(ConnectionError.None, connection.Error));

    [Theory]
    [Trait("Proves", "P45")]
    [InlineData(30)]
    [InlineData(60)]
    [InlineData(120)]
    public void TimeWait_MslIsASetting_LastsTwiceAsLong(int seconds) =>
        InState.TimeWait(TcpHarness.Plain with { MaximumSegmentLifetime = TimeSpan.FromSeconds(seconds) })
            .Advance((seconds * 2000) - 1).ExpectState(TimeWait).Advance(2).ExpectState(Closed);

    [Fact]
    [Trait("Proves", "P45")]
    [Trait("Proves", "MUST-13")]
    public void TimeWait_FinAgain_AcknowledgedAndTheTimerStartsAnew() =>
        InState.TimeWait().Advance(59_999).Inject("< F. 301 ack 102").ExpectVerdict(SegmentFate.Acknowledged)
            .Expect("> . 102:102(0) ack 302").ExpectNothing()
            .Advance(60_000 - Tick).ExpectState(TimeWait).Advance(Tick).ExpectState(Closed);

    [Theory]
    [Trait("Proves", "P45")]
    [InlineData("< P. 301:311(10) ack 102")]
    [InlineData("< . 302 ack 102")]
    [InlineData("< S 300")]
    [InlineData("< S 900000")]
    [InlineData("< R 400")]
    [InlineData("< F. 302 ack 102")]
    public void TimeWait_AnythingElse_TheTimerGoesOn(string segment) =>
        InState.TimeWait().Advance(59_999).Inject(segment).IgnoreSent().ExpectState(TimeWait).Advance(1).ExpectState(Closed);

    [Fact]
    [Trait("Proves", "P41")]
    public void EstablishedPassive_Close_SameStatesMirrored() =>
        InState.EstablishedPassive().Close().ExpectState(FinWait1).Expect("> F. 101 ack 301").Inject("< . 301 ack 102")
            .ExpectState(FinWait2)
            .Inject("< F. 301 ack 102").ExpectState(TimeWait).Expect("> . 102 ack 302");

    [Theory]
    [Trait("Proves", "P43")]
    [InlineData(FinWait1)]
    [InlineData(FinWait2)]
    public void ClosedByUs_WindowOpens_PeerIsTold(TcpState state) =>
        InState.Of(state, TcpHarness.Plain with { ReceiveBufferSize = 100, MaximumSegmentSize = 20 })
            .Inject($"< P. 301:401(100) ack {(state == FinWait1 ? 101 : 102)}")
            .Expect("> . 102 ack 401 win 0").Receive(100, 100).Expect("> . 102 ack 401 win 100", TransmitReason.WindowUpdate)
            .ExpectNothing();

    [Fact]
    public void CloseWait_Receive_NoWindowUpdate() =>
        InState.Established(TcpHarness.Plain with { ReceiveBufferSize = 100, MaximumSegmentSize = 20 }).Inject("< FP. 301:401(100) ack 101")
            .Expect("> . 101 ack 402").Receive(100, 100).ExpectNothing();
}
