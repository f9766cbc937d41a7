using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 7323 to the letter: which timestamps are sent, taken and believed, and windows that scaling has rounded.</summary>
public sealed class TimestampTests
{
    // No ACK at once, so that delayed ones show which timestamp they echo.
    private static readonly TcpSettings s_delayed = TcpHarness.Plain with { Timestamps = true, QuickAcks = 0 };

    [Fact]
    [Trait("Proves", "7323-9")]
    public void Established_DelayedAck_EchoesTheEarliestOfItsSegments() =>
        Open() // RFC 7323 4.3, the first example: A, B and C in order, one ACK for all of them
            .Inject("< . 301:311(10) ack 101 <TS val 61 ecr 0>", "< . 311:321(10) ack 101 <TS val 62 ecr 0>", "< . 321:331(10) ack 101 <TS val 63 ecr 0>")
            .Expect("> . 101 ack 331 <TS val 1000000 ecr 61>")
            .Inject("< . 331:341(10) ack 101 <TS val 64 ecr 0>").ExpectNothing().Advance(40).Expect("> . 101 ack 341 <TS val 1000040 ecr 64>");

    [Fact]
    [Trait("Proves", "7323-9")]
    public void Established_OutOfOrder_EchoesTheLastInOrderAndThenTheFiller() =>
        Open(quickAcks: 16) // RFC 7323 4.3, the second example: A, C, B, E, D
            .Inject("< . 301:311(10) ack 101 <TS val 61 ecr 0>").Expect("> . 101 ack 311 <TS val 1000000 ecr 61>")
            .Inject("< . 321:331(10) ack 101 <TS val 63 ecr 0>").Expect("> . 101 ack 311 <TS val 1000000 ecr 61>")
            .Inject("< . 311:321(10) ack 101 <TS val 62 ecr 0>").Expect("> . 101 ack 331 <TS val 1000000 ecr 62>")
            .Inject("< . 341:351(10) ack 101 <TS val 65 ecr 0>").Expect("> . 101 ack 331 <TS val 1000000 ecr 62>")
            .Inject("< . 331:341(10) ack 101 <TS val 64 ecr 0>").Expect("> . 101 ack 351 <TS val 1000000 ecr 64>");

    // All five in one go: the ACKs are the same.
    [Fact]
    [Trait("Proves", "7323-9")]
    [Trait("Proves", "5681-18")]
    public void Established_OutOfOrderInOneBatch_EchoesTheSame() =>
        Open(quickAcks: 16)
            .Inject(
                "< . 301:311(10) ack 101 <TS val 61 ecr 0>",
                "< . 321:331(10) ack 101 <TS val 63 ecr 0>",
                "< . 311:321(10) ack 101 <TS val 62 ecr 0>",
                "< . 341:351(10) ack 101 <TS val 65 ecr 0>",
                "< . 331:341(10) ack 101 <TS val 64 ecr 0>")
            .Expect("> . 101 ack 311 <TS val 1000000 ecr 61>")
            .Expect("> . 101 ack 311 <TS val 1000000 ecr 61>")
            .Expect("> . 101 ack 331 <TS val 1000000 ecr 62>")
            .Expect("> . 101 ack 331 <TS val 1000000 ecr 62>")
            .Expect("> . 101 ack 351 <TS val 1000000 ecr 64>").ExpectNothing();

    [Fact]
    [Trait("Proves", "7323-9")]
    [Trait("Proves", "P16")]
    public void Established_ForgedSegmentWithFutureTimestamp_IsNotTakenOver() =>
        Open(quickAcks: 16).Inject("< P. 301:302(1) ack 77777 <TS val 2000000 ecr 0>").Ignore()
            .Inject("< S 301 <TS val 2000000 ecr 0>").Ignore()
            .Inject("< P. 301:311(10) ack 101 <TS val 60 ecr 0>").Expect("> . 101 ack 311 <TS val 1000000 ecr 60>");

    [Fact]
    [Trait("Proves", "7323-8")]
    public void SynSent_Syn_EchoesNothingAndTheSynAckEchoes()
    {
        new TcpHarness(s_delayed).OpenActive().Expect("> S 100 <mss 1460,TS val 1000000 ecr 0>");
        InState.Listen(s_delayed).Inject("< S 300 <mss 1000,TS val 77 ecr 123>").Expect("> S. 100 ack 301 <mss 1460,TS val 1000000 ecr 77>");
    }

    [Fact]
    [Trait("Proves", "7323-8")]
    [Trait("Proves", "7323-10")]
    public void Established_EchoOnWhatAcknowledgesNothing_IsNoSample() =>
        Open().Send(10).Expect("> P. 101:111(10) ack 301").Ignore()
            .Check(connection => Assert.Equal(TimeSpan.Zero, connection.Rtt.Latest)) // of the handshake
            .Advance(200).Expect("> P. 101:111(10) ack 301")
            .Inject("< P 301:302(1) <TS val 60 ecr 1000010>").ExpectVerdict(SegmentFate.Dropped) // without ACK
            .Inject("< P. 301:302(1) ack 101 <TS val 61 ecr 1000020>").Ignore() // data, and SND.UNA stays
            .Check(connection => Assert.Equal(TimeSpan.Zero, connection.Rtt.Latest));

    [Fact]
    [Trait("Proves", "7323-10")]
    public void Established_FlightOfEightSegments_EachOfItsFourSamplesWeighsAQuarter()
    {
        TcpHarness harness = InState.Established().Send(8000).Ignore().Advance(60).Inject("< . 301 ack 1101");
        harness.Check(connection =>
        {
            // Of SRTT 100, RTTVAR 50: alpha is 1/32, beta 1/16.
            Assert.Equal(98.75, connection.Rtt.Smoothed!.Value.TotalMilliseconds, 0.001);
            Assert.Equal(49.375, connection.Rtt.Variation!.Value.TotalMilliseconds, 0.001);
        });
        harness = InState.Established().Send(2000).Ignore().Advance(60).Inject("< . 301 ack 1101");
        harness.Check(connection => Assert.Equal(95, connection.Rtt.Smoothed!.Value.TotalMilliseconds, 0.001));
    }

