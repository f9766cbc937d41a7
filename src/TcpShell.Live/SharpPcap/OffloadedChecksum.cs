using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>
/// Packets of this machine's own kernel are captured before the network card, or nobody behind a virtual cable, has finished their checksum: it is
/// the sum of the pseudo-header only. A host that shall answer them has to finish it, and recognises it by just that.
/// </summary>
internal static class OffloadedChecksum
{
    private const int ChecksumOffset = 16;

    /// <summary>Finishes the TCP checksum of an IP packet that has none yet; leaves everything else alone.</summary>
    /// <param name="packet">The octets from the IP header on, whatever they are.</param>
    public static void Finish(Span<byte> packet)
    {
        if (!TryFindTcp(packet, out int offset, out IpAddress source, out IpAddress destination))
        {
            return;
        }

        Span<byte> segment = packet[offset..];
        var sum = default(InternetChecksum);
        sum.AddPseudoHeader(source, destination, IpProtocol.Tcp, segment.Length);
        Span<byte> field = segment.Slice(ChecksumOffset, 2);
        if (BinaryPrimitives.ReadUInt16BigEndian(field) == (ushort)~sum.Value)
        {
            field.Clear();
            sum.Add(segment);
            BinaryPrimitives.WriteUInt16BigEndian(field, sum.Value);
        }
    }

    private static bool TryFindTcp(ReadOnlySpan<byte> packet, out int offset, out IpAddress source, out IpAddress destination)
    {
        offset = 0;
        source = destination = default;
        if (packet.Length < TcpHeader.MinimumSize + 20)
        {
            return false;
        }

        switch (packet[0] >> 4)
        {
            case 4 when packet[9] == (byte)IpProtocol.Tcp && (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) == 0:
                offset = (packet[0] & 0xf) * 4;
                source = IpAddress.FromBytes(packet[12..16]);
                destination = IpAddress.FromBytes(packet[16..20]);
                return offset >= 20 && packet.Length - offset >= TcpHeader.MinimumSize;
            case 6 when packet.Length >= 40 + TcpHeader.MinimumSize && packet[6] == (byte)IpProtocol.Tcp:
                offset = 40;
                source = IpAddress.FromBytes(packet[8..24]);
                destination = IpAddress.FromBytes(packet[24..40]);
                return true;
            default:
                return false;
        }
    }
}
