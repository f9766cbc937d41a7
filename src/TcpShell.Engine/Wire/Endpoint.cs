using System.Globalization;

namespace TcpShell.Wire;

/// <summary>One end of a connection: an address and a port, what RFC 9293 calls a socket.</summary>
/// <param name="Address">IPv4 or IPv6.</param>
/// <param name="Port">0 to 65535; 0 means "not chosen yet".</param>
public readonly record struct Endpoint(IpAddress Address, ushort Port)
{
    /// <summary>Reads <c>10.0.0.2:80</c> or <c>[fd00::2]:80</c>; <c>*</c> or nothing before <c>:80</c> stands for any address.</summary>
    /// <param name="text">The end point.</param>
    /// <param name="endpoint">What was read.</param>
    /// <returns>Whether the text was an end point.</returns>
    public static bool TryParse(string? text, out Endpoint endpoint)
    {
        endpoint = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        string host = text![..colon];
        if (host is "" or "*")
        {
            endpoint = new(default, port);
            return true;
        }

        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (!IpAddress.TryParse(bracketed ? host[1..^1] : host, out IpAddress address) || address.IsIPv6 != bracketed)
        {
            return false;
        }

        endpoint = new(address, port);
        return true;
    }

    /// <summary>Reads <c>10.0.0.2:80</c> or <c>[fd00::2]:80</c>.</summary>
    /// <param name="text">The end point.</param>
    /// <exception cref="FormatException">The text is no end point.</exception>
    public static Endpoint Parse(string text) =>
        TryParse(text, out Endpoint endpoint) ? endpoint : throw new FormatException($"'{text}' is not an address with a port such as 10.0.0.2:80 or [fd00::2]:80.");

    /// <summary><c>10.0.0.2:80</c>, <c>[fd00::2]:80</c>, <c>*:80</c> for any address, <c>*:*</c> for any port as well.</summary>
    public override string ToString()
    {
        string host = Address.IsUnspecified ? "*" : Address.IsIPv6 ? $"[{Address}]" : Address.ToString();
        return Port == 0 ? $"{host}:*" : string.Create(CultureInfo.InvariantCulture, $"{host}:{Port}");
    }
}
