using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.10.7.1: SEGMENT ARRIVES in CLOSED.</summary>
[Trait("Proves", "U-1")]
public sealed class ClosedTests
{
    [Theory]
    [InlineData("< . 301 ack 555", "> R 555")]
    [InlineData("< P. 301:311(10) ack 555", "> R 555")]
    [InlineData("< S. 300 ack 555", "> R 555")]
    [InlineData("< S 300", "> R. =0 ack 301")]
    [InlineData("< FP 301:311(10)", "> R. =0 ack 312")]
    [InlineData("< none 301", "> R. =0 ack 301")]
    public void Closed_AnySegment_Rst(string segment, string reset) =>
        InState.Closed().Inject(segment).ExpectVerdict(SegmentFate.Reset, "9293 3.10.7.1").Expect(reset, TransmitReason.Reset)
            .ExpectNothing().ExpectState(Closed);

    [Theory]
    [InlineData("< R 301")]
    [InlineData("< R. 301 ack 101")]
    public void Closed_Rst_Dropped(string segment) =>
        InState.Closed().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing();

    [Fact]
    [Trait("Proves", "P45")]
    public void Closed_LateFin_Rst() =>
        InState.TimeWait().Advance(60_000).ExpectState(Closed).Inject("< F. 301 ack 102").Expect("> R 102").ExpectNothing();

    [Fact]
    [Trait("Proves", "P14")]
    public void Closed_SynAckWithTwoWayHandshake_NotRefused() =>
        InState.Closed(TcpHarness.Plain with { TwoWayHandshake = true }).Inject("< S. 300 ack 101").ExpectVerdict(SegmentFate.Dropped)
            .ExpectNothing();
}

/// <summary>RFC 9293 3.10.7.2: SEGMENT ARRIVES in LISTEN.</summary>
[Trait("Proves", "U-2")]
public sealed class ListenTests
{
    [Theory]
    [InlineData("< R 300")]
    [InlineData("< R. 300 ack 101")]
    [InlineData("< RS 300")]
    public void Listen_Rst_Dropped(string segment) =>
        InState.Listen().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(Listen);

    [Theory]
    [InlineData("< . 301 ack 555")]
    [InlineData("< S. 300 ack 555")]
    [InlineData("< FP. 300:310(10) ack 555")]
    public void Listen_Ack_RstWithThatNumber(string segment) =>
        InState.Listen().Inject(segment).ExpectVerdict(SegmentFate.Reset).Expect("> R 555").ExpectNothing().ExpectState(Listen);

    [Theory]
    [InlineData("< none 300")]
    [InlineData("< F 300")]
    [InlineData("< P 300:310(10)")]
    public void Listen_NeitherSynNorAckNorRst_Dropped(string segment) =>
        InState.Listen().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(Listen);

    [Fact]
    [Trait("Proves", "P03")]
    public void Listen_Syn_SynAck() =>
        InState.Listen().Inject(InState.PeerSyn).ExpectVerdict(SegmentFate.Accepted)
            .ExpectChange(Listen, SynReceived, TransitionEvent.SynArrives, "SYN arrives, seq=0")
            .Expect("> S. 100:100(0) ack 301 win 64240 <mss 1460>", TransmitReason.Open)
            .ExpectNothing()
            .Check(connection =>
            {
                Assert.Equal(connection.Rcv.Irs + 1, connection.Rcv.Nxt);
                Assert.Equal(connection.Snd.Iss + 1, connection.Snd.Nxt);
                Assert.Equal(TcpHarness.Remote, connection.Remote);
            });

    [Fact]
    public void Listen_SynWithDataAndFin_OnlyTheSynIsTaken() =>
        InState.Listen().Inject("< SFP 300:310(10)").Expect("> S. 100:100(0) ack 301").ExpectNothing().ExpectState(SynReceived)
            .Inject("< FP. 301:311(10) ack 101").Expect("> . 101 ack 312").ExpectState(CloseWait).Receive(most: 99, count: 10);

    [Theory]
    [Trait("Proves", "MUST-63")]
    [InlineData("224.0.0.9:2000")]
    [InlineData("255.255.255.255:2000")]
    [InlineData("0.0.0.0:2000")]
    public void Listen_SynFromNobody_Dropped(string remote) =>
        new TcpHarness(remote: remote).OpenPassive().Ignore().Inject(InState.PeerSyn).ExpectVerdict(SegmentFate.Dropped).ExpectNothing()
            .ExpectState(Listen);

    [Fact]
    [Trait("Proves", "P14")]
    public void Listen_SynWithTwoWayHandshake_EstablishedAtOnce() =>
        InState.Listen(TcpHarness.Plain with { TwoWayHandshake = true }).Inject(InState.PeerSyn)
            .ExpectChange(Listen, Established, TransitionEvent.SynArrivesTwoWay)
            .Expect("> S. 100:100(0) ack 301")
            .ExpectNothing()
            .Check(connection => Assert.Equal(10_000, connection.CongestionWindow))
            .Send(10).Expect("> P. 101:111(10) ack 301").Inject("< . 301 ack 111").ExpectNothing();

    [Fact]
    [Trait("Proves", "P14")]
    public void Listen_OldSynWithTwoWayHandshake_GhostStaysForEver() =>
        InState.Listen(TcpHarness.Plain with { TwoWayHandshake = true }).Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301")
            .Advance(100 * 3600_000.0).ExpectNothing().ExpectState(Established);

    [Fact]
    [Trait("Proves", "P14")]
    public void Listen_SynAgainWithTwoWayHandshake_SynAckAgain() =>
        InState.Listen(TcpHarness.Plain with { TwoWayHandshake = true }).Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301")
            .Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301", TransmitReason.PeerRetransmitted).ExpectNothing()
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311").ExpectNothing();

