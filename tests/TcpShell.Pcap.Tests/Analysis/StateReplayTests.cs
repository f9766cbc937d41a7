using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>States of both ends, told from segments that pass.</summary>
[Trait("Proves", "P71")]
public sealed class StateReplayTests
{
    [Fact]
    public void Connection_OpenedUsedAndClosedByTheClient_GoesThroughAllStates()
    {
        Exchange exchange = new Exchange().Open().C(Ack, 101, 501, 10).S(Ack, 501, 111, 20).C(Ack, 111, 521)
            .C(FinAck, 111, 521).S(Ack, 521, 112).S(FinAck, 521, 112).C(Ack, 112, 522);

        Assert.Equal("Closed > SynSent > Established > FinWait1 > FinWait2 > TimeWait", exchange.Path("client"));
        Assert.Equal("Listen > SynReceived > Established > CloseWait > LastAck > Closed", exchange.Path("server"));
        Assert.Equal(ConversationEnding.ClosedByClient, exchange.Only.Ended);
        Assert.False(exchange.Only.EndedMidStream);
        Assert.Equal((TcpState.TimeWait, TcpState.Closed), (exchange.Only.ClientState, exchange.Only.ServerState));
        StateChange change = exchange.Only.StateChanges[^1];
        Assert.Equal(("server", Server, Client, exchange.Now), (change.Host, change.Local, change.Remote, change.Time));
        Assert.Equal(("ACK of our FIN arrives, ack=22", "9293 3.10.7.4"), (change.Cause, change.Rfc));
    }

    [Fact]
    public void Connection_ClosedByTheServerInThreeSegments_TakesAckAndFinAtOnce()
    {
        Exchange exchange = new Exchange().Open().S(FinAck, 501, 101).C(FinAck, 101, 502).S(Ack, 502, 102);

        Assert.Equal("Closed > SynSent > Established > CloseWait > LastAck > Closed", exchange.Path("client"));
        Assert.Equal("Listen > SynReceived > Established > FinWait1 > TimeWait", exchange.Path("server"));
        Assert.Contains(exchange.Only.StateChanges, change => change.Event == TransitionEvent.FinAndAckOfFinArrive);
        Assert.Equal(ConversationEnding.ClosedByServer, exchange.Only.Ended);
    }

    [Fact]
    public void Connection_ClosedByBothAtOnce_GoesThroughClosing()
    {
        Exchange exchange = new Exchange().Open().C(FinAck, 101, 501).S(FinAck, 501, 101).C(Ack, 102, 502).S(Ack, 502, 102);

        Assert.Equal("Closed > SynSent > Established > FinWait1 > Closing > TimeWait", exchange.Path("client"));
        Assert.Equal("Listen > SynReceived > Established > FinWait1 > Closing > TimeWait", exchange.Path("server"));
        Assert.Equal(ConversationEnding.ClosedByClient, exchange.Only.Ended);
    }

    [Fact]
    public void Connection_ClosedByBothAtOnceWithARepeatedFin_StillGoesThroughClosing()
    {
        // The client's FIN comes twice; the second acknowledges the server's, but the first was on its way before.
        Exchange exchange = new Exchange().Open().C(FinAck, 101, 501).S(FinAck, 501, 101).C(FinAck, 101, 502).S(Ack, 502, 102);

        Assert.Equal("Closed > SynSent > Established > FinWait1 > Closing > TimeWait", exchange.Path("client"));
        Assert.Equal("Listen > SynReceived > Established > FinWait1 > Closing > TimeWait", exchange.Path("server"));
    }

    [Fact]
    public void Connection_OpenedByBothAtOnce_IsOne()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(Syn, 500).C(SynAck, 100, 501).S(SynAck, 500, 101).C(Ack, 101, 501);

