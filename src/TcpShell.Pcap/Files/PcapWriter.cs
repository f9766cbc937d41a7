using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Writes libpcap's file format, version 2.4, little-endian: one link type, no interface names, no comments.</summary>
public sealed class PcapWriter : CaptureWriter
{
    private const int FileHeaderLength = 24;
    private const int RecordHeaderLength = 16;

    private readonly bool _nanoseconds;

    /// <summary>Starts a capture in a stream.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="linkType">The first header of all frames.</param>
    /// <param name="nanoseconds">Whether times have nanoseconds (magic a1b23c4d); otherwise they are cut to microseconds, which every program reads.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the writer is disposed of.</param>
    public PcapWriter(Stream stream, LinkType linkType, bool nanoseconds = false, bool leaveOpen = false)
        : base(stream, leaveOpen)
    {
        _nanoseconds = nanoseconds;
        Span<byte> header = Reserve(FileHeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], CaptureReader.MaximumFrameLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], (uint)linkType);
    }

    /// <summary>Creates a capture file, or replaces one.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="linkType">The first header of all frames.</param>
    /// <param name="nanoseconds">Whether times have nanoseconds; otherwise they are cut to microseconds.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    public PcapWriter(string path, LinkType linkType, bool nanoseconds = false)
        : this(Create(path), linkType, nanoseconds)
    {
    }

    /// <summary>Writes a frame.</summary>
    /// <param name="time">When it was captured, since 1970-01-01 UTC; not before, and before the year 2106.</param>
    /// <param name="data">Its octets, at most 256 KiB.</param>
    /// <param name="originalLength">Octets that it had on the wire, where the capture cut it.</param>
    /// <exception cref="ArgumentException">A number that the format cannot hold.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Write(Timestamp time, ReadOnlySpan<byte> data, uint? originalLength = null)
    {
        uint original = originalLength ?? (uint)data.Length;
        CheckFrame(data, original);
        (long seconds, long nanoseconds) = Math.DivRem(time.Nanoseconds, (long)CaptureInterface.NanosecondsPerSecond);
        if (time.Nanoseconds < 0 || seconds > uint.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(time), $"pcap has no room for the time {time}: 0 to {uint.MaxValue} seconds.");
        }

        Span<byte> record = Reserve(RecordHeaderLength + data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(_nanoseconds ? nanoseconds : nanoseconds / 1000));
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], original);
        data.CopyTo(record[RecordHeaderLength..]);
        FrameIsComplete();
    }
}
