using TcpShell.Diagrams;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Diagrams;

[Trait("Proves", "P72")]
public class StateDiagramTests
{
    [Fact]
    public void NothingHappened_AsText_IsTheSnapshot() => Snapshot.Matches("states", new StateDiagram().ToText());

    [Fact]
    public void HandshakeDataClose_AsText_IsTheSnapshot() =>
        Snapshot.Matches("states-handshake-data-close", new StateDiagram(DiagramLab.HandshakeDataClose().StateChanges).ToText());

    [Fact]
    public void CrossingFins_AsAscii_IsTheSnapshot()
    {
        string text = new StateDiagram(DiagramLab.Simultaneous(close: true).StateChanges, new DiagramOptions { Ascii = true }).ToText();

        Assert.DoesNotContain(text, character => character > '~');
        Snapshot.Matches("states-crossing-fins-ascii", text);
    }

    [Fact]
    public void HandshakeDataClose_AsMermaid_IsTheSnapshot() =>
        Snapshot.Matches("states-handshake-data-close-mermaid", new StateDiagram(DiagramLab.HandshakeDataClose().StateChanges).ToMermaid());

    [Fact]
    public void Picture_HasNoEdgeThatTheTableLacks()
    {
        Assert.All(StateDiagramLayout.Edges, edge => Assert.All(edge.Events, what => Assert.NotNull(TcpTransitions.Find(edge.From, what, edge.To))));
    }

    [Fact]
    public void Picture_LacksOnlyResetsAbortsTimeoutsAndWhatIsForTeaching()
    {
        TransitionEvent[] left =
        [
            TransitionEvent.RstArrives, TransitionEvent.Abort, TransitionEvent.RetransmissionTimeout, TransitionEvent.UserTimeout,
            TransitionEvent.KeepAliveTimeout, TransitionEvent.HostStops, TransitionEvent.SynArrivesTwoWay,
            TransitionEvent.ReopenedByNewerSyn, TransitionEvent.IcmpErrorArrives, TransitionEvent.SynAgainArrives,
        ];
        IEnumerable<TcpTransition> missing = TcpTransitions.All.Where(edge => !StateDiagramLayout.Edges.Any(drawn =>
            drawn.From == edge.From && drawn.To == edge.To && drawn.Events.Contains(edge.Event)));

        Assert.All(missing, edge => Assert.Contains(edge.Event, left));
    }

    [Fact]
    public void Picture_HasEveryState() =>
        Assert.Equal(Enum.GetValues<TcpState>(), StateDiagramLayout.Boxes.Select(box => box.State).Distinct().Order());

    [Fact]
    public void Abort_WhichThePictureLacks_IsListedAndInMermaid()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        HostedConnection connection = network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Abort(connection);
        var diagram = new StateDiagram(connection.StateChanges);

        Assert.Matches(@"Established -> Closed +\S", diagram.ToText());
        Assert.Contains("    Established --> Closed: ✔ Abort / send RST\n", diagram.ToMermaid(), StringComparison.Ordinal);
    }

    [Fact]
    public void VisitedEdges_AreHeavy_AndTheOthersLight()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        HostedConnection connection = network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        string text = new StateDiagram(connection.StateChanges).ToText();

        Assert.Contains("┃  Established  ┃◄━━━━━", text, StringComparison.Ordinal);
        Assert.Contains("│    Listen     ├─────", text, StringComparison.Ordinal);
        Assert.Contains("2 of the ", text, StringComparison.Ordinal);
    }
}
