namespace TcpShell.Diagrams;

/// <summary>Draws a ladder as SVG. Each event has a row; a segment that takes time goes down from the row of its departure to that of its arrival.</summary>
internal sealed class LadderSvg
{
    private const int RowHeight = 24;
    private const int RemarkHeight = 16;
    private const int LostArrowHeight = 12;
    private const int Top = 64;
    private const int LeastLaneDistance = 460;
    private const int LetterWidth = 7;
    private const int LabelMargin = 12;
    private const string Sound = "#0072b2";
    private const string Bad = "#d55e00";
    private const string State = "#009e73";

    // Over other lines a text is read by the white around it.
    private const string Halo = "paint-order=\"stroke\" stroke=\"#ffffff\" stroke-width=\"3\"";

    private readonly Ladder _ladder;
    private readonly Dictionary<Arrow, int> _arrivalRows = new(ReferenceEqualityComparer.Instance);
    private readonly int[] _rows;
    private readonly SvgCanvas _svg;
    private readonly int _first;
    private readonly int _laneDistance;

    public LadderSvg(Ladder ladder)
    {
        _ladder = ladder;
        for (int row = 0; row < ladder.Events.Count; row++)
        {
            if (ladder.Events[row] is { Kind: LadderEventKind.Arrival, Arrow: { } arrow })
            {
                _arrivalRows[arrow] = row;
            }
        }

        // A remark stands below its row.
        _rows = new int[ladder.Events.Count + 1];
        for (int row = 0; row < _rows.Length; row++)
        {
            _rows[row] = row == 0 ? Top + RowHeight : _rows[row - 1] + RowHeight + RemarkSpace(ladder.Events[row - 1]);
        }

        int times = ladder.Events.Select(item => ladder.TimeText(item.Time).Length).DefaultIfEmpty(0).Max() * LetterWidth;
        _first = 24 + times + StateWidth(0);

        // The longest label fits between two lines.
        int longest = ladder.Events.Select(item => item.Arrow is { } arrow ? LabelOf(arrow).Length : 0).DefaultIfEmpty(0).Max() * LetterWidth;
        _laneDistance = Math.Max(LeastLaneDistance, longest + (4 * LabelMargin));
        int width = _first + (Math.Max(1, ladder.Lanes.Count - 1) * _laneDistance) + Math.Max(90, StateWidth(ladder.Lanes.Count - 1) + 24);
        _svg = new SvgCanvas(width, _rows[^1] + RowHeight);
    }

    public string Draw()
    {
        DrawLanes();
        Timestamp? shown = null;
        for (int row = 0; row < _ladder.Events.Count; row++)
        {
            LadderEvent item = _ladder.Events[row];
            if (shown != item.Time)
            {
                _svg.Text(12, _rows[row] + 4, _ladder.TimeText(item.Time), "font-size=\"11\"", "#777777");
                shown = item.Time;
            }

            if (item.Kind == LadderEventKind.Departure)
            {
                DrawArrow(item.Arrow!, row);
            }
            else if (item.Kind == LadderEventKind.Fold)
            {
                _svg.Text((XOf(0) + XOf(_ladder.Lanes.Count - 1)) / 2, _rows[row] + 4, item.Text, "text-anchor=\"middle\" font-style=\"italic\" " + Halo, "#777777");
            }

            WriteState(item.Lane, _rows[row], item.State);
            if (item.Reached.Length > 0)
            {
                WriteState(item.Arrow!.To, _rows[row], item.Reached);
            }

            WriteText((XOf(0) + XOf(_ladder.Lanes.Count - 1)) / 2, _rows[row] + RemarkSpace(item), RemarkOf(item), "text-anchor=\"middle\" font-size=\"11\" font-style=\"italic\" " + Halo, Bad);
        }

        return _svg.End();
    }

    private static string LabelOf(Arrow arrow) => arrow.Mark.Length > 0 ? $"{arrow.Label} {arrow.Mark}" : arrow.Label;

    // Where the segment ends: at its arrival if that has a row of its own.
    private static string RemarkOf(LadderEvent item) => item switch
    {
        { Kind: LadderEventKind.Arrival, Arrow: { TakesTime: true } arrow } => arrow.Remark,
        { Kind: LadderEventKind.Departure, Arrow: { TakesTime: false } arrow } => arrow.End == ArrowEnd.OnItsWay ? "on its way" : arrow.Remark,
        _ => "",
    };

    private static int RemarkSpace(LadderEvent item) =>
        RemarkOf(item).Length == 0 ? 0 : RemarkHeight + (item.Arrow!.End is ArrowEnd.Lost or ArrowEnd.OnItsWay ? LostArrowHeight : 0);

