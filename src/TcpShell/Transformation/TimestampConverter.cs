using System.Management.Automation;

namespace TcpShell.Transformation;

/// <summary>
/// Lets the times of captures be compared with dates and numbers, and be made dates: <c>Where-Object Start -gt '2020-01-01'</c>,
/// <c>[datetime] $conversation.Start</c>. A number means seconds, as the times of labs are shown. TcpShell.types.ps1xml tells PowerShell of it.
/// </summary>
public sealed class TimestampConverter : PSTypeConverter
{
    private static readonly CaptureTimeAttribute s_time = new();

    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        destinationType == typeof(Timestamp) && sourceValue.Unwrap() is string or DateTime or DateTimeOffset or int or long or double or decimal;

    /// <inheritdoc/>
    /// <exception cref="PSInvalidCastException">It is neither a date nor a number.</exception>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        try
        {
            return s_time.Transform(null!, sourceValue);
        }
        catch (ArgumentTransformationMetadataException failed)
        {
            throw new PSInvalidCastException(failed.Message, failed);
        }
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) =>
        sourceValue.Unwrap() is Timestamp && (destinationType == typeof(DateTime) || destinationType == typeof(DateTimeOffset));

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        DateTimeOffset time = DateTimeOffset.UnixEpoch + ((Timestamp)sourceValue.Unwrap()).ToTimeSpan();
        return destinationType == typeof(DateTime) ? (object)time.UtcDateTime : time;
    }
}
