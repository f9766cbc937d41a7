using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.8.4.</summary>
public sealed class KeepAliveTests
{
    private static readonly TcpSettings s_on = TcpHarness.Plain with
    {
        KeepAlive = true,
        KeepAliveIdle = TimeSpan.FromSeconds(10),
        KeepAliveInterval = TimeSpan.FromSeconds(1),
        KeepAliveProbes = 3,
    };

    [Fact]
    [Trait("Proves", "MUST-25")]
    public void Established_Default_NeverProbed() => InState.Established().Advance(86_400_000).ExpectNothing().ExpectState(Established);

    [Fact]
    [Trait("Proves", "MUST-28")]
    public void Established_DefaultInterval_TwoHours() =>
        InState.Established(TcpHarness.Plain with { KeepAlive = true }).Advance(7_200_000 - 1).ExpectNothing().Advance(1)
            .Expect("> . 100:100(0) ack 301", TransmitReason.KeepAliveProbe);

    [Theory]
    [Trait("Proves", "MUST-24")]
    [Trait("Proves", "MUST-27")]
    [Trait("Proves", "SHLD-12")]
    [InlineData(Established, 100)]
    [InlineData(CloseWait, 100)]
    [InlineData(FinWait2, 101)]
    public void Idle_Interval_ProbeWithoutData(TcpState state, int sequence) =>
        InState.Of(state, s_on).Advance(9999).ExpectNothing().Advance(1)
            .Expect($"> . {sequence}:{sequence}(0) ack {InState.RcvNxt(state)}", TransmitReason.KeepAliveProbe, ago: 0).ExpectNothing();

    [Fact]
    [Trait("Proves", "MAY-6")]
    public void Idle_Garbage_ProbeCarriesOneOctetThatWasAcknowledgedBefore() =>
        InState.Established(s_on with { KeepAliveGarbage = true }).Send(5).Expect("> P. 101:106(5) ack 301").Inject("< . 301 ack 106")
            .Advance(10_000).Expect("> . 105:106(1) ack 301", TransmitReason.KeepAliveProbe)
            .Inject("< . 301 ack 106").Advance(9_999).ExpectNothing()
            .Check(connection => Assert.Equal((0, 5L, 0L), (connection.Unacknowledged.Count, connection.Counters.BytesSent, connection.Counters.Retransmissions)));

    [Fact]
    [Trait("Proves", "P52")]
    [Trait("Proves", "MUST-29")]
    public void Established_ProbesUnanswered_OneIsNotEnoughButAllAre()
    {
        TcpHarness harness = InState.Established(s_on);
        for (int i = 0; i < 3; i++)
        {
            harness.Advance(i == 0 ? 10_000 : 1000).ExpectNext(attempt: i + 1).Expect("> . 100:100(0) ack 301").ExpectNothing()
                .ExpectState(Established);
        }

        harness.Advance(999).ExpectState(Established).Advance(1).ExpectChange(Established, Closed, TransitionEvent.KeepAliveTimeout)
            .ExpectFailure(ConnectionError.TimedOut).ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "MUST-29")]
    public void Established_SecondProbeAnswered_CountsFromAnew() =>
        InState.Established(s_on).Advance(11_000).Expect("> . 100:100(0) ack 301").Expect("> . 100:100(0) ack 301")
            .Inject("< . 301 ack 101").ExpectNothing()
            .Advance(9999).ExpectNothing().Advance(2001).Expect("> . 100 ack 301").Expect("> . 100 ack 301").Expect("> . 100 ack 301")
            .ExpectState(Established);

    [Fact]
    [Trait("Proves", "MUST-26")]
    [Trait("Proves", "MAY-5")]
    public void Established_SegmentArrives_IntervalStartsAnew() =>
        InState.Established(s_on).Advance(9999).Inject("< P. 301:302(1) ack 101").Expect("> . 101 ack 302").Advance(9999).ExpectNothing()
            .Advance(1).Expect("> . 100 ack 302");

    [Fact]
    [Trait("Proves", "MUST-26")]
    public void Established_DataUnacknowledged_NoProbe() =>
        InState.Established(s_on with { MinimumRto = TimeSpan.FromSeconds(60), MaximumRto = TimeSpan.FromSeconds(60) }).Send(10)
            .Expect("> P. 101:111(10) ack 301").Advance(59_999).ExpectNothing();

    [Fact]
    [Trait("Proves", "P52")]
    public void Established_PeerProbes_Answered() =>
        InState.Established().Inject("< . 300 ack 101").Expect("> . 101:101(0) ack 301").ExpectNothing()
            .Inject("< . 300:301(1) ack 101").Expect("> . 101:101(0) ack 301").ExpectNothing(); // with a garbage octet, as old stacks do

    [Fact]
    [Trait("Proves", "P52")]
    public void Established_PeerHasRebooted_ProbeFindsOut() =>
        InState.Established(s_on).Advance(10_000).Expect("> . 100 ack 301").Inject("< R 301").ExpectFailure(ConnectionError.Reset);

    [Fact]
    public void TimeWait_SegmentArrives_OnlyItsOwnTimerRuns() =>
        InState.TimeWait(s_on).Inject("< . 302 ack 102")
            .Check(connection => Assert.Equal([TimerKind.TimeWait], connection.Timers.Running().Select(timer => timer.Key)));

    [Theory]
    [InlineData(Listen)]
    [InlineData(SynSent)]
    [InlineData(SynReceived)]
    [InlineData(FinWait1)]
    [InlineData(Closing)]
    [InlineData(LastAck)]
    [InlineData(TimeWait)]
    public void NotIdleOrNotOpen_Interval_NoKeepAlive(TcpState state) =>
        InState.Of(state, s_on).Advance(12_000).IgnoreSent().Check(connection => Assert.Equal(0, connection.Counters.KeepAliveProbes));
}
