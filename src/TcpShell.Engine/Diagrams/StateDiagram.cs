using System.Text;
using TcpShell.Tcp;

namespace TcpShell.Diagrams;

/// <summary>
/// The TCP state diagram (RFC 9293 figure 5), in which the states and edges that connections went through stand out. Resets, aborts and
/// timeouts, which lead from almost everywhere to CLOSED, are not in the picture; those that happened are listed below it.
/// </summary>
public sealed class StateDiagram
{
    private readonly StateChange[] _changes;
    private readonly DiagramOptions _options;

    /// <summary>Makes a diagram.</summary>
    /// <param name="stateChanges">The changes that happened, in order; null for a picture of what can happen.</param>
    /// <param name="options">How it is drawn; null for the defaults. The picture is 95 columns wide whatever the width.</param>
    public StateDiagram(IEnumerable<StateChange>? stateChanges = null, DiagramOptions? options = null)
    {
        _changes = [.. stateChanges ?? []];
        _options = options ?? DiagramOptions.Default;
        _options.Validate();
    }

    /// <summary>The picture for a terminal or a text file, then the changes with their causes: lines divided by line feeds.</summary>
    public string ToText()
    {
        var canvas = new TextCanvas(_options.Ascii);
        var visited = new HashSet<TcpState>(_changes.SelectMany(change => new[] { change.From, change.To }));

        // What happened is drawn last and so goes over the rest where lines cross.
        foreach (StateEdge edge in StateDiagramLayout.Edges.OrderBy(IsVisited))
        {
            DrawEdge(canvas, edge, IsVisited(edge) ? LineWeight.Heavy : LineWeight.Light);
        }

        foreach (StateBox box in StateDiagramLayout.Boxes)
        {
            // Of the two boxes of CLOSED the lower one is the end of a connection.
            bool isEnd = box.State == TcpState.Closed && box.Top > StateDiagramLayout.Boxes[0].Top;
            bool isVisited = visited.Contains(box.State) && (!isEnd || _changes.Any(change => change.To == TcpState.Closed));
            DrawBox(canvas, box, isVisited ? LineWeight.Heavy : LineWeight.Light);
        }

        var text = new StringBuilder(canvas.ToString().TrimStart('\n'));
        AppendList(text);
        return text.ToString();
    }

    /// <summary>
    /// The diagram in Mermaid's language, a <c>stateDiagram-v2</c>: visited states are of class <c>visited</c>, and the text at a visited
    /// edge begins with a check mark.
    /// </summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("stateDiagram-v2\n    [*] --> Closed\n");
        foreach (StateEdge edge in StateDiagramLayout.Edges)
        {
            string cause = edge.Cause.Replace('\n', ' ');
            AppendMermaidEdge(text, edge.From, edge.To, edge.Action.Length > 0 ? $"{cause} / {edge.Action}" : cause, IsVisited(edge));
        }

        foreach (TcpTransition edge in NotInPicture())
        {
            AppendMermaidEdge(text, edge.From, edge.To, $"{edge.Event} / {edge.Action}", isVisited: true);
        }

        TcpState[] visited = [.. Enum.GetValues<TcpState>().Where(state => _changes.Any(change => change.From == state || change.To == state))];
        if (visited.Length > 0)
        {
            text.Append("    classDef visited stroke-width:4px,font-weight:bold\n");
            text.Append($"    class {string.Join(',', visited)} visited\n");
        }

        return text.ToString().TrimEnd('\n');
    }

    private bool IsVisited(StateEdge edge) => Array.Exists(_changes, edge.Has);

    // Edges of the table that were visited and that the picture lacks, in the table's order.
    private IEnumerable<TcpTransition> NotInPicture() => TcpTransitions.All.Where(edge => Array.Exists(_changes, change =>
        change.From == edge.From && change.Event == edge.Event && change.To == edge.To && !StateDiagramLayout.Edges.Any(drawn => drawn.Has(change))));

    private static void DrawEdge(TextCanvas canvas, StateEdge edge, LineWeight weight)
    {
        (int Column, int Row)[] points = edge.Points;
        for (int i = 1; i < points.Length; i++)
        {
            if (points[i].Row == points[i - 1].Row)
            {
                canvas.Horizontal(points[i].Row, points[i - 1].Column, points[i].Column, weight);
            }
            else
            {
                canvas.Vertical(points[i].Column, points[i - 1].Row, points[i].Row, weight);
            }
        }

        (int column, int row) = points[^1];
        bool isLevel = points[^2].Row == row;
        char head = isLevel ? canvas.Head(column > points[^2].Column) : canvas.VerticalHead(row > points[^2].Row);
        canvas.Write(row, column, head.ToString());
        string[] causes = edge.Cause.Split('\n');
        for (int i = 0; i < causes.Length; i++)
        {
            canvas.Write(edge.CauseAt.Row + i, edge.CauseAt.Column, causes[i]);
        }

        canvas.Write(edge.CauseAt.Row + edge.ActionBelow, edge.CauseAt.Column, edge.Action);
    }

    private static void DrawBox(TextCanvas canvas, StateBox box, LineWeight weight)
    {
        canvas.Box(box.Top, box.Left, box.Bottom, box.Right, weight);
        string name = box.State.ToString();
        canvas.Write((box.Top + box.Bottom) / 2, (box.Left + box.Right - name.Length + 1) / 2, name);
    }

    private void AppendList(StringBuilder text)
    {
        if (_changes.Length == 0)
        {
            return;
        }

        int visited = _changes.Select(change => (change.From, change.Event, change.To)).Distinct().Count();
        string[] times = [.. _changes.Select(change => change.Time.ToString())];
        int timeWidth = times.Max(time => time.Length);
        int hostWidth = _changes.Max(change => change.Host.Length);
        const int StateWidth = 11;
        text.Append($"\n\n{visited} of the {TcpTransitions.All.Count} edges of the transition table were visited (heavy lines):\n");
        for (int i = 0; i < _changes.Length; i++)
        {
            StateChange change = _changes[i];
            string edge = $"{change.From,-StateWidth} -> {change.To,-StateWidth}";
            string line = $"{times[i].PadLeft(timeWidth)}  {change.Host.PadRight(hostWidth)}  {edge}  {change.Cause} (RFC {change.Rfc})";
            text.Append(_options.Ascii ? TextCanvas.ToAscii(line) : line).Append('\n');
        }

        text.Length--;
    }

    private static void AppendMermaidEdge(StringBuilder text, TcpState from, TcpState to, string label, bool isVisited) =>
        text.Append($"    {from} --> {to}: {(isVisited ? "✔ " : "")}{MermaidText.Escape(label)}\n");
}
