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
        DateTimeOffset? time = value switch
        {
            DateTimeOffset offset => offset,
            DateTime date => new DateTimeOffset(date),
            _ => null,
        };
        if (time is null && decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal seconds))
        {
            bool fits = Math.Abs(seconds) < 9_000_000_000;
            result = fits ? new Timestamp((long)(seconds * 1_000_000_000)) : default;
            return fits;
        }

        if (time is null && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset parsed))
        {
            time = parsed;
        }

        if (time is not { } known || known.Year is < 1700 or > 2200)
        {
            return false;
        }

        result = new Timestamp((known - DateTimeOffset.UnixEpoch).Ticks * 100);
        return true;
    }
}
