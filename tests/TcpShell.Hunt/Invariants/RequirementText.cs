using System.Runtime.CompilerServices;
using System.Text;

namespace TcpShell.Hunt.Invariants;

/// <summary>The text of a broken requirement; where the requirement holds, which is nearly always, nothing is formatted.</summary>
[InterpolatedStringHandler]
internal readonly ref struct RequirementText
{
    private readonly StringBuilder? _text;

    public RequirementText(int literalLength, int formattedCount, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        _text = isWanted ? new StringBuilder(literalLength + (formattedCount * 16)) : null;
    }

    public void AppendLiteral(string literal) => _text!.Append(literal);

    public void AppendFormatted<T>(T value) => _text!.Append(value);

    public override string ToString() => _text?.ToString() ?? "";
}

/// <summary>How the checkers require things.</summary>
internal static class Requirement
{
    /// <summary>Ends the run if something is not as it must be.</summary>
    public static void Require(bool holds, string invariant, [InterpolatedStringHandlerArgument(nameof(holds))] RequirementText text)
    {
        if (!holds)
        {
            throw new InvariantException(invariant, text.ToString());
        }
    }
}
