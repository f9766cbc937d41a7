namespace TcpShell.Text;

/// <summary>Probabilities as people write them: <c>1%</c>, <c>0.5%</c>, <c>0.01</c>.</summary>
public static class ProbabilityText
{
    /// <summary>Reads a percentage from 0% to 100% or a number from 0 to 1.</summary>
    /// <remarks>The number 5 is refused, for it may be meant as five percent; 1 is certainty.</remarks>
    /// <param name="text">The probability.</param>
    /// <param name="probability">0 to 1.</param>
    /// <returns>Whether the text was a probability.</returns>
    public static bool TryParse(string? text, out double probability)
    {
        probability = 0;
        if (!Quantity.TrySplit(text, out decimal number, out string unit) || unit is not ("" or "%"))
        {
            return false;
        }

        number = unit == "%" ? number / 100 : number;
        probability = (double)number;
        return number <= 1;
    }
}
