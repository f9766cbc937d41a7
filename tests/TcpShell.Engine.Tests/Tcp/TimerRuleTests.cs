using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 6298 3 and 5: when samples are taken, and that nothing goes again too early. RTO is 300 ms, as <see cref="InState"/> leaves it.</summary>
public sealed class TimerRuleTests
{
    [Fact]
    [Trait("Proves", "6298-9")]
    [Trait("Proves", "6298-10")]
    public void Established_AckOfTheFirst_TheSecondWaitsAWholeRtoFromThere() =>
        InState.Established(TcpHarness.Plain with { Nagle = false }).Send(10).Expect("> P. 101:111(10) ack 301")
            .Advance(200).Send(10).Expect("> P. 111:121(10) ack 301")
            .Advance(90).Inject("< . 301 ack 111") // the timer of the first would have fired 10 ms later
            .Check(connection => Assert.True(connection.Rtt.Rto > TimeSpan.FromMilliseconds(300)))
            .Advance(300).ExpectNothing();

    [Fact]
    [Trait("Proves", "6298-9")]
    public void Established_RetransmissionSent_NextOneNotBeforeTheDoubledRto() =>
        InState.Established().Send(10).Expect("> P. 101:111(10) ack 301").Advance(299).ExpectNothing()
            .Advance(1).Expect("> P. 101:111(10) ack 301", TransmitReason.RetransmissionTimeout)
            .Advance(599).ExpectNothing()
            .Advance(1).Expect("> P. 101:111(10) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    [Trait("Proves", "6298-9")]
    public void Established_FirstTimesOut_TheYoungerOneDoesNotGoWithIt() =>
        InState.Established().Send(1000).Expect("> P. 101:1101(1000) ack 301")
            .Advance(200).Send(1000).Expect("> P. 1101:2101(1000) ack 301")
            .Advance(100).Expect("> . 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout).ExpectNothing();

    [Fact]
    [Trait("Proves", "6298-7")]
    public void Established_OneFlightPerRoundTrip_EachGivesASample()
    {
        TcpHarness harness = InState.Established();
        for (int round = 0; round < 10; round++)
        {
            int milliseconds = 50 + (10 * round);
            int next = 101 + (round * 10);
            harness.Send(10).Expect($"> P. {next}:{next + 10}(10) ack 301").Advance(milliseconds).Inject($"< . 301 ack {next + 10}")
                .Check(connection => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), connection.Rtt.Latest));
        }
    }

    [Fact]
    [Trait("Proves", "7323-17")]
    public void Established_FlightOfFourSegments_EachSampleWeighsHalf() =>
        InState.Established().Send(4000).IgnoreSent().Advance(20).Inject("< . 301 ack 1101") // SRTT 100, RTTVAR 50 so far
            .Check(connection => Assert.Equal(
                (95.0, 53.75), (connection.Rtt.Smoothed!.Value.TotalMilliseconds, connection.Rtt.Variation!.Value.TotalMilliseconds)));

    [Fact]
    [Trait("Proves", "MUST-65")]
    public void Established_MssOnOrdinarySegments_NeitherTakenNorSent() =>
        InState.Established().Inject("< P. 301:311(10) ack 101 <mss 400>").ExpectVerdict(SegmentFate.Accepted).Ignore()
            .Check(connection => Assert.Equal(1000, connection.SendMaximumSegmentSize))
            .Send(1000).Expect("> P. 101:1101(1000) ack 311 <>");
}
