using System.Globalization;

namespace TcpShell.Text;

/// <summary>Durations as people write them: <c>50ms</c>, <c>1.5s</c>, <c>2m</c>, <c>100us</c>, <c>1h</c>.</summary>
public static class DurationText
{
    /// <summary>
    /// Reads a duration: a number with the unit ns, us, ms, s, m (or min), h or d, a bare number of seconds, or a <see cref="TimeSpan"/>'s own form
    /// (<c>00:01:30</c>).
    /// </summary>
    /// <remarks>A duration is never negative. It is rounded to 100 ns; upper and lower case are the same.</remarks>
    /// <param name="text">The duration.</param>
    /// <param name="duration">What was read.</param>
    /// <returns>Whether the text was a duration that a <see cref="TimeSpan"/> can hold.</returns>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        if (text?.Contains(':') == true)
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        }

        duration = default;
        if (!Quantity.TrySplit(text, out decimal number, out string unit)
            || TicksOf(unit) is not { } ticks
            || !Quantity.TryScale(number, ticks, out long product))
        {
            return false;
        }

        duration = new TimeSpan(product);
        return true;
    }

    /// <summary>Writes a duration in the largest unit that is not above it: <c>1.5s</c>, <c>20ms</c>, <c>100us</c>, <c>0s</c>. It can be read back.</summary>
    /// <param name="duration">Not negative.</param>
    public static string Format(TimeSpan duration)
    {
        string unit = duration.Ticks switch
        {
            0 => "s",
            < TimeSpan.TicksPerMicrosecond => "ns",
            < TimeSpan.TicksPerMillisecond => "us",
            < TimeSpan.TicksPerSecond => "ms",
            < TimeSpan.TicksPerMinute => "s",
            < TimeSpan.TicksPerHour => "m",
            _ => "h",
        };
        decimal number = duration.Ticks / TicksOf(unit)!.Value;

        // A third of a minute has no end in decimals: then seconds say it better.
        return number == Math.Round(number, 3)
            ? string.Create(CultureInfo.InvariantCulture, $"{number:0.###}{unit}")
            : string.Create(CultureInfo.InvariantCulture, $"{(decimal)duration.Ticks / TimeSpan.TicksPerSecond:0.#######}s");
    }

    private static decimal? TicksOf(string unit) => unit.ToLowerInvariant() switch
    {
        "ns" => 1m / TimeSpan.NanosecondsPerTick,
        "us" or "\u00b5s" or "\u03bcs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" or "sec" or "" => TimeSpan.TicksPerSecond,
        "m" or "min" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        "d" => TimeSpan.TicksPerDay,
        _ => null,
    };
}
