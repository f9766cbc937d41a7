using TcpShell.Tcp;
using TcpShell.Tcp.Congestion;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 5681 and RFC 6582 through a connection; SMSS is 1000.</summary>
public sealed class CongestionTests
{
    [Theory]
    [Trait("Proves", "5681-2")]
    [Trait("Proves", "6928-1")]
    [InlineData(10, 1000, 10_000)]
    [InlineData(10, 1460, 14_600)]
    [InlineData(10, 500, 5000)]
    [InlineData(4, 1000, 4000)]
    [InlineData(4, 1460, 4380)] // three segments
    [InlineData(4, 1096, 3288)]
    [InlineData(4, 1095, 4380)]
    [InlineData(2, 1000, 2000)]
    [InlineData(1, 1000, 1000)]
    public void Established_InitialWindow_AsTheRfcsSay(int segments, int mss, int octets) =>
        InState.SynSent(TcpHarness.Plain with { InitialWindowSegments = segments }).Inject($"< S. 300 ack 101 <mss {mss}>").Ignore()
            .Check(connection => Assert.Equal(octets, connection.CongestionWindow));

    [Fact]
    [Trait("Proves", "5681-2")]
    public void Established_InitialWindowOnLargeMtu_TwoSegments() =>
        new TcpHarness(TcpHarness.Plain with { InitialWindowSegments = 4 }, mtu: 9000).OpenActive().Ignore()
            .Inject("< S. 300 ack 101 <mss 8960>").Ignore()
            .Check(connection => Assert.Equal(2 * 8960, connection.CongestionWindow));

    [Fact]
    [Trait("Proves", "5681-1")]
    [Trait("Proves", "5681-5")]
    [Trait("Proves", "5681-6")]
    [Trait("Proves", "MUST-19")]
    public void Established_SlowStart_OneSegmentForEachAckAtMost()
    {
        TcpHarness harness = Sent(20_000, initialWindow: 2);
        harness.Expect("> . 101:1101(1000) ack 301").Expect("> . 1101:2101(1000) ack 301").ExpectNothing();
        harness.Inject("< . 301 ack 1101").Check(Window(3000)).Expect("> . 2101:3101(1000) ack 301").Expect("> . 3101:4101(1000) ack 301")
            .ExpectNothing();
        harness.Inject("< . 301 ack 4101").Check(Window(4000)).Ignore(); // three segments in one ACK grow it by one
        for (int ack = 4201; ack <= 5101; ack += 100)
        {
            harness.Inject($"< . 301 ack {ack}").Ignore();
        }

        harness.Check(Window(5000)); // ten ACKs of one segment too
    }

    [Fact]
    [Trait("Proves", "5681-7")]
    [Trait("Proves", "MUST-19")]
    public void Established_CongestionAvoidance_OneSegmentForEachWindow()
    {
        TcpHarness harness = Sent(40_000, initialWindow: 4);
        harness.Ignore().Advance(300).Ignore().Check(Window(1000, 2000)); // a timeout, FlightSize 4000
        harness.Inject("< . 301 ack 4101").Ignore().Check(Window(2000, 2000));
        harness.Inject("< . 301 ack 5101").Ignore().Check(Window(2000, 2000));
        harness.Inject("< . 301 ack 6101").Ignore().Check(Window(3000, 2000));
        harness.Inject("< . 301 ack 8101").Ignore().Check(Window(3000, 2000));
        harness.Inject("< . 301 ack 9101").Ignore().Check(Window(4000, 2000));
    }

