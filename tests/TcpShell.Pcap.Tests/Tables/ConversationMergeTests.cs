using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Tables;
using TcpShell.Pcap.Tests.Analysis;
using TcpShell.Wire;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>A conversation that was split is the same again after a merge.</summary>
public sealed class ConversationMergeTests
{
    private static readonly (Endpoint From, Endpoint To, TcpFlags Flags, uint Seq, uint Ack, int Length)[] s_life =
    [
        (Client, Server, Syn, 100, 0, 0),
        (Server, Client, SynAck, 500, 101, 0),
        (Client, Server, Ack, 101, 501, 0),
        (Client, Server, Ack, 101, 501, 10),
        (Server, Client, Ack, 501, 111, 0),
        (Server, Client, Ack, 501, 111, 30),
        (Client, Server, Ack, 111, 531, 0),
        (Client, Server, FinAck, 111, 531, 0),
        (Server, Client, FinAck, 531, 112, 0),
        (Client, Server, Ack, 112, 532, 0),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(9)]
    public void Merge_OfTwoFilesInARow_IsTheWhole(int cut)
    {
        ConversationData whole = Part(_ => true);
        ConversationData merged = Assert.Single(ConversationMerge.Merge([Part(i => i >= cut), Part(i => i < cut)]));
        AssertSame(whole, merged);
        Assert.Equal(2, merged.Parts);
        Assert.Equal(whole.Client.Window, merged.Client.Window);
    }

    [Fact]
    public void Merge_OfOneDirectionEach_IsTheWhole()
    {
        ConversationData merged = Assert.Single(ConversationMerge.Merge([Part(i => s_life[i].From == Client), Part(i => s_life[i].From == Server)]));
        AssertSame(Part(_ => true), merged);
    }

    [Fact]
    public void Merge_OfTheSameSeenTwice_CountsOnce()
    {
        ConversationData whole = Part(_ => true);
        ConversationData lacking = Part(i => i != 3);
        ConversationData merged = Assert.Single(ConversationMerge.Merge([whole with { Host = "a" }, lacking with { Host = "b" }]));
        AssertSame(whole, merged);
        Assert.Equal("a;b", merged.Host);
    }

    [Fact]
    public void Merge_OfPiecesWithTheirEndsTheOtherWayRound_TakesTheEndsOfTheOneThatSawTheSyn()
    {
        ConversationData first = Part(i => i < 5);
        ConversationData rest = Part(i => i >= 5);
        ConversationData turned = rest with
        {
            Client = rest.Server,
            Server = rest.Client,
            ClientState = rest.ServerState,
            ServerState = rest.ClientState,
            Ended = ConversationEnding.ClosedByServer,
            RolesFrom = RoleEvidence.FirstSender,
        };
        AssertSame(Part(_ => true), Assert.Single(ConversationMerge.Merge([first, turned])));
    }

    [Fact]
    public void Merge_OfAnotherConnectionWithTheSamePorts_KeepsThemApart()
    {
        ConversationData one = Part(_ => true);
        ConversationData other = one with
        {
            Start = one.End + TimeSpan.FromMinutes(5),
            End = one.End + TimeSpan.FromMinutes(6),
            Client = one.Client with { InitialSequenceNumber = 7777 },
        };
        Assert.Equal(2, ConversationMerge.Merge([one, other]).Count);
    }

    [Theory]
    [InlineData(ConversationEnding.HalfClosedByClient, ConversationEnding.HalfClosedByServer, ConversationEnding.ClosedByClient)]
    [InlineData(ConversationEnding.HalfClosedByServer, ConversationEnding.HalfClosedByClient, ConversationEnding.ClosedByServer)]
    [InlineData(ConversationEnding.ResetByServer, ConversationEnding.Open, ConversationEnding.ResetByServer)]
    [InlineData(ConversationEnding.Open, ConversationEnding.ResetByClient, ConversationEnding.ResetByClient)]
    [InlineData(ConversationEnding.Unanswered, ConversationEnding.Open, ConversationEnding.Open)]
    public void Merge_OfEndings_TellsWhoBegan(ConversationEnding first, ConversationEnding last, ConversationEnding expected)
    {
        ConversationData one = Part(i => i < 5) with { Ended = first };
        ConversationData two = Part(i => i >= 5) with { Ended = last };
        Assert.Equal(expected, Assert.Single(ConversationMerge.Merge([one, two])).Ended);
    }

    private static ConversationData Part(Func<int, bool> isCaptured)
    {
        var tracker = new ConversationTracker();
        var segments = new Exchange();
        for (int i = 0; i < s_life.Length; i++)
        {
            if (isCaptured(i))
            {
                byte[] packet = segments.Bytes(s_life[i].From, s_life[i].To, s_life[i].Flags, s_life[i].Seq, s_life[i].Ack, s_life[i].Length);
                tracker.Add(Timestamp.FromSeconds(1000 + i), PacketDecoder.Decode(packet, LinkType.Raw));
            }
        }

        return ConversationData.From(Assert.Single(tracker.Conversations));
    }

    private static void AssertSame(ConversationData whole, ConversationData merged)
    {
        Assert.Equal(whole.ToString(), merged.ToString());
        Assert.Equal((whole.Start, whole.End, whole.Completeness, whole.Ended), (merged.Start, merged.End, merged.Completeness, merged.Ended));
        Assert.Equal((whole.Client.Packets, whole.Client.Bytes, whole.Client.UniqueBytes, whole.Client.Fins), (merged.Client.Packets, merged.Client.Bytes, merged.Client.UniqueBytes, merged.Client.Fins));
        Assert.Equal((whole.Server.Packets, whole.Server.Bytes, whole.Server.UniqueBytes, whole.Server.Fins), (merged.Server.Packets, merged.Server.Bytes, merged.Server.UniqueBytes, merged.Server.Fins));
        Assert.Equal((whole.Client.InitialSequenceNumber, whole.Server.InitialSequenceNumber), (merged.Client.InitialSequenceNumber, merged.Server.InitialSequenceNumber));
    }
}
