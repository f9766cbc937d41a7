using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TcpShell.Wire;

/// <summary>An IPv4 or IPv6 address as a value: cheap to compare and to keep, unlike <see cref="IPAddress"/>, which it converts from and to.</summary>
/// <remarks>Scope ids (fe80::1%eth0) belong to an interface, not to a packet, and are not kept.</remarks>
public readonly struct IpAddress : IEquatable<IpAddress>
{
    private readonly UInt128 _bits;

    private IpAddress(UInt128 bits, bool isIPv6)
    {
        _bits = bits;
        IsIPv6 = isIPv6;
    }

    /// <summary>Whether this is an IPv6 address. The default value is IPv4's 0.0.0.0.</summary>
    public bool IsIPv6 { get; }

    /// <summary>The address as text, for who sees properties alone, as in JSON that is made of them: <c>10.0.0.1</c>, or RFC 5952's form.</summary>
    public string Text => ToString();

    /// <summary>Octets of the address: 4 or 16.</summary>
    public int Size => IsIPv6 ? 16 : 4;

    /// <summary>0.0.0.0 or ::, which name nobody.</summary>
    public bool IsUnspecified => _bits == 0;

    /// <summary>224.0.0.0/4 or ff00::/8: a group, with which no TCP connection is possible (RFC 9293 MUST-46, MUST-57).</summary>
    public bool IsMulticast => IsIPv6 ? (byte)(_bits >> 120) == 0xff : ((uint)_bits >> 28) == 0xe;

    /// <summary>255.255.255.255: everybody on the link.</summary>
    public bool IsBroadcast => !IsIPv6 && (uint)_bits == uint.MaxValue;

    /// <summary>Whether the address names one host, so that a TCP connection with it is thinkable.</summary>
    public bool IsUnicast => !IsUnspecified && !IsMulticast && !IsBroadcast;

    /// <summary>How many leading bits two addresses of the same family have in common: 0 to 32 or 128.</summary>
    /// <param name="other">The other address.</param>
    public int CommonPrefixLength(IpAddress other) =>
        (int)UInt128.LeadingZeroCount(_bits ^ other._bits) - (IsIPv6 ? 0 : 96);

    /// <summary>Takes an address from the octets of a header.</summary>
    /// <param name="octets">4 or 16 octets in network order.</param>
    /// <exception cref="ArgumentException">Another number of octets.</exception>
    public static IpAddress FromBytes(ReadOnlySpan<byte> octets) => octets.Length switch
    {
        4 => new(BinaryPrimitives.ReadUInt32BigEndian(octets), false),
        16 => new(BinaryPrimitives.ReadUInt128BigEndian(octets), true),
        _ => throw new ArgumentException($"An IP address has 4 or 16 octets, not {octets.Length}.", nameof(octets)),
    };

    internal static IpAddress FromNumber(ulong high, ulong low, bool isIPv6) => new(new UInt128(high, low), isIPv6);

    internal void ToNumber(out ulong high, out ulong low)
    {
        high = (ulong)(_bits >> 64);
        low = (ulong)_bits;
    }

    /// <summary>Writes the octets in network order.</summary>
    /// <param name="destination">At least <see cref="Size"/> octets.</param>
    public void WriteTo(Span<byte> destination)
    {
        if (IsIPv6)
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _bits);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_bits);
        }
    }

    /// <summary>Reads <c>10.0.0.1</c> or <c>fd00::1</c>. Short forms of IPv4 (<c>10.1</c>, <c>1</c>) are refused: they hide typing errors.</summary>
    /// <param name="text">The address.</param>
    /// <param name="address">What was read.</param>
    /// <returns>Whether the text was an address.</returns>
    public static bool TryParse(string? text, out IpAddress address)
    {
        // The framework takes [fd00::1]:80 for an address, and numbers such as 10.1.
        address = default;
        if (!IPAddress.TryParse(text, out IPAddress? parsed)
            || text.Contains("]:", StringComparison.Ordinal)
            || (parsed.AddressFamily == AddressFamily.InterNetwork && text.AsSpan().Count('.') != 3))
        {
            return false;
        }

        address = parsed;
        return true;
    }

    /// <summary>Reads <c>10.0.0.1</c> or <c>fd00::1</c>.</summary>
    /// <param name="text">The address.</param>
    /// <exception cref="FormatException">The text is no address.</exception>
    public static IpAddress Parse(string text) =>
        TryParse(text, out IpAddress address) ? address : throw new FormatException($"'{text}' is not an IP address such as 10.0.0.1 or fd00::1.");

    /// <summary>The framework's kind of address.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[16];
        WriteTo(octets);
        return new IPAddress(octets[..Size]);
    }

    /// <summary>Takes the framework's kind of address.</summary>
    /// <param name="address">IPv4 or IPv6.</param>
    public static implicit operator IpAddress(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> octets = stackalloc byte[16];
        return address.TryWriteBytes(octets, out int size) ? FromBytes(octets[..size]) : default;
    }

    /// <summary>The same address of the same family.</summary>
    /// <param name="left">One address.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(IpAddress left, IpAddress right) => left.Equals(right);

    /// <summary>Another address.</summary>
    /// <param name="left">One address.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(IpAddress left, IpAddress right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(IpAddress other) => _bits == other._bits && IsIPv6 == other.IsIPv6;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IpAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _bits.GetHashCode();

    /// <summary><c>10.0.0.1</c>, or RFC 5952's form of an IPv6 address.</summary>
    public override string ToString() => ToIPAddress().ToString();
}
