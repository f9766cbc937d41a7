using System.Globalization;

namespace TcpShell.Text;

/// <summary>A number with a unit behind it, the common form of durations, rates and percentages.</summary>
internal static class Quantity
{
    /// <summary>Splits <c>1.5 ms</c> into 1.5 and <c>ms</c>. Only digits and one point are a number: no sign, no exponent, no thousands.</summary>
    /// <param name="text">The quantity.</param>
    /// <param name="number">The number.</param>
    /// <param name="unit">What stands behind it; empty if nothing does.</param>
    /// <returns>Whether the text begins with a number.</returns>
    public static bool TrySplit(string? text, out decimal number, out string unit)
    {
        ReadOnlySpan<char> span = text.AsSpan().Trim();
        int end = span.IndexOfAnyExcept("0123456789.");
        end = end < 0 ? span.Length : end;
        unit = span[end..].TrimStart().ToString();
        return decimal.TryParse(span[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Multiplies and rounds to a whole number.</summary>
    /// <param name="number">Not negative.</param>
    /// <param name="factor">Positive.</param>
    /// <param name="product">The product, rounded to the nearest whole number.</param>
    /// <returns>Whether it fits.</returns>
    public static bool TryScale(decimal number, decimal factor, out long product)
    {
        bool fits = number <= long.MaxValue / factor;
        product = fits ? (long)Math.Round(number * factor, MidpointRounding.AwayFromZero) : 0;
        return fits;
    }
}