    private int StateWidth(int lane) => LetterWidth * _ladder.Events
        .Select(item => item.StateOf(lane).Length)
        .Append(_ladder.Lanes[lane].InitialState.Length)
        .Max();

    private int XOf(int lane) => _first + (lane * _laneDistance);

    private void DrawLanes()
    {
        for (int lane = 0; lane < _ladder.Lanes.Count; lane++)
        {
            Lane drawn = _ladder.Lanes[lane];
            string end = drawn.Endpoints is [{ } only] && drawn.Name != only.ToString() ? only.ToString() : "";
            _svg.Text(XOf(lane), 24, drawn.Name, "text-anchor=\"middle\" font-size=\"14\" font-weight=\"bold\"");
            WriteText(XOf(lane), 42, end, "text-anchor=\"middle\"", "#777777");
            _svg.Line(XOf(lane), Top - 8, XOf(lane), _rows[^1], "#999999");
            WriteState(lane, Top + 4, drawn.InitialState);
        }
    }

    private void WriteText(double x, double y, string text, string attributes, string colour)
    {
        if (text.Length > 0)
        {
            _svg.Text(x, y, text, attributes, colour);
        }
    }

    private void WriteState(int lane, int y, string state)
    {
        if (state.Length > 0)
        {
            bool isLeft = lane == 0;
            _svg.Text(XOf(lane) + (isLeft ? -8 : 8), y + 4, state, (isLeft ? "text-anchor=\"end\" " : "") + Halo, State);
        }
    }

    private void DrawArrow(Arrow arrow, int row)
    {
        string label = LabelOf(arrow);
        if (arrow.From == arrow.To)
        {
            _svg.Text(XOf(arrow.From) + 8, _rows[row] + 4, $"{label} to itself", Halo);
            return;
        }

        bool arrives = arrow.End is ArrowEnd.Arrived or ArrowEnd.Refused;
        string colour = arrives && arrow.Mark.Length == 0 && arrow.End == ArrowEnd.Arrived ? Sound : Bad;
        double part = arrives ? 1 : 0.6;
        double x1 = XOf(arrow.From);
        double y1 = _rows[row];
        double x2 = x1 + ((XOf(arrow.To) - x1) * part);
        double y2 = arrow.TakesTime && _arrivalRows.TryGetValue(arrow, out int arrival) ? _rows[arrival] : y1 + (arrives ? 0 : LostArrowHeight);
        _svg.Line(x1, y1, x2, y2, colour, arrow.End == ArrowEnd.OnItsWay ? "stroke-width=\"1.5\" stroke-dasharray=\"5 4\"" : "stroke-width=\"1.5\"");
        DrawEnd(arrow.End, x1, y1, x2, y2, colour);

        // Along the arrow, nearer to its sender, where fewer other arrows cross; but all of it between the lines.
        double distance = Math.Abs(XOf(arrow.To) - x1);
        double at = Math.Max(0.3 * distance, (label.Length * LetterWidth / 2) + LabelMargin) / (distance * part);
        double angle = Math.Atan2(y2 - y1, x2 - x1) * 180 / Math.PI;
        angle += Math.Abs(angle) > 90 ? 180 : 0;
        (double x, double y) = (x1 + ((x2 - x1) * at), y1 + ((y2 - y1) * at) - 4);
        string turn = y1 == y2 ? "" : $" transform=\"rotate({SvgCanvas.Number(angle)} {SvgCanvas.Number(x)} {SvgCanvas.Number(y)})\"";
        _svg.Text(x, y, label, $"text-anchor=\"middle\" {Halo}{turn}");
    }

    private void DrawEnd(ArrowEnd end, double x1, double y1, double x2, double y2, string colour)
    {
        if (end == ArrowEnd.OnItsWay)
        {
            return;
        }

        if (end != ArrowEnd.Arrived)
        {
            double middle = end == ArrowEnd.Refused ? x2 - (Math.Sign(x2 - x1) * 7) : x2;
            _svg.Line(middle - 5, y2 - 5, middle + 5, y2 + 5, colour, "stroke-width=\"2\"");
            _svg.Line(middle - 5, y2 + 5, middle + 5, y2 - 5, colour, "stroke-width=\"2\"");
            return;
        }

        double length = Math.Sqrt(((x2 - x1) * (x2 - x1)) + ((y2 - y1) * (y2 - y1)));
        (double alongX, double alongY) = ((x2 - x1) / length, (y2 - y1) / length);
        string Corner(double side) => $"{SvgCanvas.Number(x2 - (9 * alongX) - (side * alongY))} {SvgCanvas.Number(y2 - (9 * alongY) + (side * alongX))}";
        _svg.Path($"M{SvgCanvas.Number(x2)} {SvgCanvas.Number(y2)}L{Corner(4)}L{Corner(-4)}Z", $"fill=\"{colour}\"");
    }
}
