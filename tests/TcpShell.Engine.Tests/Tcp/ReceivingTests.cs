using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.10.7.4 in ESTABLISHED: text, its order, its edges; and 3.8.6, the receiver's window.</summary>
public sealed class ReceivingTests
{
    private static readonly TcpSettings s_smallBuffer = TcpHarness.Plain with { ReceiveBufferSize = 100, MaximumSegmentSize = 20 };

    [Fact]
    [Trait("Proves", "P30")]
    public void Established_TwoSegments_OneAckCoversBoth() =>
        InState.Established().Inject("< . 301:1301(1000) ack 101", "< P. 1301:2301(1000) ack 101").Expect("> . 101 ack 2301")
            .ExpectNothing().Receive(5000, 2000);

    [Fact]
    [Trait("Proves", "MUST-58")]
    [Trait("Proves", "MUST-59")]
    public void Established_BatchOfTen_OneAck() =>
        InState.Established().Inject([.. Enumerable.Range(0, 10).Select(i => $"< . {301 + (i * 10)}:{311 + (i * 10)}(10) ack 101")])
            .Expect("> . 101 ack 401").ExpectNothing();

    [Fact]
    [Trait("Proves", "P32")]
    [Trait("Proves", "SHLD-31")]
    [Trait("Proves", "MAY-13")]
    public void Established_OutOfOrder_KeptAndAcknowledgedAtOnce() =>
        InState.Established()
            .Inject("< P. 311:321(10) ack 101").Expect("> . 101 ack 301").Inject("< P. 331:341(10) ack 101").Expect("> . 101 ack 301")
            .ExpectNoEvent()
            .Check(connection => Assert.Equal(20, connection.OutOfOrder))
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 321").ExpectEvent(ConnectionEventKind.DataAvailable).Receive(99, 20)
            .Inject("< P. 321:331(10) ack 101").Expect("> . 101 ack 341").Receive(99, 20)
            .ExpectNothing()
            .Check(connection => Assert.Equal((40L, 2L, 0), (connection.Counters.BytesReceived, connection.Counters.OutOfOrder, connection.OutOfOrder)));

    [Theory]
    [Trait("Proves", "U-5")]
    [InlineData("< P. 300:311(11) ack 101", 311)] // one octet of it is old
    [InlineData("< P. 301:311(10) ack 101", 311)]
    public void Established_LeftOverlap_OnlyTheNewIsTaken(string segment, int ack) =>
        InState.Established().Inject("< P. 301:303(2) ack 101").Expect("> . 101 ack 303").Inject(segment).Expect($"> . 101 ack {ack}")
            .Receive(99, ack - 301);

    [Fact]
    [Trait("Proves", "U-5")]
    public void Established_RightOfWindow_Trimmed() =>
        InState.Established(s_smallBuffer).Inject("< P. 301:402(101) ack 101").Expect("> . 101 ack 401 win 0").Receive(200, 100);

    [Fact]
    [Trait("Proves", "U-5")]
    public void Established_RightOfWindowButNotOfBuffer_TrimmedToo() =>
        InState.Established().Inject("< . 64531:64551(20) ack 101").Expect("> . 101 ack 301 win 64240") // the window ends at 64541
            .Check(connection => Assert.Equal(10, connection.OutOfOrder));

    [Fact]
    [Trait("Proves", "U-5")]
    public void Established_FinRightOfWindow_NotTaken() =>
        InState.Established(s_smallBuffer).Inject("< FP. 301:402(101) ack 101").Expect("> . 101 ack 401 win 0").ExpectState(Established)
            .Receive(200, 100).Expect("> . 101 ack 401 win 100")
            .Inject("< . 401:402(1) ack 101").Expect("> . 101 ack 402").ExpectState(Established)
            .Inject("< F. 402 ack 101").ExpectState(CloseWait);

