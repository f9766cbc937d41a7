namespace TcpShell.Diagrams.Charts;

/// <summary>What the numbers of an axis are, and so how they are written.</summary>
public enum AxisUnit
{
    /// <summary>Plain numbers: <c>1500</c>, <c>20k</c>.</summary>
    Number,

    /// <summary>Octets: <c>64 kB</c> is 64,000 of them.</summary>
    Octets,

    /// <summary>Seconds: <c>20 ms</c>, <c>1.5 s</c>.</summary>
    Seconds,

    /// <summary>Bits in a second: <c>10 Mbit/s</c>.</summary>
    BitsPerSecond,

    /// <summary>Parts of a whole, 0 to 1: <c>95 %</c>.</summary>
    Share,
}

/// <summary>How the points of a series are drawn.</summary>
public enum SeriesStyle
{
    /// <summary>Joined by straight lines.</summary>
    Line,

    /// <summary>Each value holds until the next: for what changes at once, such as a window.</summary>
    Steps,

    /// <summary>Marks alone.</summary>
    Points,

    /// <summary>Upright bars from each point to the next one of the series: pairs of points with the same X, such as the octets of a segment.</summary>
    Bars,

    /// <summary>Bars that stand back, for what lies behind others.</summary>
    PaleBars,

    /// <summary>Bars with a mark at their lower ends, so that a few are seen among thousands.</summary>
    MarkedBars,
}

/// <summary>One axis of a chart.</summary>
/// <param name="Title">What it shows; the unit stands at the numbers.</param>
/// <param name="Unit">What its numbers are.</param>
public sealed record ChartAxis(string Title, AxisUnit Unit = AxisUnit.Number)
{
    /// <summary>Whether each step multiplies; values that are not above 0 are left out then.</summary>
    public bool Logarithmic { get; init; }

    /// <summary>The least value, what is below it is not drawn; null lets the data decide.</summary>
    public double? Minimum { get; init; }

    /// <summary>A value that has its place on the axis even if no point has it, so that several charts have the same one; null for none.</summary>
    public double? Reach { get; init; }

    /// <summary>The greatest value, what is above it is not drawn; null lets the data decide.</summary>
    public double? Maximum { get; init; }
}

/// <summary>One point of a series.</summary>
/// <param name="X">Along the lower axis.</param>
/// <param name="Y">Along the left axis.</param>
public readonly record struct ChartPoint(double X, double Y);

/// <summary>Points that belong together.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">Its points, by ascending X.</param>
/// <param name="Style">How they are drawn.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points, SeriesStyle Style = SeriesStyle.Line)
{
    /// <summary>The place of its colour and mark in the palette; null for its place among the series. Thus it looks the same in every chart of its kind.</summary>
    public int? Look { get; init; }

    /// <summary>Whether its points are pairs.</summary>
    internal bool HasBars => Style is SeriesStyle.Bars or SeriesStyle.PaleBars or SeriesStyle.MarkedBars;
}

/// <summary>A chart as plain values; <see cref="SvgChart"/> and <see cref="TextChart"/> draw it.</summary>
/// <param name="Title">Its title.</param>
/// <param name="X">The lower axis.</param>
/// <param name="Y">The left axis.</param>
/// <param name="Series">What is drawn, the first undermost.</param>
public sealed record Chart(string Title, ChartAxis X, ChartAxis Y, IReadOnlyList<ChartSeries> Series)
{
    /// <summary>What one has to know to read it right, beside the legend; empty for nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>Whether there is anything in it to see.</summary>
    public bool IsEmpty => Series.All(series => series.Points.Count == 0);

    /// <summary>Charts with the same lower axis, for what happened at the same time.</summary>
    /// <param name="charts">Charts of the same time or the same numbers.</param>
    public static IReadOnlyList<Chart> Aligned(IReadOnlyList<Chart> charts)
    {
        ArgumentNullException.ThrowIfNull(charts);
        double? reach = charts.SelectMany(chart => chart.Series).SelectMany(series => series.Points).Select(point => (double?)point.X).Max();
        return [.. charts.Select(chart => chart with { X = chart.X with { Reach = reach } })];
    }
}
