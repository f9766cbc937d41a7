using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Diagrams;

/// <summary>
/// A ladder (or sequence) diagram: time runs down, each host is a line, each segment an arrow from where it was sent to where it arrived,
/// or to where it was lost; beside the lines stand the states of the connection.
/// </summary>
public sealed class LadderDiagram
{
    private readonly Ladder _ladder;
    private readonly DiagramOptions _options;

    /// <summary>Makes a diagram.</summary>
    /// <param name="segments">The segments, in the order of sending. Their hosts become the lines, in the order of appearance.</param>
    /// <param name="stateChanges">
    /// The changes of state, in order; those of connections that have no segment here are left out, so a network's whole list may be
    /// given. Null takes those that the segments' arrivals caused, which lacks what users and timers did.
    /// </param>
    /// <param name="options">How it is drawn; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option has a value that cannot be.</exception>
    public LadderDiagram(IEnumerable<SegmentRecord> segments, IEnumerable<StateChange>? stateChanges = null, DiagramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(segments);
        _options = options ?? DiagramOptions.Default;
        _options.Validate();
        _ladder = LadderBuilder.Build(segments, stateChanges, _options);
    }

    /// <summary>The diagram for a terminal or a text file: lines divided by line feeds; empty if there is no segment.</summary>
    public string ToText() => _ladder.Lanes.Count == 0 ? "" : new LadderText(_ladder, _options).Draw();

    /// <summary>The diagram as a whole SVG document, for browsers and reports; empty if there is no segment.</summary>
    public string ToSvg() => _ladder.Lanes.Count == 0 ? "" : new LadderSvg(_ladder).Draw();

    /// <summary>The diagram in Mermaid's language, a <c>sequenceDiagram</c> for Markdown files and wikis.</summary>
    public string ToMermaid() => LadderMermaid.Write(_ladder);
}