    [Fact]
    [Trait("Proves", "P33")]
    [Trait("Proves", "5681-10")]
    [Trait("Proves", "5681-13")]
    [Trait("Proves", "5681-14")]
    [Trait("Proves", "5681-15")]
    [Trait("Proves", "6582-3")]
    [Trait("Proves", "6582-1")]
    public void Established_ThreeDuplicateAcks_FastRetransmitAndRecovery()
    {
        TcpHarness harness = Sent(5000, initialWindow: 10).Ignore();
        harness.Inject("< . 301 ack 101").ExpectNothing().Inject("< . 301 ack 101").ExpectNothing().Check(Window(10_000));
        harness.Advance(10).Inject("< . 301 ack 101")
            .ExpectNext(attempt: 2, "after 3 duplicate ACKs")
            .Expect("> . 101:1101(1000) ack 301", TransmitReason.FastRetransmit, ago: 0)
            .ExpectNothing()
            .Check(Window(5500, 2500))
            .Check(connection => Assert.True(connection.InRecovery));
        harness.Send(3000).ExpectNothing(); // 5000 are in flight
        harness.Inject("< . 301 ack 101").Check(Window(6500, 2500)).Expect("> . 5101:6101(1000) ack 301", TransmitReason.Data)
            .ExpectNothing();
        harness.Inject("< . 301 ack 5101").Check(Window(2500, 2500)).Ignore()
            .Check(connection => Assert.False(connection.InRecovery))
            .Check(connection => Assert.Equal((1L, 0L, 4L), (connection.Counters.FastRetransmits, connection.Counters.Timeouts, connection.Counters.DuplicateAcks)));
    }

    [Fact]
    [Trait("Proves", "6582-4")]
    public void Recovery_PartialAck_NextHoleIsFilledAtOnce()
    {
        TcpHarness harness = Sent(5000, initialWindow: 10).Ignore();
        harness.Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Expect("> . 101:1101(1000) ack 301")
            .Check(Window(5500, 2500));
        harness.Inject("< . 301 ack 2101").Expect("> . 2101:3101(1000) ack 301", TransmitReason.FastRetransmit).ExpectNothing()
            .Check(Window(4500, 2500)) // 5500 - 2000 acknowledged + 1000
            .Check(connection => Assert.True(connection.InRecovery));
        harness.Inject("< . 301 ack 5101").ExpectNothing().Check(Window(2500, 2500))
            .Check(connection => Assert.False(connection.InRecovery));
    }

    [Fact]
    [Trait("Proves", "6582-2")]
    [Trait("Proves", "6582-6")]
    public void AfterTimeout_DuplicateAcksOfOldData_NoFastRetransmit()
    {
        TcpHarness harness = Sent(5000, initialWindow: 10).Ignore().Advance(300).Expect("> . 101:1101(1000) ack 301");
        harness.Inject("< . 301 ack 101").Inject("< . 301 ack 101").Inject("< . 301 ack 101").Inject("< . 301 ack 101").ExpectNothing();
        harness.Check(Window(1000, 2500)).Check(connection => Assert.False(connection.InRecovery));
    }

    [Fact]
    [Trait("Proves", "6582-2")]
    public void AfterTimeout_LossOfNewerData_FastRetransmitAgain()
    {
        TcpHarness harness = Sent(3000, initialWindow: 10).Ignore().Advance(300).Ignore().Inject("< . 301 ack 3101").Ignore()
            .Check(Window(2000, 2000));
        harness.Send(2000).Ignore().Inject("< . 301 ack 4101").Send(4000).Ignore()
            .Inject("< . 301 ack 4101", "< . 301 ack 4101", "< . 301 ack 4101")
            .Expect("> . 4101:5101(1000) ack 301", TransmitReason.FastRetransmit);
    }

    [Fact]
    [Trait("Proves", "6582-2")]
    [Trait("Proves", "3042-1")]
    public void AfterTimeout_DuplicateAcksOfAllThatWasSentBefore_NoFastRetransmit()
    {
        // They cover what was sent before the timeout and no more, so they may come of what went again; two new segments may go for them.
        TcpHarness harness = Sent(3000, initialWindow: 10).Ignore().Advance(300).Ignore().Inject("< . 301 ack 3101").Send(9000).Ignore();
        harness.Inject("< . 301 ack 3101").Expect("> . 5101:6101(1000) ack 301").Inject("< . 301 ack 3101").Expect("> . 6101:7101(1000) ack 301")
            .Inject("< . 301 ack 3101").ExpectNothing().Inject("< . 301 ack 3101").ExpectNothing()
            .Check(connection => Assert.False(connection.InRecovery));
    }

    [Fact]
    [Trait("Proves", "5681-8")]
    public void RepeatedTimeout_Ssthresh_IsHalvedOnce() =>
        Sent(8000, initialWindow: 10).Ignore().Advance(300).Ignore().Check(Window(1000, 4000)).Advance(600).Ignore()
            .Check(Window(1000, 4000))
            .Advance(1200).Ignore().Check(Window(1000, 4000));

