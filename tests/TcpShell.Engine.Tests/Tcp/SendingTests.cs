using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.7.4, 3.8.5, 3.8.6: how data is cut, held back, pushed and probed. SMSS is 1000.</summary>
public sealed class SendingTests
{
    [Fact]
    [Trait("Proves", "P30")]
    public void Established_Send_NumbersMoveByTheOctets() =>
        InState.Established().Send(1000).Expect("> P. 101:1101(1000) ack 301").Inject("< . 301 ack 1101")
            .Check(connection => Assert.Equal((connection.Snd.Nxt, 0L), (connection.Snd.Una, connection.SendQueue)))
            .Send(5).Expect("> P. 1101:1106(5) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-61")]
    [Trait("Proves", "SHLD-28")]
    public void Established_SendThreeAndAHalfSegments_OnlyTheLastIsPushed() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Send(3500)
            .Expect("> . 101:1101(1000) ack 301").Expect("> . 1101:2101(1000) ack 301").Expect("> . 2101:3101(1000) ack 301")
            .Expect("> P. 3101:3601(500) ack 301")
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "SHLD-7")]
    [Trait("Proves", "SHLD-27")]
    [Trait("Proves", "MAY-16")]
    [Trait("Proves", "MUST-60")]
    public void Established_ShortSends_NagleHoldsThemUntilTheAck() =>
        InState.Established().Send(1).Expect("> P. 101:102(1) ack 301").Send(1).Send(1).Send(1).ExpectNothing()
            .Inject("< . 301 ack 102").Expect("> P. 102:105(3) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "SHLD-7")]
    public void Established_FullSegment_NagleLetsItGo() =>
        InState.Established().Send(1).Expect("> P. 101:102(1) ack 301").Send(999).ExpectNothing().Send(1)
            .Expect("> P. 102:1102(1000) ack 301");

    [Fact]
    [Trait("Proves", "SHLD-7")]
    public void Established_Close_NagleLetsTheRestGo() =>
        InState.Established().Send(1).Expect("> P. 101:102(1) ack 301").Send(1).ExpectNothing().Close().Expect("> FP. 102:103(1) ack 301");

    [Fact]
    [Trait("Proves", "MUST-17")]
    public void Established_NagleOff_EachSendGoesAtOnce() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Send(1).Expect("> P. 101:102(1) ack 301").Send(1)
            .Expect("> P. 102:103(1) ack 301");

    [Fact]
    [Trait("Proves", "P34")]
    [Trait("Proves", "MUST-36")]
    [Trait("Proves", "SHLD-29")]
    [Trait("Proves", "SHLD-30")]
    public void Established_WindowClosed_ProbedWithBackoffAndReopened()
    {
        TcpHarness harness = WindowClosed(TcpHarness.Plain).Send(500).ExpectNothing();
        foreach (double gap in new[] { 337.5, 675, 1350, 2700 })
        {
            harness.Advance(gap - 0.1).ExpectNothing().Advance(0.1).Expect("> . 201:202(1) ack 301", TransmitReason.ZeroWindowProbe, ago: 0)
                .ExpectNothing()
                .Inject("< . 301 ack 201 win 0").ExpectNothing();
        }

        harness.Inject("< . 301 ack 201 win 3000").Expect("> P. 201:701(500) ack 301", TransmitReason.Data).ExpectNothing()
            .Check(connection => Assert.Equal((4L, 0L), (connection.Counters.ZeroWindowProbes, connection.Counters.Retransmissions)))
            .Check(connection => Assert.Equal([TimerKind.Retransmission], connection.Timers.Running().Select(timer => timer.Key)));
    }

    [Theory]
    [Trait("Proves", "MUST-36")]
    [InlineData(false)]
    [InlineData(true)]
    public void Established_WindowClosedAndProbesWithoutData_OldNumberAndNothingElse(bool onlyFin)
    {
        TcpHarness harness = WindowClosed(TcpHarness.Plain with { ZeroWindowProbeData = false });
        harness = onlyFin ? harness.Close() : harness.Send(500);
        foreach (double gap in new[] { 337.5, 675, 1350 })
        {
            harness.ExpectNothing().Advance(gap).Expect("> . 200 ack 301", TransmitReason.ZeroWindowProbe, ago: 0).ExpectNothing()
                .Inject("< . 301 ack 201 win 0");
        }

        harness.ExpectNothing().Inject("< . 301 ack 201 win 3000").Expect(onlyFin ? "> F. 201 ack 301" : "> P. 201:701(500) ack 301").ExpectNothing()
            .Check(connection => Assert.Equal(3, connection.Counters.ZeroWindowProbes));
    }

    [Fact]
    [Trait("Proves", "5681-16")]
    public void Established_WindowClosedForLong_RestartIsForTheFirstDataAfterIt()
    {
        TcpHarness harness = WindowClosed(TcpHarness.Plain with { InitialWindowSegments = 10 });
        harness.Do((connection, now) => connection.UsePathMtu(1500)).Check(connection => Assert.InRange(connection.CongestionWindow, 10_000, 20_000));
        int grown = harness.Connection.CongestionWindow;
        harness.Send(500).Advance(5000).IgnoreSent().Check(connection => Assert.Equal(grown, connection.CongestionWindow));
    }

    [Fact]
    [Trait("Proves", "SHLD-29")]
    public void Established_WindowClosesAgain_BackoffStartsAnew() =>
        WindowClosed(TcpHarness.Plain).Send(10).Advance(5000).IgnoreSent().Inject("< . 301 ack 201 win 500")
            .Expect("> P. 201:211(10) ack 301")
            .Inject("< . 301 ack 211 win 0").Send(10)
            .Advance(351).ExpectNothing().Advance(1).Expect("> . 211:212(1) ack 301", TransmitReason.ZeroWindowProbe);

    [Fact]
    [Trait("Proves", "MUST-36")]
    public void Established_ProbeIsTaken_TheOctetCountsAsSent() =>
        WindowClosed(TcpHarness.Plain).Send(500).Advance(337.5).Expect("> . 201:202(1) ack 301")
            .Inject("< . 301 ack 202 win 0").ExpectNothing()
            .Check(connection => Assert.Equal((499, 101L, 101L), (connection.SendQueue, connection.Counters.BytesSent, connection.Counters.BytesAcknowledged)))
            .Advance(675).Expect("> . 202:203(1) ack 301")
            .Inject("< . 301 ack 203 win 5000").Expect("> P. 203:701(498) ack 301");

    [Fact]
    [Trait("Proves", "MUST-36")]
    public void Established_ProbeTakesTheLastOctet_NoMoreProbes() =>
        WindowClosed(TcpHarness.Plain).Send(1).Advance(337.5).Expect("> P. 201:202(1) ack 301").Inject("< . 301 ack 202 win 0")
            .Advance(86_400_000).ExpectNothing().ExpectState(Established);

    [Fact]
    [Trait("Proves", "MUST-36")]
    public void FinWait1_WindowClosed_FinIsTheProbe() =>
        WindowClosed(TcpHarness.Plain).Close().ExpectNothing().ExpectState(FinWait1).Advance(337.5)
            .Expect("> F. 201:201(0) ack 301", TransmitReason.ZeroWindowProbe)
            .Inject("< . 301 ack 201 win 0").ExpectState(FinWait1)
            .Advance(675).Expect("> F. 201:201(0) ack 301").Inject("< . 301 ack 202 win 0").ExpectState(FinWait2).Advance(86_400_000)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-37")]
    public void Established_ProbesAreAnswered_StaysOpenForADay()
    {
        TcpHarness harness = WindowClosed(TcpHarness.Plain).Send(500);
        Timestamp end = harness.Now + TimeSpan.FromDays(1);
        while (harness.Now < end)
        {
            harness.Advance(120_000).IgnoreSent().Inject("< . 301 ack 201 win 0");
        }

        harness.ExpectState(Established).Inject("< . 301 ack 201 win 3000").Expect("> P. 201:701(500) ack 301");
    }

    [Fact]
    [Trait("Proves", "MUST-20")]
    public void Established_ProbesUnanswered_GivenUp() =>
        WindowClosed(TcpHarness.Plain with { R2 = 3 }).Send(500).Advance(337.5).Expect("> . 201:202(1) ack 301").Advance(675)
            .Expect("> . 201:202(1) ack 301")
            .Advance(1350).Expect("> . 201:202(1) ack 301").Advance(2699).ExpectState(Established).Advance(1)
            .ExpectChange(Established, Closed, TransitionEvent.RetransmissionTimeout).ExpectFailure(ConnectionError.TimedOut);

    [Fact]
    [Trait("Proves", "MUST-34")]
    [Trait("Proves", "SHLD-15")]
    [Trait("Proves", "SHLD-16")]
    public void Established_WindowShrinksBelowWhatIsInFlight_NothingNewAndOldAgain() =>
        InState.Established().Send(3000).Ignore().Inject("< . 301 ack 101 win 1500").Send(1000).ExpectNothing()
            .Check(connection => Assert.Equal(-1500, connection.Snd.UsableWindow))
            .Advance(300).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing()
            .Inject("< . 301 ack 3101 win 5000").Expect("> P. 3101:4101(1000) ack 301");

    [Fact]
    [Trait("Proves", "SHLD-16")]
    [Trait("Proves", "5681-1")]
    public void Established_WindowShrinksAndDataIsLost_OnlyWhatFitsGoesAgain() =>
        InState.Established().Send(3000).Ignore().Advance(300).Expect("> . 101:1101(1000) ack 301").ExpectNothing()
            .Inject("< . 301 ack 1101 win 1000").Expect("> . 1101:2101(1000) ack 301").ExpectNothing() // cwnd is 2000
            .Inject("< . 301 ack 2101 win 1000").Expect("> P. 2101:3101(1000) ack 301").ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-35")]
    [Trait("Proves", "SHLD-17")]
    public void Established_WindowShrinksToZeroWithDataInFlight_StaysWhileThePeerAnswers()
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { R2 = 3 }).Send(1000).Ignore().Inject("< . 301 ack 101 win 0");
        for (int i = 0; i < 20; i++)
        {
            harness.Advance(harness.Connection.Rtt.Rto.TotalMilliseconds).Expect("> P. 101:1101(1000) ack 301").ExpectNothing()
                .Inject("< . 301 ack 101 win 0");
        }

        harness.ExpectState(Established).Inject("< . 301 ack 101 win 2000").Expect("> P. 101:1101(1000) ack 301").ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "MUST-38")]
    [Trait("Proves", "MUST-60")]
    public void Established_SillyWindow_WaitsForTheOverride() =>
        WindowClosed(TcpHarness.Plain).Send(5000).Inject("< . 301 ack 201 win 10").ExpectNothing()
            .Advance(300).Inject("< . 301 ack 201 win 11").ExpectNothing() // an update that is silly too does not put it off
            .Advance(37.5).Expect("> . 201:212(11) ack 301", TransmitReason.Data).ExpectNothing()
            .Inject("< . 301 ack 212 win 11").ExpectNothing(); // and once is not for ever

    [Fact]
    [Trait("Proves", "MUST-38")]
    public void Established_SillyWindowGrows_DataGoesAndThePersistTimerStops() =>
        WindowClosed(TcpHarness.Plain).Send(1000).Inject("< . 301 ack 201 win 10").ExpectNothing()
            .Inject("< . 301 ack 201 win 2000").Expect("> P. 201:1201(1000) ack 301")
            .Check(connection => Assert.Equal([TimerKind.Retransmission], connection.Timers.Running().Select(timer => timer.Key)));

    [Fact]
    [Trait("Proves", "MUST-30")]
    public void Established_ShortUrgentSend_NagleLetsItGo() =>
        InState.Established().Send(1).Expect("> P. 101:102(1) ack 301").Send(1).ExpectNothing().Send(1, urgent: true)
            .Expect("> P.U 102:104(2) ack 301 urg 2");

    [Fact]
    [Trait("Proves", "MUST-38")]
    public void Established_WindowOfHalfTheLargest_IsNotSilly() =>
        InState.SynSent().Inject("< S. 300 ack 101 win 1600 <mss 1000>").Expect("> . 101 ack 301").Send(2000)
            .Expect("> . 101:1101(1000) ack 301")
            .ExpectNothing() // 600 are less than half of 1600
            .Inject("< . 301 ack 1101 win 800").Expect("> . 1101:1901(800) ack 301");

    [Fact]
    [Trait("Proves", "MUST-38")]
    public void Established_WindowFitsAll_IsNotSilly() =>
        WindowClosed(TcpHarness.Plain).Send(10).Inject("< . 301 ack 201 win 10").Expect("> P. 201:211(10) ack 301");

    [Fact]
    [Trait("Proves", "U-11")]
    public void Established_OldSegment_DoesNotSetTheWindow() =>
        InState.Established().Inject("< . 301 ack 101 win 5000").Inject("< P. 301:311(10) ack 101 win 4000").Expect("> . 101 ack 311")
            .Check(connection => Assert.Equal(4000u, connection.Snd.Wnd))
            .Inject("< P. 305:315(10) ack 101 win 3000").Expect("> . 101 ack 315") // SND.WL1 is 301: newer
            .Check(connection => Assert.Equal(3000u, connection.Snd.Wnd))
            .Inject("< P. 304:316(12) ack 101 win 2000").Expect("> . 101 ack 316") // SND.WL1 is 305: older
            .Check(connection => Assert.Equal(3000u, connection.Snd.Wnd))
            .Send(10).Expect("> P. 101:111(10) ack 316").Inject("< . 316 ack 111 win 1000").Inject("< . 316 ack 101 win 500")
            .Check(connection => Assert.Equal(1000u, connection.Snd.Wnd));

    [Fact]
    [Trait("Proves", "MUST-1")]
    public void Established_WindowWithItsHighestBit_IsNotNegative() =>
        InState.Established(TcpHarness.Plain with { Congestion = CongestionAlgorithm.None }).Inject("< . 301 ack 101 win 40000")
            .Send(50_000).Ignore()
            .Check(connection => Assert.Equal(40_000, connection.Snd.Outstanding));

    [Fact]
    [Trait("Proves", "REC-1")]
    public void Established_LargestScaledWindow_IsUsed() =>
        InState.SynSent(TcpHarness.Plain with { Congestion = CongestionAlgorithm.None, WindowScaling = true, SendBufferSize = 1 << 20 })
            .Inject("< S. 300 ack 101 <mss 1000,wscale 14>").Ignore().Inject("< . 301 ack 101 win 65535")
            .Check(connection => Assert.Equal(65535u << 14, connection.Snd.Wnd))
            .Send(1 << 20).Ignore()
            .Check(connection => Assert.Equal((1 << 20) / 1000 * 1000, connection.Snd.Outstanding)); // Nagle holds the rest

    [Fact]
    [Trait("Proves", "MUST-30")]
    [Trait("Proves", "MUST-62")]
    public void Established_SendUrgent_PointerNamesTheOctetBehind() =>
        InState.Established().Send(5, urgent: true).Expect("> P.U 101:106(5) ack 301 urg 5").ExpectNothing();

    [Fact]
    [Trait("Proves", "MUST-31")]
    public void Established_SendUrgentBeyond64KiB_LaterSegmentsCarryThePointerOn()
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { Congestion = CongestionAlgorithm.None })
            .Send(70_000, urgent: true);
        harness.Expect("> .U 101:1101(1000) ack 301 urg 65535");
        for (int i = 1; i < 65; i++)
        {
            int sequence = 101 + (i * 1000);
            harness.Expect($"> .U {sequence}:{sequence + 1000}(1000) ack 301 urg {Math.Min(65535, 70_101 - sequence)}");
        }

        harness.ExpectNothing().Inject("< . 301 ack 65101").Expect("> .U 65101:66101(1000) ack 301 urg 5000").Ignore();
        harness.Inject("< . 301 ack 70101").Send(1).Expect("> P. 70101:70102(1) ack 301"); // behind it nothing is urgent
    }

    [Fact]
    [Trait("Proves", "MUST-31")]
    [Trait("Proves", "MUST-33")]
    public void Established_UrgentBeyond64KiBArrives_HowMuchIsKnownAtAnyTime()
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { ReceiveBufferSize = 100_000, WindowScaling = false });
        for (int i = 0; i < 70; i++)
        {
            int sequence = 301 + (i * 1000);
            harness.Inject($"< U. {sequence}:{sequence + 1000}(1000) ack 101 urg {Math.Min(65535, 70_301 - sequence)}").IgnoreSent()
                .Check(connection => Assert.Equal(Math.Min(65535, 70_000 - (i * 1000)), connection.UrgentOctets))
                .Receive(1000, 1000).IgnoreSent();
        }

        harness.Check(connection => Assert.Equal(0, connection.UrgentOctets));
    }

    [Fact]
    [Trait("Proves", "MUST-38")]
    [Trait("Proves", "SHLD-27")]
    [Trait("Proves", "SHLD-28")]
    public void Established_ManyPushedSendsBehindAClosedWindow_GoAsFullSegments()
    {
        TcpHarness harness = WindowClosed(TcpHarness.Plain with { Nagle = false });
        for (int i = 0; i < 25; i++)
        {
            harness.Send(100);
        }

        harness.Inject("< . 301 ack 201 win 10000").Expect("> . 201:1201(1000) ack 301").Expect("> . 1201:2201(1000) ack 301")
            .Expect("> P. 2201:2701(500) ack 301").ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "MUST-30")]
    public void Established_SendUrgentAgainstClosedWindow_UrgGoesWithTheAck() =>
        WindowClosed(TcpHarness.Plain).Send(5, urgent: true).ExpectNothing().Inject("< P. 301:302(1) ack 201 win 0")
            .Expect("> .U 201:201(0) ack 302 urg 5");

    [Fact]
    public void Established_SendBufferFull_TakesWhatFitsAndTellsOfSpace() =>
        InState.Established(TcpHarness.Plain with { SendBufferSize = 1500 }).Send(2000, taken: 1500).Expect("> . 101:1101(1000) ack 301")
            .ExpectNothing().ExpectNoEvent()
            .Send(1, taken: 0)
            .Inject("< . 301 ack 1101").ExpectEvent(ConnectionEventKind.SpaceAvailable).ExpectNoEvent()
            .Expect("> P. 1101:1601(500) ack 301")
            .Inject("< . 301 ack 1601").ExpectNoEvent();

    [Fact]
    [Trait("Proves", "P31")]
    [Trait("Proves", "U-19")]
    public void Established_DataBothWays_DataCarriesTheAck() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311").Send(10)
            .Expect("> P. 101:111(10) ack 311")
            .Inject("< P. 311:321(10) ack 111").Expect("> . 111 ack 321").Send(1).Expect("> P. 111:112(1) ack 321");

    /// <summary>100 octets went and were acknowledged with a closed window; RTO is 337.5 ms after that sample of 0 ms.</summary>
    private static TcpHarness WindowClosed(TcpSettings settings) =>
        InState.Established(settings).Send(100).Expect("> P. 101:201(100) ack 301").Inject("< . 301 ack 201 win 0").Ignore();

    [Fact]
    [Trait("Proves", "U-11")]
    public void Established_PeersRetransmissionWithNewerAck_ItsWindowCounts() =>
        InState.Established().Inject("< P. 311:321(10) ack 101 win 100").Expect("> . 101 ack 301")
            .Send(100).Expect("> P. 101:201(100) ack 301")
            .Inject("< P. 301:311(10) ack 201 win 0").Expect("> . 201 ack 321") // older text than before, but a newer ACK
            .Check(connection => Assert.Equal(0u, connection.Snd.Wnd))
            .Send(10).ExpectNothing();
}
