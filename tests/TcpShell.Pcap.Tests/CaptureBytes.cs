using System.Buffers.Binary;
using System.Text;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests;

/// <summary>Builds capture files byte by byte from the specifications, in either byte order, without the code under test.</summary>
internal sealed class CaptureBytes(bool bigEndian = false)
{
    private readonly List<byte> _bytes = [];

    public int Length => _bytes.Count;

    public CaptureBytes U8(params byte[] values)
    {
        _bytes.AddRange(values);
        return this;
    }

    public CaptureBytes U16(ushort value)
    {
        Span<byte> octets = stackalloc byte[2];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt16BigEndian(octets, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(octets, value);
        }

        _bytes.AddRange(octets);
        return this;
    }

    public CaptureBytes U32(uint value)
    {
        Span<byte> octets = stackalloc byte[4];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(octets, value);
        }

        _bytes.AddRange(octets);
        return this;
    }

    public CaptureBytes U64(ulong value) =>
        bigEndian ? U32((uint)(value >> 32)).U32((uint)value) : U32((uint)value).U32((uint)(value >> 32));

    public CaptureBytes PcapHeader(uint magic = 0xa1b2c3d4, uint linkType = 1, ushort minor = 4, uint snapLength = 65535) =>
        U32(magic).U16(2).U16(minor).U32(0).U32(0).U32(snapLength).U32(linkType);

    public CaptureBytes PcapRecord(uint seconds, uint fraction, byte[] data, uint? original = null) =>
        U32(seconds).U32(fraction).U32((uint)data.Length).U32(original ?? (uint)data.Length).U8(data);

    public CaptureBytes Block(uint type, CaptureBytes body)
    {
        byte[] padded = Pad([.. body._bytes]);
        uint length = (uint)(12 + padded.Length);
        return U32(type).U32(length).U8(padded).U32(length);
    }

    public CaptureBytes Section(ushort major = 1) =>
        Block(0x0a0d0d0a, New().U32(0x1a2b3c4d).U16(major).U16(0).U64(ulong.MaxValue));

    public CaptureBytes Interface(ushort linkType = 1, uint snapLength = 0, params (ushort Code, byte[] Value)[] options) =>
        Block(1, New().U16(linkType).U16(0).U32(snapLength).Options(options));

    public CaptureBytes EnhancedPacket(uint interfaceId, ulong time, byte[] data, uint? original = null, params (ushort Code, byte[] Value)[] options) =>
        Block(6, New().U32(interfaceId).U32((uint)(time >> 32)).U32((uint)time).U32((uint)data.Length).U32(original ?? (uint)data.Length)
            .U8(Pad(data)).Options(options));

    public CaptureBytes ObsoletePacket(ushort interfaceId, ulong time, byte[] data, params (ushort Code, byte[] Value)[] options) =>
        Block(2, New().U16(interfaceId).U16(7).U32((uint)(time >> 32)).U32((uint)time).U32((uint)data.Length).U32((uint)data.Length)
            .U8(Pad(data)).Options(options));

    public CaptureBytes SimplePacket(uint original, byte[] data) => Block(3, New().U32(original).U8(data));

    public CaptureBytes Options(params (ushort Code, byte[] Value)[] options)
    {
        foreach ((ushort code, byte[] value) in options)
        {
            U16(code).U16((ushort)value.Length).U8(Pad(value));
        }

        return options.Length > 0 ? U32(0) : this;
    }

    public CaptureBytes Append(CaptureBytes other) => U8([.. other._bytes]);

    public byte[] ToArray() => [.. _bytes];

    public CaptureReader Open() => CaptureReader.Open(new MemoryStream(ToArray()));

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Pad(byte[] data) => [.. data, .. new byte[((data.Length + 3) & ~3) - data.Length]];

    private CaptureBytes New() => new(bigEndian);
}

/// <summary>Shorthands that tests of the readers share.</summary>
internal static class CaptureReaderTestExtensions
{
    public static List<CapturedFrame> ReadAll(this CaptureReader reader)
    {
        var frames = new List<CapturedFrame>();
        while (reader.TryRead(out CapturedFrame frame))
        {
            frames.Add(frame.Copy());
        }

        return frames;
    }

    public static CapturedFrame ReadOne(this CaptureReader reader)
    {
        CapturedFrame frame = Assert.Single(reader.ReadAll());
        Assert.Null(reader.Problem);
        return frame;
    }
}
