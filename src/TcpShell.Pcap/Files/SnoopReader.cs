using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Reads Solaris snoop's format (RFC 1761): a header of 16 bytes, then records of a header of 24 bytes, a frame and padding each.</summary>
internal sealed class SnoopReader : CaptureReader
{
    private const int FileHeaderLength = 16;
    private const int RecordHeaderLength = 24;

    // RFC 1761's own numbers.
    private const uint Ieee8023 = 0;
    private const uint Ethernet = 4;

    internal SnoopReader(CaptureInput input)
        : base(input)
    {
    }

    public override CaptureFormat Format => CaptureFormat.Snoop;

    private protected override bool ReadFileHeader()
    {
        if (!Input.Has(FileHeaderLength))
        {
            return FailAtEnd("the file header", 0, FileHeaderLength);
        }

        ReadOnlySpan<byte> header = Input.Peek(FileHeaderLength);
        if (!header[..8].SequenceEqual("snoop\0\0\0"u8))
        {
            return Fail(CaptureProblemKind.NotACapture, 0, $"The file is not a capture: it starts with {Convert.ToHexString(header[..8])}.");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        uint dataLink = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
        if (version != 2)
        {
            return Fail(CaptureProblemKind.Unsupported, 8, $"The file is snoop's of version {version}; only version 2 is known.");
        }

        if (dataLink is not (Ieee8023 or Ethernet))
        {
            return Fail(CaptureProblemKind.Unsupported, 12, $"The file is snoop's with data link type {dataLink}; only IEEE 802.3 (0) and Ethernet (4) are known.");
        }

        AddInterface(new CaptureInterface { LinkType = LinkType.Ethernet });
        Input.Advance(FileHeaderLength);
        return true;
    }

    private protected override bool ReadFrame(ref FrameHeader frame)
    {
        long offset = Input.Offset;
        if (!Input.Has(RecordHeaderLength))
        {
            return FailAtEnd("a record header", offset, RecordHeaderLength);
        }

        ReadOnlySpan<byte> header = Input.Peek(RecordHeaderLength);
        uint original = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint captured = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        uint record = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        long seconds = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
        long microseconds = BinaryPrimitives.ReadUInt32BigEndian(header[20..]);
        if (captured > MaximumFrameLength || record > CaptureInput.MaximumWindow || record < RecordHeaderLength + captured)
        {
            return Fail(CaptureProblemKind.Malformed, offset, $"The record at byte {offset} claims a length of {record} with {captured} captured bytes, which does not fit together.");
        }

        if (!Input.Has((int)record))
        {
            return FailAtEnd("a record", offset, record);
        }

        frame.Number = ++FramesRead;
        frame.Time = (seconds * (long)CaptureInterface.NanosecondsPerSecond) + (microseconds * 1000);
        frame.LinkType = LinkType.Ethernet;
        frame.OriginalLength = original;
        frame.Start = Input.Position + RecordHeaderLength;
        frame.Length = (int)captured;
        frame.FileOffset = offset;
        Input.Advance((int)record);
        return true;
    }
}
