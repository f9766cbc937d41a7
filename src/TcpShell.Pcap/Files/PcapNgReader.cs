using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Reads pcapng (draft-ietf-opsawg-pcapng): sections in either byte order, any number of interfaces, three kinds of packet blocks.</summary>
/// <remarks>Blocks of other types are skipped without being held in memory, however long they are.</remarks>
internal sealed class PcapNgReader : CaptureReader
{
    internal const uint Magic = PcapNgBlocks.SectionHeader;

    private const int MaximumInterfaces = 65536;
    private const int MaximumNameLength = 256;
    private const int BodyStart = 8;

    private bool _isBigEndian;
    private int _firstInterfaceOfSection;

    internal PcapNgReader(CaptureInput input)
        : base(input)
    {
    }

    public override CaptureFormat Format => CaptureFormat.PcapNg;

    private protected override bool ReadFileHeader()
    {
        FrameHeader none = default;
        return ReadBlock(ref none);
    }

    private protected override bool ReadFrame(ref FrameHeader frame)
    {
        long before = FramesRead;
        while (FramesRead == before)
        {
            if (!ReadBlock(ref frame))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadBlock(ref FrameHeader frame)
    {
        long offset = Input.Offset;
        if (!Input.Has(PcapNgBlocks.Frame))
        {
            return FailAtEnd("a block", offset, PcapNgBlocks.Frame);
        }

        ReadOnlySpan<byte> start = Input.Peek(PcapNgBlocks.Frame);
        uint type = ReadUInt32(start);
        if (type == PcapNgBlocks.SectionHeader && !TryTakeByteOrder(start[BodyStart..]))
        {
            return Fail(CaptureProblemKind.Malformed, offset, $"The section header at byte {offset} has {Convert.ToHexString(start[BodyStart..])} where 1A2B3C4D should tell the byte order.");
        }

        uint length = ReadUInt32(start[4..]);
        if (length < PcapNgBlocks.Frame || length % 4 != 0)
        {
            return Fail(CaptureProblemKind.Malformed, offset, $"The block at byte {offset} claims a length of {length}, which is not a multiple of 4 from 12 on.");
        }

        if (type is not (PcapNgBlocks.SectionHeader or PcapNgBlocks.InterfaceDescription
            or PcapNgBlocks.EnhancedPacket or PcapNgBlocks.SimplePacket or PcapNgBlocks.Packet))
        {
            return SkipBlock(offset, length);
        }

        if (length > CaptureInput.MaximumWindow)
        {
            return Fail(CaptureProblemKind.Malformed, offset, $"The block of type {type} at byte {offset} claims a length of {length}; {CaptureInput.MaximumWindow} is the most for one of this type.");
        }

        if (!Input.Has((int)length))
        {
            return FailAtEnd("a block", offset, length);
        }

        ReadOnlySpan<byte> block = Input.Peek((int)length);
        if (!CheckTrailer(offset, length, ReadUInt32(block[^4..])))
        {
            return false;
        }

        ReadOnlySpan<byte> body = block[BodyStart..^4];
        bool isRead = type switch
        {
            PcapNgBlocks.SectionHeader => ReadSectionHeader(offset, body),
            PcapNgBlocks.InterfaceDescription => ReadInterface(offset, body),
            PcapNgBlocks.SimplePacket => ReadSimplePacket(offset, body, ref frame),
            PcapNgBlocks.EnhancedPacket when body.Length >= 20 => ReadPacket(offset, body, ReadUInt32(body), ref frame),
            PcapNgBlocks.Packet when body.Length >= 20 => ReadPacket(offset, body, ReadUInt16(body), ref frame),
            _ => FailTooShort(offset),
        };
        if (isRead)
        {
            Input.Advance((int)length);
        }

        return isRead;
    }

    private bool SkipBlock(long offset, uint length)
    {
        if (!Input.TrySkip(length - 4) || !Input.Has(4))
        {
            return FailAtEnd("a block", offset, length);
        }

        uint trailer = ReadUInt32(Input.Peek(4));
        Input.Advance(4);
        return CheckTrailer(offset, length, trailer);
    }

    private bool CheckTrailer(long offset, uint length, uint trailer) =>
        trailer == length
        || Fail(CaptureProblemKind.Malformed, offset, $"The block at byte {offset} has the length {length} at its start but {trailer} at its end.");

    private bool FailTooShort(long offset) =>
        Fail(CaptureProblemKind.Malformed, offset, $"The block at byte {offset} is too short for its type.");

    private bool TryTakeByteOrder(ReadOnlySpan<byte> magic)
    {
        _isBigEndian = BinaryPrimitives.ReadUInt32BigEndian(magic) == PcapNgBlocks.ByteOrderMagic;
        return _isBigEndian || BinaryPrimitives.ReadUInt32LittleEndian(magic) == PcapNgBlocks.ByteOrderMagic;
    }

    private bool ReadSectionHeader(long offset, ReadOnlySpan<byte> body)
    {
        if (body.Length < 16)
        {
            return FailTooShort(offset);
        }

        int majorVersion = ReadUInt16(body[4..]);
        if (majorVersion != 1)
        {
            return Fail(CaptureProblemKind.Unsupported, offset, $"The section at byte {offset} is pcapng of version {majorVersion}.{ReadUInt16(body[6..])}; only version 1 is known.");
        }

        // The section's length may be missing, and is of use only to who wants to jump over it.
        _firstInterfaceOfSection = Interfaces.Count;
        return true;
    }

    private bool ReadInterface(long offset, ReadOnlySpan<byte> body)
    {
        if (body.Length < 8)
        {
            return FailTooShort(offset);
        }

        if (Interfaces.Count == MaximumInterfaces)
        {
            return Fail(CaptureProblemKind.Unsupported, offset, $"The block at byte {offset} describes one interface too many: {MaximumInterfaces} are the most.");
        }

        var description = new CaptureInterface
        {
            Id = Interfaces.Count,
            LinkType = (LinkType)ReadUInt16(body),
            SnapLength = ReadUInt32(body[4..]),
        };
        ReadOnlySpan<byte> options = body[8..];
        while (TryReadOption(ref options, out ushort code, out ReadOnlySpan<byte> value))
        {
            switch (code)
            {
                case PcapNgBlocks.InterfaceName:
                    description = description with { Name = ReadName(value) };
                    break;
                case PcapNgBlocks.InterfaceDescriptionText:
                    description = description with { Description = ReadName(value) };
                    break;
                case PcapNgBlocks.TimestampOffset when value.Length == 8:
                    description = description with { TimestampOffset = (long)ReadUInt64(value) };
                    break;
                case PcapNgBlocks.TimestampResolution when value.Length == 1:
                    ulong unitsPerSecond = UnitsPerSecond(value[0]);
                    if (unitsPerSecond == 0)
                    {
                        return Fail(CaptureProblemKind.Unsupported, offset, $"The interface at byte {offset} has a time resolution (if_tsresol 0x{value[0]:x2}) that 64 bits cannot hold.");
                    }

                    description = description with { TimestampUnitsPerSecond = unitsPerSecond };
                    break;
            }
        }

        AddInterface(description);
        return options.IsEmpty || FailOptions(offset);
    }

    /// <summary>if_tsresol: a negative power of 10, or of 2 with the upper bit set. 0 for what is too fine to count.</summary>
    private static ulong UnitsPerSecond(byte resolution)
    {
        int exponent = resolution & 0x7f;
        if ((resolution & 0x80) != 0)
        {
            return exponent < 64 ? 1UL << exponent : 0;
        }

        ulong units = exponent <= 19 ? 1UL : 0;
        for (int i = 0; i < exponent; i++)
        {
            units = unchecked(units * 10);
        }

        return units;
    }

    private bool ReadSimplePacket(long offset, ReadOnlySpan<byte> body, ref FrameHeader frame)
    {
        if (body.Length < 4)
        {
            return FailTooShort(offset);
        }

        if (!TryGetInterface(offset, 0, out CaptureInterface? captureInterface))
        {
            return false;
        }

        uint original = ReadUInt32(body);
        uint captured = captureInterface.SnapLength == 0 ? original : Math.Min(original, captureInterface.SnapLength);
        frame.OptionsLength = 0;
        return CheckCapturedLength(offset, captured, body.Length - 4)
            && Deliver(offset, captureInterface, default, BodyStart + 4, (int)captured, original, ref frame);
    }

    /// <summary>An enhanced packet block or an obsolete packet block: they differ in the first four bytes only, which name the interface.</summary>
    private bool ReadPacket(long offset, ReadOnlySpan<byte> body, uint interfaceId, ref FrameHeader frame)
    {
        if (!TryGetInterface(offset, interfaceId, out CaptureInterface? captureInterface))
        {
            return false;
        }

        const int DataStart = 20;
        ulong time = ((ulong)ReadUInt32(body[4..]) << 32) | ReadUInt32(body[8..]);
        uint captured = ReadUInt32(body[12..]);
        uint original = ReadUInt32(body[16..]);
        if (!CheckCapturedLength(offset, captured, body.Length - DataStart))
        {
            return false;
        }

        int optionsStart = DataStart + PcapNgBlocks.Pad((int)captured);
        ReadOnlySpan<byte> options = optionsStart < body.Length ? body[optionsStart..] : [];
        int optionsLength = options.Length;
        while (TryReadOption(ref options, out _, out _))
        {
            // Only whether they are sound matters now.
        }

        if (!options.IsEmpty)
        {
            return FailOptions(offset);
        }

        frame.OptionsStart = Input.Position + BodyStart + optionsStart;
        frame.OptionsLength = optionsLength;
        return Deliver(offset, captureInterface, captureInterface.ToTimestamp(time), BodyStart + DataStart, (int)captured, original, ref frame);
    }

    private protected override string? ReadComment(ReadOnlySpan<byte> options)
    {
        string? comment = null;
        while (TryReadOption(ref options, out ushort code, out ReadOnlySpan<byte> value))
        {
            if (code == PcapNgBlocks.Comment)
            {
                string text = PcapNgBlocks.Text.GetString(value).TrimEnd('\0');
                comment = comment is null ? text : $"{comment}\n{text}";
            }
        }

        return comment;
    }

    private bool Deliver(long offset, CaptureInterface captureInterface, Timestamp time, int start, int captured, uint original, ref FrameHeader frame)
    {
        frame.Number = ++FramesRead;
        frame.Time = time.Nanoseconds;
        frame.InterfaceId = captureInterface.Id;
        frame.LinkType = captureInterface.LinkType;
        frame.OriginalLength = original;
        frame.Start = Input.Position + start;
        frame.Length = captured;
        frame.FileOffset = offset;
        return true;
    }

    private bool TryGetInterface(long offset, uint id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CaptureInterface? captureInterface)
    {
        int known = Interfaces.Count - _firstInterfaceOfSection;
        captureInterface = id < known ? Interfaces[_firstInterfaceOfSection + (int)id] : null;
        return captureInterface is not null
            || Fail(CaptureProblemKind.Malformed, offset, $"The packet block at byte {offset} names interface {id}, but its section has described {known} so far.");
    }

    private bool CheckCapturedLength(long offset, uint captured, int room)
    {
        if (captured > MaximumFrameLength)
        {
            return Fail(CaptureProblemKind.Malformed, offset, $"The packet block at byte {offset} claims {captured} captured bytes; {MaximumFrameLength} is the most that a frame can have.");
        }

        return captured <= room
            || Fail(CaptureProblemKind.Malformed, offset, $"The packet block at byte {offset} claims {captured} captured bytes, but has room for {room}.");
    }

    private bool FailOptions(long offset) =>
        Fail(CaptureProblemKind.Malformed, offset, $"An option of the block at byte {offset} is longer than the block.");

    /// <summary>Takes the next option off the list. What is left at the end is empty, unless the list is damaged.</summary>
    private bool TryReadOption(ref ReadOnlySpan<byte> options, out ushort code, out ReadOnlySpan<byte> value)
    {
        code = PcapNgBlocks.EndOfOptions;
        value = default;
        if (options.Length < 4)
        {
            return false;
        }

        code = ReadUInt16(options);
        if (code == PcapNgBlocks.EndOfOptions)
        {
            options = [];
            return false;
        }

        int length = ReadUInt16(options[2..]);
        int padded = PcapNgBlocks.Pad(length);
        if (padded > options.Length - 4)
        {
            return false;
        }

        value = options.Slice(4, length);
        options = options[(4 + padded)..];
        return true;
    }

    /// <summary>A text without the zeros that some programs put behind it, and not longer than a name needs to be.</summary>
    private static string ReadName(ReadOnlySpan<byte> value)
    {
        string name = PcapNgBlocks.Text.GetString(value).TrimEnd('\0');
        return name.Length <= MaximumNameLength ? name : name[..MaximumNameLength];
    }

    private ulong ReadUInt64(ReadOnlySpan<byte> bytes) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private uint ReadUInt32(ReadOnlySpan<byte> bytes) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private ushort ReadUInt16(ReadOnlySpan<byte> bytes) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
