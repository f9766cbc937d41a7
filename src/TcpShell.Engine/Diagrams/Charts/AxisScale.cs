using System.Globalization;

namespace TcpShell.Diagrams.Charts;

/// <summary>Where the values of an axis lie between its ends, 0 to 1, and which of them are written beside it.</summary>
internal sealed class AxisScale
{
    private readonly ChartAxis _axis;
    private readonly double _low;
    private readonly double _high;

    /// <param name="axis">The axis.</param>
    /// <param name="values">All values that shall be seen.</param>
    /// <param name="steps">About how many steps it shall have.</param>
    public AxisScale(ChartAxis axis, IEnumerable<double> values, int steps)
    {
        _axis = axis;
        double[] seen = [.. values.Concat(axis.Reach is { } reach ? [reach] : []).Where(IsDrawable)];
        double low = axis.Minimum ?? (seen.Length == 0 ? 0 : seen.Min());
        double high = axis.Maximum ?? (seen.Length == 0 ? 1 : seen.Max());
        if (axis.Logarithmic)
        {
            low = Math.Floor(Math.Log10(low > 0 ? low : 1));
            high = Math.Ceiling(Math.Log10(high > 0 ? high : 1));
            (_low, _high) = (low, Math.Max(high, low + 1));
            Ticks = [.. Enumerable.Range((int)_low, (int)(_high - _low) + 1).Select(power => Math.Pow(10, power))];
            return;
        }

        high = high > low ? high : low + 1;
        double step = NiceStep((high - low) / steps);
        _low = axis.Minimum ?? Math.Floor(low / step) * step;
        _high = axis.Maximum ?? Math.Ceiling(high / step) * step;
        int count = (int)Math.Floor(((_high - _low) / step) + 1e-9);
        Ticks = [.. Enumerable.Range(0, count + 1).Select(number => _low + (number * step))];
    }

    /// <summary>The values that are written beside the axis.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Whether a value has a place on the axis.</summary>
    public bool IsDrawable(double value) => double.IsFinite(value) && (!_axis.Logarithmic || value > 0) && !(value > _axis.Maximum) && !(value < _axis.Minimum);

    /// <summary>0 at the lower end, 1 at the upper one.</summary>
    public double Place(double value) => ((_axis.Logarithmic ? Math.Log10(value) : value) - _low) / (_high - _low);

    /// <summary>A value as it is written beside the axis.</summary>
    public string Text(double value) => _axis.Unit switch
    {
        AxisUnit.Octets => Scaled(value, "B"),
        AxisUnit.BitsPerSecond => Scaled(value, "bit/s"),
        AxisUnit.Seconds => SecondsText(value),
        AxisUnit.Share => $"{Digits(value * 100)} %",
        _ => Scaled(value, "").TrimEnd(),
    };

    /// <summary>1, 2 or 5 times a power of ten, at least as large as what was asked for.</summary>
    public static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double leading = rough / power;
        return power * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
    }

    private static string Scaled(double value, string unit)
    {
        double size = Math.Abs(value);
        (double divisor, string prefix) = size >= 1e9 ? (1e9, "G") : size >= 1e6 ? (1e6, "M") : size >= 1e3 ? (1e3, "k") : (1, "");
        return $"{Digits(value / divisor)} {prefix}{unit}";
    }

    private static string SecondsText(double value)
    {
        double size = Math.Abs(value);
        return size is 0 or >= 1 ? $"{Digits(value)} s" : size >= 1e-3 ? $"{Digits(value * 1e3)} ms" : $"{Digits(value * 1e6)} us";
    }

    // Six digits hide what the arithmetic of steps leaves in the last places.
    private static string Digits(double value) => Math.Round(value, 6).ToString("0.######", CultureInfo.InvariantCulture);
}
