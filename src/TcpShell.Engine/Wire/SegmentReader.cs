using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TcpShell.Wire;

/// <summary>
/// Reads TCP segments of captured frames into <see cref="SegmentSummary"/>: the common shapes (Ethernet with or without VLAN tags, raw IP,
/// cooked captures; IPv4, IPv6; one segment in one packet) by the shortest way. Whatever else a frame is, <see cref="PacketDecoder"/> finds out.
/// </summary>
/// <remarks>Both ways give the same numbers for the same frame: a test compares them on all captures that there are.</remarks>
internal static class SegmentReader
{
    private const int UsualHeaders = EthernetHeader.Size + 20 + TcpHeader.MinimumSize;
    private const int TimestampsOnly = 0x0101080a; // two octets of padding, kind 8, length 10: what almost every segment has

    /// <summary>Reads what nearly all frames are, in as few looks as possible: TCP over IPv4 without options, after an untagged Ethernet header.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="linkType">What it starts with.</param>
    /// <param name="originalLength">Its length on the wire.</param>
    /// <param name="segment">The segment, but for time and number; its checksum is not judged.</param>
    /// <returns>False where the frame is something else; <see cref="TryRead"/> is the next to be asked then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadUsual(ReadOnlySpan<byte> frame, LinkType linkType, uint originalLength, ref SegmentSummary segment)
    {
        const int Ip = EthernetHeader.Size;
        const int Tcp = Ip + 20;
        if (linkType != LinkType.Ethernet || frame.Length < UsualHeaders)
        {
            return false;
        }

        ulong typeToId = Read64(frame, Ip - 2);
        uint control = Read32(frame, Tcp + TcpHeader.DataOffsetOffset);
        int payload = Tcp + ((int)(control >> 28) * 4);
        int end = Ip + (ushort)(typeToId >> 16);

        // EtherType, version and header length; no fragment, and TCP; all that is stated is there, or was cut from the data alone.
        bool isUsual = typeToId >> 40 == 0x080045 & (Read32(frame, Ip + 6) & 0x3fff00ff) == (uint)IpProtocol.Tcp
            & payload >= Tcp + TcpHeader.MinimumSize & payload <= end & payload <= frame.Length & (uint)end <= originalLength;
        if (!isUsual)
        {
            return false;
        }

        ulong addresses = Read64(frame, Ip + 12);
        segment.SourceHigh = 0;
        segment.DestinationHigh = 0;
        segment.SourceLow = addresses >> 32;
        segment.DestinationLow = (uint)addresses;
        segment.IsIPv6 = false;
        uint ports = Read32(frame, Tcp);
        segment.SourcePort = (ushort)(ports >> 16);
        segment.DestinationPort = (ushort)ports;
        ulong numbers = Read64(frame, Tcp + TcpHeader.SequenceNumberOffset);
        segment.SequenceNumber = (uint)(numbers >> 32);
        segment.AcknowledgmentNumber = (uint)numbers;
        segment.Flags = (TcpFlags)((control >> 16) & TcpHeader.FlagsMask);
        segment.Window = (ushort)control;
        segment.Length = end - payload;
        segment.Checksum = ChecksumVerdict.Unknown;
        ReadOptions(frame, Tcp, payload - Tcp, ref segment);
        return true;
    }

    /// <summary>Reads a frame the short way.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="linkType">What it starts with.</param>
    /// <param name="originalLength">Its length on the wire.</param>
    /// <param name="verify">Whether to judge the TCP checksum, which costs a look at every octet.</param>
    /// <param name="segment">The segment, but for time and number.</param>
    /// <returns>False where the frame is something else, or not as simple as it must be here.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryRead(ReadOnlySpan<byte> frame, LinkType linkType, uint originalLength, bool verify, ref SegmentSummary segment)
    {
        int ip = linkType switch
        {
            LinkType.Ethernet => EthernetHeader.Size,
            LinkType.LinuxSll => 16,
            LinkType.Raw => 0,
            _ => int.MaxValue - 40,
        };
        if (frame.Length < ip + 40)
        {
            return false;
        }

        int type = ip == 0 ? (frame[0] >> 4 == 4 ? (int)EtherType.IPv4 : (int)EtherType.IPv6) : Read16(frame, ip - 2);
        while (type is (int)EtherType.Vlan or (int)EtherType.ServiceVlan)
        {
            ip += 4;
            if (frame.Length < ip + 40)
            {
                return false;
            }

            type = Read16(frame, ip - 2);
        }

        return type is (int)EtherType.IPv4 or (int)EtherType.IPv6
            && TryReadIp(frame, ip, type == (int)EtherType.IPv4 ? 4 : 6, originalLength, verify, ref segment);
    }

