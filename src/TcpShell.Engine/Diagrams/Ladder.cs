using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams;

/// <summary>How an arrow of a ladder ends.</summary>
internal enum ArrowEnd
{
    /// <summary>At the other lane.</summary>
    Arrived,

    /// <summary>On the way.</summary>
    Lost,

    /// <summary>At the other lane, where nobody took it.</summary>
    Refused,

    /// <summary>Nowhere yet.</summary>
    OnItsWay,
}

/// <summary>What an event of a ladder is.</summary>
internal enum LadderEventKind
{
    /// <summary>An arrow ends at a lane.</summary>
    Arrival,

    /// <summary>A lane changes its state by itself: a user called, a timer fired.</summary>
    State,

    /// <summary>An arrow leaves a lane.</summary>
    Departure,

    /// <summary>Segments are left out.</summary>
    Fold,
}

/// <summary>One segment as an arrow between two lanes.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="From">The sender's lane.</param>
/// <param name="To">The receiver's lane.</param>
/// <param name="End">How it ends.</param>
internal sealed record Arrow(SegmentRecord Segment, int From, int To, ArrowEnd End)
{
    /// <summary>What the segment says: <c>SYN,ACK seq=0 ack=1</c>.</summary>
    public required string Label { get; init; }

    /// <summary>Why it was sent, where that is not ordinary: <c>[RTO]</c>; else empty.</summary>
    public required string Mark { get; init; }

    /// <summary>What happened to it on its way and at its receiver; empty if nothing did.</summary>
    public required string Remark { get; init; }

    /// <summary>Whether its end is an event of its own, later than its departure.</summary>
    public bool TakesTime => End == ArrowEnd.Arrived && Segment.Arrived > Segment.Time;
}

/// <summary>One thing that happens in a ladder.</summary>
/// <param name="Time">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Lane">At which lane; that of the sender for a fold.</param>
internal sealed record LadderEvent(Timestamp Time, LadderEventKind Kind, int Lane)
{
    /// <summary>The arrow that arrives or departs.</summary>
    public Arrow? Arrow { get; init; }

    /// <summary>The state that the lane is in from now on; empty if that stays as it is.</summary>
    public string State { get; init; } = "";

    /// <summary>The state that the other end of the arrow is in from now on, where nobody knows how long the segment takes: in a capture. Empty if that stays as it is.</summary>
    public string Reached { get; init; } = "";

    /// <summary>The change that led to the state.</summary>
    public StateChange? Change { get; init; }

    /// <summary>What is left out, in words.</summary>
    public string Text { get; init; } = "";

    /// <summary>The state that a lane is in from now on; empty if that stays as it is.</summary>
    public string StateOf(int lane) => lane == Lane && State.Length > 0 ? State : lane == Arrow?.To ? Reached : "";

    /// <summary>Its place among the events of the same time.</summary>
    public long Order { get; init; }
}

/// <summary>One host, or one end of captured conversations.</summary>
/// <param name="Name">Its name.</param>
internal sealed record Lane(string Name)
{
    /// <summary>The ends of conversations that it has in the diagram, in the order of their first segments.</summary>
    public List<Endpoint> Endpoints { get; } = [];

    /// <summary>The state before anything happens; empty if nobody knows.</summary>
    public string InitialState { get; set; } = "";
}

/// <summary>Segments and changes of state as a sequence of events between lanes: what every kind of ladder diagram draws.</summary>
/// <param name="Lanes">The hosts, in the order of their first segments.</param>
/// <param name="Events">What happens, in order.</param>
/// <param name="Origin">What counts as time 0: the start of a simulated network, the first segment of a capture.</param>
internal sealed record Ladder(IReadOnlyList<Lane> Lanes, IReadOnlyList<LadderEvent> Events, Timestamp Origin)
{
    /// <summary>A time since the origin, as text.</summary>
    public string TimeText(Timestamp time) => new Timestamp(time.Nanoseconds - Origin.Nanoseconds).ToString();
}
