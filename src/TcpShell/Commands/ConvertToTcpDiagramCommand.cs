using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Diagrams;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Draws what happened: a ladder, the state diagram, or windows, round-trip times and sequence numbers over time.</summary>
/// <remarks>
/// <para>Without input the current network is drawn. From the pipeline come segments (of Get-TcpSegment, or of a capture), connections, conversations of a capture (whose file is read again), or changes of state (of Watch-TcpState, for -Kind State).</para>
/// <para>Text is for a terminal; Mermaid, for Markdown files and wikis, draws Sequence and State; Svg, for browsers and reports, draws all but State. Each diagram is one string. CongestionWindow and, for connections, RoundTripTime draw one chart for each connection, the other charts one for each direction that carried data.</para>
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
/// <example>
/// <para>A conversation of a capture, with what was sent again and what was SACKed</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Skip 5 -Count 1
/// New-TcpConnection | Send-TcpData ('x' * 50000)
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | ConvertTo-TcpDiagram -Kind TimeSequence -As Svg | Set-Content lab.svg</code>
/// <para>One graph for each direction with data. Throughput, Window and RoundTripTime go over time as well.</para>
/// </example>
[Cmdlet(VerbsData.ConvertTo, "TcpDiagram", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(string))]
public sealed class ConvertToTcpDiagramCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string ObjectSet = "InputObject";

    private readonly Drawing _drawing = new();
    private readonly List<TcpConversation> _conversations = [];
    private bool _refused;

    /// <summary>Segments, changes of state, connections, or conversations of a capture.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>
    /// What is drawn: Sequence (a ladder), State (the state diagram), CongestionWindow, RoundTripTime, TimeSequence (tcptrace's graph, with SACK and
    /// window), Stevens (his plainer graph), Window, or Throughput.
    /// </summary>
    [Parameter]
    [Choice]
    public DiagramKind Kind { get; set; }

    /// <summary>How it is written: Text, Mermaid (Sequence and State), or Svg (all but State).</summary>
    [Parameter]
    [Choice]
    public DiagramFormat As { get; set; }

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
        if (!Drawing.CanBe(Kind, As))
        {
            ThrowTerminatingError(ErrorRecords.CannotDrawAs(Kind.ToString(), As.ToString()));
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
            Take(input.BaseObject is PSCustomObject ? input : input.BaseObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var options = new DiagramOptions
        {
            Width = Width ?? Math.Clamp(Terminal.WidthOf(Host, DiagramOptions.Default.Width), DiagramOptions.MinimumWidth, DiagramOptions.Default.Width),
            Absolute = Absolute,
            Ascii = Ascii,
            FoldRunsOver = NoFold ? 0 : DiagramOptions.Default.FoldRunsOver,
        };
        if (!_drawing.IsEmpty || (_conversations.Count == 0 && !_refused))
        {
            Write(_drawing, "what was given", options);
        }

        foreach ((TcpConversation conversation, List<SegmentRecord> segments) in new CaptureImport(this, new(), filter: null, CancelToken).SegmentsOfEach(_conversations))
        {
            var drawing = new Drawing(conversation.StateChanges);
            drawing.Segments.AddRange(segments);
            Write(drawing, $"'{conversation}'", options);
        }
    }

    private void Write(Drawing drawing, string what, DiagramOptions options)
    {
        if (Drawing.NeedsConnection(Kind) && drawing.Connections.Count == 0 && drawing.Segments.Count > 0)
        {
            WriteError(ErrorRecords.OnlyConnectionKnows(Kind.ToString(), what));
            return;
        }

        string[] texts = [.. drawing.Draw(Kind, As, options).Where(text => text.Length > 0)];
        WriteObject(texts, enumerateCollection: true);
        if (texts.Length == 0)
        {
            WriteWarning($"There is nothing in {what} that a diagram of the kind {Kind} could show.");
        }
    }

    private void Take(object input)
    {
        switch (input)
        {
            case TcpNetwork network:
                _drawing.Segments.AddRange(SegmentRecorder.Record([.. network.Trace], network.Origin));
                _drawing.Changes.AddRange(network.StateChanges);
                _drawing.Connections.AddRange(network.Connections.Where(connection => connection.Role == ConnectionRole.Client));
                break;
            case HostedConnection connection:
                Take(connection);
                break;
            case SegmentRecord segment:
                _drawing.Segments.Add(segment);
                _drawing.Changes.AddRange(segment.StateChanges);
                break;
            case TcpConversation conversation when ConversationReader.CanReadAgain(conversation):
                _conversations.Add(conversation);
                break;
            case StateChange change:
                _drawing.Changes.Add(change);
                break;
            default:
                _refused = true;
                WriteError(ConversationReader.Read(PSObject.AsPSObject(input)) is null ? ErrorRecords.NotDrawable(input) : ErrorRecords.NoCaptureFile(input));
                break;
        }
    }

    private void Take(HostedConnection connection)
    {
        TcpNetwork network = NetworkOf(connection);
        _drawing.Connections.Add(connection);
        _drawing.Segments.AddRange(SegmentRecorder.Record([.. network.Trace], network.Origin).Where(segment => connection.Joins(segment)));
        _drawing.Changes.AddRange(network.StateChanges);
    }
}