    [Fact]
    [Trait("Proves", "5681-8")]
    public void Timeout_SmallFlight_SsthreshIsTwoSegmentsAtLeast() =>
        Sent(10, initialWindow: 10).Ignore().Advance(300).Ignore().Check(Window(1000, 2000));

    [Fact]
    [Trait("Proves", "5681-8")]
    [Trait("Proves", "5681-9")]
    public void Reno_TimedOut_OnlyTheFirstTimeHalves()
    {
        var reno = new Reno(TcpSettings.Linux);
        reno.Start(1000, handshakeLost: false);
        reno.Congested(CongestionSignal.Timeout, 8000, Timestamp.Zero);
        reno.Congested(CongestionSignal.RepeatedTimeout, 6000, Timestamp.Zero);
        Assert.Equal((1000, 4000), (reno.Window, reno.SlowStartThreshold));
    }

    [Fact]
    [Trait("Proves", "5681-21")]
    [Trait("Proves", "6582-6")]
    public void Recovery_Timeout_RecoveryIsOver()
    {
        TcpHarness harness = Sent(5000, initialWindow: 10).Ignore();
        harness.Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Expect("> . 101:1101(1000) ack 301");
        harness.Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Check(connection => Assert.False(connection.InRecovery));
        harness.Inject("< . 301 ack 1101").Check(Window(2000, 2000)) // the retransmission was lost as well, which halves the 2500 again
            .Expect("> . 1101:2101(1000) ack 301", TransmitReason.RetransmissionTimeout)
            .Expect("> . 2101:3101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing();
    }

    [Theory]
    [Trait("Proves", "5681-11")]
    [InlineData("< . 301 ack 101", 4, true)]
    [InlineData("< P. 301:302(1) ack 101", 1, false)] // with data
    [InlineData("< F. 301 ack 101", 1, false)] // with FIN
    [InlineData("< . 301 ack 100", 1, false)] // of something older
    [InlineData("< . 301 ack 101 win 60000", 1, false)] // with another window
    public void Established_DuplicateAckAndOneDeviation_OnlyTheTrueOneCounts(string fourth, int counted, bool retransmits)
    {
        TcpHarness harness = Sent(3000, initialWindow: 10).Ignore().Inject("< . 301 ack 101").Inject(fourth).Ignore();
        long expected = counted == 4 ? 2 : 1;
        harness.Check(connection => Assert.Equal(expected, connection.Counters.DuplicateAcks));
        harness.Inject(fourth).Ignore().Check(connection => Assert.Equal(retransmits ? 1 : 0, connection.Counters.FastRetransmits));
    }

    [Fact]
    [Trait("Proves", "5681-11")]
    public void Established_NothingOutstanding_NoDuplicateAck() =>
        InState.Established().Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").ExpectNothing()
            .Check(connection => Assert.Equal(0, connection.Counters.DuplicateAcks));

    [Fact]
    public void Established_GigabytesWithoutLoss_WindowDoesNotOverflow()
    {
        var reno = new Reno(TcpSettings.Linux);
        reno.Start(65495, handshakeLost: false);
        for (int i = 0; i < 100_000; i++)
        {
            reno.Acknowledged(new(65495, Timestamp.Zero, 0, 65495, null, null, WindowWasFull: true));
        }

        Assert.InRange(reno.Window, 1_000_000_000, int.MaxValue - 65495);
    }

    [Fact]
    public void Established_NoCongestionControl_OnlyTheWindowLimits()
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { Congestion = CongestionAlgorithm.None }).Send(100_000);
        harness.Check(connection => Assert.Equal(65_000, connection.Snd.Outstanding)).Ignore();
    }

    private static TcpHarness Sent(int octets, int initialWindow) =>
        InState.Established(TcpHarness.Plain with { InitialWindowSegments = initialWindow, Nagle = false }).Send(octets);

    private static Action<TcpConnection> Window(int window, int threshold = int.MaxValue) =>
        connection => Assert.Equal((window, threshold), (connection.CongestionWindow, connection.SlowStartThreshold));
}
