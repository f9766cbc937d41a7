using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.10.7.4: SEGMENT ARRIVES in SYN-RECEIVED.</summary>
public sealed class SynReceivedTests
{
    [Fact]
    [Trait("Proves", "P04")]
    public void SynReceived_AckOfSyn_Established() =>
        InState.SynReceived().Inject("< . 301 ack 101 win 5000").ExpectVerdict(SegmentFate.Accepted)
            .ExpectChange(SynReceived, Established, TransitionEvent.AckOfSynArrives, "ACK arrives, ack=1")
            .ExpectNothing()
            .Check(connection =>
            {
                Assert.Equal(5000u, connection.Snd.Wnd);
                Assert.Equal(10_000, connection.CongestionWindow);
                Assert.Null(connection.PollTimeout());
            });

    [Fact]
    [Trait("Proves", "P22")]
    public void SynReceived_FirstData_EstablishedAndTaken() =>
        InState.SynReceived().Inject("< P. 301:311(10) ack 101").ExpectState(Established).Expect("> . 101 ack 311").ExpectNothing()
            .Receive(99, 10);

    [Theory]
    [Trait("Proves", "P08")]
    [Trait("Proves", "U-9")]
    [InlineData(100)] // our ISS, but not the SYN
    [InlineData(102)] // not sent
    [InlineData(0)]
    [InlineData(70000)]
    public void SynReceived_BadAck_RstWithThatNumber(int ack) =>
        InState.SynReceived().Inject($"< . 301 ack {ack}").ExpectVerdict(SegmentFate.Reset).Expect($"> R {ack}").ExpectNothing()
            .ExpectState(SynReceived);

    [Fact]
    [Trait("Proves", "P08")]
    [Trait("Proves", "U-8")]
    public void SynReceived_NoAck_Dropped() =>
        InState.SynReceived().Inject("< P 301:311(10)").ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(SynReceived);

    [Fact]
    public void SynReceived_SynAgain_SynAckAgain() =>
        InState.SynReceived().Inject(InState.PeerSyn).ExpectVerdict(SegmentFate.Acknowledged)
            .Expect("> S. 100:100(0) ack 301 win 64240 <mss 1460>", TransmitReason.PeerRetransmitted)
            .ExpectNothing()
            .ExpectState(SynReceived);

    [Fact]
    [Trait("Proves", "U-7")]
    [Trait("Proves", "MUST-11")]
    public void SynReceivedPassive_OtherSynInWindow_BackToListen() =>
        InState.SynReceived().Inject("< S 310").ExpectChange(SynReceived, Listen, TransitionEvent.SynAgainArrives).ExpectNothing()
            .Advance(1_000_000).ExpectNothing();

    [Fact]
    [Trait("Proves", "U-7")]
    public void SynReceivedActive_OtherSynInWindow_Challenged() =>
        InState.SynReceivedActive().Inject("< S 310").ExpectVerdict(SegmentFate.Challenged)
            .Expect("> . 101 ack 301", TransmitReason.ChallengeAck)
            .ExpectNothing().ExpectState(SynReceived);

    [Fact]
    public void SynReceived_OtherSynOutsideOfWindow_Challenged() =>
        InState.SynReceived().Inject("< S 100000").Expect("> . 101 ack 301").ExpectNothing().ExpectState(SynReceived)
            .Inject("< R 301").ExpectState(Listen); // what the restarted peer answers

    [Fact]
    [Trait("Proves", "P51")]
    [Trait("Proves", "MUST-11")]
    public void SynReceivedPassive_Rst_BackToListen() =>
        InState.SynReceived().Inject("< R 301").ExpectVerdict(SegmentFate.Accepted)
            .ExpectChange(SynReceived, Listen, TransitionEvent.RstArrives)
            .ExpectNothing()
            .ExpectNoEvent()
            .Advance(1_000_000).ExpectNothing().ExpectState(Listen);

    [Fact]
    [Trait("Proves", "P51")]
    [Trait("Proves", "MUST-11")]
    public void SynReceivedActive_Rst_Refused() =>
        InState.SynReceivedActive().Inject("< R 301").ExpectChange(SynReceived, Closed, TransitionEvent.RstArrives)
            .ExpectFailure(ConnectionError.Refused).ExpectNothing();

    [Fact]
    [Trait("Proves", "5961-1")]
    public void SynReceived_RstInsideOfWindow_Challenged() =>
        InState.SynReceived().Inject("< R 302").ExpectVerdict(SegmentFate.Challenged).Expect("> . 101 ack 301").ExpectNothing()
            .ExpectState(SynReceived);

    [Theory]
    [InlineData("< R 300")]
    [InlineData("< R 64541")]
    public void SynReceived_RstOutsideOfWindow_Dropped(string segment) =>
        InState.SynReceived().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(SynReceived);

