using TcpShell.Diagrams;
using TcpShell.Diagrams.Charts;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell;

/// <summary>What a diagram shows.</summary>
public enum DiagramKind
{
    /// <summary>A ladder: segments between hosts, time runs down.</summary>
    Sequence,

    /// <summary>The state diagram with the edges that were taken.</summary>
    State,

    /// <summary>The congestion window over time.</summary>
    CongestionWindow,

    /// <summary>Round-trip times over time.</summary>
    RoundTripTime,

    /// <summary>tcptrace's time-sequence graph, with SACK and window.</summary>
    TimeSequence,

    /// <summary>Stevens' time-sequence graph.</summary>
    Stevens,

    /// <summary>The receiver's window and what is in flight over time.</summary>
    Window,

    /// <summary>What was sent, and what acknowledged, over time.</summary>
    Throughput,
}

/// <summary>How a diagram is written.</summary>
public enum DiagramFormat
{
    /// <summary>Characters for a terminal.</summary>
    Text,

    /// <summary>Mermaid's language for Markdown files and wikis.</summary>
    Mermaid,

    /// <summary>A picture for browsers and reports.</summary>
    Svg,
}

/// <summary>What goes into one ladder, one state diagram, or the charts of one capture's conversation: its segments, changes of state and connections.</summary>
internal sealed class Drawing
{
    private static readonly Dictionary<DiagramKind, Func<IEnumerable<SegmentRecord>, Endpoint, Chart>> s_segmentCharts = new()
    {
        [DiagramKind.TimeSequence] = SegmentCharts.TimeSequence,
        [DiagramKind.Stevens] = SegmentCharts.Stevens,
        [DiagramKind.RoundTripTime] = SegmentCharts.RoundTripTime,
        [DiagramKind.Window] = SegmentCharts.Window,
        [DiagramKind.Throughput] = SegmentCharts.Throughput,
    };

    /// <summary>Starts with changes of state, or with nothing.</summary>
    public Drawing(IEnumerable<StateChange>? changes = null) => Changes = [.. changes ?? []];

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty => Segments.Count == 0 && Changes.Count == 0 && Connections.Count == 0;

    /// <summary>Segments; those that are there twice are drawn once.</summary>
    public List<SegmentRecord> Segments { get; } = [];

    /// <summary>Changes of state.</summary>
    public List<StateChange> Changes { get; }

    /// <summary>A lab's connections, which know more of themselves than segments show.</summary>
    public List<HostedConnection> Connections { get; } = [];

    /// <summary>Whether a kind of diagram can be written that way.</summary>
    public static bool CanBe(DiagramKind kind, DiagramFormat format) => format switch
    {
        DiagramFormat.Mermaid => kind is DiagramKind.Sequence or DiagramKind.State,
        DiagramFormat.Svg => kind != DiagramKind.State,
        _ => true,
    };

    /// <summary>Draws.</summary>
    /// <param name="kind">What is drawn.</param>
    /// <param name="format">Text, Mermaid or Svg.</param>
    /// <param name="options">How.</param>
    /// <returns>A text for each diagram; charts as SVG stand below each other in one document.</returns>
    public IEnumerable<string> Draw(DiagramKind kind, DiagramFormat format, DiagramOptions options)
    {
        IEnumerable<SegmentRecord> segments = Segments.DistinctBy(segment => segment.Number).OrderBy(segment => segment.Time);
        return kind switch
        {
            DiagramKind.State => [Draw(new StateDiagram(Changes.Distinct().OrderBy(change => change.Time), options), format)],
            DiagramKind.Sequence => [Draw(new LadderDiagram(segments, Changes.Distinct(), options), format)],
            _ => Draw([.. Charts(kind, segments).Where(chart => !chart.IsEmpty)], format, options),
        };
    }

    /// <summary>Whether only a lab's connections know it: what is seen on the way does not tell.</summary>
    public static bool NeedsConnection(DiagramKind kind) => kind == DiagramKind.CongestionWindow;

    // Texts can follow each other; documents in one file cannot.
    private static IEnumerable<string> Draw(Chart[] charts, DiagramFormat format, DiagramOptions options) => format == DiagramFormat.Svg
        ? charts.Length > 0 ? [SvgChart.Draw(charts)] : []
        : charts.Select(chart => TextChart.Draw(chart, options.Width, ascii: options.Ascii));

    private static string Draw(StateDiagram diagram, DiagramFormat format) => format == DiagramFormat.Mermaid ? diagram.ToMermaid() : diagram.ToText();

    private static string Draw(LadderDiagram ladder, DiagramFormat format) => format switch
    {
        DiagramFormat.Mermaid => ladder.ToMermaid(),
        DiagramFormat.Svg => ladder.ToSvg(),
        _ => ladder.ToText(),
    };

    private IEnumerable<Chart> Charts(DiagramKind kind, IEnumerable<SegmentRecord> segments) => kind switch
    {
        DiagramKind.CongestionWindow => Connections.Distinct().Select(ConnectionCharts.CongestionWindow),
        DiagramKind.RoundTripTime when Connections.Count > 0 => Connections.Distinct().Select(ConnectionCharts.RoundTripTime),
        _ => segments.GroupBy(segment => segment.Stream).SelectMany(stream => Charts(s_segmentCharts[kind], [.. stream])),
    };

    // One for each direction that carried data.
    private static IEnumerable<Chart> Charts(Func<IEnumerable<SegmentRecord>, Endpoint, Chart> chart, SegmentRecord[] stream) =>
        Chart.Aligned([.. stream.Where(segment => segment.Length > 0).Select(segment => segment.Source).Distinct().Select(source => chart(stream, source))]);
}
