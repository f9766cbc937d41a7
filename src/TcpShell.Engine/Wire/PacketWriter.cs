using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Writes TCP segments in IP packets. Lengths and checksums are right, unless they are overridden.</summary>
public static class PacketWriter
{
    internal const int IPv4HeaderSize = 20;
    internal const int IPv6HeaderSize = 40;

    private const int MaximumIpLength = ushort.MaxValue;

    /// <summary>Octets of the packet.</summary>
    /// <param name="ip">The IP header.</param>
    /// <param name="segment">The segment.</param>
    /// <exception cref="ArgumentException"><see cref="TcpOptions.Wire"/> has more than 40 octets.</exception>
    public static int SizeOf(in PacketHeader ip, in TcpSegment segment) => IpHeaderSize(ip) + SizeOf(segment);

    /// <summary>Octets of the segment: TCP header, options and data.</summary>
    /// <param name="segment">The segment.</param>
    /// <exception cref="ArgumentException"><see cref="TcpOptions.Wire"/> has more than 40 octets.</exception>
    public static int SizeOf(in TcpSegment segment) =>
        TcpHeader.MinimumSize + TcpOptionWriter.SizeOf(segment.Options) + segment.Payload.Length;

    /// <summary>Writes an IP packet with a segment.</summary>
    /// <param name="ip">The IP header.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="destination">At least <see cref="SizeOf(in PacketHeader, in TcpSegment)"/> octets.</param>
    /// <param name="overrides">Fields that shall differ from what is right.</param>
    /// <returns>Octets written.</returns>
    /// <exception cref="ArgumentException">
    /// The destination is too short, the addresses are of different IP versions, the packet is longer than IP allows, or a value does
    /// not fit into its field.
    /// </exception>
    public static int Write(in PacketHeader ip, in TcpSegment segment, Span<byte> destination, in HeaderOverrides overrides = default)
    {
        int headerSize = IpHeaderSize(ip);
        int segmentSize = SizeOf(segment);
        int ipLength = ip.Source.IsIPv6 ? segmentSize : headerSize + segmentSize;
        if (ipLength > MaximumIpLength && overrides.IpLength == null)
        {
            throw new ArgumentException($"An IP packet cannot hold a segment of {segmentSize} octets.", nameof(segment));
        }

        RequireRoom(headerSize + segmentSize, destination);
        RequireSameVersion(ip.Source, ip.Destination);
        RequireBits((int)ip.FlowLabel, 20, nameof(PacketHeader.FlowLabel));
        WriteSegment(ip.Source, ip.Destination, segment, destination[headerSize..], overrides);
        if (ip.Source.IsIPv6)
        {
            WriteIPv6Header(ip, IpProtocol.Tcp, overrides.IpLength ?? ipLength, destination[..headerSize]);
        }
        else
        {
            WriteIPv4Header(ip, IpProtocol.Tcp, overrides.IpLength ?? ipLength, overrides.IpChecksum, destination[..headerSize]);
        }

        return headerSize + segmentSize;
    }

