using System.Globalization;

namespace TcpShell.Transformation;

/// <summary>
/// Makes a <see cref="Timestamp"/> since 1970 of a date and time (without a zone, the local one), such as <c>2020-01-01 10:00</c> or
/// <c>2020-01-01T10:00:00Z</c>, or of seconds since 1970.
/// </summary>
public sealed class CaptureTimeAttribute : TextTransformationAttribute<Timestamp>
{
    /// <inheritdoc/>
    public override string Accepted => "a date and time such as '2020-01-01 10:00' or 2020-01-01T10:00:00Z, or seconds since 1970";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out Timestamp result)
    {
        result = default;
        if (!TryReadDate(value, text, out DateTimeOffset known))
        {
            bool fits = TryReadSeconds(value, text, out decimal seconds) && Math.Abs(seconds) < 9_000_000_000;
            result = fits ? new Timestamp((long)(seconds * 1_000_000_000)) : default;
            return fits;
        }

        if (known.Year is < 1700 or > 2200)
        {
            return false;
        }

        result = new Timestamp((known - DateTimeOffset.UnixEpoch).Ticks * 100);
        return true;
    }

    /// <inheritdoc/>
    protected override string WhyNot(object? value, string text) => TryReadDate(value, text, out _) || TryReadSeconds(value, text, out _)
        ? $"'{text}' is out of range: times of captures are counted in nanoseconds, and those from 1700 to 2200 can be told apart."
        : base.WhyNot(value, text);

    private static bool TryReadSeconds(object? value, string text, out decimal seconds)
    {
        seconds = 0;
        return value is not (DateTime or DateTimeOffset)
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seconds);
    }

    private static bool TryReadDate(object? value, string text, out DateTimeOffset time)
    {
        switch (value)
        {
            case DateTimeOffset offset:
                time = offset;
                return true;
            case DateTime date:
                // The first and the last hours of all dates are none in some zones; they are out of range anyway.
                time = date.Year is > 1 and < 9999 ? new DateTimeOffset(date) : new DateTimeOffset(date.Ticks, TimeSpan.Zero);
                return true;
            default:
                time = default;
                return !TryReadSeconds(value, text, out _) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out time);
        }
    }
}
