using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 6298 and RFC 9293 3.8.1, 3.8.3: what is sent again, when, and when no more. Times are exact.</summary>
public sealed class RetransmissionTests
{
    [Fact]
    [Trait("Proves", "P20")]
    [Trait("Proves", "P07")]
    [Trait("Proves", "MUST-22")]
    public void SynSent_NoAnswer_SixRetriesAndTimedOutAt127Seconds()
    {
        TcpHarness harness = InState.SynSent();
        Silence(harness, "> S 100:100(0) win 64240 <mss 1460>", [1000, 2000, 4000, 8000, 16_000, 32_000]);
        harness.Advance(63_999).ExpectNothing().ExpectState(SynSent)
            .Advance(1).ExpectChange(SynSent, Closed, TransitionEvent.RetransmissionTimeout, "no answer to 6 retransmissions")
            .ExpectFailure(ConnectionError.TimedOut)
            .ExpectNothing();
        Assert.Equal(1127, harness.Now.TotalSeconds);
    }

    [Fact]
    [Trait("Proves", "P20")]
    [Trait("Proves", "MUST-23")]
    public void SynSent_NoAnswerInRfcProfile_TriesFor3MinutesAtLeast()
    {
        TcpHarness harness = InState.SynSent(TcpSettings.Rfc);
        Silence(harness, "> S 100:100(0)", [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
        harness.Advance(59_999).ExpectState(SynSent).Advance(1).ExpectFailure(ConnectionError.TimedOut);
        Assert.Equal(1183, harness.Now.TotalSeconds);
    }

    [Fact]
    [Trait("Proves", "P23")]
    public void SynSent_InitialRtoOf3Seconds_RetriesFromThere() =>
        Silence(InState.SynSent(TcpHarness.Plain with { InitialRto = TimeSpan.FromSeconds(3), SynRetries = 2 }), "> S 100:100(0)", [3000, 6000])
            .Advance(12_000).ExpectFailure(ConnectionError.TimedOut);

    [Fact]
    [Trait("Proves", "P20")]
    public void SynSent_NoRetries_TimedOutAtOnce() =>
        InState.SynSent(TcpHarness.Plain with { SynRetries = 0 }).Advance(999).ExpectState(SynSent).Advance(1)
            .ExpectFailure(ConnectionError.TimedOut).ExpectNothing();

    [Fact]
    [Trait("Proves", "P21")]
    public void SynReceived_NoAnswer_FiveRetriesAndForgottenAt63Seconds()
    {
        TcpHarness harness = InState.SynReceived();
        Silence(harness, "> S. 100:100(0) ack 301 win 64240 <mss 1460>", [1000, 2000, 4000, 8000, 16_000]);
        harness.Advance(31_999).ExpectState(SynReceived).Advance(1)
            .ExpectChange(SynReceived, Closed, TransitionEvent.RetransmissionTimeout);
        Assert.Equal(1063, harness.Now.TotalSeconds);
    }

    [Fact]
    [Trait("Proves", "P21")]
    public void SynReceivedActive_NoAnswer_SynRetriesCount()
    {
        TcpHarness harness = InState.SynReceivedActive();
        Silence(harness, "> S. 100:100(0) ack 301", [1000, 2000, 4000, 8000, 16_000, 32_000]);
        harness.Advance(64_000).ExpectFailure(ConnectionError.TimedOut);
    }

    [Fact]
    [Trait("Proves", "P22")]
    public void Established_SynAckAgain_ThirdSegmentAgain() =>
        InState.Established().Inject(InState.PeerSynAck).Expect("> . 101:101(0) ack 301").ExpectNothing().ExpectState(Established);

    [Fact]
    [Trait("Proves", "P23")]
    [Trait("Proves", "6298-12")]
    [Trait("Proves", "5681-3")]
    [Trait("Proves", "5681-4")]
    [Trait("Proves", "6928-2")]
    public void Established_AfterSynTimeout_RtoIs3SecondsAndWindowOneSegment() =>
        InState.SynSent().Advance(1000).Expect("> S 100:100(0)").Advance(10).Inject(InState.PeerSynAck).Expect("> . 101 ack 301")
            .Check(connection =>
            {
                Assert.Null(connection.Rtt.Smoothed); // [6298-6] nobody knows which SYN was answered
                Assert.Equal((1000, int.MaxValue), (connection.CongestionWindow, connection.SlowStartThreshold));
            })
            .Send(2500).Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Advance(2999).ExpectNothing().Advance(1).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "6298-12")]
    public void Established_AfterSynTimeoutWithTimestamps_NoSampleEither() =>
        InState.SynSent(TcpHarness.Plain with { Timestamps = true })
            .Advance(1000).Expect("> S 100:100(0) <mss 1460,TS val 1001000 ecr 0>")
            .Inject("< S. 300 ack 101 <mss 1000,TS val 5 ecr 1001000>").Expect("> . 101 ack 301")
            .Check(connection => Assert.Equal((null, 3000), (connection.Rtt.Smoothed, connection.Rtt.Rto.TotalMilliseconds)));

