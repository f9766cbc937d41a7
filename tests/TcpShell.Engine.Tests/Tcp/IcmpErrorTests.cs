using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>What ICMP errors do to a connection in each state (RFC 9293 3.9.2.2, RFC 5927, RFC 1191).</summary>
public class IcmpErrorTests
{
    private static readonly IpAddress s_router = IpAddress.Parse("192.0.2.1");

    private static readonly IcmpErrorKind[] s_soft =
        [IcmpErrorKind.NetworkUnreachable, IcmpErrorKind.HostUnreachable, IcmpErrorKind.SourceRouteFailed, IcmpErrorKind.TimeExceeded, IcmpErrorKind.ParameterProblem];

    private static readonly IcmpErrorKind[] s_hard =
        [IcmpErrorKind.ProtocolUnreachable, IcmpErrorKind.PortUnreachable, IcmpErrorKind.AdministrativelyProhibited];

    /// <summary>The states in which something of ours can be in flight.</summary>
    public static TheoryData<TcpState> WithSomethingInFlight =>
        [TcpState.SynSent, TcpState.SynReceived, TcpState.Established, TcpState.FinWait1, TcpState.CloseWait, TcpState.Closing, TcpState.LastAck];

    [Theory, MemberData(nameof(WithSomethingInFlight))]
    [Trait("Proves", "MUST-56"), Trait("Proves", "SHLD-25"), Trait("Proves", "MUST-47")]
    public void SoftError_IsTold_AndNothingElseHappens(TcpState state)
    {
        foreach (IcmpErrorKind kind in s_soft)
        {
            TcpHarness harness = InFlight(state);
            Arrive(harness, kind).ExpectState(state).ExpectNoChange().ExpectEvent(ConnectionEventKind.SoftError).ExpectNoEvent().ExpectNothing();
            Assert.Equal(new IcmpError(kind, s_router), harness.Connection.LastIcmpError);
        }
    }

    [Theory, MemberData(nameof(WithSomethingInFlight)), Trait("Proves", "SHLD-20")]
    public void ReportsSwitchedOff_NothingIsTold_ButTheErrorIsReadable(TcpState state)
    {
        TcpHarness harness = InFlight(state, TcpHarness.Plain with { ReportSoftErrors = false });
        Arrive(harness, IcmpErrorKind.HostUnreachable).ExpectState(state).ExpectNoEvent();
        Assert.Equal(IcmpErrorKind.HostUnreachable, harness.Connection.LastIcmpError!.Value.Kind);
    }