        Assert.Equal("Closed > SynSent > SynReceived > Established", exchange.Path("client"));
        Assert.Equal("Closed > SynSent > SynReceived > Established", exchange.Path("server"));
    }

    [Fact]
    public void Fin_NeverAcknowledged_HasNotArrived()
    {
        Exchange exchange = new Exchange().Open().C(FinAck, 101, 501).C(FinAck, 101, 501).C(FinAck, 101, 501);

        Assert.Equal((TcpState.FinWait1, TcpState.Established), (exchange.Only.ClientState, exchange.Only.ServerState));
        Assert.Equal(ConversationEnding.HalfClosedByClient, exchange.Only.Ended);
        Assert.True(exchange.Only.EndedMidStream);
        Assert.Equal((3, 2), (exchange.Only.Client.Fins, exchange.Only.Client.RepeatedSegments));
    }

    [Fact]
    public void HalfClose_DataGoOnTheOtherWay()
    {
        Exchange exchange = new Exchange().Open().C(FinAck, 101, 501).S(Ack, 501, 102, 100).C(Ack, 102, 601);

        Assert.Equal((TcpState.FinWait2, TcpState.CloseWait), (exchange.Only.ClientState, exchange.Only.ServerState));
    }

    [Fact]
    public void Syn_AnsweredWithReset_IsRefused()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(RstAck, 0, 101);

        Assert.Equal("Closed > SynSent > Closed", exchange.Path("client"));
        Assert.Equal("", exchange.Path("server"));
        Assert.Equal(TcpState.Closed, exchange.Only.ServerState);
        Assert.Equal(ConversationEnding.Refused, exchange.Only.Ended);
    }

    [Fact]
    public void Syn_AskedTwiceAndRefusedTwice_IsRefused() =>
        Assert.Equal(ConversationEnding.Refused, new Exchange().C(Syn, 100).S(RstAck, 0, 101).C(Syn, 100).S(RstAck, 0, 101).Only.Ended);

    [Fact]
    public void Conversation_WhoseSynAckIsMissing_IsResetAndNotRefused()
    {
        Exchange exchange = new Exchange().C(Syn, 100).C(Ack, 101, 501).C(Ack, 101, 501, 18).S(Ack, 501, 119, 24).C(Ack, 119, 525).S(RstAck, 525, 119);

        Assert.Equal(ConversationEnding.ResetByServer, exchange.Only.Ended);
        Assert.Equal(ConversationEnding.ResetByServer, new Exchange().C(Syn, 100).C(Ack, 101, 501).C(Ack, 101, 501, 18).S(RstAck, 501, 119).Only.Ended);
    }

    [Fact]
    public void HalfOpenConnection_Discovered_OpensAnew()
    {
        // RFC 9293 3.5.1, figure 10: the server has an old connection still, with other numbers; its ACK makes the client reset that one and ask again.
        Exchange exchange = new Exchange().C(Syn, 100).S(Ack, 7777, 400).C(Rst, 400).C(Syn, 100).S(SynAck, 500, 101).C(Ack, 101, 501)
            .C(Ack, 101, 501, 2).S(Ack, 501, 103);

        TcpConversation conversation = exchange.Only;
        Assert.Equal("Closed > SynSent > Established", exchange.Path("client"));
        Assert.Equal("Established > Listen > SynReceived > Established", exchange.Path("server"));
        Assert.Equal((TcpState.Established, TcpState.Established), (conversation.ClientState, conversation.ServerState));
        Assert.Equal((ConversationEnding.Open, true), (conversation.Ended, conversation.EndedMidStream));
        Assert.Equal(500u, conversation.Server.InitialSequenceNumber!.Value.Value);
        Assert.Equal((2L, false), (conversation.Client.UniqueBytes, conversation.Server.IsStateInferred));
    }

    [Fact]
    public void HalfOpenConnection_DiscoveredAndUsed_EndsAsAnyOther()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(Ack, 7777, 400, 30).C(Rst, 400).C(Syn, 100).S(SynAck, 500, 101).C(Ack, 101, 501)
            .S(Ack, 501, 101, 40).C(FinAck, 101, 541).S(FinAck, 541, 102).C(Ack, 102, 542);

        Assert.Equal("Closed > SynSent > Established > FinWait1 > TimeWait", exchange.Path("client"));
        Assert.Equal("Established > Listen > SynReceived > Established > CloseWait > LastAck > Closed", exchange.Path("server"));
        Assert.Equal((ConversationEnding.ClosedByClient, 70L), (exchange.Only.Ended, exchange.Only.Server.UniqueBytes));
    }

    [Fact]
    public void Reset_InSynSentThatAnswersNothing_EndsTheConversation() =>
        Assert.Equal(ConversationEnding.ResetByClient, new Exchange().C(Syn, 100).C(Rst, 101).Only.Ended);

    [Fact]
    public void Syn_WithoutAnAnswer_LeavesTheServerUnknown()
    {
        Exchange exchange = new Exchange().C(Syn, 100).C(Syn, 100).C(Syn, 100);

        Assert.Equal((TcpState.SynSent, null), (exchange.Only.ClientState, exchange.Only.ServerState));
        Assert.Equal(ConversationEnding.Unanswered, exchange.Only.Ended);
        Assert.Equal(2, exchange.Only.RepeatedSegments);
    }

    [Fact]
    public void SynAck_AnsweredWithReset_SendsTheServerBackToListen()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(SynAck, 500, 101).C(Rst, 101);

        Assert.Equal("Listen > SynReceived > Listen", exchange.Path("server"));
        Assert.Equal((TcpState.Closed, ConversationEnding.ResetByClient), (exchange.Only.ClientState, exchange.Only.Ended));
    }

    [Fact]
    public void SynAck_WithAWrongAck_DoesNotEstablish()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(SynAck, 500, 99).C(Rst, 99);

        Assert.Equal((TcpState.SynSent, TcpState.Listen), (exchange.Only.ClientState, exchange.Only.ServerState));
        Assert.Equal(ConversationEnding.Open, exchange.Only.Ended);
    }

    [Fact]
    public void ThirdSegment_WithAWrongAck_DoesNotEstablishTheServer()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(SynAck, 500, 101).C(Ack, 101, 700);

        Assert.Equal(TcpState.SynReceived, exchange.Only.ServerState);
    }

    [Fact]
    public void ThirdSegment_MissingInTheCapture_IsInferredFromData()
    {
        Exchange exchange = new Exchange().C(Syn, 100).S(SynAck, 500, 101).S(Ack, 501, 101, 10).C(Ack, 101, 511);

        Assert.Equal((TcpState.Established, TcpState.Established), (exchange.Only.ClientState, exchange.Only.ServerState));
    }

    [Theory]
    [InlineData(101, true)] // the next number
    [InlineData(1100, true)] // inside of the window of 1000
    [InlineData(1101, false)] // behind it
    [InlineData(99, false)]
    public void Reset_InsideOfTheWindowOnly_Resets(uint seq, bool isBelieved)
    {
        Exchange exchange = new Exchange().Open().C(Rst, seq);

        Assert.Equal(isBelieved ? TcpState.Closed : TcpState.Established, exchange.Only.ServerState);
        Assert.Equal(isBelieved ? ConversationEnding.ResetByClient : ConversationEnding.Open, exchange.Only.Ended);
    }

    [Fact]
    public void Reset_AfterBothFins_LeavesTheOrderlyEnd()
    {
        Exchange exchange = new Exchange().Open().C(FinAck, 101, 501).S(FinAck, 501, 102).C(Rst, 102);

        Assert.Equal(ConversationEnding.ClosedByClient, exchange.Only.Ended);
        Assert.Equal(TcpState.Closed, exchange.Only.ServerState);
    }

    [Fact]
    public void Capture_StartedInTheMiddle_SaysSoAndInfers()
    {
        Exchange exchange = new Exchange().S(Ack, 9000, 7000, 10).C(FinAck, 7000, 9010).S(Ack, 9010, 7001);

        TcpConversation conversation = exchange.Only;
        Assert.True(conversation.StartedMidStream);
        Assert.True(conversation.Client.IsStateInferred && conversation.Server.IsStateInferred);
        Assert.Equal("Established > FinWait1 > FinWait2", exchange.Path("client"));
        Assert.Equal("Established > CloseWait", exchange.Path("server"));
        Assert.Equal("the user closes, FIN seq=1", conversation.StateChanges[0].Cause);
    }

    [Fact]
    public void Capture_OfTheClientsSegmentsOnly_FollowsBothEnds()
    {
        Exchange exchange = new Exchange().C(Syn, 100).C(Ack, 101, 501).C(Ack, 101, 501, 10).C(Ack, 111, 600);

        Assert.Equal((TcpState.Established, TcpState.Established), (exchange.Only.ClientState, exchange.Only.ServerState));
        Assert.Equal(ConversationEnding.Open, exchange.Only.Ended);
    }

    [Fact]
    public void StateChanges_WithoutEnd_AreNotKept()
    {
        var exchange = new Exchange();
        exchange.C(Syn, 100);
        for (int i = 0; i < 1000; i++)
        {
            exchange.S(SynAck, 500, 101).C(Rst, 101);
        }

        Assert.Equal(new AnalysisOptions().MaximumStateChanges, exchange.Only.StateChanges.Count);
        Assert.True(exchange.Only.DroppedStateChanges > 1000);
        exchange.Tracker.Finish();
        Assert.Equal(exchange.Only.DroppedStateChanges, exchange.Tracker.Limits.StateChangesDropped);
        Assert.Equal(TcpState.Listen, exchange.Only.ServerState);
    }

    [Fact]
    public void Segments_Random_TakeLegalEdgesOnlyAndNeverThrow()
    {
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            var exchange = new Exchange();
            for (int i = 0; i < 50; i++)
            {
                // Numbers close to each other, so that they often mean something.
                (Endpoint from, Endpoint to) = random.Next(2) == 0 ? (Client, Server) : (Server, Client);
                exchange.Send(from, to, (TcpFlags)random.Next(64), (uint)random.Next(100, 110), (uint)random.Next(100, 110), random.Next(3));
            }

            foreach (TcpConversation conversation in exchange.Conversations)
            {
                foreach (IGrouping<string, StateChange> end in conversation.StateChanges.GroupBy(change => change.Host))
                {
                    StateChange[] changes = [.. end];
                    Assert.All(changes, change => Assert.NotNull(TcpTransitions.Find(change.From, change.Event, change.To)));
                }
            }
        }
    }
}