    [Fact]
    [Trait("Proves", "P14")]
    public void Listen_SynAgainBehindDataWithTwoWayHandshake_DataIsNotTakenForTheSyn() =>
        InState.Listen(TcpHarness.Plain with { TwoWayHandshake = true }).Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301").Send(10)
            .Expect("> P. 101:111(10) ack 301")
            .Inject(InState.PeerSyn).Expect("> S. 100:100(0) ack 301").ExpectNothing()
            .Check(connection => Assert.Equal(1, connection.Unacknowledged.Front!.Transmissions));
}

/// <summary>RFC 9293 3.10.7.3: SEGMENT ARRIVES in SYN-SENT.</summary>
[Trait("Proves", "U-3")]
public sealed class SynSentTests
{
    [Theory]
    [Trait("Proves", "P08")]
    [InlineData("< S. 300 ack 100", "> R 100")] // of our ISS, but not of the SYN
    [InlineData("< S. 300 ack 102", "> R 102")] // of what was not sent
    [InlineData("< . 301 ack 99", "> R 99")]
    [InlineData("< . 301 ack 200", "> R 200")]
    public void SynSent_BadAck_Rst(string segment, string reset) =>
        InState.SynSent().Inject(segment).ExpectVerdict(SegmentFate.Reset, "9293 3.10.7.3").Expect(reset).ExpectNothing()
            .ExpectState(SynSent);

    [Theory]
    [InlineData("< R. 301 ack 100")]
    [InlineData("< R. 301 ack 102")]
    [InlineData("< R 0")]
    [InlineData("< R 301")]
    [Trait("Proves", "5961-2")]
    public void SynSent_RstThatAcknowledgesNoSyn_Dropped(string segment) =>
        InState.SynSent().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(SynSent);

    [Fact]
    [Trait("Proves", "P50")]
    public void SynSent_RstThatAcknowledgesTheSyn_Refused() =>
        InState.SynSent().Inject("< R. =0 ack 101").ExpectVerdict(SegmentFate.Accepted)
            .ExpectChange(SynSent, Closed, TransitionEvent.RstArrives)
            .ExpectFailure(ConnectionError.Refused)
            .ExpectNothing()
            .Advance(1_000_000).ExpectNothing();

    [Fact]
    [Trait("Proves", "P04")]
    public void SynSent_SynAck_EstablishedAndAcknowledged() =>
        InState.SynSent().Inject(InState.PeerSynAck)
            .ExpectChange(SynSent, Established, TransitionEvent.SynAckArrives, "SYN,ACK arrives, ack=1")
            .Expect("> . 101:101(0) ack 301 win 64240 <>", TransmitReason.Acknowledgment)
            .ExpectNothing()
            .Check(connection =>
            {
                Assert.Equal(connection.Snd.Iss + 1, connection.Snd.Una);
                Assert.Equal(0, connection.Unacknowledged.Count);
                Assert.Null(connection.PollTimeout()); // [P07] a pure ACK is not retransmitted
            });

    [Fact]
    [Trait("Proves", "P04")]
    public void SynSent_SynAckWithDataWaiting_ThirdSegmentCarriesIt() =>
        InState.SynSent().Send(10).ExpectNothing().Inject(InState.PeerSynAck).Expect("> P. 101:111(10) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "P11")]
    [Trait("Proves", "MUST-10")]
    public void SynSent_Syn_SynReceivedAndSynAck() =>
        InState.SynSent().Inject(InState.PeerSyn)
            .ExpectChange(SynSent, SynReceived, TransitionEvent.SynArrives)
            .ExpectNext(attempt: 1)
            .Expect("> S. 100:100(0) ack 301", TransmitReason.Open)
            .ExpectNothing()
            .Check(connection =>
            {
                Assert.Equal(1, connection.Unacknowledged.Count);
                Assert.Equal(0, connection.Counters.Retransmissions);
            });

    [Theory]
    [InlineData("< . 301 ack 101")]
    [InlineData("< F. 301 ack 101")]
    [InlineData("< P 301:311(10)")]
    [InlineData("< none 301")]
    public void SynSent_NeitherSynNorRst_Dropped(string segment) =>
        InState.SynSent().Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing().ExpectState(SynSent);

    [Fact]
    public void SynSent_SynAckWithData_DataIsTaken() =>
        InState.SynSent().Inject("< SP. 300:310(10) ack 101").Expect("> . 101 ack 311").ExpectNothing().Receive(most: 99, count: 10);

    [Fact]
    public void SynSent_SynAckWithFin_CloseWait() =>
        InState.SynSent().Inject("< SF. 300 ack 101")
            .ExpectChange(SynSent, Established, TransitionEvent.SynAckArrives)
            .ExpectChange(Established, CloseWait, TransitionEvent.FinArrives)
            .Expect("> . 101 ack 302")
            .ExpectNothing();

    [Fact]
    public void SynSent_SynAckAndDataInOneBatch_BothTaken() =>
        InState.SynSent().Inject(InState.PeerSynAck, "< P. 301:311(10) ack 101").Expect("> . 101 ack 311").ExpectNothing();

    [Fact]
    [Trait("Proves", "P14")]
    public void SynSent_SynAckWithTwoWayHandshake_EstablishedWithoutThirdSegment() =>
        InState.SynSent(TcpHarness.Plain with { TwoWayHandshake = true }).Inject(InState.PeerSynAck).ExpectState(Established)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "P14")]
    public void SynSent_WrongSynAckWithTwoWayHandshake_NotRefused() =>
        InState.SynSent(TcpHarness.Plain with { TwoWayHandshake = true }).Inject("< S. 300 ack 77").ExpectVerdict(SegmentFate.Dropped)
            .ExpectNothing().ExpectState(SynSent);
}
