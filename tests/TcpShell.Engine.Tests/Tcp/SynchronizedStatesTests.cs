using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.10.7.4, steps one to five: what is the same in all synchronized states.</summary>
public sealed class SynchronizedStatesTests
{
    /// <summary>SND.UNA in a state as <see cref="InState.Of"/> leaves it.</summary>
    private static int SndUna(TcpState state) => state is FinWait2 or TimeWait ? 102 : 101;

    private static string PlainAck(TcpState state) => $"> . {InState.SndNxt(state)}:{InState.SndNxt(state)}(0) ack {InState.RcvNxt(state)}";

    [Theory]
    [Trait("Proves", "U-6")]
    [Trait("Proves", "5961-1")]
    [Trait("Proves", "P16")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_RstAtLeftEdge_Closed(TcpState state)
    {
        TcpHarness harness = InState.Of(state).Inject($"< R {InState.RcvNxt(state)}").ExpectVerdict(SegmentFate.Accepted)
            .ExpectChange(state, Closed, TransitionEvent.RstArrives)
            .ExpectNothing();
        bool bothClosed = state is Closing or LastAck or TimeWait;
        if (bothClosed)
        {
            harness.Check(connection => Assert.Equal(ConnectionError.None, connection.Error));
        }
        else
        {
            harness.ExpectFailure(ConnectionError.Reset);
        }

        harness.Advance(1_000_000).ExpectNothing();
    }

    [Theory]
    [Trait("Proves", "SHLD-2")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_RstWithData_ClosedAndDataIgnored(TcpState state) =>
        InState.Of(state).Inject($"< R {InState.RcvNxt(state)}:{InState.RcvNxt(state) + 10}(10)").ExpectState(Closed).ExpectNothing()
            .Check(connection => Assert.Equal(0, connection.Available));

    [Theory]
    [Trait("Proves", "U-6")]
    [Trait("Proves", "5961-1")]
    [Trait("Proves", "P16")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_RstInsideOfWindow_Challenged(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state);
        int window = (int)harness.Connection.Rcv.Wnd;
        foreach (int sequence in new[] { next + 1, next + 1000, next + window - 1 })
        {
            harness.Inject($"< R {sequence}").ExpectVerdict(SegmentFate.Challenged, "5961 4")
                .Expect(PlainAck(state), TransmitReason.ChallengeAck);
        }

        harness.ExpectNothing().ExpectState(state);
    }

    [Theory]
    [Trait("Proves", "U-6")]
    [Trait("Proves", "5961-1")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_RstOutsideOfWindow_Dropped(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state);
        int window = (int)harness.Connection.Rcv.Wnd;
        foreach (int sequence in new[] { next - 1, next + window, next - 100_000, next + 1_000_000 })
        {
            harness.Inject($"< R {sequence}").ExpectVerdict(SegmentFate.Dropped, "5961 3.2").ExpectNothing();
        }

        harness.ExpectState(state).ExpectNoChange();
    }

    [Theory]
    [Trait("Proves", "U-7")]
    [Trait("Proves", "5961-3")]
    [Trait("Proves", "5961-6")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_SynAnywhere_Challenged(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state);
        foreach (string segment in new[] { "S 300", $"S {next}", $"S {next + 10}", $"S {next + 1_000_000}", "S. 300 ack 101", "SFP 300:310(10)" })
        {
            harness.Inject("< " + segment).ExpectVerdict(SegmentFate.Challenged)
                .Expect(PlainAck(state), TransmitReason.ChallengeAck).ExpectNothing();
        }

        harness.ExpectState(state).ExpectNoChange();
    }

    [Theory]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_RstInsideOfWindowAsRfc793HasIt_Closed(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state, TcpHarness.Plain with { AcceptResetInWindow = true });
        int window = (int)harness.Connection.Rcv.Wnd;
        harness.Inject($"< R {next - 1}").Inject($"< R {next + window}").ExpectNothing().ExpectState(state);
        harness.Inject($"< R {next + window - 1}").ExpectNothing().ExpectChange(state, TcpState.Closed, TransitionEvent.RstArrives);
    }

    [Theory]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_SynInsideOfWindowAsRfc793HasIt_RstAndClosed(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state, TcpHarness.Plain with { ResetOnSynInWindow = true });
        harness.Inject("< S 300").Expect(PlainAck(state), TransmitReason.ChallengeAck).ExpectNothing().ExpectState(state); // left of it
        harness.Inject($"< S {next + 10}").ExpectVerdict(SegmentFate.Reset, "793 3.9")
            .Expect($"> R. =0 ack {next + 11}", TransmitReason.Reset).ExpectNothing()
            .ExpectChange(state, TcpState.Closed, TransitionEvent.SynAgainArrives)
            .Check(connection => Assert.Equal(
                state is TcpState.Closing or TcpState.LastAck or TcpState.TimeWait ? ConnectionError.None : ConnectionError.Reset, connection.Error));
    }

    [Fact]
    public void Established_SynAckInsideOfWindowAsRfc793HasIt_RstHasItsAcknowledgmentNumber() =>
        InState.Established(TcpHarness.Plain with { ResetOnSynInWindow = true }).Inject("< S. 301 ack 90")
            .Expect("> R 90", TransmitReason.Reset).ExpectNothing().ExpectState(TcpState.Closed);

    [Theory]
    [Trait("Proves", "U-8")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_NoAckBit_Dropped(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state);
        foreach (string segment in new[] { $"< none {next}", $"< P {next}:{next + 10}(10)", $"< F {next}", $"< U {next} urg 5" })
        {
            harness.Inject(segment).ExpectVerdict(SegmentFate.Dropped).ExpectNothing();
        }

        harness.ExpectState(state).ExpectNoChange().ExpectNoEvent();
    }

