using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>When data is acknowledged: RFC 9293 3.8.6.3, RFC 5681 4.2.</summary>
public sealed class DelayedAckTests
{
    private static readonly TcpSettings s_delayed = TcpHarness.Plain with { QuickAcks = 0, DelayedAckTimeout = TimeSpan.FromMilliseconds(200) };

    [Fact]
    [Trait("Proves", "SHLD-18")]
    [Trait("Proves", "MUST-40")]
    [Trait("Proves", "5681-17")]
    public void Established_OneSegment_AckWaitsForTheTimer() =>
        InState.Established(s_delayed).Inject("< P. 301:311(10) ack 101").ExpectNothing()
            .Check(connection => Assert.Equal(1, connection.DelayedSegments))
            .Advance(199).ExpectNothing().Advance(1).ExpectNext(attempt: 1, "delayed ACK, 200 ms")
            .Expect("> . 101 ack 311", TransmitReason.Acknowledgment, ago: 0).ExpectNothing()
            .Check(connection => Assert.Equal((0, null), (connection.DelayedSegments, connection.PollTimeout())));

    [Theory]
    [Trait("Proves", "MUST-40")]
    [InlineData(499, true)]
    [InlineData(500, false)]
    public void Settings_DelayedAckTimeout_LessThanHalfASecond(int milliseconds, bool valid)
    {
        TcpSettings settings = TcpSettings.Linux with { DelayedAckTimeout = TimeSpan.FromMilliseconds(milliseconds) };
        Assert.Equal(valid, Record.Exception(settings.Validate) is null);
    }

    [Fact]
    [Trait("Proves", "SHLD-18")]
    public void Settings_DelayedAckTimeoutZero_AcknowledgesAtOnce() =>
        InState.Established(s_delayed with { DelayedAckTimeout = TimeSpan.Zero }).Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311");

