using TcpShell.Text;

namespace TcpShell.Transformation;

/// <summary>Makes bits per second, a long, of <c>10mbit</c>, <c>1gbit</c>, <c>64kbit</c>, <c>10Mbit/s</c>.</summary>
public sealed class BandwidthAttribute : TextTransformationAttribute<long>
{
    /// <inheritdoc/>
    public override string Accepted => "a bit rate such as 64kbit, 10mbit, 1gbit, 10Mbit/s, or a number of bits per second above 0";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out long result) => BandwidthText.TryParse(text, out result);
}
