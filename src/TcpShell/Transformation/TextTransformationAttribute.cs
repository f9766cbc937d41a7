using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Management.Automation;

namespace TcpShell.Transformation;

/// <summary>The base of the attributes that turn what people type into a parameter's value. Lists are converted element by element.</summary>
/// <typeparam name="T">What comes out.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class TextTransformationAttribute<T> : ArgumentTransformationAttribute
    where T : struct
{
    /// <summary>What is accepted, as the end of the sentences "'x' is not ..." and, in the help, "Takes ...".</summary>
    public abstract string Accepted { get; }

    /// <summary>Converts one value, or every value of a list.</summary>
    /// <param name="engineIntrinsics">Not used.</param>
    /// <param name="inputData">What the user gave; null is left to PowerShell's own checks.</param>
    /// <exception cref="ArgumentTransformationMetadataException">The value cannot be converted; the message says what can.</exception>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => TransformCore(inputData)!;

    /// <summary>Converts a list; what each element is, is converted by itself.</summary>
    /// <param name="items">What the user gave.</param>
    protected virtual object TransformList(IEnumerable items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items.Cast<object?>().Select(TransformItem).ToArray();
    }

    /// <summary>Converts one value or throws.</summary>
    /// <param name="item">What the user gave.</param>
    protected T TransformItem(object? item)
    {
        object? value = item.Unwrap();
        string text = Write(item, value);
        return value is T ready ? ready
            : TryConvert(value, text, out T result) ? result
            : throw new ArgumentTransformationMetadataException(WhyNot(value, text));
    }

    /// <summary>What is wrong with a value that cannot be converted, in a sentence.</summary>
    /// <param name="value">The value, unwrapped.</param>
    /// <param name="text">The value as text.</param>
    protected virtual string WhyNot(object? value, string text) => $"'{text}' is not {Accepted}.";

    /// <summary>Converts one value.</summary>
    /// <param name="value">The value, unwrapped.</param>
    /// <param name="text">The value as text: what the user typed, or a number in invariant form.</param>
    /// <param name="result">What comes out.</param>
    /// <returns>Whether it can be converted.</returns>
    protected abstract bool TryConvert(object? value, string text, out T result);

    /// <summary>
    /// PowerShell takes a bare 1.5s or 100us for numbers with a type suffix (short, ushort), but keeps what was typed in the wrapper of the argument.
    /// </summary>
    private static string Write(object? item, object? value) => value switch
    {
        string text => text,
        IFormattable when item is PSObject && item.ToString() is { Length: > 0 } typed && char.IsLetter(typed[^1]) => typed,
        double number when Math.Abs(number) < 1e28 => ((decimal)number).ToString(CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? "",
    };

    private object? TransformCore(object? input)
    {
        object? value = input.Unwrap();
        return value switch
        {
            null => null,
            not string and IEnumerable items => TransformList(items),
            _ => TransformItem(input),
        };
    }
}
