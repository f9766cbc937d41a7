using System.Globalization;
using System.Management.Automation;
using TcpShell.Pcap.Tables;
using TcpShell.Tracing;

namespace TcpShell.Conversations;

/// <summary>
/// Makes segments of what remoting and jobs made of them, so that they are drawn, written and made scripts of like those of this session. TcpShell.types.ps1xml
/// names it, and what goes along.
/// </summary>
public sealed class SegmentConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(PSObject sourceValue, Type destinationType) =>
        destinationType == typeof(SegmentRecord) && sourceValue?.Properties["Octets"] is not null;

    /// <inheritdoc/>
    public override object ConvertFrom(PSObject sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        ArgumentNullException.ThrowIfNull(sourceValue);
        object? Property(string path, Type type) => Find(sourceValue, path) is { } value ? LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture) : null;
        return SegmentCopy.Make((byte[]?)Property("Octets", typeof(byte[])) ?? [], Property)
            ?? throw new PSInvalidCastException("These are not the octets of a segment.");
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
        throw new PSInvalidCastException("A segment is made nothing else of.");

    private static object? Find(PSObject source, string path)
    {
        object? found = source;
        foreach (string name in path.Split('.'))
        {
            found = found is null ? null : PSObject.AsPSObject(found).Properties[name]?.Value;
        }

        return found is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : found;
    }
}
