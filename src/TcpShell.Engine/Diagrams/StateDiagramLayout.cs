using TcpShell.Tcp;
using static TcpShell.Tcp.TcpState;
using static TcpShell.Tcp.TransitionEvent;

namespace TcpShell.Diagrams;

/// <summary>A state's box: the columns and rows of its corners.</summary>
internal sealed record StateBox(TcpState State, int Left, int Top, int Right, int Bottom);

/// <summary>An edge of the picture, which may stand for several events of the transition table.</summary>
/// <param name="From">The state before.</param>
/// <param name="To">The state after.</param>
/// <param name="Events">What moves it.</param>
/// <param name="Cause">What moves it, in few words, perhaps on two lines.</param>
/// <param name="Action">What is sent or done; empty for nothing.</param>
internal sealed record StateEdge(TcpState From, TcpState To, TransitionEvent[] Events, string Cause, string Action)
{
    /// <summary>The line: columns and rows from the border of the one box to the cell before the other.</summary>
    public required (int Column, int Row)[] Points { get; init; }

    /// <summary>Where the cause stands.</summary>
    public required (int Column, int Row) CauseAt { get; init; }

    /// <summary>Rows from the cause to the action: 2 where the line runs between them.</summary>
    public int ActionBelow { get; init; } = 2;

    /// <summary>Whether a change of state went over this edge.</summary>
    public bool Has(StateChange change) => change.From == From && change.To == To && Array.IndexOf(Events, change.Event) >= 0;
}

/// <summary>The picture of the states as RFC 9293 draws it in figure 5: eleven states, CLOSED at the start and again at the end.</summary>
internal static class StateDiagramLayout
{
    public static IReadOnlyList<StateBox> Boxes { get; } =
    [
        new(Closed, 41, 1, 57, 5),
        new(Listen, 41, 9, 57, 13),
        new(SynReceived, 7, 17, 23, 19),
        new(SynSent, 75, 17, 91, 19),
        new(Established, 41, 23, 57, 25),
        new(FinWait1, 7, 29, 23, 31),
        new(CloseWait, 75, 29, 91, 31),
        new(FinWait2, 7, 36, 23, 38),
        new(Closing, 41, 36, 57, 38),
        new(LastAck, 75, 36, 91, 38),
        new(TimeWait, 41, 43, 57, 45),
        new(Closed, 75, 43, 91, 45),
    ];

    public static IReadOnlyList<StateEdge> Edges { get; } =
    [
        new(Closed, Listen, [PassiveOpen], "passive OPEN", "") { Points = [(45, 5), (45, 8)], CauseAt = (31, 7) },
        new(Listen, Closed, [TransitionEvent.Close], "CLOSE", "") { Points = [(53, 9), (53, 6)], CauseAt = (55, 7) },
        new(Closed, SynSent, [ActiveOpen], "active OPEN", "send SYN") { Points = [(57, 2), (88, 2), (88, 16)], CauseAt = (60, 1) },
        new(SynSent, Closed, [TransitionEvent.Close], "CLOSE", "") { Points = [(82, 17), (82, 4), (58, 4)], CauseAt = (60, 5) },
        new(Listen, SynSent, [SendWhileListening, ActiveOpen], "SEND", "send SYN") { Points = [(57, 11), (78, 11), (78, 16)], CauseAt = (60, 10) },
        new(Listen, SynReceived, [SynArrives], "SYN arrives", "send SYN,ACK") { Points = [(41, 10), (11, 10), (11, 16)], CauseAt = (13, 9) },
        new(SynReceived, Listen, [RstArrives, SynAgainArrives], "RST arrives", "") { Points = [(19, 17), (19, 12), (40, 12)], CauseAt = (21, 13) },
        new(SynSent, SynReceived, [SynArrives], "SYN arrives", "send SYN,ACK") { Points = [(75, 18), (24, 18)], CauseAt = (43, 17) },
        new(SynReceived, Established, [AckOfSynArrives], "ACK of SYN arrives", "") { Points = [(19, 19), (19, 24), (40, 24)], CauseAt = (21, 23) },
        new(SynSent, Established, [SynAckArrives], "SYN,ACK arrives", "send ACK") { Points = [(83, 19), (83, 24), (58, 24)], CauseAt = (60, 23) },
        new(SynReceived, FinWait1, [TransitionEvent.Close], "CLOSE", "send FIN") { Points = [(11, 19), (11, 28)], CauseAt = (2, 23), ActionBelow = 1 },
        new(Established, FinWait1, [TransitionEvent.Close], "CLOSE", "send FIN") { Points = [(45, 25), (45, 30), (24, 30)], CauseAt = (26, 29) },
        new(Established, CloseWait, [FinArrives], "FIN arrives", "send ACK") { Points = [(53, 25), (53, 30), (74, 30)], CauseAt = (60, 29) },
        new(FinWait1, FinWait2, [AckOfFinArrives], "ACK of FIN\narrives", "") { Points = [(11, 31), (11, 35)], CauseAt = (0, 33) },
        new(FinWait1, Closing, [FinArrives], "FIN arrives", "send ACK") { Points = [(21, 31), (21, 33), (49, 33), (49, 35)], CauseAt = (32, 32) },
        new(FinWait1, TimeWait, [FinAndAckOfFinArrive], "FIN,ACK arrives", "send ACK") { Points = [(16, 31), (16, 34), (29, 34), (29, 41), (44, 41), (44, 42)], CauseAt = (31, 40) },
        new(CloseWait, LastAck, [TransitionEvent.Close], "CLOSE", "send FIN") { Points = [(83, 31), (83, 35)], CauseAt = (85, 33), ActionBelow = 1 },
        new(FinWait2, TimeWait, [FinArrives], "FIN arrives", "send ACK") { Points = [(15, 38), (15, 44), (40, 44)], CauseAt = (17, 43) },
        new(Closing, TimeWait, [AckOfFinArrives], "ACK of FIN\narrives", "") { Points = [(52, 38), (52, 42)], CauseAt = (54, 40) },
        new(LastAck, Closed, [AckOfFinArrives], "ACK of FIN\narrives", "") { Points = [(83, 38), (83, 42)], CauseAt = (85, 40) },
        new(TimeWait, Closed, [TimeWaitTimeout], "2 MSL pass", "") { Points = [(57, 44), (74, 44)], CauseAt = (61, 43) },
    ];
}