    [Theory]
    [Trait("Proves", "U-10")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_AckOfUnsent_AcknowledgedAndDropped(TcpState state) =>
        InState.Of(state).Inject($"< P. {InState.RcvNxt(state)}:{InState.RcvNxt(state) + 1}(1) ack {InState.SndNxt(state) + 1} win 77")
            .ExpectVerdict(SegmentFate.Acknowledged)
            .Expect(PlainAck(state))
            .ExpectNothing()
            .ExpectState(state)
            .Check(connection =>
            {
                Assert.Equal(65535u, connection.Snd.Wnd);
                Assert.Equal(0, connection.Available);
            });

    [Theory]
    [Trait("Proves", "5961-4")]
    [Trait("Proves", "MAY-12")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_AckOlderThanAnyWindow_Challenged(TcpState state)
    {
        int edge = SndUna(state) - 65535;
        InState.Of(state)
            .Inject($"< . {InState.RcvNxt(state)} ack {edge - 1}").ExpectVerdict(SegmentFate.Challenged).Expect(PlainAck(state))
            .ExpectNothing()
            .Inject($"< . {InState.RcvNxt(state)} ack {edge}").ExpectVerdict(SegmentFate.Accepted).ExpectNothing()
            .ExpectState(state);
    }

    [Theory]
    [Trait("Proves", "U-22")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_AckAtTheRightEdge_CountsAndIsNotAnswered(TcpState state)
    {
        // A peer that has filled our window numbers its ACKs so; answers to answers would never end.
        TcpHarness harness = InState.Of(state);
        int edge = InState.RcvNxt(state) + (int)harness.Connection.Rcv.Wnd;
        harness.Inject($"< . {edge} ack 101").ExpectVerdict(SegmentFate.Accepted).ExpectNothing().ExpectState(state);
    }

    [Theory]
    [Trait("Proves", "U-4")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_Unacceptable_Acknowledged(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state, TcpHarness.Plain with { ChallengeAckLimit = 100 });
        int edge = next + (int)harness.Connection.Rcv.Wnd;
        string[] outside =
        [
            $"< . {next - 1} ack 101", // left of the window, as a keep-alive probe is
            $"< . {edge + 1} ack 101",
            $"< P. {next - 10}:{next}(10) ack 101", // all of it old
            $"< P. {edge}:{edge + 10}(10) ack 101",
            $"< F. {edge} ack 101",
            $"< . {next - 1_000_000} ack 101",
        ];
        foreach (string segment in outside)
        {
            harness.Inject(segment).ExpectVerdict(SegmentFate.Acknowledged).Expect(PlainAck(state), TransmitReason.Acknowledgment)
                .ExpectNothing();
        }

        harness.ExpectState(state).ExpectNoChange();
    }

    [Theory]
    [Trait("Proves", "U-14")]
    [Trait("Proves", "P31")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_Data_TakenWhileThePeerHasNotClosed(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state).Inject($"< P. {next}:{next + 10}(10) ack {SndUna(state)}")
            .ExpectVerdict(SegmentFate.Accepted);
        if (state is Established or FinWait1 or FinWait2)
        {
            harness.Expect($"> . {InState.SndNxt(state)} ack 311").ExpectEvent(ConnectionEventKind.DataAvailable).ExpectNothing()
                .Receive(most: 99, count: 10);
        }
        else
        {
            harness.ExpectNothing().ExpectNoEvent().Receive(most: 99, count: 0);
        }

        harness.ExpectState(state);
    }

    [Theory]
    [Trait("Proves", "U-14")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_Urgent_ToldWhileThePeerHasNotClosed(TcpState state)
    {
        int next = InState.RcvNxt(state);
        TcpHarness harness = InState.Of(state).Inject($"< U. {next} ack {SndUna(state)} urg 5");
        if (state is Established or FinWait1 or FinWait2)
        {
            harness.ExpectEvent(ConnectionEventKind.Urgent);
        }

        harness.ExpectNoEvent().ExpectState(state);
    }

    [Theory]
    [Trait("Proves", "U-20")]
    [Trait("Proves", "P53")]
    [MemberData(nameof(InState.Synchronized), MemberType = typeof(InState))]
    public void Synchronized_EcnBits_AsWithout(TcpState state) =>
        InState.Of(state).Inject($"< .EW {InState.RcvNxt(state)} ack {SndUna(state)}").ExpectVerdict(SegmentFate.Accepted).ExpectNothing()
            .ExpectState(state);

    [Theory]
    [Trait("Proves", "5961-5")]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    public void Established_ManyBadRsts_ChallengesAreLimited(int limit, int answers)
    {
        TcpHarness harness = InState.Established(TcpHarness.Plain with { ChallengeAckLimit = limit });
        for (int i = 0; i < 100; i++)
        {
            harness.Inject("< R 400");
            if (i < answers)
            {
                harness.ExpectVerdict(SegmentFate.Challenged).Expect("> . 101 ack 301");
            }

            harness.ExpectNothing();
        }

        harness.ExpectVerdict(SegmentFate.Dropped, "5961 7").Inject("< P. 301:302(1) ack 101")
            .Expect("> . 101 ack 302"); // valid traffic is unharmed
        harness.Advance(4999).Inject("< R 400").ExpectNothing().Advance(1).Inject("< R 400");
        if (limit > 0)
        {
            harness.Expect("> . 101 ack 302", TransmitReason.ChallengeAck);
        }

        harness.ExpectNothing().Check(connection => Assert.Equal(limit == 0 ? 0 : answers + 1, connection.Counters.ChallengeAcks));
    }
}
