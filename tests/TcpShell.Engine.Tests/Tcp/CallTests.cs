using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.10.1 to 3.10.6: every call in every state.</summary>
public sealed class CallTests
{
    [Fact]
    [Trait("Proves", "P01")]
    public void Closed_OpenPassive_ListensAndSendsNothing() =>
        InState.Closed().OpenPassive().ExpectChange(Closed, Listen, TransitionEvent.PassiveOpen).ExpectNothing().ExpectState(Listen)
            .Check(connection => Assert.True(connection.IsPassive));

    [Fact]
    [Trait("Proves", "P02")]
    public void Closed_OpenActive_SendsSyn() =>
        InState.Closed().OpenActive()
            .ExpectChange(Closed, SynSent, TransitionEvent.ActiveOpen)
            .Expect("> S 100:100(0) win 64240 <mss 1460>", TransmitReason.Open, ago: 0)
            .ExpectNothing()
            .Check(connection =>
            {
                Assert.Equal(connection.Snd.Iss, connection.Snd.Una);
                Assert.Equal(connection.Snd.Iss + 1, connection.Snd.Nxt); // the SYN takes one number
                Assert.Equal(1, connection.Unacknowledged.Count);
                Assert.False(connection.IsPassive);
            });

    [Fact]
    [Trait("Proves", "P12")]
    public void Listen_OpenActive_SendsSyn() =>
        InState.Listen().OpenActive().ExpectChange(Listen, SynSent, TransitionEvent.ActiveOpen).Expect("> S 100:100(0)").ExpectNothing();

