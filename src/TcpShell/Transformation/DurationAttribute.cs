using TcpShell.Text;

namespace TcpShell.Transformation;

/// <summary>Makes a <see cref="TimeSpan"/> of <c>50ms</c>, <c>1.5s</c>, <c>2m</c>, <c>100us</c>, <c>1h</c>; a bare number is seconds.</summary>
public sealed class DurationAttribute : TextTransformationAttribute<TimeSpan>
{
    /// <inheritdoc/>
    public override string Accepted =>
        "a duration such as 50ms, 1.5s, 2m, 1h, '100us' (in quotes where it stands in an expression), or a number of seconds";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out TimeSpan result)
    {
        // In an expression PowerShell makes the number 100 of 100us, and 2 of 1.5s, and forgets what was typed: better refuse than be wrong.
        bool isMangled = value is short or ushort && char.IsAsciiDigit(text[^1]);
        return DurationText.TryParse(text, out result) && !isMangled;
    }
}