    [Fact]
    [Trait("Proves", "6298-12")]
    public void EstablishedPassive_AfterSynAckTimeout_RtoIs3Seconds() =>
        InState.SynReceived().Advance(1000).Expect("> S. 100 ack 301").Inject("< . 301 ack 101").Send(10).Expect("> P. 101:111(10) ack 301")
            .Advance(2999).ExpectNothing().Advance(1).Expect("> P. 101:111(10) ack 301");

    [Fact]
    [Trait("Proves", "P33")]
    [Trait("Proves", "6298-10")]
    [Trait("Proves", "6298-11")]
    [Trait("Proves", "SHLD-9")]
    [Trait("Proves", "SHLD-10")]
    [Trait("Proves", "MUST-20")]
    public void Established_DataUnanswered_BackoffBadPathAndGivenUp()
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { R2 = 5 }).Send(10)
            .Expect("> P. 101:111(10) ack 301", TransmitReason.Data);
        Silence(harness, "> P. 101:111(10) ack 301", [300, 600]);
        harness.ExpectNoEvent();
        Silence(harness, "> P. 101:111(10) ack 301", [1200]);
        harness.ExpectEvent(ConnectionEventKind.BadPath).ExpectNoEvent();
        Silence(harness, "> P. 101:111(10) ack 301", [2400, 4800]);
        harness.Advance(9599).ExpectState(Established).Advance(1)
            .ExpectChange(Established, Closed, TransitionEvent.RetransmissionTimeout, "no answer to 5 retransmissions")
            .ExpectFailure(ConnectionError.TimedOut)
            .ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "MUST-21")]
    public void Established_R2Infinite_NeverGivenUp() =>
        InState.Established(TcpHarness.Plain with { R2 = int.MaxValue }).Send(10).Expect("> P. 101:111(10) ack 301")
            .Advance(30L * 86_400_000).Ignore().ExpectState(Established);

    [Fact]
    [Trait("Proves", "SHLD-11")]
    public void Established_DefaultR2_NotBefore100Seconds()
    {
        foreach (TcpSettings settings in new[] { TcpHarness.Plain, TcpSettings.Rfc })
        {
            InState.Established(settings).Send(10).Advance(100_000).Ignore().ExpectState(Established);
        }
    }

    [Fact]
    [Trait("Proves", "P33")]
    public void Established_Retransmission_SaysWhyAndHowOften() =>
        InState.Established().Send(10).Expect("> P. 101:111(10) ack 301")
            .Advance(300).ExpectNext(attempt: 2, "RTO 0.6 s next").Expect("> P. 101:111(10) ack 301", TransmitReason.RetransmissionTimeout)
            .Advance(600).ExpectNext(attempt: 3, "RTO 1.2 s next").Expect("> P. 101:111(10) ack 301", TransmitReason.RetransmissionTimeout)
            .Check(connection => Assert.Equal((2L, 2L, 0L, 10L), (connection.Counters.Retransmissions, connection.Counters.Timeouts, connection.Counters.FastRetransmits, connection.Counters.BytesSent)));

    [Fact]
    [Trait("Proves", "6298-6")]
    [Trait("Proves", "6298-14")]
    [Trait("Proves", "MUST-18")]
    public void Established_AckOfRetransmission_NoSampleAndBackoffStays() =>
        InState.Established().Send(10).Expect("> P. 101:111(10) ack 301").Advance(300).Expect("> P. 101:111(10) ack 301")
            .Advance(50).Inject("< . 301 ack 111")
            .Check(connection => Assert.Equal((TimeSpan.FromMilliseconds(100), 600), (connection.Rtt.Smoothed, connection.Rtt.Rto.TotalMilliseconds)))
            .Send(10).Expect("> P. 111:121(10) ack 301").Advance(599).ExpectNothing()
            .Inject("< . 301 ack 121") // sent once: a sample of 599 ms, which ends the backoff
            .Check(connection => Assert.Equal((0, 162.375), (connection.Rtt.Backoff, connection.Rtt.Smoothed!.Value.TotalMilliseconds)));

    [Fact]
    [Trait("Proves", "6298-10")]
    public void Established_AckOfPart_RestartsTheTimerAndAckOfAllStopsIt() =>
        InState.Established().Send(2000).Ignore().Advance(200).Inject("< . 301 ack 1101")
            .Check(connection => Assert.Equal(connection.Rtt.Rto, connection.PollTimeout() - Timestamp.FromSeconds(1000.3)))
            .Inject("< . 301 ack 1101") // a duplicate restarts nothing
            .Check(connection => Assert.Equal(connection.Rtt.Rto, connection.PollTimeout() - Timestamp.FromSeconds(1000.3)))
            .Inject("< . 301 ack 2101").Check(connection => Assert.Null(connection.PollTimeout()));

    [Fact]
    [Trait("Proves", "6298-11")]
    [Trait("Proves", "5681-9")]
    public void Established_Timeout_EarliestFirstAndTheRestAsAcksAllow() =>
        InState.Established().Send(3000).Ignore()
            .Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Check(connection => Assert.Equal((1000, 2000), (connection.CongestionWindow, connection.SlowStartThreshold)))
            .Inject("< . 301 ack 1101")
            .Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .Expect("> P. 2101:3101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "6298-11")]
    public void Established_LostSegmentDoesNotFitYet_NothingNewGoesBeforeIt() =>
        InState.Established(TcpHarness.Plain with { Nagle = false, ForwardRto = false }).Send(500).Expect("> P. 101:601(500) ack 301")
            .Send(1000).Expect("> P. 601:1601(1000) ack 301")
            .Advance(300).Expect("> . 101:601(500) ack 301").ExpectNothing() // cwnd is 1000
            .Send(10).ExpectNothing()
            .Inject("< . 301 ack 601").Expect("> . 601:1601(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .Expect("> P. 1601:1611(10) ack 301", TransmitReason.Data).ExpectNothing();

    [Fact]
    [Trait("Proves", "P07")]
    public void FinWait1_FinUnanswered_SentAgainAndGivenUp()
    {
        TcpHarness harness = InState.FinWait1(TcpHarness.Plain with { R2 = 2 });
        Silence(harness, "> F. 101:101(0) ack 301", [300, 600]);
        harness.Advance(1200).ExpectChange(FinWait1, Closed, TransitionEvent.RetransmissionTimeout).ExpectFailure(ConnectionError.TimedOut);
    }

    [Theory]
    [Trait("Proves", "P07")]
    [InlineData(Closing)]
    [InlineData(LastAck)]
    public void ClosedByBoth_FinUnanswered_SentAgain(TcpState state) => Silence(InState.Of(state), "> F. 101:101(0) ack 302", [300, 600, 1200])
        .ExpectState(state);

    [Fact]
    [Trait("Proves", "U-17")]
    public void Established_UserTimeout_ClosedWhateverR2Says() =>
        InState.Established(TcpHarness.Plain with { UserTimeout = TimeSpan.FromSeconds(2) }).Send(10).Advance(1999).Ignore()
            .ExpectState(Established)
            .Advance(1).ExpectChange(Established, Closed, TransitionEvent.UserTimeout).ExpectFailure(ConnectionError.UserTimeout);

    [Fact]
    [Trait("Proves", "U-17")]
    public void Established_UserTimeoutAndProgress_StartsAnew() =>
        InState.Established(TcpHarness.Plain with { UserTimeout = TimeSpan.FromSeconds(2) }).Send(2000).Advance(1999).Ignore()
            .Inject("< . 301 ack 1101").Ignore().Advance(1999).Ignore().ExpectState(Established)
            .Inject("< . 301 ack 2101").Advance(10_000).ExpectNothing().ExpectState(Established);

    [Theory]
    [Trait("Proves", "U-17")]
    [InlineData(SynSent)]
    [InlineData(SynReceived)]
    [InlineData(FinWait1)]
    [InlineData(Closing)]
    [InlineData(LastAck)]
    public void AnyStateThatWaits_UserTimeout_Closed(TcpState state) =>
        InState.Of(state, TcpHarness.Plain with { UserTimeout = TimeSpan.FromSeconds(2) }).Advance(2000).IgnoreSent()
            .ExpectFailure(ConnectionError.UserTimeout);

    [Theory]
    [InlineData(Listen)]
    [InlineData(Established)]
    [InlineData(FinWait2)]
    [InlineData(CloseWait)]
    [InlineData(TimeWait)]
    public void AnyStateThatWaitsForNothing_UserTimeout_Nothing(TcpState state) =>
        InState.Of(state, TcpHarness.Plain with { UserTimeout = TimeSpan.FromSeconds(2) }).Advance(10_000).ExpectNothing()
            .ExpectState(state);

    [Fact]
    [Trait("Proves", "P52")]
    public void Established_PeerGone_NothingIsKnownWhileNothingIsSent() =>
        InState.Established().Advance(365L * 86_400_000).ExpectNothing().ExpectState(Established)
            .Send(1).Expect("> P. 101:102(1) ack 301").Inject("< R 301").ExpectFailure(ConnectionError.Reset); // the peer has rebooted

    /// <summary>The peer is silent: the segment comes again after each of the gaps, not 1 ms earlier.</summary>
    private static TcpHarness Silence(TcpHarness harness, string segment, int[] gaps)
    {
        foreach (int gap in gaps)
        {
            harness.Advance(gap - 1).ExpectNothing().Advance(1).Expect(segment, TransmitReason.RetransmissionTimeout, ago: 0)
                .ExpectNothing();
        }

        return harness;
    }

    [Fact]
    [Trait("Proves", "P33")]
    public void Established_ManySmallSegmentsLost_GoAgainAsOne() =>
        InState.Established(TcpHarness.Plain with { Nagle = false })
            .Send(10).Expect("> P. 101:111(10) ack 301").Send(10).Expect("> P. 111:121(10) ack 301").Send(10).Expect("> P. 121:131(10) ack 301")
            .Check(connection => Assert.Equal(3, connection.Unacknowledged.Count))
            .Advance(10_000)
            .Expect("> P. 101:131(30) ack 301", TransmitReason.RetransmissionTimeout)
            .Check(connection => Assert.Equal(1, connection.Unacknowledged.Count));
}