    [Fact]
    [Trait("Proves", "U-4")]
    [Trait("Proves", "U-21")]
    [Trait("Proves", "MUST-66")]
    public void Established_WindowZero_AcceptabilityAndAnswers()
    {
        TcpHarness harness = InState.Established(s_smallBuffer).Inject("< P. 301:401(100) ack 101").Expect("> . 101 ack 401 win 0")
            .Ignore();
        harness
            .Inject("< . 401 ack 101").ExpectVerdict(SegmentFate.Accepted).ExpectNothing() // length 0 at RCV.NXT
            .Inject("< . 402 ack 101").ExpectVerdict(SegmentFate.Acknowledged).Expect("> . 101 ack 401 win 0")
            .Inject("< . 400 ack 101").ExpectVerdict(SegmentFate.Acknowledged).Expect("> . 101 ack 401 win 0")
            .Inject("< P. 401:402(1) ack 101").Expect("> . 101 ack 401 win 0") // a probe
            .Inject("< F. 401 ack 101").Expect("> . 101 ack 401 win 0").ExpectState(Established)
            .Inject("< PU. 401:402(1) ack 101 urg 3").Expect("> . 101 ack 401 win 0").ExpectEvent(ConnectionEventKind.Urgent)
            .Send(10).Expect("> P. 101:111(10) ack 401 win 0")
            .Inject("< P. 401:402(1) ack 111 win 5").Expect("> . 111 ack 401 win 0") // the probe's ACK counts
            .Check(connection => Assert.Equal((0, 5u), (connection.Unacknowledged.Count, connection.Snd.Wnd)))
            .Inject("< R 401:402(1)").ExpectFailure(ConnectionError.Reset);
    }

