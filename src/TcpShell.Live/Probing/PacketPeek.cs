using TcpShell.Wire;

namespace TcpShell.Live.Probing;

/// <summary>A look at a packet that costs next to nothing, for who wants to know of most packets only that they do not concern him.</summary>
internal static class PacketPeek
{
    private const int FlagsOffset = 12;
    private const int FlagsEnd = 14;

    /// <summary>Reads the flags of a segment where they are in plain sight: in an IP packet without extension headers that is no later fragment.</summary>
    /// <param name="packet">The octets from the IP header on, whatever they are.</param>
    /// <param name="flags">The flags.</param>
    /// <returns>False for everything else, which takes decoding.</returns>
    public static bool TryReadFlags(ReadOnlySpan<byte> packet, out TcpFlags flags)
    {
        int offset = OffsetOfTcp(packet);
        bool isThere = offset > 0 && packet.Length >= offset + FlagsEnd;
        flags = isThere ? (TcpFlags)(((packet[offset + FlagsOffset] & 1) << 8) | packet[offset + FlagsOffset + 1]) : default;
        return isThere;
    }

    private static int OffsetOfTcp(ReadOnlySpan<byte> packet) => packet.Length < PacketSize ? 0 : (packet[0] >> 4) switch
    {
        4 when packet[9] == (byte)IpProtocol.Tcp && (packet[6] & 0x1f) == 0 && packet[7] == 0 => (packet[0] & 0xf) * 4,
        6 when packet[6] == (byte)IpProtocol.Tcp => 40,
        _ => 0,
    };

    // The least that an IPv4 packet with the flags has.
    private const int PacketSize = 20 + FlagsEnd;
}
