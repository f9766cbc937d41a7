namespace TcpShell.Wire;

/// <summary>Why octets could not be read as the packet or the header that they should be.</summary>
public enum DecodeProblem : byte
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The decoder does not know this link type.</summary>
    LinkTypeUnsupported,

    /// <summary>The frame ends within its link-layer header.</summary>
    LinkHeaderCut,

    /// <summary>The frame ends within the IP header or one of its extension headers.</summary>
    IpHeaderCut,

    /// <summary>The IP version is neither 4 nor 6.</summary>
    IpVersionUnknown,

    /// <summary>The IPv4 header length is below 20 octets.</summary>
    IpHeaderLengthTooSmall,

    /// <summary>The IP length has no room for the IP headers themselves.</summary>
    IpLengthTooSmall,

    /// <summary>More extension headers stand in a row than anyone sends.</summary>
    TooManyExtensionHeaders,

    /// <summary>Fewer than the 20 octets of the fixed TCP header are there.</summary>
    TcpHeaderCut,

    /// <summary>The TCP header length (data offset) is below 20 octets.</summary>
    TcpHeaderLengthTooSmall,

    /// <summary>The TCP header length (data offset) reaches past the end of the segment.</summary>
    TcpHeaderLengthTooLarge,

    /// <summary>The capture ends within the TCP options; the segment is known but for the rest of them and its data.</summary>
    TcpOptionsCut,
}
