using System.Text;

namespace TcpShell.Diagrams.Charts;

/// <summary>Draws a chart as SVG, for browsers, documents and reports. The same chart gives the same text, always.</summary>
public static class SvgChart
{
    private const int Left = 96;
    private const int Top = 64;
    private const int Right = 24;
    private const int Bottom = 56;

    // The palette of Okabe and Ito: to be told apart by colour-blind readers too.
    private static readonly string[] s_colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"];

    /// <summary>Draws a chart.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="width">Its width in pixels, at least 200.</param>
    /// <param name="height">Its height in pixels, at least 150.</param>
    /// <returns>A whole SVG document.</returns>
    public static string Draw(Chart chart, int width = 900, int height = 480)
    {
        ArgumentNullException.ThrowIfNull(chart);
        return Draw([chart], width, height);
    }

    /// <summary>Draws charts one below the other: whoever writes them to a file has one document.</summary>
    /// <param name="charts">The charts, at least one.</param>
    /// <param name="width">Their width in pixels, at least 200.</param>
    /// <param name="height">The height of each in pixels, at least 150.</param>
    /// <returns>A whole SVG document.</returns>
    public static string Draw(IReadOnlyList<Chart> charts, int width = 900, int height = 480)
    {
        ArgumentNullException.ThrowIfNull(charts);
        ArgumentOutOfRangeException.ThrowIfZero(charts.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 200);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 150);
        var svg = new SvgCanvas(width, height * charts.Count);
        Draw(svg, charts[0], new(charts[0], width, height));
        for (int i = 1; i < charts.Count; i++)
        {
            svg.BeginShift(height * i);
            Draw(svg, charts[i], new(charts[i], width, height));
            svg.EndShift();
        }

