using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Cuts IP packets into fragments (RFC 791 3.2, RFC 8200 4.5).</summary>
internal static class IpFragments
{
    private const int FragmentHeaderSize = 8;

    /// <summary>Cuts a packet, if it is too large.</summary>
    /// <param name="packet">The whole packet, its IP header without options or extension headers.</param>
    /// <param name="mtu">The most octets of a fragment: 68 at least for IPv4, 1280 for IPv6.</param>
    /// <param name="identification">What no other packet between the same hosts has for now; IPv4 takes the lower 16 bits.</param>
    /// <returns>The fragments in order; the packet itself if it fits.</returns>
    public static List<byte[]> Split(byte[] packet, int mtu, uint identification)
    {
        if (packet.Length <= mtu)
        {
            return [packet];
        }

        bool isIPv6 = packet[0] >> 4 == 6;
        int ipSize = isIPv6 ? PacketWriter.IPv6HeaderSize : PacketWriter.IPv4HeaderSize;
        int headerSize = isIPv6 ? ipSize + FragmentHeaderSize : ipSize;
        int step = (mtu - headerSize) / 8 * 8;
        ReadOnlySpan<byte> data = packet.AsSpan(ipSize);
        var fragments = new List<byte[]>();
        for (int offset = 0; offset < data.Length; offset += step)
        {
            ReadOnlySpan<byte> piece = data.Slice(offset, Math.Min(step, data.Length - offset));
            bool isLast = offset + piece.Length == data.Length;
            byte[] fragment = new byte[headerSize + piece.Length];
            packet.AsSpan(0, ipSize).CopyTo(fragment);
            piece.CopyTo(fragment.AsSpan(headerSize));
            if (isIPv6)
            {
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(4), (ushort)(FragmentHeaderSize + piece.Length));
                fragment[6] = (byte)IpProtocol.FragmentHeader;
                fragment[ipSize] = packet[6];
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(ipSize + 2), (ushort)(offset | (isLast ? 0 : 1)));
                BinaryPrimitives.WriteUInt32BigEndian(fragment.AsSpan(ipSize + 4), identification);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(2), (ushort)fragment.Length);
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(4), (ushort)identification);
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(6), (ushort)((offset / 8) | (isLast ? 0 : 0x2000)));
                fragment.AsSpan(10, 2).Clear();
                BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(10), InternetChecksum.Compute(fragment.AsSpan(0, ipSize)));
            }

            fragments.Add(fragment);
        }

        return fragments;
    }
}
