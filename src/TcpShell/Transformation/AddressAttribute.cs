using TcpShell.Wire;

namespace TcpShell.Transformation;

/// <summary>Makes an <see cref="IpAddress"/> of text such as <c>10.0.0.1</c> or <c>fd00::1</c>, or of a System.Net.IPAddress.</summary>
public sealed class AddressAttribute : TextTransformationAttribute<IpAddress>
{
    /// <inheritdoc/>
    public override string Accepted => "an IPv4 or IPv6 address such as 10.0.0.1 or fd00::1";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out IpAddress result) => IpAddress.TryParse(text, out result);
}