        return svg.End();
    }

    private static void Draw(SvgCanvas svg, Chart chart, Area area)
    {
        svg.Text(Left, 22, chart.Title, "font-size=\"16\" font-weight=\"bold\"");
        DrawAxes(svg, chart, area);
        double legend = Left;
        for (int i = 0; i < chart.Series.Count; i++)
        {
            if (chart.Series[i].Points.Count == 0)
            {
                continue;
            }

            string colour = s_colours[(chart.Series[i].Look ?? i) % s_colours.Length];
            DrawSeries(svg, chart.Series[i], area, colour);
            svg.Bar(legend, 38, 12, 4, colour);
            svg.Text(legend + 18, 45, chart.Series[i].Name);

            // Letters have about seven pixels at this size; a little too much room does no harm.
            legend += 36 + (chart.Series[i].Name.Length * 7);
        }

        if (chart.Note.Length > 0)
        {
            svg.Text(legend, 45, chart.Note, "font-style=\"italic\"", "#777777");
        }
    }

    private static void DrawAxes(SvgCanvas svg, Chart chart, Area area)
    {
        foreach (double tick in area.X.Ticks)
        {
            double x = area.AtX(tick);
            svg.Line(x, Top, x, area.Floor, SvgCanvas.Faint);
            svg.Text(x, area.Floor + 18, area.X.Text(tick), "text-anchor=\"middle\"");
        }

        foreach (double tick in area.Y.Ticks)
        {
            double y = area.AtY(tick);
            svg.Line(Left, y, area.Wall, y, SvgCanvas.Faint);
            svg.Text(Left - 8, y + 4, area.Y.Text(tick), "text-anchor=\"end\"");
        }

        svg.Line(Left, area.Floor, area.Wall, area.Floor, SvgCanvas.Ink);
        svg.Line(Left, Top, Left, area.Floor, SvgCanvas.Ink);
        svg.Text((Left + area.Wall) / 2, area.Floor + 40, chart.X.Title, "text-anchor=\"middle\"");
        double middle = (Top + area.Floor) / 2;
        svg.Text(18, middle, chart.Y.Title, $"text-anchor=\"middle\" transform=\"rotate(-90 18 {SvgCanvas.Number(middle)})\"");
    }

    private static void DrawSeries(SvgCanvas svg, ChartSeries series, Area area, string colour)
    {
        ChartPoint[] points = [.. series.Points.Where(area.IsDrawable)];
        if (series.Style == SeriesStyle.Points)
        {
            DrawDots(svg, points, area, colour);
            return;
        }

        // Round ends keep a segment visible that is lower than a pixel.
        string path = series.HasBars ? BarPath(series.Points, area) : LinePath(points, area, series.Style == SeriesStyle.Steps);
        string stroke = series.Style switch
        {
            SeriesStyle.PaleBars => "stroke-width=\"2.5\" stroke-opacity=\"0.9\"",
            SeriesStyle.Bars or SeriesStyle.MarkedBars => "stroke-width=\"2.5\" stroke-linecap=\"round\"",
            _ => "stroke-width=\"1.5\"",
        };
        svg.Path(path, $"fill=\"none\" stroke=\"{colour}\" {stroke}");
        if (series.Style == SeriesStyle.MarkedBars)
        {
            DrawDots(svg, [.. series.Points.Where((point, index) => index % 2 == 0 && area.IsDrawable(point))], area, colour);
        }
    }

    private static void DrawDots(SvgCanvas svg, ChartPoint[] points, Area area, string colour)
    {
        var drawn = new HashSet<(string, string)>();
        foreach (ChartPoint point in points)
        {
            // A million points are no more than the picture has places for.
            (string x, string y) = (SvgCanvas.Number(area.AtX(point.X)), SvgCanvas.Number(area.AtY(point.Y)));
            if (drawn.Add((x, y)))
            {
                svg.Dot(x, y, colour);
            }
        }
    }

    private static string BarPath(IReadOnlyList<ChartPoint> points, Area area)
    {
        var path = new StringBuilder();
        string last = "";
        for (int i = 0; i + 1 < points.Count; i += 2)
        {
            if (!area.IsDrawable(points[i]) || !area.IsDrawable(points[i + 1]))
            {
                continue;
            }

            string bar = $"M{SvgCanvas.Number(area.AtX(points[i].X))} {SvgCanvas.Number(area.AtY(points[i].Y))}V{SvgCanvas.Number(area.AtY(points[i + 1].Y))}";
            path.Append(bar == last ? "" : bar);
            last = bar;
        }

        return path.ToString();
    }

    private static string LinePath(ChartPoint[] points, Area area, bool steps)
    {
        var path = new StringBuilder();
        (string X, string Y) last = default;
        for (int i = 0; i < points.Length; i++)
        {
            (string x, string y) = (SvgCanvas.Number(area.AtX(points[i].X)), SvgCanvas.Number(area.AtY(points[i].Y)));
            if ((x, y) != last)
            {
                path.Append(i == 0 ? $"M{x} {y}" : !steps ? $"L{x} {y}" : y == last.Y ? $"H{x}" : x == last.X ? $"V{y}" : $"H{x}V{y}");
                last = (x, y);
            }
        }

        return path.ToString();
    }

    /// <summary>The rectangle between the axes, in pixels.</summary>
    private sealed class Area(Chart chart, int width, int height)
    {
        public AxisScale X { get; } = new(chart.X, chart.Series.SelectMany(series => series.Points).Select(point => point.X), 8);

        public AxisScale Y { get; } = new(chart.Y, chart.Series.SelectMany(series => series.Points).Select(point => point.Y), 6);

        public double Floor => height - Bottom;

        public double Wall => width - Right;

        public bool IsDrawable(ChartPoint point) => X.IsDrawable(point.X) && Y.IsDrawable(point.Y);

        public double AtX(double value) => Left + (Math.Clamp(X.Place(value), 0, 1) * (Wall - Left));

        public double AtY(double value) => Floor - (Math.Clamp(Y.Place(value), 0, 1) * (Floor - Top));
    }
}