    [Fact]
    [Trait("Proves", "SHLD-19")]
    [Trait("Proves", "5681-17")]
    [Trait("Proves", "5681-19")]
    public void Established_TenSegmentsOneByOne_EverySecondIsAcknowledged()
    {
        TcpHarness harness = InState.Established(s_delayed);
        for (int first = 301; first < 301 + 14600; first += 2920)
        {
            harness.Inject($"< . {first}:{first + 1460}(1460) ack 101").ExpectNothing().Advance(1)
                .Inject($"< . {first + 1460}:{first + 2920}(1460) ack 101").ExpectNext(attempt: 1, note: "")
                .Expect($"> . 101 ack {first + 2920}", TransmitReason.Acknowledgment).ExpectNothing().Advance(1);
        }

        harness.Advance(1000).ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "SHLD-19")]
    public void Established_TwoSegmentsWorthInOne_AcknowledgedAtOnce() =>
        InState.Established(s_delayed with { MaximumSegmentSize = 500 }).Inject("< . 301:1301(1000) ack 101").Expect("> . 101 ack 1301")
            .Inject("< . 1301:2300(999) ack 101").ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-58")]
    [Trait("Proves", "MUST-59")]
    [Trait("Proves", "5681-19")]
    public void Established_BatchOfFive_OneAckForAllWhateverWouldBeDelayed() =>
        InState.Established(s_delayed).Inject([.. Enumerable.Range(0, 5).Select(i => $"< . {301 + (i * 10)}:{311 + (i * 10)}(10) ack 101")])
            .Expect("> . 101 ack 351").ExpectNothing().Advance(1000).ExpectNothing();

    // As many as a live network takes in together.
    [Fact]
    [Trait("Proves", "MUST-58")]
    [Trait("Proves", "MUST-59")]
    public void Established_BatchOf64FullSegments_OneAckForAll() =>
        InState.Established(s_delayed with { QuickAcks = 16, MaximumSegmentSize = 500 })
            .Inject([.. Enumerable.Range(0, 64).Select(i => $"< . {301 + (i * 500)}:{801 + (i * 500)}(500) ack 101")])
            .Expect("> . 101 ack 32301").ExpectNothing().Advance(1000).ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-58")]
    [Trait("Proves", "SHLD-18")]
    public void Established_DataGoesOut_TakesTheAckAlong() =>
        InState.Established(s_delayed).Inject("< P. 301:311(10) ack 101").ExpectNothing().Advance(50)
            .Send(10).Expect("> P. 101:111(10) ack 311").ExpectNothing()
            .Inject("< . 311 ack 111").Advance(1000).ExpectNothing();

    [Fact]
    [Trait("Proves", "5681-18")]
    public void Established_OutOfOrder_EachIsAcknowledgedAtOnce() =>
        InState.Established(s_delayed)
            .Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301")
            .Inject("< . 331:341(10) ack 101").Expect("> . 101 ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "5681-18")]
    public void Established_HoleFilledInPart_EachIsAcknowledgedAtOnce() =>
        InState.Established(s_delayed)
            .Inject("< . 321:331(10) ack 101").Expect("> . 101 ack 301")
            .Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311") // part of the hole
            .Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 331") // and the rest
            .Inject("< . 331:341(10) ack 101").ExpectNothing() // in order, and nothing is missing
            .Advance(200).Expect("> . 101 ack 341");

    // What a device hands over at once: a peer without SACK counts duplicate ACKs, and finds its loss by the third.
    [Fact]
    [Trait("Proves", "5681-18")]
    [Trait("Proves", "5681-19")]
    public void Established_BatchBehindALoss_EachIsAcknowledgedByItself()
    {
        TcpHarness harness = InState.Established(s_delayed)
            .Inject([.. Enumerable.Range(1, 5).Select(i => $"< . {301 + (i * 10)}:{311 + (i * 10)}(10) ack 101")]);
        for (int i = 0; i < 5; i++)
        {
            harness.Expect("> . 101 ack 301", TransmitReason.Acknowledgment, ago: 0);
        }

        harness.ExpectNothing().Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 361").ExpectNothing().Advance(1000).ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "5681-18")]
    [Trait("Proves", "MUST-58")]
    public void Established_BatchWithALossInIt_InOrderTogetherAndTheRestApart() =>
        InState.Established(s_delayed)
            .Inject(
                "< . 301:311(10) ack 101",
                "< . 311:321(10) ack 101",
                "< . 321:331(10) ack 101",
                "< . 341:351(10) ack 101", // 331 is lost
                "< . 361:371(10) ack 101", // and 351
                "< . 331:341(10) ack 101",
                "< . 351:361(10) ack 101",
                "< . 371:381(10) ack 101",
                "< . 381:391(10) ack 101")
            .Expect("> . 101 ack 331").Expect("> . 101 ack 331").Expect("> . 101 ack 331") // the first of them is no duplicate
            .Expect("> . 101 ack 351").Expect("> . 101 ack 371").Expect("> . 101 ack 391").ExpectNothing();

    [Fact]
    [Trait("Proves", "5681-18")]
    public void Established_BatchOfDuplicates_EachIsAcknowledgedByItself() =>
        InState.Established(s_delayed).Inject("< . 301:321(20) ack 101").Advance(200).Expect("> . 101 ack 321")
            .Inject("< . 301:311(10) ack 101", "< . 311:321(10) ack 101", "< . 316:331(15) ack 101", "< . 331:341(10) ack 101")
            .Expect("> . 101 ack 321").Expect("> . 101 ack 321").Expect("> . 101 ack 331")
            .ExpectNothing().Check(connection => Assert.Equal(1, connection.DelayedSegments)); // in order, and alone

    [Fact]
    [Trait("Proves", "5681-18")]
    public void Established_BatchWithAFinBehindALoss_EachIsAcknowledgedByItself() =>
        InState.Established(s_delayed)
            .Inject("< . 311:321(10) ack 101", "< F. 321 ack 101", "< . 301:311(10) ack 101")
            .Expect("> . 101 ack 301").Expect("> . 101 ack 301").Expect("> . 101 ack 322").ExpectNothing().ExpectState(CloseWait);

    // More than a device hands over at once: what has no room is acknowledged together.
    [Fact]
    [Trait("Proves", "5681-19")]
    public void Established_HundredBehindALoss_NoMoreAcksThanAreKept()
    {
        TcpHarness harness = InState.Established(s_delayed)
            .Inject([.. Enumerable.Range(1, 100).Select(i => $"< . {301 + (i * 10)}:{311 + (i * 10)}(10) ack 101")]);
        for (int i = 0; i < 65; i++)
        {
            harness.Expect("> . 101 ack 301");
        }

        harness.ExpectNothing();
    }

    // The data of ours goes with the ACK that is owed last; duplicate ACKs carry none (RFC 5681 2).
    [Fact]
    [Trait("Proves", "5681-18")]
    public void Established_BatchBehindALossOpensTheWindow_DataGoesBehindTheAcks() =>
        InState.Established(s_delayed).Inject("< . 301 ack 101 win 0").Send(10).ExpectNothing()
            .Inject("< . 311:321(10) ack 101 win 0", "< . 321:331(10) ack 101 win 0", "< . 331:341(10) ack 101 win 1000")
            .Expect("> . 101 ack 301").Expect("> . 101 ack 301").Expect("> P. 101:111(10) ack 301").ExpectNothing();

    [Theory]
    [Trait("Proves", "5681-18")]
    [InlineData("< P. 301:311(10) ack 101", 311)] // all of it came before
    [InlineData("< P. 306:316(10) ack 101", 316)] // part of it did
    [InlineData("< F. 311 ack 101", 312)]
    public void Established_DuplicateOrFin_AcknowledgedAtOnce(string segment, int ack) =>
        InState.Established(s_delayed).Inject("< P. 301:311(10) ack 101").ExpectNothing()
            .Inject(segment).Expect($"> . 101 ack {ack}").ExpectNothing().Advance(1000).ExpectNothing();

    [Fact]
    public void Established_WindowHasNoRoomForASecondSegment_AcknowledgedAtOnce() =>
        InState.Established(s_delayed with { ReceiveBufferSize = 100, MaximumSegmentSize = 50 })
            .Inject("< . 301:351(50) ack 101").ExpectNothing().Advance(200).Expect("> . 101 ack 351 win 50")
            .Inject("< . 351:371(20) ack 101").Expect("> . 101 ack 371 win 30");

    [Fact]
    [Trait("Proves", "SHLD-18")]
    [Trait("Proves", "MUST-39")]
    public void Established_UserReads_WindowUpdateIsTheAck() =>
        InState.Established(s_delayed with { ReceiveBufferSize = 100, MaximumSegmentSize = 20 })
            .Inject("< P. 301:331(30) ack 101").ExpectNothing()
            .Receive(30, 30).Expect("> . 101 ack 331 win 100", TransmitReason.Acknowledgment).ExpectNothing()
            .Advance(1000).ExpectNothing();

    [Fact]
    public void Established_QuickAcks_FirstOfEachBurstAreAtOnce()
    {
        TcpHarness harness = InState.Established(s_delayed with { QuickAcks = 3 });
        harness.Inject("< P. 301:302(1) ack 101").Expect("> . 101 ack 302")
            .Inject("< P. 302:303(1) ack 101").Expect("> . 101 ack 303")
            .Inject("< P. 303:304(1) ack 101").Expect("> . 101 ack 304")
            .Inject("< P. 304:305(1) ack 101").ExpectNothing().Advance(200).Expect("> . 101 ack 305");
        TimeSpan rto = harness.Connection.Rtt.Rto;
        harness.Advance(rto.TotalMilliseconds - 200).Inject("< P. 305:306(1) ack 101").ExpectNothing().Advance(200).Expect("> . 101 ack 306")
            .Advance(rto.TotalMilliseconds).Inject("< P. 306:307(1) ack 101").Expect("> . 101 ack 307"); // idle for longer than an RTO
    }

    [Fact]
    public void Established_QuickAcks_AgainWhileTheNetworkLosesOrReorders() =>
        InState.Established(s_delayed with { QuickAcks = 1 })
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311")
            .Inject("< P. 311:321(10) ack 101").ExpectNothing()
            .Inject("< P. 331:341(10) ack 101").Expect("> . 101 ack 321")
            .Inject("< P. 321:331(10) ack 101").Expect("> . 101 ack 341")
            .Inject("< P. 341:351(10) ack 101").Expect("> . 101 ack 351")
            .Inject("< P. 351:361(10) ack 101").ExpectNothing();

    [Theory]
    [Trait("Proves", "SHLD-18")]
    [InlineData(FinWait1)]
    [InlineData(FinWait2)]
    public void OurSideClosed_DataOfTheOther_IsDelayedToo(TcpState state) =>
        InState.Of(state, s_delayed).Inject($"< P. 301:311(10) ack {(state == FinWait1 ? 101 : 102)}").ExpectNothing().Advance(200)
            .Expect("> . 102 ack 311");

    [Fact]
    public void Established_AbortWhileAnAckWaits_TimerIsGone() =>
        InState.Established(s_delayed).Inject("< P. 301:311(10) ack 101").Abort().Expect("> R. 101 ack 311").Advance(1000).ExpectNothing();

    [Fact]
    public void SynReceived_DataOnTheAckOfOurSyn_IsDelayed() =>
        InState.SynReceived(s_delayed).Inject("< P. 301:311(10) ack 101").ExpectNothing().Advance(200).Expect("> . 101 ack 311");

    [Fact]
    [Trait("Proves", "SHLD-19")]
    public void LinuxAndRfc_Defaults_AreTheirs()
    {
        Assert.Equal((16, 40), (TcpSettings.Linux.QuickAcks, TcpSettings.Linux.DelayedAckTimeout.TotalMilliseconds));
        Assert.Equal((0, 200), (TcpSettings.Rfc.QuickAcks, TcpSettings.Rfc.DelayedAckTimeout.TotalMilliseconds));
    }
}
