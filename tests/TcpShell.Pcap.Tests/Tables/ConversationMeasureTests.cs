using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Tables;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>Sums over conversations, checked by hand.</summary>
public sealed class ConversationMeasureTests
{
    private static readonly ConversationData[] s_four =
    [
        Make("10.0.0.1", "10.0.0.9", 80, hour: 1, rtt: 10, clientBytes: 100, serverBytes: 1000, again: 1, ConversationEnding.ClosedByClient),
        Make("10.0.0.1", "10.0.0.9", 443, hour: 1, rtt: 30, clientBytes: 200, serverBytes: 0, again: 0, ConversationEnding.ResetByServer),
        Make("10.0.0.2", "10.0.0.9", 80, hour: 2, rtt: 20, clientBytes: 50, serverBytes: 0, again: 3, ConversationEnding.Open),
        Make("10.0.0.2", "10.0.0.8", 80, hour: 2, rtt: null, clientBytes: 0, serverBytes: 0, again: 0, ConversationEnding.Unanswered),
    ];

    [Fact]
    public void All_IsSummedUp()
    {
        ConversationSummary all = Assert.Single(Measure(ConversationGrouping.None));
        Assert.Equal((4L, 80L, 1350L, 4L, 3L), (all.Conversations, all.Packets, all.Bytes, all.Retransmissions, all.RttCount));
        Assert.Equal(0.05, all.RetransmissionRate);
        Assert.Equal((20.0, 30.0), (all.RttMedian!.Value.TotalMilliseconds, all.Rtt95!.Value.TotalMilliseconds));
        Assert.Equal("ResetByServer 1, Unanswered 1", string.Join(", ", all.Failures.OrderBy(failure => failure.Cause, StringComparer.Ordinal)));
        Assert.Equal("10.0.0.9 1000 bytes, 10.0.0.1 300 bytes, 10.0.0.2 50 bytes, 10.0.0.8 0 bytes", string.Join(", ", all.TopTalkers));
        Assert.Equal(3, all.TopTalkers[0].Conversations);
        Assert.Equal((s_four[0].Start, s_four[^1].End), (all.Start, all.End));
    }

    [Theory]
    [InlineData(ConversationGrouping.Client, "10.0.0.1 2, 10.0.0.2 2")]
    [InlineData(ConversationGrouping.Server, "10.0.0.9 3, 10.0.0.8 1")]
    [InlineData(ConversationGrouping.Port, "80 3, 443 1")]
    [InlineData(ConversationGrouping.Ended, "ClosedByClient 1, ResetByServer 1, Open 1, Unanswered 1")]
    [InlineData(ConversationGrouping.Hour, "1970-01-01 01:00Z 2, 1970-01-01 02:00Z 2")]
    public void Groups_AreSummedUpEach(ConversationGrouping grouping, string expected) =>
        Assert.Equal(expected, string.Join(", ", Measure(grouping).Select(summary => $"{summary.Group} {summary.Conversations}")));

    [Fact]
    public void GroupsOfSeveral_HaveAllOfThemInCommon()
    {
        ConversationSummary[] both = Measure(ConversationGrouping.Server, ConversationGrouping.Port);
        Assert.Equal("10.0.0.9, 80 2, 10.0.0.9, 443 1, 10.0.0.8, 80 1", string.Join(", ", both.Select(summary => $"{summary.Group} {summary.Conversations}")));
        Assert.Equal(1150, both[0].Bytes);
    }

    [Fact]
    public void GroupsOfSeveral_HaveTheirHoursInOrder() =>
        Assert.Equal(["10.0.0.8, 1970-01-01 02:00Z", "10.0.0.9, 1970-01-01 01:00Z", "10.0.0.9, 1970-01-01 02:00Z"],
            Measure(ConversationGrouping.Server, ConversationGrouping.Hour).Select(summary => summary.Group));

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.5, 51)]
    [InlineData(0.99, 100)]
    [InlineData(1.0, 100)]
    public void Percentile_OfAHundred_IsTheOneAtThatPlace(double part, long expected) =>
        Assert.Equal(expected, ConversationMeasure.Percentile([.. Enumerable.Range(1, 100).Select(value => (long)value)], part));

    [Fact]
    public void AddressThatTalksToItself_HasOneConversation()
    {
        var measure = new ConversationMeasure();
        measure.Add(Make("127.0.0.1", "127.0.0.1", 80, 1, 1, 10, 20, 0, ConversationEnding.Open));
        ConversationTalker talker = Assert.Single(Assert.Single(measure.Summaries()).TopTalkers);
        Assert.Equal((1L, 30L), (talker.Conversations, talker.Bytes));
    }

    private static ConversationSummary[] Measure(params ConversationGrouping[] groupings)
    {
        var measure = new ConversationMeasure(groupings);
        foreach (ConversationData conversation in s_four)
        {
            measure.Add(conversation);
        }

        return [.. measure.Summaries()];
    }

    private static ConversationData Make(
        string client, string server, int port, int hour, double? rtt, long clientBytes, long serverBytes, int again, ConversationEnding ended) => new()
        {
            Start = Timestamp.FromSeconds(hour * 3600),
            End = Timestamp.FromSeconds((hour * 3600) + 10),
            HandshakeRtt = rtt is { } time ? TimeSpan.FromMilliseconds(time) : null,
            Ended = ended,
            Client = new() { Address = client, Port = 49152, Packets = 15, Bytes = clientBytes, Analysis = new() { Retransmissions = again } },
            Server = new() { Address = server, Port = port, Packets = 5, Bytes = serverBytes },
        };
}
