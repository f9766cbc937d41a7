using System.Globalization;
using System.Management.Automation;

namespace TcpShell.Conversations;

/// <summary>Makes objects of what remoting and jobs made of them: plain properties, whose values may be plain as well.</summary>
/// <typeparam name="T">What is made.</typeparam>
public abstract class PlainConverter<T> : PSTypeConverter
    where T : class
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(PSObject sourceValue, Type destinationType) => destinationType == typeof(T) && sourceValue is not null && HasAll(sourceValue);

    /// <inheritdoc/>
    public override object ConvertFrom(PSObject sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        ArgumentNullException.ThrowIfNull(sourceValue);
        return Make(sourceValue);
    }

    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) => sourceValue is PSObject wrapped && CanConvertFrom(wrapped, destinationType);

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        ConvertFrom(PSObject.AsPSObject(sourceValue), destinationType, formatProvider, ignoreCase);

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException($"A {typeof(T).Name} is made nothing else of.");

    /// <summary>Whether all properties came along that the object cannot be made without.</summary>
    private protected abstract bool HasAll(PSObject source);

    /// <summary>Makes the object.</summary>
    private protected abstract T Make(PSObject source);

    /// <summary>What a property has, converted.</summary>
    /// <param name="source">What came.</param>
    /// <param name="path">The name of a property; after a dot, of a property of its value.</param>
    /// <param name="type">What the value is to be.</param>
    /// <returns>Null if there is no such property, or nothing in it.</returns>
    private protected static object? Property(PSObject source, string path, Type type)
    {
        object? found = source;
        foreach (string name in path.Split('.'))
        {
            found = found is null ? null : PSObject.AsPSObject(found).Properties[name]?.Value;
        }

        object? value = found is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : found;
        return value is null ? null : LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture);
    }
}