    [Fact]
    [Trait("Proves", "P12")]
    public void Listen_SendWhileListening_SendsSynAndThenTheData()
    {
        TcpHarness harness = new TcpHarness().OpenPassive().Ignore();
        var queue = new Queue<SeqNumber>(Numbers.All.Select(numbers => numbers.Iss));
        harness.Do((connection, now) =>
                Assert.Equal(5, connection.SendWhileListening(TcpHarness.Pattern(0, 5), TcpHarness.Remote, queue.Dequeue(), now)))
            .ExpectChange(Listen, SynSent, TransitionEvent.SendWhileListening)
            .Expect("> S 100:100(0)")
            .ExpectNothing()
            .Inject(InState.PeerSynAck)
            .Expect("> P. 101:106(5) ack 301")
            .ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(InState.AllBut), Closed, Closed, MemberType = typeof(InState))]
    public void AnyStateButClosed_OpenPassive_ConnectionExists(TcpState state)
    {
        InState.Of(state).ExpectError(TcpCallError.ConnectionExists, (connection, now) => connection.OpenPassive(now)).ExpectState(state)
            .ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(InState.AllBut), Closed, Listen, MemberType = typeof(InState))]
    public void AnyStateButClosedAndListen_OpenActive_ConnectionExists(TcpState state)
    {
        InState.Of(state)
            .ExpectError(TcpCallError.ConnectionExists, (connection, now) => connection.OpenActive(TcpHarness.Remote, 7, now))
            .ExpectState(state)
            .ExpectNothing();
    }

    [Fact]
    public void Ended_Open_ConnectionExists()
    {
        // A connection is one connection: buffers, FINs and numbers of the old one must not leak into a new one.
        InState.LastAck().Inject("< . 302 ack 102").ExpectState(Closed)
            .ExpectError(TcpCallError.ConnectionExists, (connection, now) => connection.OpenPassive(now))
            .ExpectError(TcpCallError.ConnectionExists, (connection, now) => connection.OpenActive(TcpHarness.Remote, 7, now));
        InState.Listen().Close().ExpectState(Closed)
            .ExpectError(TcpCallError.ConnectionExists, (connection, now) => connection.OpenPassive(now));
    }

    [Theory]
    [Trait("Proves", "P10")]
    [Trait("Proves", "MUST-46")]
    [InlineData("224.0.0.1:80")]
    [InlineData("255.255.255.255:80")]
    [InlineData("0.0.0.0:80")]
    [InlineData("[ff02::1]:80")]
    [InlineData("10.0.0.2:0")]
    public void Closed_OpenActiveToNobody_InvalidAddress(string remote) =>
        InState.Closed()
            .ExpectError(TcpCallError.InvalidAddress, (connection, now) => connection.OpenActive(Endpoint.Parse(remote), 7, now))
            .ExpectState(Closed)
            .ExpectNothing();

    [Theory]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_Send_TakesOrRefuses(TcpState state)
    {
        TcpHarness harness = InState.Of(state);
        switch (state)
        {
            case Closed:
                harness.ExpectError(TcpCallError.ConnectionDoesNotExist, Send);
                break;
            case Listen:
                harness.ExpectError(TcpCallError.RemoteUnspecified, Send);
                break;
            case SynSent or SynReceived:
                harness.Send(1).ExpectNothing().Check(connection => Assert.Equal(1, connection.SendQueue));
                break;
            case Established or CloseWait:
                harness.Send(1).Expect($"> P. 101:102(1) ack {InState.RcvNxt(state)}", TransmitReason.Data);
                break;
            default:
                harness.ExpectError(TcpCallError.ConnectionClosing, Send);
                break;
        }

        harness.ExpectState(state).ExpectNothing();

        static void Send(TcpConnection connection, Timestamp now) => connection.Send([1], now);
    }

    [Theory]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_ReceiveWithoutData_NothingOrRefused(TcpState state)
    {
        TcpHarness harness = InState.Of(state);
        if (state == Closed)
        {
            harness.ExpectError(TcpCallError.ConnectionDoesNotExist, (connection, now) => connection.Receive(new byte[1], now));
        }
        else
        {
            harness.Receive(most: 10, count: 0);
        }

        bool closedByPeer = state is CloseWait or Closing or LastAck or TimeWait;
        harness.ExpectState(state).ExpectNothing().Check(connection => Assert.Equal(closedByPeer, connection.EndOfStream));
    }

    [Theory]
    [Trait("Proves", "P46")]
    [Trait("Proves", "P47")]
    [Trait("Proves", "U-15")]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_Close_ClosesOrRefuses(TcpState state)
    {
        TcpHarness harness = InState.Of(state);
        switch (state)
        {
            case Closed:
                harness.ExpectError(TcpCallError.ConnectionDoesNotExist, (connection, now) => connection.Close(now)).ExpectState(Closed);
                break;
            case Listen or SynSent:
                harness.Close().ExpectChange(state, Closed, TransitionEvent.Close);
                break;
            case SynReceived or Established:
                harness.Close().ExpectChange(state, FinWait1, TransitionEvent.Close)
                    .Expect("> F. 101:101(0) ack 301", TransmitReason.Close);
                break;
            case CloseWait:
                harness.Close().ExpectChange(CloseWait, LastAck, TransitionEvent.Close)
                    .Expect("> F. 101:101(0) ack 302", TransmitReason.Close);
                break;
            default:
                harness.ExpectError(TcpCallError.ConnectionClosing, (connection, now) => connection.Close(now)).ExpectState(state);
                break;
        }

        harness.ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "U-15")]
    public void SynReceived_SendAndClose_ClosesWhenTheHandshakeIsOver() =>
        InState.SynReceived().Send(10).Close().ExpectState(SynReceived).ExpectNothing()
            .ExpectError(TcpCallError.ConnectionClosing, (connection, now) => connection.Send([1], now))
            .ExpectError(TcpCallError.ConnectionClosing, (connection, now) => connection.Close(now))
            .Inject("< . 301 ack 101")
            .ExpectChange(SynReceived, Established, TransitionEvent.AckOfSynArrives)
            .ExpectChange(Established, FinWait1, TransitionEvent.Close)
            .Expect("> FP. 101:111(10) ack 301")
            .ExpectNothing();

    [Fact]
    [Trait("Proves", "U-15")]
    public void Established_CloseBehindQueuedData_FinGoesLast() =>
        InState.Established(TcpHarness.Plain with { InitialWindowSegments = 1 }).Send(2500).Expect("> . 101:1101(1000) ack 301").Close()
            .ExpectState(FinWait1).ExpectNothing()
            .Inject("< . 301 ack 1101")
            .Expect("> . 1101:2101(1000) ack 301")
            .Expect("> FP. 2101:2601(500) ack 301")
            .ExpectNothing()
            .Inject("< . 301 ack 2601").ExpectState(FinWait1)
            .Inject("< . 301 ack 2602").ExpectState(FinWait2);

    [Theory]
    [Trait("Proves", "P48")]
    [Trait("Proves", "U-16")]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_Abort_EndsAndTellsThePeerWhereItCares(TcpState state)
    {
        TcpHarness harness = InState.Of(state);
        if (state == Closed)
        {
            harness.ExpectError(TcpCallError.ConnectionDoesNotExist, (connection, now) => connection.Abort(now)).ExpectNothing();
            return;
        }

        harness.Abort().ExpectChange(state, Closed, TransitionEvent.Abort).ExpectFailure(ConnectionError.Aborted);
        if (state is SynReceived or Established or FinWait1 or FinWait2 or CloseWait)
        {
            harness.Expect($"> R. {InState.SndNxt(state)} ack {InState.RcvNxt(state)}", TransmitReason.Reset);
        }

        harness.ExpectNothing().Advance(1_000_000).ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "U-16")]
    public void Established_AbortWithDataInFlight_RstIsBehindIt() =>
        InState.Established().Send(10).Expect("> P. 101:111(10) ack 301").Abort().Expect("> R. 111 ack 301").ExpectNothing();

    // A peer that has not got all of it answers a RST behind it with a challenge, which nobody will hear any more.
    [Fact]
    public void Established_AbortForGoodWithDataInFlight_RstsGoToEachPlaceWhereThePeerMayBe() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Send(10).IgnoreSent().Send(10).IgnoreSent()
            .Do((connection, now) => connection.AbortForGood(now))
            .Expect("> R. 101 ack 301").Expect("> R. 111 ack 301").Expect("> R. 121 ack 301").ExpectNothing();

    [Fact]
    public void LastAck_AbortForGood_TellsThePeerToo() =>
        InState.Established().Inject("< F. 301 ack 101").IgnoreSent().Close().IgnoreSent().ExpectState(LastAck)
            .Do((connection, now) => connection.AbortForGood(now)).Expect("> R. 101 ack 302").Expect("> R. 102 ack 302").ExpectNothing();

    [Fact]
    [Trait("Proves", "P48")]
    [Trait("Proves", "MUST-12")]
    public void Established_ResetWithUnreadData_UserLearnsResetAndNoEndOfStream() =>
        InState.Established().Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311").ExpectEvent(ConnectionEventKind.DataAvailable)
            .Inject("< R 311").ExpectFailure(ConnectionError.Reset)
            .Check(connection => Assert.False(connection.EndOfStream))
            .ExpectError(TcpCallError.ConnectionReset, (connection, now) => connection.Receive(new byte[10], now))
            .ExpectError(TcpCallError.ConnectionReset, (connection, now) => connection.Send([1], now))
            .ExpectError(TcpCallError.ConnectionReset, (connection, now) => connection.Close(now))
            .ExpectError(TcpCallError.ConnectionReset, (connection, now) => connection.Abort(now));

    [Fact]
    [Trait("Proves", "MUST-12")]
    public void CloseWait_Reset_UserLearnsResetAndNoEndOfStream() =>
        InState.CloseWait().Inject("< R 302").ExpectFailure(ConnectionError.Reset)
            .Check(connection => Assert.False(connection.EndOfStream))
            .ExpectError(TcpCallError.ConnectionReset, (connection, now) => connection.Receive(new byte[10], now));

    [Fact]
    [Trait("Proves", "MUST-12")]
    public void Closed_AfterOrderlyClose_UnreadDataCanStillBeReceived() =>
        InState.Established().Inject("< FP. 301:311(10) ack 101").Expect("> . 101 ack 312").Close().Expect("> F. 101 ack 312")
            .Inject("< . 312 ack 102").ExpectState(Closed)
            .Receive(most: 100, count: 10)
            .Receive(most: 100, count: 0)
            .Check(connection => Assert.True(connection.EndOfStream));

    // A peer that was gone already answers our second ACK of its late duplicates so.
    [Fact]
    [Trait("Proves", "MUST-12")]
    public void TimeWait_ResetWithUnreadData_AllCanStillBeReceivedBeforeReceivingIsOver() =>
        InState.FinWait2().Inject("< FP. 301:311(10) ack 102").Expect("> . 102 ack 312").ExpectState(TimeWait)
            .Inject("< R 312").ExpectNothing().ExpectState(Closed)
            .Check(connection => Assert.Equal((ConnectionError.None, 10, false, false), (connection.Error, connection.Available, connection.EndOfStream, connection.ReceivingIsOver)))
            .Receive(most: 9, count: 9).Check(connection => Assert.False(connection.ReceivingIsOver))
            .Receive(most: 9, count: 1).Check(connection => Assert.Equal((true, true), (connection.EndOfStream, connection.ReceivingIsOver)));

    [Fact]
    public void Receiving_IsOverAtTheEndOfStreamAndWhereNothingIsLeft_NotBefore()
    {
        InState.Established().Inject("< P. 301:311(10) ack 101").IgnoreSent().Check(connection => Assert.False(connection.ReceivingIsOver))
            .Receive(most: 100, count: 10).Check(connection => Assert.False(connection.ReceivingIsOver))
            .Inject("< F. 311 ack 101").IgnoreSent().Check(connection => Assert.True(connection.ReceivingIsOver));
        InState.CloseWait().Check(connection => Assert.True(connection.ReceivingIsOver));
        InState.Established().Inject("< P. 301:311(10) ack 101").IgnoreSent().Inject("< R 311").ExpectFailure(ConnectionError.Reset)
            .Check(connection => Assert.Equal((false, true), (connection.EndOfStream, connection.ReceivingIsOver)));
    }

    [Theory]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    [Trait("Proves", "P52")]
    public void AnyState_HostStops_NothingIsSentEver(TcpState state)
    {
        TcpHarness harness = InState.Of(state).Do((connection, now) => connection.HostStops(now, "the power is cut")).ExpectNothing()
            .ExpectState(Closed);
        if (state != Closed)
        {
            harness.ExpectChange(state, Closed, TransitionEvent.HostStops, "the power is cut").ExpectFailure(ConnectionError.HostStopped);
        }

        harness.Advance(10_000_000).ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_HandleTimeoutWithoutNeed_NothingHappens(TcpState state) =>
        InState.Of(state).Do((connection, now) => connection.HandleTimeout(now)).ExpectState(state).ExpectNothing().ExpectNoChange()
            .ExpectNoEvent();

    [Fact]
    [Trait("Proves", "P09")]
    public void Established_Properties_TellTheControlBlock() =>
        InState.Established().Send(1500).Expect("> . 101:1101(1000) ack 301").Inject("< P. 301:311(10) ack 101", "< P. 321:331(10) ack 101")
            .Ignore()
            .Check(connection =>
            {
                Assert.Equal((TcpHarness.Local, TcpHarness.Remote), (connection.Local, connection.Remote));
                Assert.Equal(1000, connection.Snd.Outstanding);
                Assert.Equal(1500, connection.SendQueue);
                Assert.Equal(connection.Settings.SendBufferSize - 1500, connection.SendSpace);
                Assert.Equal(10, connection.Available);
                Assert.Equal(10, connection.OutOfOrder);
                Assert.Equal(10_000, connection.CongestionWindow);
                Assert.Equal(int.MaxValue, connection.SlowStartThreshold);
                Assert.Equal(TimeSpan.FromMilliseconds(100), connection.Rtt.Smoothed);
                Assert.Equal(TimeSpan.FromMilliseconds(50), connection.Rtt.Variation);
                Assert.Equal(TimeSpan.FromMilliseconds(300), connection.Rtt.Rto);
                Assert.Equal([TimerKind.Retransmission], connection.Timers.Running().Select(timer => timer.Key));
                SentSegment sent = Assert.Single(connection.Unacknowledged.Segments);
                Assert.Equal((connection.Snd.Una, 1000), (sent.SequenceNumber, sent.Length));
            });
}
