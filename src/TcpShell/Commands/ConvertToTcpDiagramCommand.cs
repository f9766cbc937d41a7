using System.Management.Automation;
using System.Management.Automation.Host;
using TcpShell.Abstractions;
using TcpShell.Diagrams;
using TcpShell.Diagrams.Charts;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Draws what happened: a ladder, the state diagram, or windows, round-trip times and sequence numbers over time.</summary>
/// <remarks>
/// <para>Without input the current network is drawn. From the pipeline come segments (of Get-TcpSegment, or of a capture), connections, or changes of state (of Watch-TcpState, for -Kind State).</para>
/// <para>Text is for a terminal; Mermaid, for Markdown files and wikis, draws Sequence and State; Svg, for browsers and reports, draws the kinds with an axis of time. Each diagram is one string. CongestionWindow and RoundTripTime draw one chart for each connection, TimeSequence one for each direction that carried data.</para>
/// </remarks>
/// <example>
/// <para>A ladder in the terminal</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// ConvertTo-TcpDiagram</code>
/// <para>Time runs down; lost segments end before they arrive.</para>
/// </example>
/// <example>
/// <para>One connection of several, for a wiki</para>
/// <code>New-TcpConnection | Out-Null
/// New-TcpConnection | Get-TcpSegment | ConvertTo-TcpDiagram -As Mermaid</code>
/// <para>Paste it into a code block of the language mermaid.</para>
/// </example>
/// <example>
/// <para>Which edges of the state diagram did the client take?</para>
/// <code>New-TcpConnection | Close-TcpConnection -PassThru | Watch-TcpState -HostName client | ConvertTo-TcpDiagram -Kind State</code>
/// <para>What was visited stands out.</para>
/// </example>
/// <example>
/// <para>How the congestion window grew</para>
/// <code>New-TcpNetwork -Latency 50ms -Bandwidth 10mbit | Out-Null
/// New-TcpConnection | Send-TcpData ('x' * 200000) -PassThru | ConvertTo-TcpDiagram -Kind CongestionWindow</code>
/// <para>-As Svg gives the same picture for a browser.</para>
/// </example>
[Cmdlet(VerbsData.ConvertTo, "TcpDiagram", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(string))]
public sealed class ConvertToTcpDiagramCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string ObjectSet = "InputObject";

    private readonly List<SegmentRecord> _segments = [];
    private readonly List<StateChange> _changes = [];
    private readonly List<HostedConnection> _connections = [];

    /// <summary>Segments, changes of state, or connections.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>What is drawn: Sequence (a ladder), State (the state diagram), CongestionWindow, RoundTripTime, or TimeSequence (Stevens' graph).</summary>
    [Parameter]
    [ValidateSet("Sequence", "State", "CongestionWindow", "RoundTripTime", "TimeSequence")]
    public string Kind { get; set; } = "Sequence";

    /// <summary>How it is written: Text, Mermaid (Sequence and State), or Svg (the other kinds).</summary>
    [Parameter]
    [ValidateSet("Text", "Mermaid", "Svg")]
    public string As { get; set; } = "Text";

    /// <summary>The width of a text in columns, at least 60; the terminal's width, but 100 at most, by default.</summary>
    [Parameter]
    [ValidateRange(DiagramOptions.MinimumWidth, 1000)]
    public int? Width { get; set; }

    /// <summary>Shows sequence numbers as they stand in the headers, not relative to the initial ones.</summary>
    [Parameter]
    public SwitchParameter Absolute { get; set; }

    /// <summary>Draws with ASCII characters alone.</summary>
    [Parameter]
    public SwitchParameter Ascii { get; set; }

    /// <summary>Draws every segment, however many; long runs of data are folded otherwise.</summary>
    [Parameter]
    public SwitchParameter NoFold { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        bool isChart = Kind is not ("Sequence" or "State");
        if (As == (isChart ? "Mermaid" : "Svg"))
        {
            ThrowTerminatingError(Errors.ErrorRecords.CannotDrawAs(Kind, As));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == NetworkSet)
        {
            Take(Resolve(Network));
            return;
        }

        foreach (PSObject input in InputObject)
        {
            Take(input.BaseObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Kind is "Sequence" or "State")
        {
            WriteDiagram();
            return;
        }

        foreach (Chart chart in Charts())
        {
            int width = Width ?? Math.Clamp(TerminalWidth(), DiagramOptions.MinimumWidth, DiagramOptions.Default.Width);
            WriteObject(As == "Svg" ? SvgChart.Draw(chart) : TextChart.Draw(chart, width, ascii: Ascii));
        }
    }

    private IEnumerable<Chart> Charts() => Kind switch
    {
        "CongestionWindow" => _connections.Distinct().Select(ConnectionCharts.CongestionWindow),
        "RoundTripTime" => _connections.Distinct().Select(ConnectionCharts.RoundTripTime),
        _ => _segments.DistinctBy(segment => segment.Number).OrderBy(segment => segment.Time).GroupBy(segment => segment.Stream).SelectMany(TimeSequences),
    };

    private static IEnumerable<Chart> TimeSequences(IEnumerable<SegmentRecord> stream) =>
        stream.Where(segment => segment.Length > 0).Select(segment => segment.Source).Distinct().Select(source => ConnectionCharts.TimeSequence(stream, source));

    private void WriteDiagram()
    {
        var options = new DiagramOptions
        {
            Width = Width ?? Math.Clamp(TerminalWidth(), DiagramOptions.MinimumWidth, DiagramOptions.Default.Width),
            Absolute = Absolute,
            Ascii = Ascii,
            FoldRunsOver = NoFold ? 0 : DiagramOptions.Default.FoldRunsOver,
        };
        if (Kind == "State")
        {
            var diagram = new StateDiagram(_changes.Distinct().OrderBy(change => change.Time), options);
            WriteObject(As == "Mermaid" ? diagram.ToMermaid() : diagram.ToText());
            return;
        }

        var ladder = new LadderDiagram(_segments.DistinctBy(segment => segment.Number).OrderBy(segment => segment.Time), _changes.Distinct(), options);
        WriteObject(As == "Mermaid" ? ladder.ToMermaid() : ladder.ToText());
    }

    private void Take(object input)
    {
        switch (input)
        {
            case TcpNetwork network:
                _segments.AddRange(SegmentRecorder.Record([.. network.Trace], network.Origin));
                _changes.AddRange(network.StateChanges);
                _connections.AddRange(network.Connections.Where(connection => connection.Role == ConnectionRole.Client));
                break;
            case HostedConnection connection:
                Take(connection);
                break;
            case SegmentRecord segment:
                _segments.Add(segment);
                _changes.AddRange(segment.StateChanges);
                break;
            case StateChange change:
                _changes.Add(change);
                break;
            default:
                WriteError(Errors.ErrorRecords.NotDrawable(input));
                break;
        }
    }

    private void Take(HostedConnection connection)
    {
        TcpNetwork network = NetworkOf(connection);
        _connections.Add(connection);
        _segments.AddRange(SegmentRecorder.Record([.. network.Trace], network.Origin).Where(segment => connection.Joins(segment)));
        _changes.AddRange(network.StateChanges);
    }

    private int TerminalWidth()
    {
        try
        {
            return Host.UI?.RawUI?.BufferSize.Width ?? DiagramOptions.Default.Width;
        }
        catch (Exception none) when (none is NotImplementedException or HostException or InvalidOperationException)
        {
            return DiagramOptions.Default.Width; // a session without a screen
        }
    }
}
