using PacketDotNet;
using PacketDotNet.Utils;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>Turns packets into PacketDotNet's objects and back.</summary>
internal static class PacketDotNetConverter
{
    /// <summary>Makes an IP packet of PacketDotNet's.</summary>
    /// <param name="octets">The octets from the IP header on.</param>
    /// <param name="problem">Why it cannot be given to PacketDotNet; empty if it can.</param>
    /// <returns>The packet, which has octets of its own; null if there is a problem.</returns>
    public static object? ToPacket(ReadOnlyMemory<byte> octets, out string problem)
    {
        DecodedPacket decoded = PacketDecoder.Decode(octets, LinkType.Raw);
        problem = decoded.Status != PacketStatus.Tcp ? decoded.ProblemText ?? "It is no TCP segment." : OptionProblem(decoded);
        if (problem.Length > 0)
        {
            return null;
        }

        var segment = new ByteArraySegment(octets.ToArray());
        return decoded.IsIPv6 ? new IPv6Packet(segment) : new IPv4Packet(segment);
    }

    /// <summary>The octets of a packet of PacketDotNet's from its IP header on, as they stand; null for another object, and for a packet without IP.</summary>
    public static byte[]? ToOctets(object packet) => (packet as Packet)?.Extract<IPPacket>()?.Bytes;

    /// <summary>
    /// PacketDotNet walks over options without end where one has length 0, and past the header where one is too long: it does not stop at an end of
    /// options either. So the same walk is made here first.
    /// </summary>
    private static string OptionProblem(in DecodedPacket packet)
    {
        // A header that was cut can still be a segment for an analysis, which PacketDotNet does not make.
        if (packet.TcpHeaderLength < TcpHeader.MinimumSize || packet.TcpHeaderLength > packet.SegmentOctets.Length)
        {
            return "Its TCP header is not there as a whole.";
        }

        ReadOnlySpan<byte> options = packet.SegmentOctets.Span[TcpHeader.MinimumSize..packet.TcpHeaderLength];
        for (int offset = 0; offset < options.Length;)
        {
            var kind = (TcpOptionKind)options[offset];
            bool isSingle = kind is TcpOptionKind.EndOfList or TcpOptionKind.NoOperation;
            int length = isSingle ? 1 : offset + 1 < options.Length ? options[offset + 1] : 0;
            if (length == 0 || (!isSingle && length < 2) || offset + length > options.Length)
            {
                return $"Its TCP options are damaged at octet {offset}, and PacketDotNet reads damaged options without end.";
            }

            offset += length;
        }

        return "";
    }
}
