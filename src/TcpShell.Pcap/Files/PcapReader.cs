using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Reads libpcap's file format: a header of 24 bytes, then records of a header of 16 bytes and a frame each (draft-ietf-opsawg-pcap).</summary>
/// <remarks>Micro- and nanoseconds, both byte orders, versions 2.0 to 2.4, and the variants with longer record headers: <see cref="PcapVariant"/>.</remarks>
internal sealed class PcapReader : CaptureReader
{
    private const uint Microseconds = 0xa1b2c3d4;
    private const uint Nanoseconds = 0xa1b23c4d;
    private const uint Modified = 0xa1b2cd34;
    private const int FileHeaderLength = 24;
    private const int UsualRecordHeader = PcapVariant.UsualHeader;

    private bool _isBigEndian;
    private bool _isModified;
    private bool _isVariantKnown;
    private int _recordHeaderLength = UsualRecordHeader;
    private long _nanosecondsPerUnit = 1000;
    private int _minorVersion;
    private LinkType _linkType;

    internal PcapReader(CaptureInput input)
        : base(input)
    {
    }

    public override CaptureFormat Format => CaptureFormat.Pcap;

    internal static bool IsMagic(uint number) => number is Microseconds or Nanoseconds or Modified;

    private protected override bool ReadFileHeader()
    {
        if (!Input.Has(FileHeaderLength))
        {
            return FailAtEnd("the file header", 0, FileHeaderLength);
        }

        ReadOnlySpan<byte> header = Input.Peek(FileHeaderLength);
        _isBigEndian = IsMagic(BinaryPrimitives.ReadUInt32BigEndian(header));
        uint magic = ReadUInt32(header);
        _nanosecondsPerUnit = magic == Nanoseconds ? 1 : 1000;
        int majorVersion = ReadUInt16(header[4..]);
        _minorVersion = ReadUInt16(header[6..]);
        if (majorVersion != 2 || _minorVersion > 4)
        {
            return Fail(CaptureProblemKind.Unsupported, 4, $"The file is pcap of version {majorVersion}.{_minorVersion}; only 2.0 to 2.4 are known.");
        }

        // The upper half of the field tells the length of a frame check sequence.
        _linkType = (LinkType)(ReadUInt32(header[20..]) & 0xffff);
        AddInterface(new CaptureInterface
        {
            LinkType = _linkType,
            SnapLength = ReadUInt32(header[16..]),
            TimestampUnitsPerSecond = CaptureInterface.NanosecondsPerSecond / (ulong)_nanosecondsPerUnit,
        });
        Input.Advance(FileHeaderLength);
        _isModified = magic == Modified;
        _isVariantKnown = magic == Nanoseconds || _minorVersion < 4;
        return true;
    }

    // By what has come once the first record has: nobody waits here for what a pipe brings after it.
    private void TellVariant()
    {
        Input.Has(UsualRecordHeader);
        _recordHeaderLength = PcapVariant.RecordHeaderLength(Input.Peek(Input.Available), _isModified, _isBigEndian);
        _isVariantKnown = true;
    }

    /// <summary>The first frame as every other one; then, in a file as almost all are, those that follow it in the window, which need no look at the rest of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override int ReadFrames(Span<FrameHeader> frames)
    {
        if (!ReadFrame(ref frames[0]))
        {
            return 0;
        }

        bool isUsual = !_isBigEndian && _minorVersion == 4 && _recordHeaderLength == UsualRecordHeader;
        ReadOnlySpan<byte> window = isUsual ? Input.Peek(Input.Available) : default;
        int start = Input.Position;
        long offset = Input.Offset;
        int count = 1;
        int at = 0;
        while (count < frames.Length && window.Length - at >= UsualRecordHeader)
        {
            ReadOnlySpan<byte> record = window.Slice(at, UsualRecordHeader);
            uint captured = BinaryPrimitives.ReadUInt32LittleEndian(record[8..]);
            if (captured > (uint)(window.Length - at - UsualRecordHeader) || captured > MaximumFrameLength)
            {
                // Not all there, or wrong: the next call finds out.
                break;
            }

            ref FrameHeader frame = ref frames[count];
            frame.Number = FramesRead + count;
            frame.Time = (BinaryPrimitives.ReadUInt32LittleEndian(record) * (long)CaptureInterface.NanosecondsPerSecond)
                + (BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) * _nanosecondsPerUnit);
            frame.LinkType = _linkType;
            frame.OriginalLength = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
            frame.Start = start + at + UsualRecordHeader;
            frame.Length = (int)captured;
            frame.FileOffset = offset + at;
            at += UsualRecordHeader + (int)captured;
            count++;
        }

        FramesRead += count - 1;
        Input.Advance(at);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override bool ReadFrame(ref FrameHeader frame)
    {
        long offset = Input.Offset;
        if (!_isVariantKnown)
        {
            TellVariant();
        }

        if (!Input.Has(_recordHeaderLength))
        {
            return FailAtEnd("a record header", offset, _recordHeaderLength);
        }

        ReadOnlySpan<byte> header = Input.Peek(_recordHeaderLength);
        long seconds = ReadUInt32(header);
        long fraction = ReadUInt32(header[4..]);
        uint captured = ReadUInt32(header[8..]);
        uint original = ReadUInt32(header[12..]);
        if (_minorVersion < 3 || (_minorVersion == 3 && captured > original))
        {
            // The two lengths changed places between versions 2.2 and 2.4; some programs were late to notice.
            (captured, original) = (original, captured);
        }

        if (captured > MaximumFrameLength)
        {
            return FailTooLong(offset, captured);
        }

        int length = (int)captured;
        if (!Input.Has(_recordHeaderLength + length))
        {
            return FailAtEnd("a record", offset, _recordHeaderLength + length);
        }

        frame.Number = ++FramesRead;
        frame.Time = (seconds * (long)CaptureInterface.NanosecondsPerSecond) + (fraction * _nanosecondsPerUnit);
        frame.LinkType = _linkType;
        frame.OriginalLength = original;
        frame.Start = Input.Position + _recordHeaderLength;
        frame.Length = length;
        frame.FileOffset = offset;
        Input.Advance(_recordHeaderLength + length);
        return true;
    }

    private bool FailTooLong(long offset, uint captured) =>
        Fail(CaptureProblemKind.Malformed, offset, $"The record at byte {offset} claims {captured} captured bytes; {MaximumFrameLength} is the most that a frame can have.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint ReadUInt32(ReadOnlySpan<byte> bytes) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private ushort ReadUInt16(ReadOnlySpan<byte> bytes) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
