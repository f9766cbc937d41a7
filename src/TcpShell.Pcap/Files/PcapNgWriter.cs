using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Writes pcapng, little-endian: named interfaces, nanoseconds, comments (draft-ietf-opsawg-pcapng).</summary>
/// <remarks>The bytes depend on what is written and on nothing else: no date, no hardware, no operating system.</remarks>
public sealed class PcapNgWriter : CaptureWriter
{
    private const string Application = "TcpShell";
    private const byte Nanoseconds = 9;
    private const int MaximumOptionLength = ushort.MaxValue - 3;
    private const int OptionHeaderLength = 4;

    private int _interfaces;

    /// <summary>Starts a capture in a stream.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the writer is disposed of.</param>
    public PcapNgWriter(Stream stream, bool leaveOpen = false)
        : base(stream, leaveOpen)
    {
        const int FixedLength = 16;
        int length = FixedLength + OptionLength(Application.Length) + OptionHeaderLength;
        Span<byte> body = StartBlock(PcapNgBlocks.SectionHeader, length);
        BinaryPrimitives.WriteUInt32LittleEndian(body, PcapNgBlocks.ByteOrderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(body[4..], 1);
        // The section's length is not known beforehand.
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], -1);
        WriteOption(body[FixedLength..], PcapNgBlocks.UserApplication, Application);
    }

    /// <summary>Creates a capture file, or replaces one.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    public PcapNgWriter(string path)
        : this(Create(path))
    {
    }

    /// <summary>Describes an interface. There may be any number, at any time before its first frame.</summary>
    /// <param name="name">Its name, such as <c>client</c> or <c>eth0</c>.</param>
    /// <param name="linkType">The first header of its frames.</param>
    /// <param name="snapLength">The most octets of a frame that are captured; 0 for no limit.</param>
    /// <returns>The number by which frames name it, from 0.</returns>
    public int AddInterface(string name, LinkType linkType, uint snapLength = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        const int FixedLength = 8;
        name = Cut(name);
        int nameLength = OptionLength(PcapNgBlocks.Text.GetByteCount(name));
        Span<byte> body = StartBlock(PcapNgBlocks.InterfaceDescription, FixedLength + nameLength + OptionLength(1) + OptionHeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)linkType);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], snapLength);
        Span<byte> resolution = WriteOption(body[FixedLength..], PcapNgBlocks.InterfaceName, name);
        BinaryPrimitives.WriteUInt16LittleEndian(resolution, PcapNgBlocks.TimestampResolution);
        BinaryPrimitives.WriteUInt16LittleEndian(resolution[2..], 1);
        resolution[OptionHeaderLength] = Nanoseconds;
        return _interfaces++;
    }

    /// <summary>Writes a frame.</summary>
    /// <param name="interfaceId">Where it was captured: what <see cref="AddInterface"/> returned.</param>
    /// <param name="time">When it was captured, since 1970-01-01 UTC and not before.</param>
    /// <param name="data">Its octets, at most 256 KiB.</param>
    /// <param name="originalLength">Octets that it had on the wire, where the capture cut it.</param>
    /// <param name="comment">A comment, which Wireshark shows with the packet, as UTF-8; cut at 64 KiB. None if null or empty.</param>
    /// <exception cref="ArgumentException">There is no such interface, or a number that the format cannot hold.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Write(int interfaceId, Timestamp time, ReadOnlySpan<byte> data, uint? originalLength = null, string? comment = null)
    {
        uint original = originalLength ?? (uint)data.Length;
        CheckFrame(data, original);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)interfaceId, (uint)_interfaces, nameof(interfaceId));
        ArgumentOutOfRangeException.ThrowIfNegative(time.Nanoseconds, nameof(time));

        const int FixedLength = 20;
        comment = Cut(comment ?? "");
        int options = comment.Length == 0 ? 0 : OptionLength(PcapNgBlocks.Text.GetByteCount(comment)) + OptionHeaderLength;
        int dataLength = PcapNgBlocks.Pad(data.Length);
        Span<byte> body = StartBlock(PcapNgBlocks.EnhancedPacket, FixedLength + dataLength + options);
        BinaryPrimitives.WriteInt32LittleEndian(body, interfaceId);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], (uint)(time.Nanoseconds >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], unchecked((uint)time.Nanoseconds));
        BinaryPrimitives.WriteInt32LittleEndian(body[12..], data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body[16..], original);
        data.CopyTo(body[FixedLength..]);
        if (options > 0)
        {
            WriteOption(body[(FixedLength + dataLength)..], PcapNgBlocks.Comment, comment);
        }

        FrameIsComplete();
    }

    private Span<byte> StartBlock(uint type, int bodyLength)
    {
        int length = PcapNgBlocks.Frame + bodyLength;
        Span<byte> block = Reserve(length);
        BinaryPrimitives.WriteUInt32LittleEndian(block, type);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(block[^4..], length);
        return block[8..^4];
    }

    private static int OptionLength(int valueLength) => OptionHeaderLength + PcapNgBlocks.Pad(valueLength);

    /// <summary>Writes a text option and returns the room behind it. What stays zero there is opt_endofopt.</summary>
    private static Span<byte> WriteOption(Span<byte> room, ushort code, string text)
    {
        int length = PcapNgBlocks.Text.GetBytes(text, room[OptionHeaderLength..]);
        BinaryPrimitives.WriteUInt16LittleEndian(room, code);
        BinaryPrimitives.WriteUInt16LittleEndian(room[2..], (ushort)length);
        return room[OptionLength(length)..];
    }

    /// <summary>As much of a text as an option holds, cut between characters.</summary>
    private static string Cut(string text)
    {
        if (PcapNgBlocks.Text.GetByteCount(text) <= MaximumOptionLength)
        {
            return text;
        }

        Span<byte> bytes = new byte[MaximumOptionLength];
        PcapNgBlocks.Text.GetEncoder().Convert(text, bytes, flush: false, out int characters, out _, out _);
        return text[..characters];
    }
}
