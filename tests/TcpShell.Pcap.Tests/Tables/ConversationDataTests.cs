using System.Reflection;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Tables;
using TcpShell.Pcap.Tests.Analysis;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>Plain data has what the conversation has, and each column its source.</summary>
public sealed class ConversationDataTests
{
    // What only the reader of a capture, or a merge, can know.
    private static readonly string[] s_withoutSource = [nameof(ConversationData.Host), nameof(ConversationData.Parts)];

    [Theory]
    [InlineData(typeof(TcpConversation), typeof(ConversationData))]
    [InlineData(typeof(TcpConversationSide), typeof(ConversationSideData))]
    [InlineData(typeof(AnalysisCounts), typeof(AnalysisData))]
    [InlineData(typeof(RttStatistics), typeof(RttData))]
    [InlineData(typeof(Tracing.SegmentRecord), typeof(SegmentData))]
    public void EveryProperty_HasASource(Type source, Type data)
    {
        foreach (PropertyInfo property in data.GetProperties().Where(property => property.CanWrite && !s_withoutSource.Contains(property.Name)))
        {
            Type? type = source;
            foreach (string name in FromAttribute.PathOf(property).Split('.'))
            {
                type = (Nullable.GetUnderlyingType(type!) ?? type!).GetProperty(name)?.PropertyType;
                Assert.True(type is not null, $"{source.Name} has no {FromAttribute.PathOf(property)} for {data.Name}.{property.Name}");
            }
        }
    }

    [Fact]
    public void From_AConversation_HasItsNumbers()
    {
        TcpConversation conversation = new Exchange().Open().C(Ack, 101, 501, 10).C(Ack, 101, 501, 10).S(Ack, 501, 111).S(FinAck, 501, 111).C(FinAck, 111, 502).S(Ack, 502, 112).Only;
        var data = ConversationData.From(conversation);
        Assert.Equal(conversation.Stream, data.Stream);
        Assert.Equal("10.0.0.1:49152", data.Client.ToString());
        Assert.Equal("10.0.0.2:80", data.Server.ToString());
        Assert.Equal(conversation.Packets, data.Packets);
        Assert.Equal(20, data.Bytes);
        Assert.Equal(10, data.Client.UniqueBytes);
        Assert.Equal((1, 1), (data.Retransmissions, data.RepeatedSegments));
        Assert.Equal(conversation.Client.BadChecksums, data.Client.BadChecksums);
        Assert.Equal(1, data.Client.Analysis.Retransmissions);
        Assert.Equal(100u, data.Client.InitialSequenceNumber);
        Assert.Equal(conversation.Ended, data.Ended);
        Assert.Equal(conversation.Completeness, data.Completeness);
        Assert.Equal(conversation.HandshakeRtt, data.HandshakeRtt);
        Assert.Equal(conversation.ServerState, data.ServerState);
        Assert.Equal(conversation.Duration, data.Duration);
        Assert.Equal(conversation.ToString(), data.ToString());
    }

    [Fact]
    public void From_AConversationInTheMiddle_HasNullsWhereNothingIsKnown()
    {
        var data = ConversationData.From(new Exchange().C(Ack, 101, 501, 10).Only);
        Assert.Null(data.HandshakeRtt);
        Assert.Null(data.Client.InitialSequenceNumber);
        Assert.Null(data.Client.WindowScale);
    }

    [Fact]
    public void From_AConversationWithTimestamps_HasTheirRoundTrips()
    {
        var exchange = new Exchange { Options = new Wire.TcpOptions { Timestamps = new(1, 0) } };
        exchange.C(Syn, 100);
        exchange.Options = new Wire.TcpOptions { Timestamps = new(7, 1) };
        exchange.S(SynAck, 500, 101);
        var data = ConversationData.From(exchange.Only);

        Assert.Equal((1L, TimeSpan.FromMilliseconds(1)), (data.Client.TimestampRtt!.Count, data.Client.TimestampRtt.Median));
        Assert.Null(data.Server.TimestampRtt);
        ConversationData merged = Assert.Single(ConversationMerge.Merge([data, data with { Start = data.Start + TimeSpan.FromMilliseconds(0.5) }]));
        Assert.Equal(1L, merged.Client.TimestampRtt!.Count);
    }
}
