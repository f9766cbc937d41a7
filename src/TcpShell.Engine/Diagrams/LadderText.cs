namespace TcpShell.Diagrams;

/// <summary>Draws a ladder with characters.</summary>
/// <remarks>
/// A segment that takes time is drawn over two rows: one for its departure, one for its arrival. Between them it waits in a column of its
/// own, its track. Segments that overtake none keep their order there, so that only lines cross whose segments do.
/// <code>
///         SynSent ├── SYN seq=0 ──────────────╮              │
///                 │                           ╰─────────────►│ SynReceived
/// </code>
/// </remarks>
internal sealed class LadderText
{
    private const int LeastLaneDistance = 24;

    private readonly Ladder _ladder;
    private readonly TextCanvas _canvas;
    private readonly LadderTracks _tracks;
    private readonly int[] _lanes;
    private readonly int _timeEnd;
    private readonly int _width;
    private readonly bool _ascii;
    private readonly bool _knowsArrivals;
    private int _row = -1;
    private Timestamp? _shown;

    public LadderText(Ladder ladder, DiagramOptions options)
    {
        _ladder = ladder;
        _ascii = options.Ascii;
        _knowsArrivals = ladder.Events.Any(item => item.Kind == LadderEventKind.Arrival);
        _canvas = new TextCanvas(options.Ascii);
        int gaps = Math.Max(1, ladder.Lanes.Count - 1);
        int leftWidth = StateWidth(0);
        int rightWidth = StateWidth(ladder.Lanes.Count - 1);
        int rightMargin = rightWidth > 0 ? rightWidth + 2 : 1;
        _timeEnd = ladder.Events.Select(item => ladder.TimeText(item.Time).Length).DefaultIfEmpty(0).Max() + 1;
        int first = _timeEnd + 1 + leftWidth + 1;
        int last = Math.Max(options.Width - rightMargin, first + (gaps * LeastLaneDistance));
        _width = last + rightMargin;
        _lanes = [.. Enumerable.Range(0, ladder.Lanes.Count).Select(lane => first + ((last - first) * lane / gaps))];
        _tracks = new LadderTracks(_lanes, ladder.Events);
    }

    private int Middle => (_lanes[0] + _lanes[^1]) / 2;

    public string Draw()
    {
        DrawHead();
        foreach (LadderEvent item in _ladder.Events)
        {
            switch (item.Kind)
            {
                case LadderEventKind.Departure when item.Arrow!.From == item.Arrow.To:
                    BeginRow(item, stateSide: 1);
                    WriteCentred(Middle, $"{item.Arrow.Label} to itself");
                    break;
                case LadderEventKind.Departure:
                    DrawDeparture(item, item.Arrow!);
                    break;
                case LadderEventKind.Arrival when _tracks.Find(item.Arrow!) is { } track:
                    DrawArrival(item, item.Arrow!, track);
                    break;
                case LadderEventKind.Arrival:
                    DrawLateArrival(item, item.Arrow!);
                    break;
                default:
                    BeginRow(item, stateSide: 1);
                    WriteCentred(Middle, item.Text);
                    break;
            }
        }

        return _canvas.ToString();
    }

    private int StateWidth(int lane) => _ladder.Events
        .Select(item => item.StateOf(lane).Length)
        .Append(_ladder.Lanes[lane].InitialState.Length)
        .Max();

