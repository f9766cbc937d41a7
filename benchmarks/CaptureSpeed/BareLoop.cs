using System.Buffers.Binary;

namespace TcpShell.CaptureSpeed;

/// <summary>The least that can be done with a capture: walks over the records and looks at the fields of each header that an analysis needs.</summary>
internal static class BareLoop
{
    /// <summary>Counts TCP segments of a little-endian pcap file with Ethernet and IPv4.</summary>
    public static long Count(string file)
    {
        using var stream = new FileStream(file, new FileStreamOptions { BufferSize = 0 });
        byte[] buffer = new byte[128 * 1024];
        int start = 24;
        int end = stream.Read(buffer);
        long segments = 0;
        uint sum = 0;
        while (true)
        {
            ReadOnlySpan<byte> record = buffer.AsSpan(start, end - start);
            int length = record.Length >= 16 ? BinaryPrimitives.ReadInt32LittleEndian(record[8..]) : int.MaxValue - 16;
            if (record.Length < 16 + length)
            {
                record.CopyTo(buffer);
                (start, end) = (0, record.Length);
                int read = stream.Read(buffer.AsSpan(end));
                if (read == 0)
                {
                    return sum == 0 ? -1 : segments;
                }

                end += read;
                continue;
            }

            ReadOnlySpan<byte> frame = record.Slice(16, length);
            if (frame.Length >= 54 && frame[12] == 8 && frame[23] == 6)
            {
                int tcp = 14 + ((frame[14] & 0xf) * 4);
                sum ^= BinaryPrimitives.ReadUInt32BigEndian(frame[26..]) ^ BinaryPrimitives.ReadUInt32BigEndian(frame[30..])
                    ^ BinaryPrimitives.ReadUInt32BigEndian(frame[tcp..]) ^ BinaryPrimitives.ReadUInt32BigEndian(frame[(tcp + 4)..])
                    ^ BinaryPrimitives.ReadUInt32BigEndian(frame[(tcp + 8)..]) ^ BinaryPrimitives.ReadUInt32BigEndian(frame[(tcp + 12)..])
                    ^ BinaryPrimitives.ReadUInt16BigEndian(frame[16..]);
                segments++;
            }

            start += 16 + length;
        }
    }
}
