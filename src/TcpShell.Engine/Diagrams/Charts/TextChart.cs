using System.Text;

namespace TcpShell.Diagrams.Charts;

/// <summary>Draws a chart with characters, for terminals. Each series has a mark of its own; where two meet, the later one is seen.</summary>
public static class TextChart
{
    private const string Marks = "•+×○▲■◆*";
    private const string AsciiMarks = "*+xo^#%@";
    private const int StepOfRows = 4;

    /// <summary>Draws a chart.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="width">Columns that it may take, at least 40.</param>
    /// <param name="height">Rows between the axes, at least 5.</param>
    /// <param name="ascii">Whether to do with ASCII characters alone.</param>
    /// <returns>Lines divided by line feeds.</returns>
    public static string Draw(Chart chart, int width = 80, int height = 20, bool ascii = false)
    {
        ArgumentNullException.ThrowIfNull(chart);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 40);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 5);
        ChartPoint[] all = [.. chart.Series.SelectMany(series => series.Points)];
        var y = new AxisScale(chart.Y, all.Select(point => point.Y), Math.Max(2, height / StepOfRows));
        int margin = y.Ticks.Max(tick => y.Text(tick).Length) + 1;
        int columns = width - margin - 1;
        var x = new AxisScale(chart.X, all.Select(point => point.X), Math.Max(2, columns / 16));
        var plot = new Plot(columns, height, x, y);
        string marks = ascii ? AsciiMarks : Marks;
        char Mark(ChartSeries series, int index) => marks[(series.Look ?? index) % marks.Length];
        for (int i = 0; i < chart.Series.Count; i++)
        {
            plot.Draw(chart.Series[i], Mark(chart.Series[i], i));
        }

        var text = new StringBuilder();
        string legend = string.Join(
            "   ", chart.Series.Select((series, index) => series.Points.Count > 0 ? $"{Mark(series, index)} {series.Name}" : "").Where(entry => entry.Length > 0));
        text.Append(chart.Title).Append('\n').Append(legend).Append('\n').Append(chart.Note).Append('\n');
        AppendRows(text, plot, y, margin, ascii);
        AppendLowerAxis(text, x, columns, margin, ascii);
        text.Append(new string(' ', margin + 1)).Append($"{chart.X.Title} / {chart.Y.Title}");
        string result = text.ToString();
        return ascii ? string.Join('\n', result.Split('\n').Select(TextCanvas.ToAscii)) : result;
    }

    private static void AppendRows(StringBuilder text, Plot plot, AxisScale y, int margin, bool ascii)
    {
        var labels = new Dictionary<int, string>();
        foreach (double tick in y.Ticks)
        {
            labels.TryAdd(plot.Row(tick), y.Text(tick));
        }

        for (int row = 0; row < plot.Rows; row++)
        {
            bool hasLabel = labels.TryGetValue(row, out string? label);
            char axis = ascii ? (hasLabel ? '+' : '|') : hasLabel ? '┤' : '│';
            text.Append((label ?? "").PadLeft(margin - 1)).Append(' ').Append(axis).Append(plot.Line(row).TrimEnd()).Append('\n');
        }
    }

    private static void AppendLowerAxis(StringBuilder text, AxisScale x, int columns, int margin, bool ascii)
    {
        char[] line = new string(ascii ? '-' : '─', columns).ToCharArray();
        char[] labels = new string(' ', columns + margin + 1).ToCharArray();
        int free = 0;
        foreach (double tick in x.Ticks)
        {
            int column = (int)Math.Round(x.Place(tick) * (columns - 1));
            line[column] = ascii ? '+' : '┴';
            string label = x.Text(tick);
            int start = Math.Clamp(margin + 1 + column - (label.Length / 2), 0, labels.Length - label.Length);
            if (start >= free)
            {
                label.CopyTo(0, labels, start, label.Length);
                free = start + label.Length + 1;
            }
        }

        text.Append(new string(' ', margin)).Append(ascii ? '+' : '└').Append(line).Append('\n');
        text.Append(new string(labels).TrimEnd()).Append('\n');
    }

    /// <summary>The cells between the axes.</summary>
    private sealed class Plot
    {
        private readonly char[][] _cells;
        private readonly int _columns;
        private readonly AxisScale _x;
        private readonly AxisScale _y;

        public Plot(int columns, int rows, AxisScale x, AxisScale y)
        {
            _columns = columns;
            _x = x;
            _y = y;
            _cells = [.. Enumerable.Range(0, rows).Select(_ => new string(' ', columns).ToCharArray())];
        }

        public int Rows => _cells.Length;

        public string Line(int row) => new(_cells[row]);

        public int Row(double value) => Rows - 1 - (int)Math.Round(Math.Clamp(_y.Place(value), 0, 1) * (Rows - 1));

        public void Draw(ChartSeries series, char mark)
        {
            ChartPoint? last = null;
            for (int i = 0; i < series.Points.Count; i++)
            {
                ChartPoint point = series.Points[i];
                if (!_x.IsDrawable(point.X) || !_y.IsDrawable(point.Y))
                {
                    // A bar without one of its ends is none.
                    last = series.HasBars ? null : last;
                    continue;
                }

                bool joins = series.HasBars ? i % 2 == 1 : series.Style != SeriesStyle.Points;
                if (joins && last is { } from)
                {
                    Join(from, point, series.Style == SeriesStyle.Steps, mark);
                }

                _cells[Row(point.Y)][Column(point.X)] = mark;
                last = point;
            }
        }

        private int Column(double value) => (int)Math.Round(Math.Clamp(_x.Place(value), 0, 1) * (_columns - 1));

        private void Join(ChartPoint from, ChartPoint to, bool steps, char mark)
        {
            int first = Column(from.X);
            int last = Column(to.X);
            int previous = Row(from.Y);
            for (int column = first; column <= last; column++)
            {
                double part = last == first ? 1 : (double)(column - first) / (last - first);
                int row = steps && column < last ? Row(from.Y) : Row(from.Y + (part * (to.Y - from.Y)));
                for (int between = Math.Min(previous, row); between <= Math.Max(previous, row); between++)
                {
                    _cells[between][column] = mark;
                }

                previous = row;
            }
        }
    }
}
