using System.Globalization;
using System.Text;
using TcpShell.Diagrams.Charts;
using TcpShell.Text;

namespace TcpShell.GoodputMatrix;

/// <summary>The matrix as a picture: a chart for each link.</summary>
public static class MatrixPlot
{
    private const int Width = 620;
    private const int Height = 340;

    // Zero has no place on an axis of powers; this is where it is drawn.
    private const double ZeroLoss = 0.0001;
    private const double LeastShare = 0.0001;

    /// <summary>Draws the charts, a column for each bandwidth and a row for each round-trip time.</summary>
    /// <param name="shares">The goodput of each cell.</param>
    /// <returns>A whole SVG document.</returns>
    public static string Draw(IReadOnlyDictionary<Cell, double> shares)
    {
        int width = Width * Cell.Bandwidths.Count;
        int height = Height * Cell.RoundTripTimes.Count;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n");
        for (int column = 0; column < Cell.Bandwidths.Count; column++)
        {
            for (int row = 0; row < Cell.RoundTripTimes.Count; row++)
            {
                string chart = SvgChart.Draw(ChartOf(shares, Cell.Bandwidths[column], Cell.RoundTripTimes[row]), Width, Height);
                svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({column * Width} {row * Height})\">\n{chart}</g>\n");
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static Chart ChartOf(IReadOnlyDictionary<Cell, double> shares, long bandwidth, int roundTrip)
    {
        double seconds = roundTrip / 1000.0;
        ChartPoint[] model =
        [
            .. Cell.Losses.Where(loss => loss > 0).Select(loss =>
                new ChartPoint(loss, Model.ShareOfLink(Model.CubicWindow(loss, seconds), seconds, bandwidth))),
        ];
        IEnumerable<ChartSeries> measured = shares.Where(share => share.Key.Bandwidth == bandwidth && share.Key.RoundTripMilliseconds == roundTrip)
            .GroupBy(share => share.Key.Sender)
            .Select(sender => new ChartSeries(sender.Key, [.. sender.Select(share => new ChartPoint(Math.Max(share.Key.Loss, ZeroLoss), share.Value))]));
        return new Chart(
            $"{BandwidthText.Format(bandwidth)}, {roundTrip} ms",
            new ChartAxis("loss (none at the left end)", AxisUnit.Share) { Logarithmic = true, Minimum = ZeroLoss, Maximum = 0.1 },
            new ChartAxis("goodput", AxisUnit.Share) { Logarithmic = true, Minimum = LeastShare, Maximum = 1 },
            [.. measured, new ChartSeries("CUBIC in theory", model, SeriesStyle.Points)]);
    }
}
