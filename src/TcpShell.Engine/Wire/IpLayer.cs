using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>What the IP headers of a packet say: IPv4 (RFC 791) or IPv6 with its extension headers (RFC 8200).</summary>
internal struct IpLayer
{
    // More than any real packet has; RFC 8200 4.1 knows five kinds, each of them sensible once or twice.
    private const int MaximumExtensionHeaders = 16;

    public IpAddress Source;
    public IpAddress Destination;
    public bool IsIPv6;
    public byte Ttl;
    public byte TrafficClass;
    public uint Identification;
    public uint FlowLabel;
    public bool DontFragment;
    public bool MoreFragments;
    public bool HasFragmentHeader;

    /// <summary>
    /// Whether the checksum was made for another destination: the last one of a routing header that has stops ahead (RFC 8200 8.1).
    /// </summary>
    public bool IsRoutedOn;

    /// <summary>Where that destination stands in the frame; 0 where it is not known.</summary>
    public int LastDestinationOffset;

    public int FragmentOffset;
    public IpProtocol Protocol;

    /// <summary>Where the IP header starts in the frame.</summary>
    public int Offset;

    /// <summary>Where the payload starts in the frame.</summary>
    public int PayloadOffset;

    /// <summary>Octets of the payload as the IP length says, cut or not.</summary>
    public int PayloadLength;

    public DecodeProblem Problem;

    public readonly bool IsFragment => MoreFragments || FragmentOffset > 0;

    /// <summary>Reads the IP headers.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="offset">Where the IP header starts.</param>
    /// <param name="originalLength">Octets that the frame had before it was cut; 0 where that is not known.</param>
    public static IpLayer Read(ReadOnlySpan<byte> frame, int offset, int originalLength)
    {
        var layer = new IpLayer { Offset = offset };
        if (offset >= frame.Length)
        {
            layer.Problem = DecodeProblem.IpHeaderCut;
            return layer;
        }

        switch (frame[offset] >> 4)
        {
            case 4:
                layer.ReadIPv4(frame, originalLength);
                break;
            case 6:
                layer.ReadIPv6(frame, originalLength);
                break;
            default:
                layer.Problem = DecodeProblem.IpVersionUnknown;
                break;
        }

        return layer;
    }

    private void ReadIPv4(ReadOnlySpan<byte> frame, int originalLength)
    {
        ReadOnlySpan<byte> header = frame[Offset..];
        if (header.Length < PacketWriter.IPv4HeaderSize)
        {
            Problem = DecodeProblem.IpHeaderCut;
            return;
        }

        int headerLength = (header[0] & 0xf) * 4; // with options, whatever they say [MUST-50]
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
        ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(header[6..]);
        Source = IpAddress.FromBytes(header[12..16]);
        Destination = IpAddress.FromBytes(header[16..20]);
        TrafficClass = header[1];
        Identification = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        DontFragment = (fragment & 0x4000) != 0;
        MoreFragments = (fragment & 0x2000) != 0;
        FragmentOffset = (fragment & 0x1fff) * 8;
        Ttl = header[8];
        Protocol = (IpProtocol)header[9];
        if (headerLength < PacketWriter.IPv4HeaderSize)
        {
            Problem = DecodeProblem.IpHeaderLengthTooSmall;
            return;
        }

        PayloadOffset = Offset + headerLength;
        PayloadLength = LengthFrom(Offset, totalLength, frame.Length, originalLength) - headerLength;
        if (PayloadLength < 0)
        {
            Problem = totalLength > 0 && totalLength < headerLength ? DecodeProblem.IpLengthTooSmall : DecodeProblem.IpHeaderCut;
            return;
        }

        ReadExtensionHeaders(frame);
    }

    private void ReadIPv6(ReadOnlySpan<byte> frame, int originalLength)
    {
        ReadOnlySpan<byte> header = frame[Offset..];
        if (header.Length < PacketWriter.IPv6HeaderSize)
        {
            Problem = DecodeProblem.IpHeaderCut;
            return;
        }

        uint versionClassAndFlow = BinaryPrimitives.ReadUInt32BigEndian(header);
        int length = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        IsIPv6 = true;
        Source = IpAddress.FromBytes(header[8..24]);
        Destination = IpAddress.FromBytes(header[24..40]);
        TrafficClass = (byte)(versionClassAndFlow >> 20);
        FlowLabel = versionClassAndFlow & 0xfffff;
        Ttl = header[7];
        Protocol = (IpProtocol)header[6];
        PayloadOffset = Offset + PacketWriter.IPv6HeaderSize;

        PayloadLength = LengthFrom(PayloadOffset, length, frame.Length, originalLength);
        ReadExtensionHeaders(frame);
    }

    // The stated length is 0 in large packets that an interface will split only after the capture saw them, and in jumbograms
    // (RFC 2675); there the frame's length counts. No length reaches past the frame, if that is known.
    private static int LengthFrom(int offset, int statedLength, int capturedLength, int originalLength)
    {
        int room = Math.Max(capturedLength, originalLength) - offset;
        return statedLength == 0 ? room
            : originalLength <= 0 ? statedLength
            : Math.Min(statedLength, room);
    }

    // Each step moves forward, and there is a limit to their number.
    private void ReadExtensionHeaders(ReadOnlySpan<byte> frame)
    {
        for (int count = 0; IsExtensionHeader(Protocol) && FragmentOffset == 0; count++)
        {
            if (count == MaximumExtensionHeaders)
            {
                Problem = DecodeProblem.TooManyExtensionHeaders;
                return;
            }

            if (PayloadLength < 8)
            {
                Problem = DecodeProblem.IpLengthTooSmall;
                return;
            }

            if (PayloadOffset + 8 > frame.Length)
            {
                Problem = DecodeProblem.IpHeaderCut;
                return;
            }

            ReadOnlySpan<byte> header = frame.Slice(PayloadOffset, 8);
            int size = (header[1] + 1) * 8;
            switch (Protocol)
            {
                case IpProtocol.AuthenticationHeader:
                    size = (header[1] + 2) * 4;
                    break;
                case IpProtocol.FragmentHeader:
                    size = 8;
                    ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
                    HasFragmentHeader = true;
                    FragmentOffset = fragment & 0xfff8;
                    MoreFragments = (fragment & 1) != 0;
                    Identification = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
                    break;
                case IpProtocol.RoutingHeader when header[3] != 0:
                    IsRoutedOn = true;
                    LastDestinationOffset = FindLastDestination(header[2], size);
                    break;
            }

            if (size > PayloadLength)
            {
                Problem = DecodeProblem.IpLengthTooSmall;
                return;
            }

            Protocol = (IpProtocol)header[0];
            PayloadOffset += size;
            PayloadLength -= size;
        }
    }

    // Types 0 (RFC 5095) and 2 (RFC 6275) list their stops in order, type 4 (segment routing, RFC 8754) from last to first.
    private readonly int FindLastDestination(byte routingType, int size) => routingType switch
    {
        _ when size < 24 => 0,
        0 or 2 => PayloadOffset + size - 16,
        4 => PayloadOffset + 8,
        _ => 0,
    };

    private readonly bool IsExtensionHeader(IpProtocol protocol) => protocol switch
    {
        IpProtocol.AuthenticationHeader => true,
        IpProtocol.HopByHopOptions or IpProtocol.RoutingHeader or IpProtocol.FragmentHeader or IpProtocol.DestinationOptions => IsIPv6,
        _ => false,
    };
}
