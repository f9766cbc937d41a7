using TcpShell.Hosting;
using TcpShell.Pcap.Analysis;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>Connections of our own TCP: the states that the replay tells from their packets are those that they really went through.</summary>
[Trait("Proves", "P71")]
public sealed class LabReplayTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    private readonly SimulatedNetwork _network = new(seed: 1);
    private readonly TcpHost _client;
    private readonly TcpHost _server;

    public LabReplayTests()
    {
        _client = _network.AddHost("client");
        _server = _network.AddHost("server");
    }

    [Theory]
    [InlineData("client closes")]
    [InlineData("server closes")]
    [InlineData("both close")]
    [InlineData("client aborts")]
    [InlineData("SYN,ACK is lost")]
    [InlineData("FIN is lost")]
    public void Lab_EachWayToClose_IsReplayedAsItWas(string what)
    {
        if (what.EndsWith("is lost", StringComparison.Ordinal))
        {
            TcpFlags flags = what.StartsWith("SYN", StringComparison.Ordinal) ? TcpFlags.SYN | TcpFlags.ACK : TcpFlags.FIN;
            _network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Flags = flags, Count = 1 });
        }

        Listener listener = _network.Listen(_server, Endpoint.Parse("*:80"), Applications.Manual);
        HostedConnection here = _network.Connect(_client, Endpoint.Parse("10.0.0.2:80"));
        Assert.True(_network.RunUntil(() => listener.TryAccept(out _), s_limit));
        HostedConnection there = _server.Connections[0];
        _network.Send(here, "hello"u8);
        Assert.True(_network.RunUntil(() => there.ReceiveQueue == 5 && here.SndUna == here.SndNxt, s_limit));
        switch (what)
        {
            case "server closes":
                Close(there, here);
                break;
            case "both close":
                _network.Close(here);
                _network.Close(there);
                break;
            case "client aborts":
                _network.Abort(here);
                break;
            default:
                Close(here, there);
                break;
        }

        _network.RunUntilIdle(s_limit);
        Check(here, there);
    }

    [Fact]
    public void Lab_SimultaneousOpen_IsReplayedAsItWas()
    {
        HostedConnection here = _network.Connect(_client, Endpoint.Parse("10.0.0.2:5000"), Endpoint.Parse("10.0.0.1:4000"));
        HostedConnection there = _network.Connect(_server, Endpoint.Parse("10.0.0.1:4000"), Endpoint.Parse("10.0.0.2:5000"));
        Assert.True(_network.RunUntil(() => here.State == TcpState.Established && there.State == TcpState.Established, s_limit));
        _network.RunFor(TimeSpan.FromSeconds(1));

        Check(here, there);
    }

    [Fact]
    public void Lab_NobodyListens_IsRefused()
    {
        HostedConnection here = _network.Connect(_client, Endpoint.Parse("10.0.0.2:80"));
        _network.RunUntilIdle(s_limit);

        Assert.Equal(ConversationEnding.Refused, Replay().Ended);
        Assert.Equal(Exchange.PathOf(here.StateChanges), Exchange.PathOf(Replay().StateChanges));
    }

    private void Close(HostedConnection first, HostedConnection second)
    {
        _network.Close(first);
        Assert.True(_network.RunUntil(() => first.State == TcpState.FinWait2, s_limit));
        _network.Close(second);
    }

    private void Check(HostedConnection here, HostedConnection there)
    {
        TcpConversation conversation = Replay();
        Assert.Equal(Real(here), Replayed(conversation, "client"));
        Assert.Equal(Real(there), Replayed(conversation, "server"));
    }

    // Neither a passive open nor the end of TIME-WAIT shows in a packet.
    private static string Real(HostedConnection connection) =>
        Describe(connection.StateChanges.Where(change => change.Event is not (TransitionEvent.PassiveOpen or TransitionEvent.TimeWaitTimeout)));

    private static string Replayed(TcpConversation conversation, string host) =>
        Describe(conversation.StateChanges.Where(change => change.Host == host));

    private static string Describe(IEnumerable<StateChange> changes) =>
        string.Join("; ", changes.Select(change => $"{change.From} -> {change.To} by {change.Event}: {WithoutNumber(change)} ({change.Rfc})"));

    // The replay tells the number of the segment that shows a user's call; the call itself has none.
    private static string WithoutNumber(StateChange change) =>
        change.Event is TransitionEvent.Close or TransitionEvent.Abort ? change.Cause.Split(',')[0] : change.Cause;

    private TcpConversation Replay()
    {
        var tracker = new ConversationTracker();
        List<TcpConversation> conversations = [];
        foreach (TracedPacket packet in _network.Trace)
        {
            Exchange.Keep(tracker.Add(packet.Sent, packet.Decode()), conversations);
        }

        return Assert.Single(conversations);
    }
}
