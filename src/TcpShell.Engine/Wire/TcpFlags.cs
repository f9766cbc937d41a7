namespace TcpShell.Wire;

/// <summary>The control bits of a TCP header (RFC 9293 3.1), with AE of RFC 9768, as they stand in its octets 12 and 13.</summary>
[Flags]
public enum TcpFlags : ushort
{
    /// <summary>No control bit.</summary>
    None = 0,

    /// <summary>No more data from the sender.</summary>
    FIN = 0x001,

    /// <summary>Synchronize sequence numbers.</summary>
    SYN = 0x002,

    /// <summary>Reset the connection.</summary>
    RST = 0x004,

    /// <summary>Push: hand the data on without waiting for more.</summary>
    PSH = 0x008,

    /// <summary>The acknowledgment number counts.</summary>
    ACK = 0x010,

    /// <summary>The urgent pointer counts.</summary>
    URG = 0x020,

    /// <summary>ECN echo (RFC 3168).</summary>
    ECE = 0x040,

    /// <summary>Congestion window reduced (RFC 3168).</summary>
    CWR = 0x080,

    /// <summary>Accurate ECN (RFC 9768), the former NS bit.</summary>
    AE = 0x100,
}

/// <summary>Questions that are asked of control bits, and how they are written.</summary>
public static class TcpFlagsExtensions
{
    /// <summary>Whether all of the given bits are set. Unlike Enum.HasFlag it reads well and never boxes.</summary>
    /// <param name="flags">The bits to look at.</param>
    /// <param name="wanted">The bits that must be set.</param>
    public static bool Has(this TcpFlags flags, TcpFlags wanted) => (flags & wanted) == wanted;

    /// <summary>Whether any of the given bits is set.</summary>
    /// <param name="flags">The bits to look at.</param>
    /// <param name="wanted">The bits of which one must be set.</param>
    public static bool HasAny(this TcpFlags flags, TcpFlags wanted) => (flags & wanted) != 0;

    /// <summary>Wireshark's spelling, in its order: <c>SYN, ACK</c>; <c>&lt;None&gt;</c> for no bit.</summary>
    /// <param name="flags">The bits to write.</param>
    public static string ToWireshark(this TcpFlags flags)
    {
        if (flags == TcpFlags.None)
        {
            return "<None>";
        }

        var names = new List<string>(4);
        for (int bit = 1; bit <= (int)TcpFlags.AE; bit <<= 1)
        {
            if (flags.HasAny((TcpFlags)bit))
            {
                names.Add(((TcpFlags)bit).ToString());
            }
        }

        return string.Join(", ", names);
    }

    /// <summary>tcpdump's letters: <c>S</c>, <c>S.</c>, <c>P.</c>, <c>F.</c>, <c>R</c>, <c>.</c>; <c>none</c> for no bit.</summary>
    /// <param name="flags">The bits to write.</param>
    public static string ToTcpdump(this TcpFlags flags)
    {
        const string Letters = "FSRP.UEWe";
        if (flags == TcpFlags.None)
        {
            return "none";
        }

        Span<char> text = stackalloc char[Letters.Length];
        int length = 0;
        for (int bit = 0; bit < Letters.Length; bit++)
        {
            // The dot for ACK stands behind S, F, R and P, but before U, E, W and e: that is tcpdump's order, and the bits'.
            if (flags.HasAny((TcpFlags)(1 << bit)))
            {
                text[length++] = Letters[bit];
            }
        }

        return new string(text[..length]);
    }
}