    [Fact]
    [Trait("Proves", "7323-14")]
    public void Established_KeptBeyondAGapWhileTimestampsGrow_IsStillHandedOver() =>
        Open(quickAcks: 16).Inject("< . 311:321(10) ack 101 <TS val 60 ecr 0>").Expect("> . 101 ack 301")
            .Inject("< . 301 ack 101 <TS val 500 ecr 0>") // TS.Recent is beyond the one that waits
            .Inject("< . 301:311(10) ack 101 <TS val 501 ecr 0>").Expect("> . 101 ack 321 <TS val 1000000 ecr 501>").Receive(99, 20);

    [Fact]
    [Trait("Proves", "7323-15")]
    public void Established_TimePasses_ClockTicksEachMillisecond() =>
        Open().Advance(1).Send(1).Expect("> P. 101:102(1) ack 301 <TS val 1000001 ecr 55>").Inject("< . 301 ack 102 <TS val 55 ecr 1000001>")
            .Advance(4_999).Send(1).Expect("> P. 102:103(1) ack 301 <TS val 1005000 ecr 55>").Ignore();

    [Fact]
    [Trait("Proves", "7323-6")]
    public void ResetFor_SegmentWithTimestamps_HasNone()
    {
        // Linux holds a RST in SYN-RECEIVED against PAWS, which 0 does not pass.
        var syn = new TcpSegment { Flags = TcpFlags.SYN, Options = new() { Timestamps = new(77, 5) } };
        Assert.Null(TcpConnection.ResetFor(syn)!.Value.Options.Timestamps);
        Assert.Null(TcpConnection.ResetFor(syn with { Flags = TcpFlags.ACK })!.Value.Options.Timestamps);
    }

    [Fact]
    [Trait("Proves", "7323-16")]
    public void InitialSequence_OtherConnection_OtherTimestampOffset()
    {
        var sequence = new InitialSequence(new byte[16]);
        Endpoint local = TcpHarness.Local;
        Assert.Equal(sequence.TimestampOffset(local, TcpHarness.Remote), sequence.TimestampOffset(local, TcpHarness.Remote));
        Assert.NotEqual(
            sequence.TimestampOffset(local, TcpHarness.Remote), sequence.TimestampOffset(local, TcpHarness.Remote with { Port = 2001 }));
    }

    [Fact]
    [Trait("Proves", "7323-12")]
    [Trait("Proves", "7323-6")]
    public void Established_RstFarInTheFuture_UpdatesNothing() =>
        Open(quickAcks: 16).Inject("< R 400 <TS val 999999 ecr 0>").Expect("> . 101 ack 301 <TS val 1000000 ecr 55>")
            .Inject("< P. 301:302(1) ack 101 <TS val 56 ecr 0>").Expect("> . 101 ack 302 <TS val 1000000 ecr 56>");

    [Fact]
    [Trait("Proves", "7323-11")]
    [Trait("Proves", "7323-9")]
    public void TimeWait_OldSegment_PawsHoldsThereToo() =>
        InState.SynSent(s_delayed).Inject("< S. 300 ack 101 <mss 1000,TS val 55 ecr 1000000>").Ignore()
            .Close().Expect("> F. 101 ack 301").Inject("< . 301 ack 102 <TS val 56 ecr 1000000>").Inject("< F. 301 ack 102 <TS val 57 ecr 1000000>")
            .ExpectState(TimeWait).Expect("> . 102 ack 302").Ignore()
            .Inject("< F. 301 ack 102 <TS val 30 ecr 1000000>").ExpectVerdict(SegmentFate.Acknowledged, "7323 5.3").Expect("> . 102 ack 302");

    [Fact]
    [Trait("Proves", "7323-5")]
    public void Established_PeersWindowRoundsDown_NewDataStaysInTheNewestWindow() =>
        InState.SynSent(TcpHarness.Plain with { WindowScaling = true, Nagle = false })
            .Inject("< S. 300 ack 101 win 4000 <mss 1000,wscale 10>").Ignore()
            .Send(5000).IgnoreSent() // 4000 are in flight
            .Inject("< . 301 ack 1101 win 2") // 2048: the edge went back from 4101 to 3149
            .ExpectNothing().Check(connection => Assert.Equal(-952, connection.Snd.UsableWindow))
            .Inject("< . 301 ack 4101 win 2").Expect("> P. 4101:5101(1000) ack 301");

    [Theory]
    [Trait("Proves", "7323-2")]
    [InlineData("< . 301 ack 101 win 10", 10 << 3)]
    [InlineData("< P. 301:302(1) ack 101 win 65535", 65535 << 3)]
    public void Listen_WindowsBehindTheSyn_AreShifted(string segment, int window) =>
        InState.Listen(TcpHarness.Plain with { WindowScaling = true })
            .Inject("< S 300 win 8 <mss 1000,wscale 3>").Ignore().Check(connection => Assert.Equal(8u, connection.Snd.Wnd))
            .Inject(segment).Ignore().Check(connection => Assert.Equal((uint)window, connection.Snd.Wnd));

    private static TcpHarness Open(int quickAcks = 0) => InState.SynSent(s_delayed with { QuickAcks = quickAcks })
        .Inject("< S. 300 ack 101 <mss 1000,TS val 55 ecr 1000000>").Ignore();
}
