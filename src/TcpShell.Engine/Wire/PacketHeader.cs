namespace TcpShell.Wire;

/// <summary>What stands in the IP header of a packet to be written; the addresses say which IP version.</summary>
/// <param name="Source">The sender.</param>
/// <param name="Destination">The receiver, of the same IP version.</param>
public readonly record struct PacketHeader(IpAddress Source, IpAddress Destination)
{
    /// <summary>An IPv4 packet from nobody to nobody, with the defaults of the other fields.</summary>
    public PacketHeader()
        : this(default, default)
    {
    }

    /// <summary>Time to live, IPv6's hop limit.</summary>
    public byte Ttl { get; init; } = 64;

    /// <summary>The octet of DSCP (6 bits) and ECN (2 bits).</summary>
    public byte TrafficClass { get; init; }

    /// <summary>IPv4's identification; IPv6 has none outside of fragments.</summary>
    public ushort Identification { get; init; }

    /// <summary>IPv4's don't fragment bit; IPv6 routers never fragment.</summary>
    public bool DontFragment { get; init; } = true;

    /// <summary>IPv6's flow label, 20 bits; IPv4 has none.</summary>
    public uint FlowLabel { get; init; }
}

/// <summary>Fields of a packet that are calculated, unless they stand here: for packets that are wrong on purpose.</summary>
public readonly record struct HeaderOverrides
{
    /// <summary>The TCP checksum.</summary>
    public ushort? Checksum { get; init; }

    /// <summary>The data offset in words, 0 to 15. The octets of the header stay what they are; only the field lies.</summary>
    public byte? DataOffset { get; init; }

    /// <summary>The IPv4 header checksum; IPv6 has none.</summary>
    public ushort? IpChecksum { get; init; }

    /// <summary>IPv4's total length, IPv6's payload length.</summary>
    public ushort? IpLength { get; init; }
}