    /// <summary>Takes a segment that was decoded the long way.</summary>
    /// <param name="packet">A packet whose status is <see cref="PacketStatus.Tcp"/>.</param>
    /// <param name="verify">Whether to judge the TCP checksum.</param>
    /// <param name="segment">The segment, but for time and number.</param>
    public static void Take(in DecodedPacket packet, bool verify, ref SegmentSummary segment)
    {
        TcpSegment tcp = packet.Segment;
        packet.Source.ToNumber(out segment.SourceHigh, out segment.SourceLow);
        packet.Destination.ToNumber(out segment.DestinationHigh, out segment.DestinationLow);
        segment.IsIPv6 = packet.IsIPv6;
        segment.SourcePort = tcp.SourcePort;
        segment.DestinationPort = tcp.DestinationPort;
        segment.SequenceNumber = tcp.SequenceNumber.Value;
        segment.AcknowledgmentNumber = tcp.AcknowledgmentNumber.Value;
        segment.Flags = tcp.Flags;
        segment.Window = tcp.Window;
        segment.Length = packet.SegmentLength;
        segment.Options = SegmentOptions.None;
        segment.Checksum = ChecksumVerdict.Unknown;
        ReadOptions(tcp.Options.Wire.Span, ref segment);
        if (verify && packet.TcpChecksumValid is { } isValid)
        {
            segment.Checksum = isValid ? ChecksumVerdict.Good : Offload(packet.Source, packet.Destination, packet.SegmentOctets.Span);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadIp(ReadOnlySpan<byte> frame, int ip, int version, uint originalLength, bool verify, ref SegmentSummary segment)
    {
        // The caller has seen to it that 40 octets are there.
        int tcp;
        int end;
        if (version == 4)
        {
            int headerLength = (frame[ip] & 0xf) * 4;
            end = ip + Read16(frame, ip + 2);
            bool isFragment = (Read16(frame, ip + 6) & 0x3fff) != 0;
            if (frame[ip] >> 4 != 4 || frame[ip + 9] != (byte)IpProtocol.Tcp || isFragment || headerLength < 20)
            {
                return false;
            }

            tcp = ip + headerLength;
            segment.SourceHigh = 0;
            segment.DestinationHigh = 0;
            segment.SourceLow = Read32(frame, ip + 12);
            segment.DestinationLow = Read32(frame, ip + 16);
            segment.IsIPv6 = false;
        }
        else
        {
            tcp = ip + 40;
            end = tcp + Read16(frame, ip + 4);
            if (frame[ip] >> 4 != 6 || frame[ip + 6] != (byte)IpProtocol.Tcp)
            {
                return false;
            }

            segment.SourceHigh = Read64(frame, ip + 8);
            segment.SourceLow = Read64(frame, ip + 16);
            segment.DestinationHigh = Read64(frame, ip + 24);
            segment.DestinationLow = Read64(frame, ip + 32);
            segment.IsIPv6 = true;
        }

        // A stated length of 0, one beyond the frame, a header that is cut or lies: all that is for the long way.
        if (frame.Length < tcp + TcpHeader.MinimumSize || (uint)end > originalLength)
        {
            return false;
        }

        int offsetAndFlags = Read16(frame, tcp + TcpHeader.DataOffsetOffset);
        int headerSize = (offsetAndFlags >> 12) * 4;
        int payload = tcp + headerSize;
        if (headerSize < TcpHeader.MinimumSize || payload > end || payload > frame.Length)
        {
            return false;
        }

        uint ports = Read32(frame, tcp);
        segment.SourcePort = (ushort)(ports >> 16);
        segment.DestinationPort = (ushort)ports;
        segment.SequenceNumber = Read32(frame, tcp + TcpHeader.SequenceNumberOffset);
        segment.AcknowledgmentNumber = Read32(frame, tcp + TcpHeader.AcknowledgmentNumberOffset);
        segment.Flags = (TcpFlags)(offsetAndFlags & TcpHeader.FlagsMask);
        segment.Window = (ushort)Read16(frame, tcp + TcpHeader.WindowOffset);
        segment.Length = end - payload;
        segment.Checksum = ChecksumVerdict.Unknown;
        ReadOptions(frame, tcp, headerSize, ref segment);
        if (verify && end <= frame.Length)
        {
            segment.Checksum = Judge(segment, frame[tcp..end]);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadOptions(ReadOnlySpan<byte> frame, int tcp, int headerSize, ref SegmentSummary segment)
    {
        segment.Options = SegmentOptions.None;
        if (headerSize == 32 && Read32(frame, tcp + TcpHeader.OptionsOffset) == TimestampsOnly)
        {
            segment.Options = SegmentOptions.Timestamps;
            ulong timestamps = Read64(frame, tcp + TcpHeader.OptionsOffset + 4);
            segment.TimestampValue = (uint)(timestamps >> 32);
            segment.TimestampEcho = (uint)timestamps;
        }
        else if (headerSize > TcpHeader.MinimumSize)
        {
            ReadOptions(frame[(tcp + TcpHeader.OptionsOffset)..(tcp + headerSize)], ref segment);
        }
    }

    private static void ReadOptions(ReadOnlySpan<byte> options, ref SegmentSummary segment)
    {
        var reader = new TcpOptionReader(options);
        while (reader.MoveNext())
        {
            ReadOnlySpan<byte> data = reader.Data;
            switch (reader.Kind, data.Length)
            {
                case (TcpOptionKind.MaximumSegmentSize, 2):
                    segment.Options |= SegmentOptions.MaximumSegmentSize;
                    segment.MaximumSegmentSize = BinaryPrimitives.ReadUInt16BigEndian(data);
                    break;
                case (TcpOptionKind.WindowScale, 1):
                    segment.Options |= SegmentOptions.WindowScale;
                    segment.WindowScale = data[0];
                    break;
                case (TcpOptionKind.SackPermitted, 0):
                    segment.Options |= SegmentOptions.SackPermitted;
                    break;
                case (TcpOptionKind.Timestamps, 8):
                    segment.Options |= SegmentOptions.Timestamps;
                    segment.TimestampValue = BinaryPrimitives.ReadUInt32BigEndian(data);
                    segment.TimestampEcho = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
                    break;
                case (TcpOptionKind.Sack, 8 or 16 or 24 or 32):
                    segment.Options |= SegmentOptions.Sack;
                    NoteDuplicate(data, ref segment);
                    break;
            }
        }
    }

    // RFC 2883 4: the first block reports a duplicate if it lies below the acknowledgment, or inside of the second block.
    private static void NoteDuplicate(ReadOnlySpan<byte> blocks, ref SegmentSummary segment)
    {
        SeqNumber left = BinaryPrimitives.ReadUInt32BigEndian(blocks);
        SeqNumber right = BinaryPrimitives.ReadUInt32BigEndian(blocks[4..]);
        bool isBelow = right <= segment.AcknowledgmentNumber;
        bool isInside = blocks.Length >= 16
            && left >= BinaryPrimitives.ReadUInt32BigEndian(blocks[8..])
            && right <= BinaryPrimitives.ReadUInt32BigEndian(blocks[12..]);
        if (left < right && (isBelow || isInside))
        {
            segment.Options |= SegmentOptions.DuplicateSack;
            segment.DuplicateLeft = left.Value;
            segment.DuplicateRight = right.Value;
        }
    }

    private static ChecksumVerdict Judge(in SegmentSummary segment, ReadOnlySpan<byte> octets)
    {
        IpAddress source = segment.Source.Address;
        IpAddress destination = segment.Destination.Address;
        return InternetChecksum.ComputeTcp(source, destination, octets) == 0 ? ChecksumVerdict.Good : Offload(source, destination, octets);
    }

    private static ChecksumVerdict Offload(IpAddress source, IpAddress destination, ReadOnlySpan<byte> octets)
    {
        InternetChecksum pseudoHeader = default;
        pseudoHeader.AddPseudoHeader(source, destination, IpProtocol.Tcp, octets.Length);
        ushort stands = new TcpHeader(octets).Checksum;
        return stands == (ushort)~pseudoHeader.Value ? ChecksumVerdict.Offloaded : ChecksumVerdict.Bad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Read16(ReadOnlySpan<byte> octets, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref MemoryMarshal.GetReference(octets), offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read32(ReadOnlySpan<byte> octets, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(octets), offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read64(ReadOnlySpan<byte> octets, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(octets), offset)));
}
