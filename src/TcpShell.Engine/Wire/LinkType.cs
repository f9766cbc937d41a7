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

    /// <summary>FDDI with LLC and SNAP (RFC 1390).</summary>
    Fddi = 10,

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

    /// <summary>IEEE 802.11; data frames that are not encrypted are read.</summary>
    Ieee80211 = 105,

    /// <summary>OpenBSD loopback: 4 octets with the address family, in network order.</summary>
    Loop = 108,

    /// <summary>Linux cooked capture, 16 octets, as the device "any" gives it.</summary>
    LinuxSll = 113,

    /// <summary>IEEE 802.11 behind a radiotap header.</summary>
    Radiotap = 127,

    /// <summary>ARCNET as Linux captures it: RFC 1201 or RFC 1051 behind addresses and an offset.</summary>
    ArcnetLinux = 129,

    /// <summary>Ethernet behind the header of a Juniper router.</summary>
    JuniperEthernet = 178,

    /// <summary>An IPv4 packet with nothing before it.</summary>
    IPv4 = 228,

    /// <summary>An IPv6 packet with nothing before it.</summary>
    IPv6 = 229,

    /// <summary>Packets that Linux's netfilter logs (NFLOG): attributes, the packet among them.</summary>
    NetfilterLog = 239,

    /// <summary>IP over InfiniBand (RFC 4391) behind a global routing header.</summary>
    IpOverInfiniBand = 242,

    /// <summary>Ethernet with its preamble, or a fragment of a preempted frame (IEEE 802.3br).</summary>
    EthernetMPacket = 274,

    /// <summary>Linux cooked capture, version 2, 20 octets.</summary>
    LinuxSll2 = 276,
}