    [Fact]
    public void SynReceived_Fin_CloseWait() =>
        InState.SynReceived().Inject("< F. 301 ack 101")
            .ExpectChange(SynReceived, Established, TransitionEvent.AckOfSynArrives)
            .ExpectChange(Established, CloseWait, TransitionEvent.FinArrives)
            .Expect("> . 101 ack 302")
            .ExpectNothing();

    [Fact]
    public void SynReceived_OldSegment_Acknowledged() =>
        InState.SynReceived().Inject("< . 299 ack 101").ExpectVerdict(SegmentFate.Acknowledged).Expect("> . 101 ack 301").ExpectNothing()
            .ExpectState(SynReceived);

    [Fact]
    [Trait("Proves", "P11")]
    [Trait("Proves", "U-22")]
    public void SynReceivedActive_CrossingSynAck_EstablishedWithoutAnAnswer() =>
        InState.SynReceivedActive().Inject(InState.PeerSynAck).ExpectChange(SynReceived, Established, TransitionEvent.AckOfSynArrives)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "7323-2")]
    public void SynReceivedActive_CrossingSynAck_ItsWindowIsNotScaled() =>
        InState.SynSent(TcpHarness.Plain with { WindowScaling = true })
            .Inject("< S 300 win 65535 <mss 1000,wscale 7>").Expect("> S. 100:100(0) ack 301")
            .Inject("< S. 300 ack 101 win 5000 <mss 1000,wscale 7>").ExpectState(Established)
            .Check(connection => Assert.Equal(5000u, connection.Snd.Wnd))
            .Inject("< . 301 ack 101 win 5000")
            .Check(connection => Assert.Equal(5000u << 7, connection.Snd.Wnd));

    [Fact]
    [Trait("Proves", "P46")]
    public void SynReceived_Close_FinFollowsTheSynAck() =>
        InState.SynReceived().Close().ExpectState(FinWait1).Expect("> F. 101:101(0) ack 301").ExpectNothing()
            .Inject("< . 301 ack 101").ExpectState(FinWait1).ExpectNothing()
            .Inject("< . 301 ack 102").ExpectState(FinWait2);

    [Fact]
    public void SynReceived_CloseAndSynAckLost_BothAreSentAgain() =>
        InState.SynReceived().Close().Expect("> F. 101 ack 301")
            .Advance(1000).Expect("> S. 100 ack 301", TransmitReason.RetransmissionTimeout, ago: 0)
            .Expect("> F. 101 ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-11")]
    public void Listen_AfterFailedRequest_NextRequestStartsFresh() =>
        InState.SynReceived().Send(10)
            .Advance(7500).Expect("> S. 100 ack 301", ago: 6500).Expect("> S. 100 ack 301", ago: 4500).Expect("> S. 100 ack 301", ago: 500)
            .Inject("< R 301").ExpectState(Listen)
            .Check(connection => Assert.Equal(0, connection.SendQueue)) // data for that peer must not go to the next one
            .Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301")
            .Advance(1000).Expect("> S. 100:100(0) ack 301", ago: 0)
            .Advance(61_999).Ignore().ExpectState(SynReceived)
            .Advance(1).ExpectState(Closed);

    [Fact]
    [Trait("Proves", "5961-4")]
    public void Listen_AfterFailedRequest_LargestWindowIsTheNextPeers() =>
        InState.SynReceived().Inject("< R 301").Inject("< S 300 win 100 <mss 1000>").Expect("> S. 100 ack 301")
            .Inject("< . 301 ack 101 win 100")
            .Check(connection => Assert.Equal(100u, connection.Snd.MaxWnd));

    [Fact]
    public void SynReceived_ClosedByUserWithDataAndReset_DoesNotListenAgain() =>
        InState.SynReceived().Send(10).Close().Inject("< R 301").ExpectFailure(ConnectionError.Refused).ExpectNothing();

    [Fact]
    [Trait("Proves", "SHLD-14")]
    public void SynReceived_SynAckAgainAfterAnAckThatToldMore_TakesNoWindowBack()
    {
        int told = 0;
        InState.Listen(TcpHarness.Plain with { WindowScaling = true, ReceiveBufferSize = 1 << 20 })
            .Inject("< S 300 win 65535 <mss 1000,wscale 7>").Expect("> S. 100 ack 301 win 64240")
            .Inject("< . 299 ack 101").Expect("> . 101 ack 301 win 32768") // scaled by 5: all of it
            .Check(connection => told = connection.Rcv.Edge - connection.Rcv.Irs)
            .Advance(1000).Expect("> S. 100 ack 301 win 64240", TransmitReason.RetransmissionTimeout)
            .Check(connection => Assert.Equal(told, connection.Rcv.Edge - connection.Rcv.Irs));
    }
}
