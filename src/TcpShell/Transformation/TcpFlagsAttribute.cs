using System.Collections;
using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Transformation;

/// <summary>Makes <see cref="TcpFlags"/> of <c>SYN,ACK</c>, <c>S.</c>, <c>SA</c>, <c>0x12</c>. A list of names is one set of control bits.</summary>
public sealed class TcpFlagsAttribute : TextTransformationAttribute<TcpFlags>
{
    /// <inheritdoc/>
    public override string Accepted => "a set of control bits such as SYN,ACK or S. or SA or 0x12 or None";

    /// <inheritdoc/>
    protected override object TransformList(IEnumerable items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items.Cast<object?>().Aggregate(TcpFlags.None, (flags, item) => flags | TransformItem(item));
    }

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out TcpFlags result) =>
        TcpFlagsExtensions.TryParse(value is int number ? string.Create(CultureInfo.InvariantCulture, $"0x{number:x}") : text, out result);
}
