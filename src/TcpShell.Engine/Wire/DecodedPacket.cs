using System.Buffers.Binary;
using System.Globalization;

namespace TcpShell.Wire;

/// <summary>What a frame turned out to be.</summary>
public enum PacketStatus : byte
{
    /// <summary>A TCP segment in an IP packet.</summary>
    Tcp,

    /// <summary>Well-formed as far as it was looked at, but something else.</summary>
    NotTcp,

    /// <summary>One of the fragments of an IP packet with a TCP segment. The first one has the ports, the others have not.</summary>
    Fragment,

    /// <summary>
    /// An ICMP error about a TCP segment. Addresses and segment are those of the packet that the error quotes: its ports and its
    /// sequence number at least.
    /// </summary>
    IcmpError,

    /// <summary>Cut short or with lengths that cannot be; <see cref="DecodedPacket.Problem"/> says what.</summary>
    Malformed,
}

/// <summary>A captured frame as its headers say. Data and options are slices of the frame's memory and live as long as that does.</summary>
public readonly struct DecodedPacket
{
    private readonly IpLayer _ip;

    internal DecodedPacket(ReadOnlyMemory<byte> frame, VlanIds vlanIds, in IpLayer ip)
    {
        Frame = frame;
        VlanIds = vlanIds;
        _ip = ip;
    }

    /// <summary>The octets of the frame as captured.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>What the frame is.</summary>
    public PacketStatus Status { get; internal init; }

    /// <summary>What is wrong with it.</summary>
    public DecodeProblem Problem { get; internal init; }

    /// <summary>What is wrong with it, as a sentence with its numbers; null if nothing is.</summary>
    public string? ProblemText => Describe();

    /// <summary>The VLAN tags, outermost first.</summary>
    public VlanIds VlanIds { get; }

    /// <summary>Whether the IP packet is one of version 6.</summary>
    public bool IsIPv6 => _ip.IsIPv6;

    /// <summary>The sender in the IP header; in the inner one of IP in IP.</summary>
    public IpAddress Source => _ip.Source;

    /// <summary>The receiver in the IP header.</summary>
    public IpAddress Destination => _ip.Destination;

    /// <summary>The sender with its port.</summary>
    public Endpoint SourceEndpoint => new(Source, Segment.SourcePort);

    /// <summary>The receiver with its port.</summary>
    public Endpoint DestinationEndpoint => new(Destination, Segment.DestinationPort);

    /// <summary>What the IP packet carries, behind IPv6's extension headers.</summary>
    public IpProtocol Protocol => _ip.Protocol;

    /// <summary>Time to live, IPv6's hop limit.</summary>
    public byte Ttl => _ip.Ttl;

    /// <summary>The octet of DSCP (6 bits) and ECN (2 bits).</summary>
    public byte TrafficClass => _ip.TrafficClass;

    /// <summary>The identification: IPv4's 16 bits, or the 32 bits of IPv6's fragment header (0 if there is none).</summary>
    public uint Identification => _ip.Identification;

    /// <summary>IPv6's flow label, 20 bits.</summary>
    public uint FlowLabel => _ip.FlowLabel;

    /// <summary>IPv4's don't fragment bit.</summary>
    public bool DontFragment => _ip.DontFragment;

    /// <summary>Whether more fragments of the packet follow this one.</summary>
    public bool MoreFragments => _ip.MoreFragments;

    /// <summary>Where this fragment belongs in its packet, in octets.</summary>
    public int FragmentOffset => _ip.FragmentOffset;

    /// <summary>Whether this is a fragment of an IP packet, of whatever protocol.</summary>
    internal bool IsIpFragment => _ip.IsFragment && _ip.Problem == DecodeProblem.None;

    /// <summary>The segment. Its payload is as much of the data as was captured; see <see cref="SegmentLength"/>.</summary>
    public TcpSegment Segment { get; internal init; }

    /// <summary>Octets of data in the segment as the IP length says: more than the payload where the frame was cut.</summary>
    public int SegmentLength { get; internal init; }

    /// <summary>Where the IP header starts in the frame.</summary>
    public int IpOffset => _ip.Offset;

    /// <summary>Octets of the IP header with its options or extension headers.</summary>
    public int IpHeaderLength => Math.Max(0, _ip.PayloadOffset - _ip.Offset);

    /// <summary>Octets of the IP packet as its header says, cut or not.</summary>
    public int IpLength => IpHeaderLength + _ip.PayloadLength;

    /// <summary>Where the TCP header starts in the frame.</summary>
    public int TcpOffset => _ip.PayloadOffset;

    /// <summary>Octets of the TCP header as its data offset says; 0 where that was not captured.</summary>
    public int TcpHeaderLength =>
        SegmentOctets.Length > TcpHeader.DataOffsetOffset ? (SegmentOctets.Span[TcpHeader.DataOffsetOffset] >> 4) * 4 : 0;

    /// <summary>Where the data start in the frame; behind its end where it was cut before.</summary>
    public int PayloadOffset => TcpOffset + TcpHeaderLength;

    /// <summary>TCP header and data as captured, without what the link layer padded.</summary>
    public ReadOnlyMemory<byte> SegmentOctets { get; internal init; }

    /// <summary>
    /// Whether the checksum of the IPv4 header is right; null for IPv6, which has none, and for a header cut short. Calculated
    /// when asked for.
    /// </summary>
    public bool? IpChecksumValid
    {
        get
        {
            int headerLength = IpOffset < Frame.Length ? (Frame.Span[IpOffset] & 0xf) * 4 : 0;
            bool isIPv4 = !IsIPv6 && _ip.PayloadOffset > 0 && headerLength >= PacketWriter.IPv4HeaderSize;
            bool isThere = isIPv4 && IpOffset + headerLength <= Frame.Length;
            return isThere ? InternetChecksum.Compute(Frame.Span.Slice(IpOffset, headerLength)) == 0 : null;
        }
    }

    /// <summary>
    /// Whether the TCP checksum is right; null where that cannot be judged: in a frame cut short, in a fragment, with a routing
    /// header whose last stop is not known. Calculated when asked for.
    /// </summary>
    public bool? TcpChecksumValid
    {
        get
        {
            int routedTo = _ip.LastDestinationOffset;
            bool isWhole = Status == PacketStatus.Tcp && SegmentOctets.Length == _ip.PayloadLength;
            if (!isWhole || (_ip.IsRoutedOn && routedTo == 0))
            {
                return null;
            }

            IpAddress destination = _ip.IsRoutedOn ? IpAddress.FromBytes(Frame.Span.Slice(routedTo, 16)) : Destination;
            return InternetChecksum.ComputeTcp(Source, destination, SegmentOctets.Span) == 0;
        }
    }

    /// <summary>Who sent the ICMP error; the unspecified address where it is none.</summary>
    public IpAddress IcmpSource { get; internal init; }

    /// <summary>Whom the ICMP error is for; the unspecified address where it is none.</summary>
    public IpAddress IcmpDestination { get; internal init; }

    /// <summary>Whether the checksum of the ICMP error is right; null where the frame was cut, and where it is none.</summary>
    public bool? IcmpChecksumValid { get; internal init; }

    /// <summary>Who sent the packet itself: the sender of an ICMP error, not that of the packet which it quotes.</summary>
    public IpAddress Sender => Status == PacketStatus.IcmpError ? IcmpSource : Source;

    /// <summary>Whom the packet itself is for.</summary>
    public IpAddress Receiver => Status == PacketStatus.IcmpError ? IcmpDestination : Destination;

    /// <summary>The type of the ICMP error: of RFC 792 (unreachable is 3), of RFC 4443 (unreachable is 1) for IPv6.</summary>
    public byte IcmpType { get; internal init; }

    /// <summary>The code of the ICMP error.</summary>
    public byte IcmpCode { get; internal init; }

    /// <summary>The next hop's MTU in an ICMP error about a packet that was too big (RFC 1191, RFC 8201); else 0.</summary>
    public uint IcmpMtu { get; internal init; }

    private string? Describe()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        int captured = Frame.Length;
        switch (Problem)
        {
            case DecodeProblem.None:
                return null;
            case DecodeProblem.LinkTypeUnsupported:
                return "The link type is not known.";
            case DecodeProblem.LinkHeaderCut:
                return string.Create(invariant, $"The frame of {captured} octets ends within its link-layer header.");
            case DecodeProblem.IpHeaderCut:
                return string.Create(invariant, $"The frame of {captured} octets ends within the IP header that starts at {IpOffset}.");
            case DecodeProblem.IpVersionUnknown:
                return string.Create(invariant, $"IP version {Frame.Span[IpOffset] >> 4} is neither 4 nor 6.");
            case DecodeProblem.IpHeaderLengthTooSmall:
                int headerLength = (Frame.Span[IpOffset] & 0xf) * 4;
                return string.Create(invariant, $"IP header length {headerLength} is below {PacketWriter.IPv4HeaderSize}.");
            case DecodeProblem.IpLengthTooSmall:
                int lengthOffset = IpOffset + (IsIPv6 ? 4 : 2);
                int length = BinaryPrimitives.ReadUInt16BigEndian(Frame.Span[lengthOffset..]);
                return string.Create(invariant, $"IP length {length} has no room for the IP headers.");
            case DecodeProblem.TooManyExtensionHeaders:
                return "The IP packet has too many extension headers.";
            case DecodeProblem.TcpHeaderCut:
                int octets = SegmentOctets.Length;
                string where = octets < _ip.PayloadLength ? "captured" : "in the IP packet";
                return string.Create(invariant, $"{octets} octets of TCP header are {where}; it has at least {TcpHeader.MinimumSize}.");
            case DecodeProblem.TcpHeaderLengthTooSmall:
                return string.Create(invariant, $"TCP header length {TcpHeaderLength} is below {TcpHeader.MinimumSize}.");
            case DecodeProblem.TcpHeaderLengthTooLarge:
                return string.Create(
                    invariant,
                    $"TCP header length {TcpHeaderLength} is above the {_ip.PayloadLength} octets of the segment.");
            case DecodeProblem.TcpOptionsCut:
                return string.Create(invariant, $"{SegmentOctets.Length} of {TcpHeaderLength} octets of TCP header are captured.");
            default:
                throw new InvalidOperationException($"{Problem} has no text.");
        }
    }
}
