using System.Buffers.Binary;
using System.Net.NetworkInformation;

namespace TcpShell.Wire;

/// <summary>What an Ethernet frame carries (IANA, IEEE 802 Numbers).</summary>
public enum EtherType : ushort
{
    /// <summary>The first number that is a type; smaller ones are the length of an IEEE 802.3 frame.</summary>
    First = 0x0600,

    /// <summary>IPv4.</summary>
    IPv4 = 0x0800,

    /// <summary>What ERSPAN mirrors, version 3 (Cisco), in GRE.</summary>
    Erspan3 = 0x22eb,

    /// <summary>An Ethernet frame, in a tunnel (RFC 1701, RFC 7637).</summary>
    TransparentEthernet = 0x6558,

    /// <summary>A VLAN tag (IEEE 802.1Q).</summary>
    Vlan = 0x8100,

    /// <summary>IPv6.</summary>
    IPv6 = 0x86dd,

    /// <summary>PPP, in GRE (RFC 2637).</summary>
    Ppp = 0x880b,

    /// <summary>A redirected packet of the Web Cache Communication Protocol, in GRE.</summary>
    Wccp = 0x883e,

    /// <summary>MPLS (RFC 3032).</summary>
    Mpls = 0x8847,

    /// <summary>MPLS with an upstream-assigned label (RFC 5332).</summary>
    MplsMulticast = 0x8848,

    /// <summary>PPPoE session (RFC 2516).</summary>
    PppoeSession = 0x8864,

    /// <summary>An outer VLAN tag (IEEE 802.1ad, QinQ).</summary>
    ServiceVlan = 0x88a8,

    /// <summary>What ERSPAN mirrors, versions 1 and 2 (Cisco), in GRE.</summary>
    Erspan = 0x88be,

    /// <summary>A provider's backbone: an Ethernet frame in Ethernet (IEEE 802.1ah).</summary>
    ProviderBackbone = 0x88e7,

    /// <summary>Cisco FabricPath: an Ethernet frame in Ethernet.</summary>
    FabricPath = 0x8903,

    /// <summary>Cisco VN-Tag, before other tags (IEEE 802.1BR's forerunner).</summary>
    VnTag = 0x8926,

    /// <summary>An outer VLAN tag as it was numbered before 802.1ad.</summary>
    OldServiceVlan = 0x9100,
}

/// <summary>An Ethernet address of 48 bits.</summary>
/// <param name="Value">The address as a number, its first octet the most significant of 48 bits.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Octets of an address.</summary>
    public const int Size = 6;

    /// <summary>Whether it names many: a multicast group, or everybody.</summary>
    public bool IsGroup => (Value >> 40 & 1) != 0;

    /// <summary>Takes an address from the octets of a header.</summary>
    /// <param name="octets">6 octets.</param>
    /// <exception cref="ArgumentException">Another number of octets.</exception>
    public static MacAddress FromBytes(ReadOnlySpan<byte> octets) => octets.Length == Size
        ? new(((ulong)BinaryPrimitives.ReadUInt16BigEndian(octets) << 32) | BinaryPrimitives.ReadUInt32BigEndian(octets[2..]))
        : throw new ArgumentException($"An Ethernet address has {Size} octets, not {octets.Length}.", nameof(octets));

    /// <summary>Reads <c>02:00:0a:00:00:01</c>, or the same with hyphens or without anything between.</summary>
    /// <param name="text">Twelve hexadecimal digits.</param>
    /// <param name="address">What was read.</param>
    /// <returns>Whether the text was an address.</returns>
    public static bool TryParse(string? text, out MacAddress address)
    {
        address = default;
        bool isAddress = PhysicalAddress.TryParse(text, out PhysicalAddress? parsed) && parsed.GetAddressBytes().Length == Size;
        if (isAddress)
        {
            address = FromBytes(parsed!.GetAddressBytes());
        }

        return isAddress;
    }

    /// <summary>Reads <c>02:00:0a:00:00:01</c>, or the same with hyphens or without anything between.</summary>
    /// <param name="text">Twelve hexadecimal digits.</param>
    /// <exception cref="FormatException">The text is no Ethernet address.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out MacAddress address) ? address : throw new FormatException($"'{text}' is not an Ethernet address such as 02:00:0a:00:00:01.");

    /// <summary>Writes the octets.</summary>
    /// <param name="destination">At least 6 octets.</param>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], (uint)Value);
    }

    /// <summary><c>02:00:0a:00:00:01</c></summary>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[Size];
        WriteTo(octets);
        string hex = Convert.ToHexString(octets).ToLowerInvariant();
        return string.Join(':', Enumerable.Range(0, Size).Select(i => hex.Substring(2 * i, 2)));
    }
}

/// <summary>The header of an Ethernet II frame, with VLAN tags where there are any.</summary>
/// <param name="Source">The sender.</param>
/// <param name="Destination">The receiver.</param>
public readonly record struct EthernetHeader(MacAddress Source, MacAddress Destination)
{
    internal const int Size = 14;
    internal const int EtherTypeOffset = 12;
    private const int TagSize = 4;

    /// <summary>The VLAN tags, outermost first. All but the innermost are written as service tags (IEEE 802.1ad).</summary>
    public VlanIds VlanIds { get; init; }

    /// <summary>Octets of the header: 14, and 4 for each VLAN tag.</summary>
    public int Length => Size + (VlanIds.Count * TagSize);

    /// <summary>Writes the header.</summary>
    /// <param name="type">What follows it.</param>
    /// <param name="destination">At least <see cref="Length"/> octets.</param>
    /// <returns>Octets written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int WriteTo(EtherType type, Span<byte> destination)
    {
        if (destination.Length < Length)
        {
            throw new ArgumentException($"The header takes {Length} octets; there are {destination.Length}.", nameof(destination));
        }

        Destination.WriteTo(destination);
        Source.WriteTo(destination[MacAddress.Size..]);
        int offset = EtherTypeOffset;
        for (int i = 0; i < VlanIds.Count; i++)
        {
            EtherType tag = i == VlanIds.Count - 1 ? EtherType.Vlan : EtherType.ServiceVlan;
            BinaryPrimitives.WriteUInt16BigEndian(destination[offset..], (ushort)tag);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(offset + 2)..], VlanIds[i]);
            offset += TagSize;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[offset..], (ushort)type);
        return Length;
    }
}
