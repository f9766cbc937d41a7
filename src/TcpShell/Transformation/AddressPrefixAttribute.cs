using TcpShell.Wire;

namespace TcpShell.Transformation;

/// <summary>
/// Makes an <see cref="AddressPrefix"/> of text such as <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>, and of an address alone, which stands for itself:
/// as text, as a System.Net.IPAddress or as an <see cref="IpAddress"/>. Of an <see cref="Endpoint"/> its address is taken.
/// </summary>
public sealed class AddressPrefixAttribute : TextTransformationAttribute<AddressPrefix>
{
    /// <inheritdoc/>
    public override string Accepted => "an IPv4 or IPv6 address such as 10.0.0.1 or fd00::1, or a prefix of addresses such as 10.0.0.0/8 or 2001:db8::/32";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out AddressPrefix result) =>
        AddressPrefix.TryParseAddressOrPrefix(value is Endpoint endpoint ? endpoint.Address.ToString() : text, out result);
}
