using TcpShell.Diagrams;
using TcpShell.Diagrams.Charts;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell;

/// <summary>What goes into one ladder, one state diagram, or the charts of one capture's conversation: its segments, changes of state and connections.</summary>
internal sealed class Drawing
{
    /// <summary>The ladder.</summary>
    public const string Sequence = "Sequence";

    /// <summary>The state diagram.</summary>
    public const string State = "State";

    private const string CongestionWindow = "CongestionWindow";
    private const string RoundTripTime = "RoundTripTime";

    private static readonly Dictionary<string, Func<IEnumerable<SegmentRecord>, Endpoint, Chart>> s_segmentCharts = new()
    {
        ["TimeSequence"] = SegmentCharts.TimeSequence,
        ["Stevens"] = SegmentCharts.Stevens,
        [RoundTripTime] = SegmentCharts.RoundTripTime,
        ["Window"] = SegmentCharts.Window,
        ["Throughput"] = SegmentCharts.Throughput,
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
    public static bool CanBe(string kind, string format) => format switch
    {
        "Mermaid" => kind is Sequence or State,
        "Svg" => kind != State,
        _ => true,
    };

    /// <summary>Draws.</summary>
    /// <param name="kind">What is drawn.</param>
    /// <param name="format">Text, Mermaid or Svg.</param>
    /// <param name="options">How.</param>
    /// <returns>One text for each diagram.</returns>
    public IEnumerable<string> Draw(string kind, string format, DiagramOptions options)
    {
        IEnumerable<SegmentRecord> segments = Segments.DistinctBy(segment => segment.Number).OrderBy(segment => segment.Time);
        return kind switch
        {
            State => [Draw(new StateDiagram(Changes.Distinct().OrderBy(change => change.Time), options), format)],
            Sequence => [Draw(new LadderDiagram(segments, Changes.Distinct(), options), format)],
            _ => Charts(kind, segments).Select(chart => format == "Svg" ? SvgChart.Draw(chart) : TextChart.Draw(chart, options.Width, ascii: options.Ascii)),
        };
    }

    private static string Draw(StateDiagram diagram, string format) => format == "Mermaid" ? diagram.ToMermaid() : diagram.ToText();

    private static string Draw(LadderDiagram ladder, string format) => format switch
    {
        "Mermaid" => ladder.ToMermaid(),
        "Svg" => ladder.ToSvg(),
        _ => ladder.ToText(),
    };

    private IEnumerable<Chart> Charts(string kind, IEnumerable<SegmentRecord> segments) => kind switch
    {
        CongestionWindow => Connections.Distinct().Select(ConnectionCharts.CongestionWindow),
        RoundTripTime when Connections.Count > 0 => Connections.Distinct().Select(ConnectionCharts.RoundTripTime),
        _ => segments.GroupBy(segment => segment.Stream).SelectMany(stream => Charts(s_segmentCharts[kind], [.. stream])),
    };

    // One for each direction that carried data.
    private static IEnumerable<Chart> Charts(Func<IEnumerable<SegmentRecord>, Endpoint, Chart> chart, SegmentRecord[] stream) =>
        stream.Where(segment => segment.Length > 0).Select(segment => segment.Source).Distinct().Select(source => chart(stream, source));
}