    /// <summary>Writes a segment without an IP header.</summary>
    /// <param name="source">The sender's address, for the checksum.</param>
    /// <param name="destinationAddress">The receiver's address, for the checksum.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="destination">At least <see cref="SizeOf(in TcpSegment)"/> octets.</param>
    /// <param name="overrides">Fields that shall differ from what is right.</param>
    /// <returns>Octets written.</returns>
    /// <exception cref="ArgumentException">
    /// The destination is too short, the addresses are of different IP versions, or a value does not fit into its field.
    /// </exception>
    public static int WriteSegment(
        IpAddress source,
        IpAddress destinationAddress,
        in TcpSegment segment,
        Span<byte> destination,
        in HeaderOverrides overrides = default)
    {
        int optionsSize = TcpOptionWriter.SizeOf(segment.Options);
        int headerSize = TcpHeader.MinimumSize + optionsSize;
        int size = headerSize + segment.Payload.Length;
        int dataOffset = overrides.DataOffset ?? headerSize / 4;
        RequireRoom(size, destination);
        RequireSameVersion(source, destinationAddress);
        RequireBits(dataOffset, 4, nameof(HeaderOverrides.DataOffset));
        RequireBits(segment.ReservedBits, 3, nameof(TcpSegment.ReservedBits));
        RequireBits((int)segment.Flags, 9, nameof(TcpSegment.Flags));

        // The data go first: they may already lie in the destination, even where the header will stand.
        Span<byte> octets = destination[..size];
        segment.Payload.Span.CopyTo(octets[headerSize..]);
        TcpOptionWriter.Write(segment.Options, octets[TcpHeader.OptionsOffset..headerSize]);
        int offsetReservedAndFlags = (dataOffset << 12) | (segment.ReservedBits << 9) | (int)segment.Flags;
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.SourcePortOffset..], segment.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.DestinationPortOffset..], segment.DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(octets[TcpHeader.SequenceNumberOffset..], segment.SequenceNumber.Value);
        BinaryPrimitives.WriteUInt32BigEndian(octets[TcpHeader.AcknowledgmentNumberOffset..], segment.AcknowledgmentNumber.Value);
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.DataOffsetOffset..], (ushort)offsetReservedAndFlags);
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.WindowOffset..], segment.Window);
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.ChecksumOffset..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.UrgentPointerOffset..], segment.UrgentPointer);
        ushort checksum = overrides.Checksum ?? InternetChecksum.ComputeTcp(source, destinationAddress, octets); // [MUST-2]
        BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.ChecksumOffset..], checksum);
        return size;
    }

    /// <summary>Writes the IP header of a packet that is there already behind it.</summary>
    internal static void WriteHeader(in PacketHeader ip, IpProtocol protocol, Span<byte> packet)
    {
        int headerSize = IpHeaderSize(ip);
        if (ip.Source.IsIPv6)
        {
            WriteIPv6Header(ip, protocol, packet.Length - headerSize, packet[..headerSize]);
        }
        else
        {
            WriteIPv4Header(ip, protocol, packet.Length, checksum: null, packet[..headerSize]);
        }
    }

    private static int IpHeaderSize(in PacketHeader ip) => ip.Source.IsIPv6 ? IPv6HeaderSize : IPv4HeaderSize;

    // RFC 791 3.1
    private static void WriteIPv4Header(in PacketHeader ip, IpProtocol protocol, int totalLength, ushort? checksum, Span<byte> header)
    {
        header[0] = 0x45;
        header[1] = ip.TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], ip.Identification);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], (ushort)(ip.DontFragment ? 0x4000 : 0));
        header[8] = ip.Ttl;
        header[9] = (byte)protocol;
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], 0);
        ip.Source.WriteTo(header[12..]);
        ip.Destination.WriteTo(header[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], checksum ?? InternetChecksum.Compute(header));
    }

    // RFC 8200 3
    private static void WriteIPv6Header(in PacketHeader ip, IpProtocol protocol, int payloadLength, Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, 6u << 28 | (uint)ip.TrafficClass << 20 | ip.FlowLabel);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)payloadLength);
        header[6] = (byte)protocol;
        header[7] = ip.Ttl;
        ip.Source.WriteTo(header[8..]);
        ip.Destination.WriteTo(header[24..]);
    }

    private static void RequireRoom(int size, Span<byte> destination)
    {
        if (destination.Length < size)
        {
            throw new ArgumentException($"The packet takes {size} octets; there are {destination.Length}.", nameof(destination));
        }
    }

    private static void RequireSameVersion(IpAddress source, IpAddress destination)
    {
        if (source.IsIPv6 != destination.IsIPv6)
        {
            throw new ArgumentException($"{source} and {destination} are addresses of different IP versions.", nameof(destination));
        }
    }

    private static void RequireBits(int value, int bits, string field)
    {
        if ((uint)value >> bits != 0)
        {
            throw new ArgumentException($"{field} has {bits} bits; {value} does not fit.", field);
        }
    }
}