    [Theory, InlineData(false), InlineData(true), Trait("Proves", "SHLD-20"), Trait("Proves", "SHLD-9"), Trait("Proves", "MUST-20")]
    public void R1Passed_IsToldUnlessReportsAreSwitchedOff_AndIpIsAdvisedAnyhow(bool reports)
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { ReportSoftErrors = reports, R1 = 3 }).Send(1).Advance(10_000);
        Assert.True(harness.Connection.Counters.Timeouts > 3);
        _ = reports ? harness.ExpectEvent(ConnectionEventKind.BadPath).ExpectNoEvent() : harness.ExpectNoEvent();
        harness.Check(connection => Assert.True(connection.TakeAdviceToIp())).Check(connection => Assert.False(connection.TakeAdviceToIp()));
        harness.IgnoreSent();
    }

    [Fact, Trait("Proves", "SHLD-26")]
    public void HardError_EndsAnAttemptToOpen()
    {
        foreach (IcmpErrorKind kind in s_hard)
        {
            Arrive(InState.SynSent(), kind)
                .ExpectChange(TcpState.SynSent, TcpState.Closed, TransitionEvent.IcmpErrorArrives)
                .ExpectFailure(ConnectionError.Unreachable)
                .ExpectNothing();
            Arrive(InState.SynReceivedActive(), kind)
                .ExpectChange(TcpState.SynReceived, TcpState.Closed, TransitionEvent.IcmpErrorArrives)
                .ExpectFailure(ConnectionError.Unreachable);
            Arrive(InState.SynReceived(), kind)
                .ExpectChange(TcpState.SynReceived, TcpState.Listen, TransitionEvent.IcmpErrorArrives)
                .ExpectNoEvent();
        }
    }

    [Theory, Trait("Proves", "SHLD-26"), Trait("Proves", "5927-2")]
    [InlineData(TcpState.Established)]
    [InlineData(TcpState.FinWait1)]
    [InlineData(TcpState.CloseWait)]
    [InlineData(TcpState.Closing)]
    [InlineData(TcpState.LastAck)]
    public void HardError_InAnOpenConnection_IsSoft(TcpState state)
    {
        foreach (IcmpErrorKind kind in s_hard)
        {
            Arrive(InFlight(state), kind).ExpectState(state).ExpectEvent(ConnectionEventKind.SoftError).ExpectNoEvent();
        }
    }

    [Theory, MemberData(nameof(InState.All), MemberType = typeof(InState)), Trait("Proves", "MUST-55"), Trait("Proves", "5927-3")]
    public void SourceQuench_IsDroppedSilently(TcpState state)
    {
        TcpHarness harness = InFlight(state);
        int window = harness.Connection.CongestionWindow;
        Arrive(harness, IcmpErrorKind.SourceQuench, SegmentFate.Dropped).ExpectState(state).ExpectNoEvent().ExpectNothing();
        Assert.Equal((window, null), (harness.Connection.CongestionWindow, harness.Connection.LastIcmpError));
    }

    [Theory, MemberData(nameof(InState.All), MemberType = typeof(InState)), Trait("Proves", "5927-1")]
    public void QuotedNumberNotInFlight_IsTakenForAForgery(TcpState state)
    {
        foreach (IcmpErrorKind kind in s_soft.Concat(s_hard).Append(IcmpErrorKind.PacketTooBig))
        {
            foreach (int offset in new[] { -1, 0, 1, 1_000_000, int.MinValue })
            {
                // Below SND.UNA, and from SND.NXT on; what lies between is in flight.
                TcpHarness harness = InFlight(state).Do((connection, now) =>
                {
                    SeqNumber quoted = offset < 0 ? connection.Snd.Una + offset : connection.Snd.Nxt + offset;
                    SegmentVerdict verdict = connection.IcmpErrorArrives(new(kind, s_router, 600), quoted, 1500, now);
                    Assert.Equal((SegmentFate.Dropped, "5927 4.1"), (verdict.Fate, verdict.Rfc));
                });
                harness.ExpectState(state).ExpectNoChange().ExpectNoEvent().ExpectNothing();
                Assert.Equal((1500, null), (harness.Connection.PathMtu, harness.Connection.LastIcmpError));
            }
        }
    }

    [Fact, Trait("Proves", "1191-1"), Trait("Proves", "1191-6"), Trait("Proves", "5681-20")]
    public void TooBig_SegmentsGoAgainSmallerAtOnce_AndCwndStaysInSegments()
    {
        TcpHarness harness = InState.Established().Send(3000);
        harness.Expect("> . 101:1101(1000) ack 301").Expect("> . 1101:2101(1000) ack 301").Expect("> P. 2101:3101(1000) ack 301");
        int segments = harness.Connection.CongestionWindow / 1000;
        harness.Do((connection, now) => connection.IcmpErrorArrives(new(IcmpErrorKind.PacketTooBig, s_router, 740), connection.Snd.Una, 1040, now));
        Assert.Equal((740, 700), (harness.Connection.PathMtu, harness.Connection.SendMaximumSegmentSize));
        Assert.Equal(segments, harness.Connection.CongestionWindow / 700);
        harness.Expect("> . 101:801(700) ack 301", TransmitReason.PathMtuDiscovery, ago: 0);
        Assert.Equal(0, harness.Connection.Counters.Timeouts);
        harness.Check(connection => Assert.True(connection.CongestionWindow >= segments * 700)).IgnoreSent();

        // All of it arrives in the end, and nothing larger than the path carries is sent.
        harness.Inject("< . 301 ack 3101").Check(connection => Assert.Equal(0, connection.Unacknowledged.Count));
        harness.Send(1400).Expect("> . 3101:3801(700) ack 301").Expect("> P. 3801:4501(700) ack 301");
    }

    [Fact, Trait("Proves", "1191-2"), Trait("Proves", "5927-5")]
    public void TooBig_WithALargerMtu_DoesNothing()
    {
        foreach (int mtu in new[] { 1500, 1501, 9000, 65535, int.MaxValue })
        {
            TcpHarness harness = InFlight(TcpState.Established);
            Arrive(harness, IcmpErrorKind.PacketTooBig, SegmentFate.Dropped, mtu).ExpectNoEvent().ExpectNothing();
            Assert.Equal(1500, harness.Connection.PathMtu);
        }
    }

    [Theory, Trait("Proves", "5927-5")]
    [InlineData(68)]
    [InlineData(1)]
    public void TooBig_WithATinyMtu_StopsAtTheLeast(int mtu)
    {
        TcpHarness harness = InFlight(TcpState.Established);
        Arrive(harness, IcmpErrorKind.PacketTooBig, SegmentFate.Accepted, mtu);
        Assert.Equal(552, harness.Connection.PathMtu);
        Arrive(harness, IcmpErrorKind.PacketTooBig, SegmentFate.Dropped, mtu);
        harness.IgnoreSent();
    }

    [Theory, Trait("Proves", "1191-7")]
    [InlineData(1279, 1280)]
    [InlineData(68, 1280)]
    [InlineData(1400, 1400)]
    public void TooBig_OverIPv6_NeverBelow1280(int mtu, int expected)
    {
        var connection = new TcpConnection(TcpHarness.Plain, Endpoint.Parse("[fd00::1]:1000"));
        connection.OpenActive(Endpoint.Parse("[fd00::2]:80"), 100, default);
        Assert.True(connection.TryPollTransmit(default, out _));
        connection.IcmpErrorArrives(new(IcmpErrorKind.PacketTooBig, s_router, mtu), 100, 1500, default);
        Assert.Equal(expected, connection.PathMtu);
    }

    [Theory, Trait("Proves", "1191-3")]
    [InlineData(1500, 1492)]
    [InlineData(1492, 1006)]
    [InlineData(1006, 552)] // the plateau is 508, but the least is 552
    public void TooBig_WithoutAnMtu_TakesTheNextPlateau(int quotedLength, int expected)
    {
        TcpHarness harness = InFlight(TcpState.Established);
        harness.Do((connection, now) => connection.IcmpErrorArrives(new(IcmpErrorKind.PacketTooBig, s_router), connection.Snd.Una, quotedLength, now));
        Assert.Equal(expected, harness.Connection.PathMtu);
        harness.IgnoreSent();
    }

    [Fact]
    public void TooBig_DiscoverySwitchedOff_DoesNothing()
    {
        TcpHarness harness = InFlight(TcpState.Established, TcpHarness.Plain with { PathMtuDiscovery = false });
        Arrive(harness, IcmpErrorKind.PacketTooBig, SegmentFate.Dropped, 600);
        Assert.Equal(1500, harness.Connection.PathMtu);
    }

    /// <summary>A connection in that state with something of ours that is not acknowledged, where the state allows it.</summary>
    private static TcpHarness InFlight(TcpState state, TcpSettings? settings = null)
    {
        TcpHarness harness = InState.Of(state, settings);
        return (state is TcpState.Established or TcpState.CloseWait ? harness.Send(1) : harness).Ignore();
    }

    private static TcpHarness Arrive(TcpHarness harness, IcmpErrorKind kind, SegmentFate fate = SegmentFate.Accepted, int mtu = 0) =>
        harness.Do((connection, now) =>
            Assert.Equal(fate, connection.IcmpErrorArrives(new(kind, s_router, mtu), connection.Snd.Una, 1500, now).Fate));
}
