using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>The ECN field of the IP header (RFC 3168 5): the two low bits of IPv4's TOS and IPv6's traffic class.</summary>
public enum Ecn : byte
{
    /// <summary>Not-ECT: the transport does not take part.</summary>
    NotEct = 0,

    /// <summary>ECT(1): the transport takes part.</summary>
    Ect1 = 1,

    /// <summary>ECT(0): the transport takes part; what senders set.</summary>
    Ect0 = 2,

    /// <summary>CE: a router on the way is congested.</summary>
    Ce = 3,
}

/// <summary>What is done with the ECN field.</summary>
public static class EcnExtensions
{
    private const int Mask = 0b11;

    /// <summary>The ECN field of an octet of DSCP and ECN.</summary>
    /// <param name="trafficClass">The octet.</param>
    public static Ecn ToEcn(this byte trafficClass) => (Ecn)(trafficClass & Mask);

    /// <summary>Wireshark's short names: <c>Not-ECT</c>, <c>ECT(0)</c>, <c>ECT(1)</c>, <c>CE</c>.</summary>
    /// <param name="ecn">The field.</param>
    public static string ToWireshark(this Ecn ecn) => ecn switch
    {
        Ecn.NotEct => "Not-ECT",
        Ecn.Ect1 => "ECT(1)",
        Ecn.Ect0 => "ECT(0)",
        _ => "CE",
    };

    /// <summary>A copy of a packet with CE in its header, as a congested router makes it; the IPv4 checksum changes along (RFC 1624).</summary>
    /// <param name="packet">The octets from the IP header on.</param>
    internal static byte[] Marked(ReadOnlySpan<byte> packet)
    {
        byte[] marked = packet.ToArray();
        if (marked[0] >> 4 == 6)
        {
            marked[1] |= Mask << 4;
            return marked;
        }

        int before = BinaryPrimitives.ReadUInt16BigEndian(marked);
        marked[1] |= Mask;
        int sum = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(marked.AsSpan(10)) + (ushort)~before + BinaryPrimitives.ReadUInt16BigEndian(marked);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(marked.AsSpan(10), (ushort)~sum);
        return marked;
    }
}