    [Fact]
    [Trait("Proves", "P34")]
    [Trait("Proves", "MUST-39")]
    public void Established_UserReadsLittle_WindowOpensByWorthwhileSteps() =>
        InState.Established(s_smallBuffer).Inject("< P. 301:401(100) ack 101").Expect("> . 101 ack 401 win 0")
            .Receive(10, 10).ExpectNothing()
            .Inject("< P. 401:402(1) ack 101").Expect("> . 101 ack 401 win 0")
            .Receive(9, 9).ExpectNothing()
            .Receive(1, 1).Expect("> . 101 ack 401 win 20", TransmitReason.WindowUpdate)
            .Receive(80, 80).Expect("> . 101 ack 401 win 100", TransmitReason.WindowUpdate)
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "SHLD-14")]
    public void Established_AnyTraffic_RightEdgeNeverMovesBack()
    {
        var random = new Random(20);
        TcpHarness harness = InState.Established(s_smallBuffer with { DelayedAckTimeout = TimeSpan.Zero });
        int next = 301;
        int edge = 401;
        int unread = 0;
        for (int i = 0; i < 500; i++)
        {
            int count = Math.Min(random.Next(1, 30), edge - next);
            if (count > 0)
            {
                harness.Inject($"< P. {next}:{next + count}({count}) ack 101");
                next += count;
                unread += count;
                harness.Expect($"> . 101 ack {next}");
            }

            int read = random.Next(0, unread + 1);
            harness.Receive(read, read).Ignore();
            unread -= read;
            int now = next + (int)harness.Connection.Rcv.Wnd;
            Assert.True(now >= edge, "The right edge moved back.");
            edge = now;
        }
    }

    [Fact]
    [Trait("Proves", "MAY-8")]
    public void Established_UserNeverReads_WindowStaysShut() =>
        InState.Established(s_smallBuffer).Inject("< P. 301:401(100) ack 101").Expect("> . 101 ack 401 win 0")
            .Advance(86_400_000).ExpectNothing()
            .Inject("< P. 401:402(1) ack 101").Expect("> . 101 ack 401 win 0").ExpectState(Established);

    [Fact]
    [Trait("Proves", "P44")]
    [Trait("Proves", "U-22")]
    public void Established_ProbesThatCross_AreNoEndlessWarOfAcks() =>
        InState.Established(s_smallBuffer).Send(10).Expect("> P. 101:111(10) ack 301").Inject("< . 301 ack 111 win 0").Send(5)
            .ExpectNothing()
            .Advance(337.5).Expect("> . 111:112(1) ack 301", TransmitReason.ZeroWindowProbe).ExpectNothing()
            .Inject("< P. 301:302(1) ack 111 win 0").Expect("> . 111 ack 302") // the peer's probe, sent before it saw ours
            .Inject("< . 301 ack 112 win 0").ExpectVerdict(SegmentFate.Accepted).ExpectNothing() // its ACK of ours, still numbered 301
            .Check(connection => Assert.Equal(connection.Snd.Iss + 12, connection.Snd.Una));

    [Fact]
    [Trait("Proves", "P43")]
    public void Established_FinBehindAGap_WaitsForTheGap() =>
        InState.Established().Inject("< FP. 311:321(10) ack 101").Expect("> . 101 ack 301").ExpectState(Established).ExpectNoEvent()
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 322").ExpectState(CloseWait)
            .Receive(15, 15).Check(connection => Assert.False(connection.EndOfStream))
            .Receive(15, 5).Check(connection => Assert.True(connection.EndOfStream))
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "U-13")]
    public void Established_BareFinBehindAGap_WaitsForTheGap() =>
        InState.Established().Inject("< F. 311 ack 101").Expect("> . 101 ack 301").ExpectState(Established)
            .Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 312").ExpectState(CloseWait);

    [Fact]
    public void Established_DataBehindAFin_Ignored() =>
        InState.Established().Inject("< F. 311 ack 101").Expect("> . 101 ack 301")
            .Inject("< P. 301:321(20) ack 101").Expect("> . 101 ack 312").ExpectState(CloseWait).Receive(99, 10)
            .Check(connection => Assert.True(connection.EndOfStream));

    [Fact]
    [Trait("Proves", "MUST-12")]
    public void Established_DataAndFin_EndOfStreamIsToldWhenAllIsRead() =>
        InState.Established().Inject("< FP. 301:311(10) ack 101").Expect("> . 101 ack 312")
            .ExpectEvent(ConnectionEventKind.DataAvailable).ExpectNoEvent()
            .Receive(99, 10).ExpectEvent(ConnectionEventKind.EndOfStream).Receive(99, 0).ExpectNoEvent();

    [Fact]
    [Trait("Proves", "P32")]
    public void Established_EverythingTwiceAndBackwards_EachOctetOnce()
    {
        TcpHarness harness = InState.Established();
        foreach (int i in Enumerable.Range(0, 20).Reverse().Concat(Enumerable.Range(0, 20)))
        {
            harness.Inject($"< . {301 + (i * 7)}:{308 + (i * 7)}(7) ack 101").Ignore();
        }

        harness.Receive(999, 140).Check(connection => Assert.Equal(140, connection.Counters.BytesReceived));
    }

    [Fact]
    [Trait("Proves", "MUST-30")]
    [Trait("Proves", "MUST-32")]
    [Trait("Proves", "MUST-33")]
    public void Established_UrgentPointer_ToldOnceForEachAdvance() =>
        InState.Established()
            .Inject("< U. 301 ack 101 urg 0").ExpectNoEvent()
            .Inject("< U. 301 ack 101 urg 5").ExpectEvent(ConnectionEventKind.Urgent).ExpectNoEvent()
            .Inject("< U. 301 ack 101 urg 5").ExpectNoEvent()
            .Inject("< U. 301 ack 101 urg 4").ExpectNoEvent()
            .Check(connection => Assert.Equal(5, connection.UrgentOctets))
            .Inject("< PU. 301:303(2) ack 101 urg 8").Expect("> . 101 ack 303").ExpectEvent(ConnectionEventKind.Urgent)
            .ExpectEvent(ConnectionEventKind.DataAvailable)
            .Check(connection => Assert.Equal(8, connection.UrgentOctets))
            .Receive(2, 2).Check(connection => Assert.Equal(6, connection.UrgentOctets))
            .Inject("< P. 303:321(18) ack 101").Expect("> . 101 ack 321").Receive(6, 6)
            .Check(connection => Assert.Equal(0, connection.UrgentOctets))
            .Receive(99, 12).Check(connection => Assert.Equal(0, connection.UrgentOctets));
}
