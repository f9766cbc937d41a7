using System.Globalization;

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

    /// <summary>
    /// Whether these are the bits that somebody means who names <paramref name="wanted"/>: PSH does not matter, and FIN and RST alone also
    /// stand for FIN,ACK and RST,ACK, since a FIN without ACK is never seen. SYN alone is not SYN,ACK.
    /// </summary>
    /// <param name="flags">The bits to look at.</param>
    /// <param name="wanted">The bits that were named.</param>
    public static bool Fits(this TcpFlags flags, TcpFlags wanted)
    {
        TcpFlags ignored = TcpFlags.PSH | (wanted is TcpFlags.FIN or TcpFlags.RST ? TcpFlags.ACK : TcpFlags.None);
        return (wanted & ~ignored) == (flags & ~ignored);
    }

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

    /// <summary>
    /// Reads control bits as people write them: names (<c>SYN,ACK</c>, <c>syn ack</c>, <c>SYN|ACK</c>), tcpdump's letters
    /// (<c>S.</c>, <c>[P.]</c>), Scapy's (<c>SA</c>), a hexadecimal number (<c>0x12</c>), <c>None</c>. What <see cref="ToWireshark"/>
    /// and <see cref="ToTcpdump"/> write is read back.
    /// </summary>
    /// <remarks>Letters are case-sensitive: <c>E</c> is ECE and <c>e</c> is AE. A name goes before letters: <c>AE</c> is that one bit.</remarks>
    /// <param name="text">The control bits.</param>
    /// <param name="flags">What was read.</param>
    /// <returns>Whether the text named control bits.</returns>
    public static bool TryParse(string? text, out TcpFlags flags)
    {
        flags = TcpFlags.None;
        string[] words = (text ?? "").Split([' ', ',', '|', '+', '[', ']', '<', '>'], StringSplitOptions.RemoveEmptyEntries);
        foreach (string word in words)
        {
            if (!TryParseWord(word, out TcpFlags bits))
            {
                flags = TcpFlags.None;
                return false;
            }

            flags |= bits;
        }

        return words.Length > 0;
    }

    /// <summary>Reads control bits as <see cref="TryParse"/> does.</summary>
    /// <param name="text">The control bits.</param>
    /// <exception cref="FormatException">The text names no control bits.</exception>
    public static TcpFlags Parse(string text) => TryParse(text, out TcpFlags flags)
        ? flags
        : throw new FormatException($"'{text}' does not name control bits such as SYN,ACK or S. or SA or 0x12 or None.");

    private static bool TryParseWord(string word, out TcpFlags flags)
    {
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            bool isNumber = ushort.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value);
            flags = (TcpFlags)value;
            return isNumber && value <= TcpHeader.FlagsMask;
        }

        // Enum.TryParse takes decimal numbers as well; those are more likely a slip than meant.
        if (char.IsAsciiLetter(word[0]) && Enum.TryParse(word, ignoreCase: true, out flags))
        {
            return true;
        }

        flags = TcpFlags.None;
        foreach (char letter in word)
        {
            TcpFlags bit = ParseLetter(letter);
            if (bit == TcpFlags.None)
            {
                return false;
            }

            flags |= bit;
        }

        return true;
    }

    private static TcpFlags ParseLetter(char letter) => letter switch
    {
        'F' => TcpFlags.FIN,
        'S' => TcpFlags.SYN,
        'R' => TcpFlags.RST,
        'P' => TcpFlags.PSH,
        'A' or '.' => TcpFlags.ACK,
        'U' => TcpFlags.URG,
        'E' => TcpFlags.ECE,
        'C' or 'W' => TcpFlags.CWR,
        'N' or 'e' => TcpFlags.AE,
        _ => TcpFlags.None,
    };
}
