using TcpShell.Text;

namespace TcpShell.Transformation;

/// <summary>Makes a probability, a double from 0 to 1, of <c>1%</c> or <c>0.01</c>.</summary>
public sealed class ProbabilityAttribute : TextTransformationAttribute<double>
{
    /// <inheritdoc/>
    public override string Accepted => "a probability such as 1% or 0.01, from 0 to 1 or from 0% to 100%";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out double result) => ProbabilityText.TryParse(text, out result);
}
