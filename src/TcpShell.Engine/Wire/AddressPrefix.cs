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

    /// <summary>Whether an address is one of the same network.</summary>
    /// <param name="other">The address.</param>
    public bool Contains(IpAddress other) => other.IsIPv6 == Address.IsIPv6 && Address.CommonPrefixLength(other) >= Length;

    /// <summary>The network's first address: all bits behind the prefix are 0.</summary>
    public IpAddress First => WithHostBits(isSet: false);

    /// <summary>The network's last address: all bits behind the prefix are 1.</summary>
    public IpAddress Last => WithHostBits(isSet: true);

    /// <summary>The first address of the network that a host can have, if it is not <see cref="Address"/> itself; else the one after; null if there is none.</summary>
    public IpAddress? Neighbour()
    {
        int bits = Address.Size * 8;
        if (bits - Length < 2)
        {
            return null;
        }

        Span<byte> octets = stackalloc byte[Address.Size];
        First.WriteTo(octets);
        octets[^1] |= 1;
        if (IpAddress.FromBytes(octets) == Address)
        {
            octets[^1] ^= 3;
        }

        return IpAddress.FromBytes(octets);
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