    private void DrawHead()
    {
        // Below its name stands its end of the conversation, unless it has several; a captured address has no other name than its end.
        (string Name, string End)[] heads = [.. _ladder.Lanes.Select(lane => lane.Endpoints is not [{ } end] ? (lane.Name, "")
            : lane.Name == end.ToString() || lane.Name == end.Address.ToString() ? (end.ToString(), "")
            : (lane.Name, end.ToString()))];
        WriteHead([.. heads.Select(head => head.Name)]);
        if (heads.Any(head => head.End.Length > 0))
        {
            WriteHead([.. heads.Select(head => head.End)]);
        }

        NextRow();
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            WriteState(lane, _ladder.Lanes[lane].InitialState, side: 1);
        }
    }

    // Where neighbours would run into each other, every other one stands a row lower.
    private void WriteHead(string[] texts)
    {
        int[] columns = [.. texts.Select((text, lane) => Math.Max(0, Math.Min(_lanes[lane] - (text.Length / 2), _width - text.Length)))];
        int rows = Enumerable.Range(1, Math.Max(0, texts.Length - 1)).Any(lane => columns[lane - 1] + texts[lane - 1].Length >= columns[lane]) ? 2 : 1;
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            _canvas.Write(_row + 1 + (lane % rows), columns[lane], texts[lane]);
        }

        _row += rows;
    }

    private void DrawDeparture(LadderEvent item, Arrow arrow)
    {
        string label = arrow.Mark.Length > 0 ? $"{arrow.Label} {arrow.Mark}" : arrow.Label;
        string arrival = arrow.TakesTime ? $" {_ladder.TimeText(arrow.Segment.Arrived!.Value)} " : "";
        int from = _lanes[arrow.From];
        int to = _lanes[arrow.To];
        int side = to > from ? -1 : 1;
        int track = -1;
        int labelAt = -1;
        bool waits = false;
        bool Fits(string text)
        {
            waits = arrow.TakesTime && _tracks.TryFind(arrow, text.Length, out track, out labelAt);
            return waits || _tracks.TryPlaceLabel(from, to + (side * arrival.Length), text.Length, out labelAt);
        }

        BeginRow(item, side);
        if (!Fits(label))
        {
            // Too long to stand in the arrow: the mark stands above it, or all of it, in as many rows as it needs between the two lines.
            bool isMarkEnough = arrow.Mark.Length > 0 && Fits(arrow.Label);
            foreach (string line in Wrap(isMarkEnough ? arrow.Mark : label, Math.Abs(to - from) - 4))
            {
                WriteBetween(line, from, to);
                NextRow();
            }

            label = isMarkEnough ? arrow.Label : "";
            Fits(label);
        }

        if (waits)
        {
            _tracks.Keep(arrow, track);
            _canvas.Horizontal(_row, from, track);
            _canvas.ToBelow(_row, track);
            WriteLabel(label, labelAt);
        }
        else
        {
            DrawLevel(arrow, label, labelAt, arrival, item.Reached);
        }
    }

    // All in one row: the time of arrival is not known, or the segment goes no further, or there is no room to let it wait.
    private void DrawLevel(Arrow arrow, string label, int labelAt, string arrival, string reached)
    {
        int from = _lanes[arrow.From];
        int to = _lanes[arrow.To];
        int step = to > from ? 1 : -1;
        int end = to - step;
        if (arrow.End is ArrowEnd.Lost or ArrowEnd.OnItsWay)
        {
            end = _tracks.PlaceEnd(from, to, label.Length == 0 ? from : step > 0 ? labelAt + label.Length + 1 : labelAt);
        }

        WriteState(arrow.To, reached, step);
        _canvas.Horizontal(_row, from, end);
        WriteLabel(label, labelAt);
        _canvas.Write(_row, step > 0 ? end - 1 - arrival.Length : end + 2, arrival);
        _canvas.Write(_row, end, arrow.End switch
        {
            ArrowEnd.Arrived => _canvas.Head(step > 0).ToString(),
            ArrowEnd.OnItsWay => _ascii ? "~" : "╌",
            _ => "X",
        });
        if (!arrow.TakesTime)
        {
            WriteRemark(arrow.End == ArrowEnd.OnItsWay ? "on its way" : arrow.Remark, end, to);
        }
    }

    private void DrawArrival(LadderEvent item, Arrow arrow, int track)
    {
        int to = _lanes[arrow.To];
        int step = to > track ? 1 : -1;
        BeginRow(item, stateSide: step, without: arrow);
        _canvas.FromAbove(_row, track);
        _canvas.Horizontal(_row, track, to - step);
        _canvas.Write(_row, to - step, _canvas.Head(step > 0).ToString());
        WriteRemark(arrow.Remark, track, _lanes[arrow.From]);
    }

    // The arrow was drawn in one row; what it does to its receiver still comes at its time.
    private void DrawLateArrival(LadderEvent item, Arrow arrow)
    {
        string remark = arrow.TakesTime ? arrow.Remark : "";
        if (item.State.Length > 0 || remark.Length > 0)
        {
            BeginRow(item, stateSide: arrow.To > arrow.From ? 1 : -1);
            WriteRemark(remark, _lanes[0], _lanes[^1]);
        }
    }

    private void BeginRow(LadderEvent item, int stateSide, Arrow? without = null)
    {
        if (_knowsArrivals && _tracks.Count == 0 && _shown is { } shown && item.Time > shown)
        {
            // Nothing is on its way and time passes.
            _row++;
            foreach (int lane in _lanes)
            {
                _canvas.Write(_row, lane, _ascii ? ":" : "┊");
            }
        }

        if (without is not null)
        {
            _tracks.Release(without);
        }

        NextRow();
        if (_shown != item.Time)
        {
            string time = _ladder.TimeText(item.Time);
            _canvas.Write(_row, _timeEnd - time.Length, time);
            _shown = item.Time;
        }

        WriteState(item.Lane, item.State, stateSide);
    }

    private void NextRow()
    {
        _row++;
        foreach (int column in _lanes.Concat(_tracks.Columns))
        {
            _canvas.Bar(_row, column);
        }
    }

    private void WriteLabel(string label, int column)
    {
        if (label.Length > 0)
        {
            _canvas.Write(_row, column, $" {label} ");
        }
    }

    /// <summary>Writes a state beside its lane: outside of the outer ones, on one side of the others.</summary>
    private void WriteState(int lane, string state, int side)
    {
        if (state.Length > 0)
        {
            bool isRight = lane == _lanes.Length - 1 || (lane > 0 && side > 0);
            _canvas.Write(_row, isRight ? _lanes[lane] + 2 : _lanes[lane] - 1 - state.Length, state);
        }
    }

    /// <summary>Writes a remark between two columns where nothing else stands; else in rows of its own below.</summary>
    private void WriteRemark(string remark, int near, int far)
    {
        if (remark.Length == 0)
        {
            return;
        }

        int left = Math.Min(near, far) + 1;
        int right = Math.Max(near, far) - 1;
        if (_tracks.IsFree(left, right) && remark.Length <= right - left - 1)
        {
            WriteBetween(remark, near, far);
            return;
        }

        foreach (string line in Wrap(remark, _lanes[^1] - _lanes[0] - 5))
        {
            NextRow();
            WriteCentred(Middle, $" {line} ");
        }
    }

    // Near the first column, with a blank between.
    private void WriteBetween(string text, int near, int far) => WriteInside(near < far ? near + 2 : near - 1 - text.Length, text);

    private void WriteCentred(int column, string text) => WriteInside(column - (text.Length / 2), text);

    private void WriteInside(int column, string text) =>
        _canvas.Write(_row, Math.Max(_timeEnd + 1, Math.Min(column, _width - text.Length)), text);

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            int blank = text.LastIndexOf(' ', width);
            int end = blank > 0 ? blank : width;
            yield return text[..end];
            text = text[end..].TrimStart();
        }

        yield return text;
    }
}
