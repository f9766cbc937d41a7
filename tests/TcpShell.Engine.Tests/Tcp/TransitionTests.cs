using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>The transition table: each of its edges is driven through a connection, and none is missing or there twice.</summary>
[Trait("Proves", "P72")]
public sealed class TransitionTests
{
    private static readonly TcpSettings s_settings = TcpHarness.Plain with
    {
        KeepAlive = true,
        KeepAliveIdle = TimeSpan.FromHours(1),
        KeepAliveInterval = TimeSpan.FromSeconds(1),
    };

    /// <summary>The number of each edge; theories show the edges by their names.</summary>
    public static TheoryData<TcpState, TransitionEvent, TcpState> Edges
    {
        get
        {
            var data = new TheoryData<TcpState, TransitionEvent, TcpState>();
            foreach (TcpTransition edge in TcpTransitions.All)
            {
                data.Add(edge.From, edge.Event, edge.To);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Edges))]
    public void EveryEdge_IsTakenByAConnection(TcpState from, TransitionEvent what, TcpState to) => Drive(from, what, to)
        .ExpectChange(from, to, what);

    [Fact]
    public void Table_EveryEdge_IsThereOnce() =>
        Assert.Equal(TcpTransitions.All.Count, TcpTransitions.All.DistinctBy(edge => (edge.From, edge.Event, edge.To)).Count());

    [Fact]
    public void Table_EveryEdge_IsExplained() => Assert.All(TcpTransitions.All, edge =>
    {
        Assert.NotEqual(edge.From, edge.To);
        Assert.NotEmpty(edge.Action);
        Assert.NotEmpty(edge.Rfc);
        Assert.EndsWith(".", edge.Explanation, StringComparison.Ordinal);
        Assert.Same(edge, TcpTransitions.Find(edge.From, edge.Event, edge.To));
    });

    [Fact]
    public void Table_Find_NothingForWhatIsNotThere()
    {
        Assert.Null(TcpTransitions.Find(Closed, TransitionEvent.FinArrives, CloseWait));
        Assert.Null(TcpTransitions.Find(TimeWait, TransitionEvent.Close, Closed));
    }

    [Fact]
    public void Table_EveryStateAndEvent_IsUsed()
    {
        Assert.Equal(Enum.GetValues<TcpState>(), TcpTransitions.All.Select(edge => edge.From).Distinct().Order());
        Assert.Equal(Enum.GetValues<TcpState>(), TcpTransitions.All.Select(edge => edge.To).Distinct().Order());
        Assert.Equal(Enum.GetValues<TransitionEvent>().Where(what => what != TransitionEvent.NotSeen), TcpTransitions.All.Select(edge => edge.Event).Distinct().Order());
    }

    private static TcpHarness Drive(TcpState from, TransitionEvent what, TcpState to)
    {
        bool active = (from, what, to) is (SynReceived, TransitionEvent.RstArrives or TransitionEvent.SynAgainArrives or TransitionEvent.IcmpErrorArrives, Closed);
        TcpSettings settings = what switch
        {
            TransitionEvent.SynArrivesTwoWay => s_settings with { TwoWayHandshake = true },
            TransitionEvent.SynAgainArrives => s_settings with { ResetOnSynInWindow = true },
            TransitionEvent.UserTimeout => s_settings with { UserTimeout = TimeSpan.FromSeconds(1) },
            _ => s_settings,
        };
        TcpHarness harness = active ? InState.SynReceivedActive(settings) : InState.Of(from, settings);
        int next = InState.RcvNxt(from);
        switch (what)
        {
            case TransitionEvent.PassiveOpen:
                return harness.OpenPassive();
            case TransitionEvent.ActiveOpen:
                return harness.OpenActive();
            case TransitionEvent.SendWhileListening:
                return harness.Do((connection, now) => connection.SendWhileListening([1], TcpHarness.Remote, 100, now));
            case TransitionEvent.SynArrives or TransitionEvent.SynArrivesTwoWay:
                return harness.Inject(InState.PeerSyn);
            case TransitionEvent.SynAckArrives:
                return harness.Inject(InState.PeerSynAck);
            case TransitionEvent.AckOfSynArrives:
                return harness.Inject("< . 301 ack 101");
            case TransitionEvent.Close:
                return harness.Close();
            case TransitionEvent.FinArrives:
                return harness.Inject($"< F. 301 ack {(from == FinWait2 ? 102 : 101)}");
            case TransitionEvent.AckOfFinArrives:
                return harness.Inject($"< . {next} ack 102");
            case TransitionEvent.FinAndAckOfFinArrive:
                return harness.Inject("< F. 301 ack 102");
            case TransitionEvent.RstArrives:
                return harness.Inject(from == SynSent ? "< R. =0 ack 101" : $"< R {next}");
            case TransitionEvent.SynAgainArrives:
                return harness.Inject("< S 310");
            case TransitionEvent.Abort:
                return harness.Abort();
            case TransitionEvent.IcmpErrorArrives:
                return harness.Do((connection, now) => connection.IcmpErrorArrives(new(IcmpErrorKind.PortUnreachable, default), connection.Snd.Una, 40, now));
            case TransitionEvent.ReopenedByNewerSyn:
                return harness.Do((connection, now) => connection.EndTimeWait(now));
            case TransitionEvent.HostStops:
                return harness.Do((connection, now) => connection.HostStops(now, "stop"));
            case TransitionEvent.TimeWaitTimeout or TransitionEvent.KeepAliveTimeout:
                return harness.Advance(4_000_000);
            case TransitionEvent.RetransmissionTimeout or TransitionEvent.UserTimeout:
                return (from is Established or CloseWait ? harness.Send(1) : harness).Advance(4_000_000);
            default:
                throw new InvalidOperationException($"No way is known to make {what} happen.");
        }
    }
}
