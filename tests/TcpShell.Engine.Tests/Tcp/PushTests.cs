using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.9.1.2: SEND with and without PUSH; what else holds short segments back, and what keeps segments apart. SMSS is 1000.</summary>
public sealed class PushTests
{
    private static readonly TcpSettings s_corked = TcpHarness.Plain with { Cork = true };

    [Fact]
    [Trait("Proves", "MAY-15")]
    [Trait("Proves", "MUST-61")]
    public void Established_SendWithoutPush_GoesWithThePushedRest() =>
        InState.Established().Send(400, push: false).ExpectNothing().Send(300).Expect("> P. 101:801(700) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "MAY-15")]
    public void Established_SendOfASegmentWithoutPush_GoesWithoutPsh() =>
        InState.Established().Send(1200, push: false).Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 1101").Expect("> . 1101:1301(200) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-60")]
    public void Established_NothingFollowsASendWithoutPush_GoesAfterAnRto() =>
        InState.Established().Send(400, push: false).Advance(299).ExpectNothing().Advance(1).Expect("> . 101:501(400) ack 301", ago: 0);

    [Fact]
    [Trait("Proves", "MAY-15")]
    public void Established_Push_LetsGoWhatWaits() =>
        InState.Established().Send(400, push: false).Do((connection, _) => connection.Push()).Expect("> P. 101:501(400) ack 301");

    [Fact]
    [Trait("Proves", "MUST-60")]
    public void Established_Corked_OnlyFullSegmentsGo_AndTheRestAfterAnRto() =>
        InState.Established(s_corked).Send(1500).Expect("> . 101:1101(1000) ack 301").Inject("< . 301 ack 1101").ExpectNothing()
            .Advance(337.5).Expect("> P. 1101:1601(500) ack 301", ago: 0).ExpectNothing();

    [Fact]
    public void Established_CorkTakenOff_TheRestGoes() =>
        InState.Established(s_corked).Send(500).ExpectNothing()
            .Do((connection, now) => connection.ChangeSettings(connection.Settings with { Cork = false }, now)).Expect("> P. 101:601(500) ack 301");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Established_CorkedAndClosed_TheRestGoesWithTheFin(bool corked)
    {
        TcpHarness harness = corked ? InState.Established(s_corked).Send(500) : InState.Established().Send(500, push: false);
        harness.ExpectNothing().Close().ExpectState(FinWait1).Ignore().ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "MUST-31")]
    public void Established_CorkedAndUrgent_GoesAtOnce() =>
        InState.Established(s_corked).Send(5, urgent: true).Expect("> PU. 101:106(5) ack 301 urg 5");

    [Fact]
    public void Established_RecordsThatWait_EndTheirSegments() =>
        InState.Established(TcpHarness.Plain with { InitialWindowSegments = 1 }).Send(1000).Expect("> P. 101:1101(1000) ack 301")
            .Send(200, endOfRecord: true).Send(200, endOfRecord: true)
            .Send(200).ExpectNothing()
            .Inject("< . 301 ack 1101")
            .Expect("> P. 1101:1301(200) ack 301").Expect("> P. 1301:1501(200) ack 301").ExpectNothing() // the last waits for Nagle
            .Inject("< . 301 ack 1501").Expect("> P. 1501:1701(200) ack 301");

    [Fact]
    public void Established_RecordsAreSentAgain_NotTogether() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Send(200, endOfRecord: true).Expect("> P. 101:301(200) ack 301")
            .Send(200).Expect("> P. 301:501(200) ack 301").Send(200).Expect("> P. 501:701(200) ack 301")
            .Advance(300).Expect("> P. 101:301(200) ack 301", TransmitReason.RetransmissionTimeout)
            .Inject("< . 301 ack 301").Expect("> P. 301:701(400) ack 301"); // what is of one record goes together

    [Theory]
    [InlineData(FinWait1)]
    [InlineData(FinWait2)]
    [Trait("Proves", "MAY-1")]
    [Trait("Proves", "SHLD-3")]
    public void Closed_DataForAUserThatReceivesNoMore_IsResetInThePeersNumbers(TcpState state) =>
        InState.Of(state).Do((connection, _) => connection.EndReceiving())
            .Inject("< P. 301:311(10) ack 102").Expect("> R 102", TransmitReason.Reset).ExpectFailure(ConnectionError.Aborted);

    [Fact]
    [Trait("Proves", "SHLD-3")]
    public void Closed_OldDataAndAcks_AreNoReasonToReset() =>
        InState.FinWait2().Do((connection, _) => connection.EndReceiving())
            .Inject("< . 301 ack 102").ExpectNothing()
            .Inject("< . 300:301(1) ack 102").Expect("> . 102 ack 301").ExpectState(FinWait2)
            .Inject("< F. 301 ack 102").Expect("> . 102 ack 302").ExpectState(TimeWait);

    [Fact]
    [Trait("Proves", "7323-7")]
    public void Established_TimestampsMissingAndNotRequired_DataIsTaken() =>
        InState.SynSent(TcpHarness.Plain with { Timestamps = true, RequireTimestamps = false }).Inject("< S. 300 ack 101 <mss 1000,TS val 55 ecr 1000000>").Ignore()
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311 <TS val 1000000 ecr 55>").Receive(99, 10);
}
