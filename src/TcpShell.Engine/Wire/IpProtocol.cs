namespace TcpShell.Wire;

/// <summary>What an IP packet carries: IPv4's protocol field, IPv6's next header field (IANA, Protocol Numbers).</summary>
public enum IpProtocol : byte
{
    /// <summary>IPv6 hop-by-hop options (RFC 8200 4.3).</summary>
    HopByHopOptions = 0,

    /// <summary>ICMP for IPv4 (RFC 792).</summary>
    Icmp = 1,

    /// <summary>An IPv4 packet (RFC 2003).</summary>
    IPv4 = 4,

    /// <summary>TCP (RFC 9293).</summary>
    Tcp = 6,

    /// <summary>UDP (RFC 768).</summary>
    Udp = 17,

    /// <summary>An IPv6 packet (RFC 4213).</summary>
    IPv6 = 41,

    /// <summary>IPv6 routing header (RFC 8200 4.4).</summary>
    RoutingHeader = 43,

    /// <summary>IPv6 fragment header (RFC 8200 4.5).</summary>
    FragmentHeader = 44,

    /// <summary>Generic routing encapsulation (RFC 2784, RFC 2890).</summary>
    Gre = 47,

    /// <summary>Authentication header (RFC 4302).</summary>
    AuthenticationHeader = 51,

    /// <summary>ICMP for IPv6 (RFC 4443).</summary>
    IcmpV6 = 58,

    /// <summary>Nothing follows (RFC 8200 4.7).</summary>
    NoNextHeader = 59,

    /// <summary>IPv6 destination options (RFC 8200 4.6).</summary>
    DestinationOptions = 60,
}
