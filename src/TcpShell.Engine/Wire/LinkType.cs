namespace TcpShell.Wire;

/// <summary>
/// What a captured frame starts with: the link types that the decoder reads, with the numbers of capture files (LINKTYPE_...).
/// </summary>
public enum LinkType : ushort
{
    /// <summary>BSD loopback: 4 octets with the address family, in the byte order of the machine that captured.</summary>
    Null = 0,

    /// <summary>Ethernet II or IEEE 802.3, with or without VLAN tags.</summary>
    Ethernet = 1,

    /// <summary>PPP, with or without the octets FF 03 of HDLC in front.</summary>
    Ppp = 9,

    /// <summary>An IP packet with nothing before it, as most systems number it in memory and some wrote it to files.</summary>
    RawBsd = 12,

    /// <summary>An IP packet with nothing before it, as OpenBSD numbers it.</summary>
    RawOpenBsd = 14,

    /// <summary>PPP in HDLC-like framing (RFC 1662).</summary>
    PppHdlc = 50,

    /// <summary>PPPoE session packets without their Ethernet header.</summary>
    PppEthernet = 51,

    /// <summary>An IPv4 or IPv6 packet with nothing before it.</summary>
    Raw = 101,

    /// <summary>Cisco HDLC: address, control, EtherType.</summary>
    CiscoHdlc = 104,

    /// <summary>OpenBSD loopback: 4 octets with the address family, in network order.</summary>
    Loop = 108,

    /// <summary>Linux cooked capture, 16 octets, as the device "any" gives it.</summary>
    LinuxSll = 113,

    /// <summary>An IPv4 packet with nothing before it.</summary>
    IPv4 = 228,

    /// <summary>An IPv6 packet with nothing before it.</summary>
    IPv6 = 229,

    /// <summary>Linux cooked capture, version 2, 20 octets.</summary>
    LinuxSll2 = 276,
}
