using System.Globalization;
using System.Security;
using System.Text;

namespace TcpShell.Diagrams.Charts;

/// <summary>Draws a chart as SVG, for browsers, documents and reports. The same chart gives the same text, always.</summary>
public static class SvgChart
{
    private const int Left = 80;
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
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 200);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 150);
        chart = chart.WithoutEmptySeries();
        var area = new Area(chart, width, height);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" ");
        svg.Append("font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        AppendText(svg, Left, 22, chart.Title, "font-size=\"16\" font-weight=\"bold\"");
        AppendAxes(svg, chart, area);
        double legend = Left;
        for (int i = 0; i < chart.Series.Count; i++)
        {
            string colour = s_colours[i % s_colours.Length];
            AppendSeries(svg, chart.Series[i], area, colour);
            legend = AppendLegend(svg, chart.Series[i].Name, legend, colour);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendAxes(StringBuilder svg, Chart chart, Area area)
    {
        foreach (double tick in area.X.Ticks)
        {
            double x = area.AtX(tick);
            AppendLine(svg, x, Top, x, area.Floor, "#e5e5e5");
            AppendText(svg, x, area.Floor + 18, area.X.Text(tick), "text-anchor=\"middle\"");
        }

        foreach (double tick in area.Y.Ticks)
        {
            double y = area.AtY(tick);
            AppendLine(svg, Left, y, area.Wall, y, "#e5e5e5");
            AppendText(svg, Left - 8, y + 4, area.Y.Text(tick), "text-anchor=\"end\"");
        }

        AppendLine(svg, Left, area.Floor, area.Wall, area.Floor, "#333333");
        AppendLine(svg, Left, Top, Left, area.Floor, "#333333");
        AppendText(svg, (Left + area.Wall) / 2, area.Floor + 40, chart.X.Title, "text-anchor=\"middle\"");
        double middle = (Top + area.Floor) / 2;
        AppendText(svg, 16, middle, chart.Y.Title, $"text-anchor=\"middle\" transform=\"rotate(-90 16 {Number(middle)})\"");
    }

    private static void AppendSeries(StringBuilder svg, ChartSeries series, Area area, string colour)
    {
        ChartPoint[] points = [.. series.Points.Where(point => area.X.IsDrawable(point.X) && area.Y.IsDrawable(point.Y))];
        if (series.Style == SeriesStyle.Points)
        {
            foreach (ChartPoint point in points)
            {
                svg.Append($"<circle cx=\"{Number(area.AtX(point.X))}\" cy=\"{Number(area.AtY(point.Y))}\" r=\"2\" fill=\"{colour}\"/>\n");
            }

            return;
        }

        var path = new StringBuilder();
        for (int i = 0; i < points.Length; i++)
        {
            string x = Number(area.AtX(points[i].X));
            string y = Number(area.AtY(points[i].Y));
            bool begins = i == 0 || (series.Style == SeriesStyle.Bars && i % 2 == 0);
            path.Append(begins ? $"M{x} {y}" : series.Style == SeriesStyle.Steps ? $"H{x}V{y}" : $"L{x} {y}");
        }

        string width = series.Style == SeriesStyle.Bars ? "2.5" : "1.5";
        svg.Append($"<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n");
    }

    private static double AppendLegend(StringBuilder svg, string name, double x, string colour)
    {
        // Letters have about seven pixels at this size; a little too much room does no harm.
        svg.Append($"<rect x=\"{Number(x)}\" y=\"38\" width=\"12\" height=\"4\" fill=\"{colour}\"/>\n");
        AppendText(svg, x + 18, 45, name, "");
        return x + 36 + (name.Length * 7);
    }

    private static void AppendLine(StringBuilder svg, double x1, double y1, double x2, double y2, string colour) =>
        svg.Append($"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" stroke=\"{colour}\"/>\n");

    private static void AppendText(StringBuilder svg, double x, double y, string text, string attributes) =>
        svg.Append($"<text x=\"{Number(x)}\" y=\"{Number(y)}\" fill=\"#333333\" {attributes}>{SecurityElement.Escape(text)}</text>\n");

    private static string Number(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The rectangle between the axes, in pixels.</summary>
    private sealed class Area(Chart chart, int width, int height)
    {
        public AxisScale X { get; } = new(chart.X, chart.Series.SelectMany(series => series.Points).Select(point => point.X), 8);

        public AxisScale Y { get; } = new(chart.Y, chart.Series.SelectMany(series => series.Points).Select(point => point.Y), 6);

        public double Floor => height - Bottom;

        public double Wall => width - Right;

        public double AtX(double value) => Left + (Math.Clamp(X.Place(value), 0, 1) * (Wall - Left));

        public double AtY(double value) => Floor - (Math.Clamp(Y.Place(value), 0, 1) * (Floor - Top));
    }
}
