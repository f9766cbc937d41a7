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
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    public void Merge_OfTwoFilesInARow_IsTheWhole(int cut)
    {
        ConversationData whole = Part(_ => true);
        ConversationData merged = Assert.Single(ConversationMerge.Merge([Part(i => i >= cut), Part(i => i < cut)]));
        AssertSame(whole, merged);
        Assert.Equal((whole.HandshakeRtt, whole.ServerRtt), (merged.HandshakeRtt, merged.ServerRtt));
        Assert.Equal((whole.ClientState, whole.ServerState), (merged.ClientState, merged.ServerState));
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
            ZeekHistory = SwapCase(rest.ZeekHistory),
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
        ConversationData two = Part(i => i is 5 or 6) with { Ended = last };
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

    // One client, 100 and 500, that was asked and answered; then both close, or the client gives up.
    private static Exchange Answered() => new Exchange().Open().C(Ack, 101, 501, 10).S(Ack, 501, 111);

    // What comes later, in the next file.
    private static Exchange Later() => new Exchange().Wait(TimeSpan.FromSeconds(1));

    [Fact]
    public void Merge_WithAResetAfterBothHaveClosed_IsClosed()
    {
        Exchange closed = Answered().C(FinAck, 111, 501).S(FinAck, 501, 112).C(Ack, 112, 502);

        Assert.Equal(ConversationEnding.ClosedByClient, EndedOf(closed, Later().C(Rst, 112)));
        Assert.Equal(ConversationEnding.ClosedByClient, EndedOf(Answered().C(FinAck, 111, 501), Later().S(FinAck, 501, 112).C(Rst, 112)));
    }

    [Fact]
    public void Merge_WithAResetAfterOneHasClosed_IsReset() =>
        Assert.Equal(ConversationEnding.ResetByServer, EndedOf(Answered().C(FinAck, 111, 501), Later().S(Rst, 501)));

    [Fact]
    public void Merge_WithResetsOfBothEnds_IsResetByTheFirst() =>
        Assert.Equal(ConversationEnding.ResetByClient, EndedOf(Answered().C(RstAck, 111, 501), Later().S(Rst, 501)));

    [Fact]
    public void Merge_WithClosingAfterAReset_IsReset() =>
        Assert.Equal(ConversationEnding.ResetByServer, EndedOf(Answered().S(RstAck, 501, 111), Later().C(FinAck, 111, 501).S(FinAck, 501, 112)));

    [Fact]
    public void Merge_WithASynAfterBothHaveClosed_IsNotUnanswered() =>
        Assert.Equal(ConversationEnding.ClosedByClient, EndedOf(Answered().C(FinAck, 111, 501).S(FinAck, 501, 112), Later().C(Syn, 100)));

    [Fact]
    public void Merge_OfASynAndASynAckWithItsReset_IsResetByTheClient() =>
        Assert.Equal(ConversationEnding.ResetByClient, EndedOf(new Exchange().C(Syn, 100), new Exchange().Wait(TimeSpan.FromMilliseconds(5)).S(SynAck, 500, 101).C(Rst, 101)));

    [Theory]
    [InlineData(6, 6)]
    [InlineData(3, 5)]
    public void Merge_OfFilesThatEndBetweenSegmentsOfOneTime_LosesNothing(int last, int same)
    {
        // From the last of the first file to the last of all there is one time.
        Timestamp At(int i) => Timestamp.FromSeconds(1000 + (i < last - 1 ? i : last - 1));
        ConversationData whole = Part(i => i <= same, At);
        ConversationData[] pieces = [Part(i => i < last, At), Part(i => i >= last && i <= same, At)];
        foreach (ConversationData[] order in new[] { pieces, [pieces[1], pieces[0]] })
        {
            AssertSame(whole, Assert.Single(ConversationMerge.Merge(order)));
        }
    }

    [Fact]
    public void Merge_OfOneMomentSeenTwice_CountsOnce()
    {
        ConversationData moment = Part(i => i == 4);
        Assert.Equal(1, Assert.Single(ConversationMerge.Merge([moment with { File = "/a" }, moment with { File = "/b" }])).Packets);
    }

    [Fact]
    public void Merge_OfASynWithoutItsAnswer_HasZeeksStateOfAClientThatGoesOn()
    {
        ConversationData merged = Assert.Single(ConversationMerge.Merge([DataOf(new Exchange().C(Syn, 100)), DataOf(Later().C(Ack, 101, 501, 10))]));
        Assert.Equal((DataOf(new Exchange().C(Syn, 100).C(Ack, 101, 501, 10)).ZeekState, "OTH"), (merged.ZeekState, merged.ZeekState));
    }

    private static ConversationEnding EndedOf(params Exchange[] files) => Assert.Single(ConversationMerge.Merge(files.Select(DataOf))).Ended;

    private static ConversationData DataOf(Exchange exchange) => ConversationData.From(exchange.Only);

    private static ConversationData Part(Func<int, bool> isCaptured, Func<int, Timestamp>? time = null)
    {
        TcpConversation? conversation = null;
        var tracker = new ConversationTracker();
        var segments = new Exchange();
        for (int i = 0; i < s_life.Length; i++)
        {
            if (isCaptured(i))
            {
                byte[] packet = segments.Bytes(s_life[i].From, s_life[i].To, s_life[i].Flags, s_life[i].Seq, s_life[i].Ack, s_life[i].Length);
                conversation = tracker.Add(time?.Invoke(i) ?? Timestamp.FromSeconds(1000 + i), PacketDecoder.Decode(packet, LinkType.Raw));
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
            ZeekHistory = SwapCase(middle.ZeekHistory),
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

    private static string SwapCase(string history) => string.Concat(history.Select(letter => char.IsUpper(letter) ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter)));

    private static void AssertSame(ConversationData whole, ConversationData merged)
    {
        Assert.Equal(whole.ToString(), merged.ToString());
        Assert.Equal((whole.Start, whole.End, whole.Completeness, whole.Ended), (merged.Start, merged.End, merged.Completeness, merged.Ended));
        Assert.Equal((whole.Client.Packets, whole.Client.Bytes, whole.Client.UniqueBytes, whole.Client.Fins), (merged.Client.Packets, merged.Client.Bytes, merged.Client.UniqueBytes, merged.Client.Fins));
        Assert.Equal((whole.Server.Packets, whole.Server.Bytes, whole.Server.UniqueBytes, whole.Server.Fins), (merged.Server.Packets, merged.Server.Bytes, merged.Server.UniqueBytes, merged.Server.Fins));
        Assert.Equal((whole.Client.InitialSequenceNumber, whole.Server.InitialSequenceNumber), (merged.Client.InitialSequenceNumber, merged.Server.InitialSequenceNumber));
    }
}
