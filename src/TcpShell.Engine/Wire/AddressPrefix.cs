using System.Globalization;

namespace TcpShell.Wire;

/// <summary>An address and how many of its leading bits the addresses of its network have in common (RFC 4632, RFC 4291 2.3).</summary>
/// <param name="Address">The address.</param>
/// <param name="Length">0 to 32, for IPv6 to 128.</param>
public readonly record struct AddressPrefix(IpAddress Address, int Length)
{
    /// <summary>Reads <c>10.77.0.2/24</c> or <c>fd00:77::2/64</c>.</summary>
    /// <param name="text">Address, slash and length.</param>
    /// <param name="prefix">What was read.</param>
    /// <returns>Whether the text was one.</returns>
    public static bool TryParse(string? text, out AddressPrefix prefix)
    {
        prefix = default;
        string[] parts = (text ?? "").Split('/');
        if (parts.Length != 2
            || !IpAddress.TryParse(parts[0], out IpAddress address)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > address.Size * 8)
        {
            return false;
        }

        prefix = new(address, length);
        return true;
    }

    /// <summary>Reads <c>10.77.0.2/24</c> or <c>fd00:77::2/64</c>.</summary>
    /// <param name="text">Address, slash and length.</param>
    /// <exception cref="FormatException">The text is no such thing.</exception>
    public static AddressPrefix Parse(string text) => TryParse(text, out AddressPrefix prefix)
        ? prefix
        : throw new FormatException($"'{text}' is not an address with the length of its network's prefix such as 10.77.0.2/24 or fd00:77::2/64.");

    /// <summary>Reads what a filter takes: a prefix such as <c>10.0.0.0/8</c>, or an address alone, which stands for nothing but itself.</summary>
    /// <param name="text">Address, or address, slash and length. Bits behind the prefix need not be 0; they say nothing.</param>
    /// <param name="prefix">What was read.</param>
    /// <returns>Whether the text was one.</returns>
    public static bool TryParseAddressOrPrefix(string? text, out AddressPrefix prefix)
    {
        if (!IpAddress.TryParse(text, out IpAddress address))
        {
            return TryParse(text, out prefix);
        }

        prefix = Of(address);
        return true;
    }

    /// <summary>The network that has one address alone.</summary>
    /// <param name="address">The address.</param>
    public static AddressPrefix Of(IpAddress address) => new(address, address.Size * 8);

    /// <summary>Whether no other address is of the same network.</summary>
    public bool IsOneAddress => Length == Address.Size * 8;

    /// <summary>Whether an address is one of the same network.</summary>
    /// <param name="other">The address.</param>
    public bool Contains(IpAddress other) => other.IsIPv6 == Address.IsIPv6 && Address.CommonPrefixLength(other) >= Length;

    /// <summary>The network's first address: all bits behind the prefix are 0.</summary>
    public IpAddress First => WithHostBits(isSet: false);

    /// <summary>The network's last address: all bits behind the prefix are 1.</summary>
    public IpAddress Last => WithHostBits(isSet: true);

    /// <summary>
    /// The first other address of the network that a host can have; null if there is none. In a network of two addresses it is the other one
    /// (RFC 3021, RFC 6164).
    /// </summary>
    /// <param name="taken">Addresses that somebody has already; null for none but <see cref="Address"/>.</param>
    public IpAddress? Neighbour(IReadOnlyCollection<IpAddress>? taken = null)
    {
        int hostBits = (Address.Size * 8) - Length;
        if (hostBits == 0)
        {
            return null;
        }

        bool isPair = hostBits == 1;
        Span<byte> octets = stackalloc byte[Address.Size];
        First.WriteTo(octets);
        for (IpAddress candidate = First; ; candidate = IpAddress.FromBytes(octets))
        {
            bool isLast = candidate == Last;
            bool isNobodys = !isPair && (candidate == First || (isLast && !candidate.IsIPv6));
            if (!isNobodys && candidate != Address && taken?.Contains(candidate) is not true)
            {
                return candidate;
            }

            if (isLast)
            {
                return null;
            }

            for (int i = octets.Length - 1; ++octets[i] == 0; i--)
            {
            }
        }
    }

    private IpAddress WithHostBits(bool isSet)
    {
        Span<byte> octets = stackalloc byte[Address.Size];
        Address.WriteTo(octets);
        for (int bit = Length; bit < Address.Size * 8; bit++)
        {
            byte mask = (byte)(0x80 >> (bit % 8));
            octets[bit / 8] = (byte)(isSet ? octets[bit / 8] | mask : octets[bit / 8] & ~mask);
        }

        return IpAddress.FromBytes(octets);
    }

    /// <summary><c>10.77.0.2/24</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");
}
