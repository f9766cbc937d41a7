namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>The remarks about segments in the small: what TShark 4.0.17 prints for the same segments.</summary>
[Trait("Proves", "P71")]
public sealed class SegmentVerdictTests
{
    [Fact]
    public void Data_AcknowledgedAndSentAgainWithinARoundTrip_IsSpurious() => Assert.Equal(
        ["8 [TCP Spurious Retransmission]", "9 [TCP Spurious Retransmission]"],
        new Verdicts().C(1, 1, 100).C(101, 1, 100).C(201, 1, 100).S(1, 301).C(101, 1, 100).C(201, 1, 100).Remarks);

    [Fact]
    public void Data_NotAcknowledgedAndSentAgainWithinARoundTrip_IsOutOfOrder() => Assert.Equal(
        ["7 [TCP Out-Of-Order]"],
        new Verdicts().C(1, 1, 100).C(101, 1, 100).C(201, 1, 100).C(101, 1, 100).Remarks);

    [Fact]
    public void Data_FromTheLastOctetOn_BringSomethingNewAndRepeatNothing() => Assert.Equal(
        ["7 [TCP Keep-Alive]"],
        new Verdicts().C(1, 1, 100).C(100, 1, 50).C(149, 1, 2).C(150, 1, 1).C(150, 1, 3, after: 500).Remarks);

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void WindowOfASyn_IsNotScaled_TheFirstFlightFillsIt(byte scale) => Assert.Equal(
        ["5 [TCP Window Full]", "7 [TCP Window Full] [TCP Retransmission]"],
        new Verdicts(scale).C(1, 1, 500).C(501, 1, 500).C(1001, 1, 100).C(501, 1, 500, after: 700).Remarks);

    [Fact]
    public void WindowOfASyn_IsForgottenWithTheNextSegment() => Assert.Equal(
        ["8 [TCP Window Full]"],
        new Verdicts().S(1, 1, 100).C(1, 101, 1000).S(101, 1001, window: 2).C(1001, 101, 200).C(1201, 101, 56).Remarks);

    [Fact]
    public void Octet_SentAgainAndAcknowledged_IsAnsweredByAnOrdinaryAck() => Assert.Equal(
        ["8 [TCP Keep-Alive]"],
        new Verdicts().C(1, 1, 1).S(1, 2, 1).C(2, 2).C(2, 2, 1).C(2, 2, 1, after: 220).S(2, 3).S(2, 3, 1, after: 3).C(3, 3).Remarks);

    [Fact]
    public void KeepAlive_RepeatedAckIsItsAnswer() => Assert.Equal(
        ["6 [TCP Keep-Alive]", "7 [TCP Keep-Alive ACK]", "8 [TCP Keep-Alive]", "9 [TCP Keep-Alive ACK]", "11 [TCP Keep-Alive]"],
        new Verdicts().C(1, 1, 100).S(1, 101).C(100, 1, 1, after: 45_000).S(1, 101).C(100, 1, after: 45_000).S(1, 101)
            .C(101, 1, 1).C(101, 1, after: 45_000).S(1, 102).Remarks);

    [Fact]
    public void Probe_WhoseOctetTheReceiverTakes_IsAcknowledgedUnseen() => Assert.Equal(
        [
            "5 [TCP ZeroWindow]", "6 [TCP ZeroWindowProbe]", "7 [TCP ZeroWindow] [TCP ACKed unseen segment]", "8 [TCP Previous segment not captured]",
            "9 [TCP ZeroWindow] [TCP ACKed unseen segment]", "10 [TCP Window Update]",
        ],
        new Verdicts().C(1, 1, 100).S(1, 101, window: 0).C(101, 1, 1, after: 300).S(1, 102, window: 0).C(102, 1, 1, after: 300).S(1, 103, window: 0)
            .S(1, 103, window: 500, after: 50).C(103, 1, 50).Remarks);

    [Fact]
    public void FirstSegment_OfWhatWasAcknowledgedBefore_IsSpurious()
    {
        var exchange = new Exchange().S(Exchange.Ack, 501, 201, 10).C(Exchange.Ack, 101, 511, 100);

        Assert.Equal((1, 1), (exchange.Only.Client.Analysis.SpuriousRetransmissions, exchange.Only.Retransmissions));
    }

    [Fact]
    public void Remarks_StandInWiresharksOrder() => Assert.Equal(
        [
            "5 [TCP ZeroWindow]", "6 [TCP ZeroWindow] [TCP Retransmission]", "7 [TCP ZeroWindow] [TCP Previous segment not captured]",
            "8 [TCP ZeroWindow] [TCP Out-Of-Order]", "9 [TCP ZeroWindow] [TCP Keep-Alive]", "10 [TCP ZeroWindowProbe] [TCP ACKed unseen segment]",
            "11 [TCP ZeroWindowProbeAck] [TCP ZeroWindow]", "12 [TCP Window Update]", "13 [TCP ZeroWindow] [TCP Window Full]",
            "14 [TCP ZeroWindow] [TCP Previous segment not captured]", "15 [TCP ZeroWindow] [TCP Window Full] [TCP Retransmission]",
            "16 [TCP ZeroWindow] [TCP ACKed unseen segment]",
        ],
        new Verdicts(scale: 0).C(1, 1, 100).S(1, 101, 10, window: 0).S(1, 101, 10, window: 0, after: 300).S(31, 101, 10, window: 0).S(21, 101, 10, window: 0)
            .S(40, 101, 1, window: 0).C(101, 41, 1, window: 0, after: 300).S(41, 101, window: 0).C(101, 41, window: 50)
            .S(41, 101, 50, window: 0).S(141, 101, 50, window: 0).S(41, 101, 50, window: 0, after: 300).S(191, 900, window: 0, after: 300).Remarks);

    [Fact]
    public void DuplicateAcks_NameTheFrameOfTheAckThatTheyRepeat() => Assert.Equal(
        [
            "6 [TCP Dup ACK 5#1]", "7 [TCP Dup ACK 5#2]", "8 [TCP Previous segment not captured]", "9 [TCP Window Update]", "10 [TCP Dup ACK 5#3]",
            "13 [TCP Dup ACK 12#1]",
        ],
        new Verdicts().C(1, 1, 100).S(1, 101, 1).S(2, 101).S(2, 101).C(201, 1, 100).S(2, 101, window: 500).S(2, 101, window: 500)
            .C(101, 2, 100, after: 300).S(2, 301, window: 500).S(2, 301, window: 500).Remarks.Except(["11 [TCP Retransmission]"]));
}
