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
    public void Merge_OfTwoFilesWithALateSynInTheSecond_IsTheWhole()
    {
        static Exchange First(Exchange exchange) => exchange.Open();
        static Exchange Second(Exchange exchange) => exchange.C(Syn, 100).S(Ack, 501, 101).C(Ack, 101, 501, 5).S(Ack, 501, 106);
        var whole = ConversationData.From(Second(First(new Exchange())).Only);
        var later = new Exchange();
        later.Wait(TimeSpan.FromMilliseconds(3));
        ConversationData merged = Assert.Single(ConversationMerge.Merge([ConversationData.From(First(new Exchange()).Only), ConversationData.From(Second(later).Only)]));

        Assert.Equal(7, merged.Packets);
        Assert.Equal((whole.Client.Packets, whole.Server.Packets, whole.Client.UniqueBytes, whole.Client.Syns), (merged.Client.Packets, merged.Server.Packets, merged.Client.UniqueBytes, merged.Client.Syns));
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

    [Fact]
    public void Merge_OfASynAndItsReset_IsRefused()
    {
        ConversationData asked = DataOf(new Exchange().C(Syn, 100));
        ConversationData refused = DataOf(new Exchange().Wait(TimeSpan.FromMilliseconds(1)).S(RstAck, 0, 101));

        Assert.Equal(ConversationEnding.Refused, Assert.Single(ConversationMerge.Merge([asked, refused])).Ended);
    }

    [Fact]
    public void Merge_OfASynAndItsResetWithDataFromElsewhere_IsNotRefused()
    {
        ConversationData looksRefused = DataOf(new Exchange().C(Syn, 100).Wait(TimeSpan.FromMilliseconds(4)).S(RstAck, 501, 101));
        ConversationData data = DataOf(new Exchange().Wait(TimeSpan.FromMilliseconds(2)).C(Ack, 101, 501, 10).S(Ack, 501, 111));

        Assert.Equal(ConversationEnding.ResetByServer, Assert.Single(ConversationMerge.Merge([looksRefused, data])).Ended);
    }

    private static ConversationData DataOf(Exchange exchange) => ConversationData.From(exchange.Only);

    private static ConversationData Part(Func<int, bool> isCaptured)
    {
        TcpConversation? conversation = null;
        var tracker = new ConversationTracker();
        var segments = new Exchange();
        for (int i = 0; i < s_life.Length; i++)
        {
            if (isCaptured(i))
            {
                byte[] packet = segments.Bytes(s_life[i].From, s_life[i].To, s_life[i].Flags, s_life[i].Seq, s_life[i].Ack, s_life[i].Length);
                conversation = tracker.Add(Timestamp.FromSeconds(1000 + i), PacketDecoder.Decode(packet, LinkType.Raw));
            }
        }

        return ConversationData.From(conversation!);
    }

    // Two places, each with two files: of one direction each, or both of all with their own clocks.
    [Theory]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(5, 5)]
    [InlineData(2, 8)]
    public void Merge_OfTwoPlacesWithOneDirectionEachThatWereSplit_IsTheWhole(int clientCut, int serverCut)
    {
        ConversationData[] pieces =
        [
            Part(i => s_life[i].From == Client && i < clientCut) with { File = "/a1" },
            Part(i => s_life[i].From == Client && i >= clientCut) with { File = "/a2" },
            Part(i => s_life[i].From == Server && i < serverCut) with { File = "/b1" },
            Part(i => s_life[i].From == Server && i >= serverCut) with { File = "/b2" },
        ];
        foreach (ConversationData[] order in new[] { pieces, [.. pieces.Reverse()], [pieces[2], pieces[1], pieces[0], pieces[3]] })
        {
            ConversationData merged = Assert.Single(ConversationMerge.Merge(order));
            AssertSame(Part(_ => true), merged);
            Assert.Equal((4, "SF"), (merged.Parts, merged.ZeekState));
        }
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(5, 5)]
    [InlineData(6, 2)]
    public void Merge_OfBothEndsCapturesThatWereSplit_IsTheWhole(int clientCut, int serverCut)
    {
        ConversationData merged = Assert.Single(ConversationMerge.Merge(
        [
            Part(i => i < clientCut) with { File = "/client-1" },
            Part(i => i >= clientCut) with { File = "/client-2" },
            Shifted(Part(i => i < serverCut), 0.01) with { File = "/server-1" },
            Shifted(Part(i => i >= serverCut), 0.01) with { File = "/server-2" },
        ]));
        ConversationData whole = Part(_ => true);
        Assert.Equal((whole.Client.Packets, whole.Server.Packets, whole.Bytes, whole.Ended), (merged.Client.Packets, merged.Server.Packets, merged.Bytes, merged.Ended));
        Assert.Equal((whole.ZeekState, 4), (merged.ZeekState, merged.Parts));
    }

    [Fact]
    public void Merge_OfQuickConnectionsSeenByTwoClocks_CountsEachOnce()
    {
        ConversationData one = Part(_ => true);
        ConversationData other = Shifted(one, 20) with { Client = one.Client with { InitialSequenceNumber = 7000 }, Server = one.Server with { InitialSequenceNumber = 8000 } };
        IReadOnlyList<ConversationData> merged = ConversationMerge.Merge([one, other, Shifted(one, 30), Shifted(other, 30)]);

        Assert.Equal([2, 2], merged.Select(whole => whole.Parts));
        Assert.All(merged, whole => Assert.Equal((one.Packets, one.Bytes), (whole.Packets, whole.Bytes)));
    }

    [Fact]
    public void Merge_OfASynSentAgainInTheNextFile_CountsBoth()
    {
        ConversationData asked = Part(i => i == 0);
        ConversationData merged = Assert.Single(ConversationMerge.Merge([asked, Shifted(Part(_ => true), 1)]));

        Assert.Equal(Part(_ => true).Packets + 1, merged.Packets);
        Assert.Equal(2, merged.Client.Syns);
    }

    [Fact]
    public void Merge_WithTheFirstPieceTurnedRound_TakesTheEndsOfTheBetterEvidence()
    {
        // Captured from the middle, the server first; the other place has the SYN, but starts later by its clock.
        ConversationData middle = Part(i => i >= 5);
        ConversationData turned = middle with
        {
            Start = Part(_ => true).Start + TimeSpan.FromMilliseconds(-1),
            Client = middle.Server,
            Server = middle.Client,
            RolesFrom = RoleEvidence.FirstSender,
            Ended = ConversationEnding.ClosedByServer,
            ZeekState = "SF",
            ZeekHistory = "DadFfA",
        };
        ConversationData merged = Assert.Single(ConversationMerge.Merge([turned, Part(_ => true)]));

        Assert.Equal((Client.ToString(), Server.ToString(), RoleEvidence.Syn), (merged.Client.ToString(), merged.Server.ToString(), merged.RolesFrom));
        Assert.Equal((Part(_ => true).Packets, ConversationEnding.ClosedByClient), (merged.Packets, merged.Ended));
    }

    [Fact]
    public void Merge_OfFilesThatChangedWithinOneTick_LosesNothing()
    {
        ConversationData first = Part(i => i < 5);
        ConversationData rest = Part(i => i >= 5);
        AssertSame(Part(_ => true), Assert.Single(ConversationMerge.Merge([first with { End = rest.Start }, rest])));
    }

    [Fact]
    public void Merge_OfPiecesOfOneFileAndOfTheFileTwice_GoesByTheFrames()
    {
        ConversationData first = Part(i => i < 5) with { File = "/a", FirstFrame = 1, LastFrame = 5 };
        ConversationData rest = Part(i => i >= 5) with { File = "/a", FirstFrame = 6, LastFrame = 10 };
        AssertSame(Part(_ => true), Assert.Single(ConversationMerge.Merge([first, rest, first, rest])));
    }

    private static ConversationData Shifted(ConversationData piece, double seconds) => piece with
    {
        Start = piece.Start + TimeSpan.FromSeconds(seconds),
        End = piece.End + TimeSpan.FromSeconds(seconds),
    };

    private static void AssertSame(ConversationData whole, ConversationData merged)
    {
        Assert.Equal(whole.ToString(), merged.ToString());
        Assert.Equal((whole.Start, whole.End, whole.Completeness, whole.Ended), (merged.Start, merged.End, merged.Completeness, merged.Ended));
        Assert.Equal((whole.Client.Packets, whole.Client.Bytes, whole.Client.UniqueBytes, whole.Client.Fins), (merged.Client.Packets, merged.Client.Bytes, merged.Client.UniqueBytes, merged.Client.Fins));
        Assert.Equal((whole.Server.Packets, whole.Server.Bytes, whole.Server.UniqueBytes, whole.Server.Fins), (merged.Server.Packets, merged.Server.Bytes, merged.Server.UniqueBytes, merged.Server.Fins));
        Assert.Equal((whole.Client.InitialSequenceNumber, whole.Server.InitialSequenceNumber), (merged.Client.InitialSequenceNumber, merged.Server.InitialSequenceNumber));
    }
}
