using System.Management.Automation;
using TcpShell.Hosting;

namespace TcpShell.Transformation;

/// <summary>Lets the name of an interface of this session be given wherever a network is meant. TcpShell.types.ps1xml tells PowerShell of it.</summary>
public sealed class NetworkConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue.Unwrap() is string && destinationType == typeof(TcpNetwork);

    /// <inheritdoc/>
    /// <exception cref="PSInvalidCastException">No interface has that name.</exception>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        string name = (string)sourceValue.Unwrap();
        return Lab.Interfaces.FirstOrDefault(network => network.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new PSInvalidCastException($"This session has made no interface '{name}'. Get-TcpInterface lists those that it has made; networks of labs are given as objects.");
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) => throw new PSInvalidCastException();
}
