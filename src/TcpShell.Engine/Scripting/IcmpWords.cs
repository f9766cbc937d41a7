using System.Globalization;

namespace TcpShell.Scripting;

/// <summary>Names of ICMP's types and codes (RFC 792, RFC 1122, RFC 1812, RFC 4443).</summary>
internal static class IcmpWords
{
    private const byte Unreachable = 3;

    private static readonly Dictionary<string, byte> s_types = new(StringComparer.Ordinal)
    {
        ["echo_reply"] = 0, ["unreachable"] = Unreachable, ["source_quench"] = 4, ["redirect"] = 5, ["echo_request"] = 8, ["time_exceeded"] = 11,
        ["parameter_problem"] = 12, ["timestamp_request"] = 13, ["timestamp_reply"] = 14, ["information_request"] = 15, ["information_reply"] = 16,
        ["address_mask_request"] = 17, ["address_mask_reply"] = 18,
    };

    private static readonly Dictionary<string, byte> s_types6 = new(StringComparer.Ordinal)
    {
        ["unreachable"] = 1, ["packet_too_big"] = 2, ["time_exceeded"] = 3, ["parameter_problem"] = 4, ["echo_request"] = 128, ["echo_reply"] = 129,
    };

    private static readonly Dictionary<string, byte> s_codes = new(StringComparer.Ordinal)
    {
        ["net_unreachable"] = 0, ["host_unreachable"] = 1, ["protocol_unreachable"] = 2, ["port_unreachable"] = 3, ["frag_needed"] = 4,
        ["source_route_failed"] = 5, ["net_unknown"] = 6, ["host_unknown"] = 7, ["source_host_isolated"] = 8, ["net_prohibited"] = 9,
        ["host_prohibited"] = 10, ["net_unreachable_for_tos"] = 11, ["host_unreachable_for_tos"] = 12, ["packet_filtered"] = 13,
        ["precedence_violation"] = 14, ["precedence_cutoff"] = 15,
    };

    private static readonly Dictionary<string, (byte Type, byte Code)> s_codes6 = new(StringComparer.Ordinal)
    {
        ["net_unreachable"] = (1, 0), ["no_route"] = (1, 0), ["admin_prohibited"] = (1, 1), ["not_neighbour"] = (1, 2), ["address_unreachable"] = (1, 3),
        ["port_unreachable"] = (1, 4), ["exceeded_hop_limit"] = (3, 0), ["exceeded_frag_time"] = (3, 1), ["header_field"] = (4, 0),
        ["unknown_next_header"] = (4, 1), ["unknown_option"] = (4, 2),
    };

    /// <summary>Whether a word names a type in either version of ICMP.</summary>
    public static bool IsType(string word) => TryGetType(word, isIPv6: false, out _) || TryGetType(word, isIPv6: true, out _);

    /// <summary>Whether a word names a code of a type in either version of ICMP.</summary>
    public static bool IsCode(string type, string word) =>
        TryGetCode(type, word, isIPv6: false, out _) || TryGetCode(type, word, isIPv6: true, out _);

    /// <summary>The number of a type.</summary>
    /// <param name="word">Its name, or <c>type_N</c>.</param>
    /// <param name="isIPv6">Whether ICMPv6 is meant.</param>
    /// <param name="type">The number.</param>
    /// <returns>Whether that version has such a type.</returns>
    public static bool TryGetType(string word, bool isIPv6, out byte type) =>
        (isIPv6 ? s_types6 : s_types).TryGetValue(word, out type) || TryGetNumber(word, "type_", out type);

    /// <summary>The number of a code.</summary>
    /// <param name="type">The name of its type.</param>
    /// <param name="word">Its name, or <c>code_N</c>.</param>
    /// <param name="isIPv6">Whether ICMPv6 is meant.</param>
    /// <param name="code">The number.</param>
    /// <returns>Whether that type has such a code.</returns>
    public static bool TryGetCode(string type, string word, bool isIPv6, out byte code)
    {
        if (TryGetNumber(word, "code_", out code))
        {
            return true;
        }

        if (!TryGetType(type, isIPv6, out byte number))
        {
            return false;
        }

        if (isIPv6)
        {
            bool found = s_codes6.TryGetValue(word, out (byte Type, byte Code) entry) && entry.Type == number;
            code = entry.Code;
            return found;
        }

        return number == Unreachable && s_codes.TryGetValue(word, out code);
    }

    /// <summary>The numbers of a message's type and code.</summary>
    /// <param name="icmp">The message.</param>
    /// <param name="isIPv6">Whether ICMPv6 is meant.</param>
    /// <exception cref="ScriptUnsupported">That version has no such message.</exception>
    public static (byte Type, byte Code) NumbersOf(IcmpPacketEvent icmp, bool isIPv6)
    {
        byte code = 0;
        return TryGetType(icmp.Type, isIPv6, out byte type) && (icmp.Code is null || TryGetCode(icmp.Type, icmp.Code, isIPv6, out code))
            ? (type, code)
            : throw new ScriptUnsupported($"{icmp.Text} in {(isIPv6 ? "IPv6" : "IPv4")}");
    }

    /// <summary>The name of a type; <c>type_N</c> where it has none.</summary>
    /// <param name="type">The number.</param>
    /// <param name="isIPv6">Whether ICMPv6 is meant.</param>
    public static string TypeName(byte type, bool isIPv6)
    {
        string? name = (isIPv6 ? s_types6 : s_types).FirstOrDefault(entry => entry.Value == type).Key;
        return name ?? string.Create(CultureInfo.InvariantCulture, $"type_{type}");
    }

    /// <summary>The name of a code; <c>code_N</c> where it has none.</summary>
    /// <param name="type">The name of its type.</param>
    /// <param name="code">The number.</param>
    /// <param name="isIPv6">Whether ICMPv6 is meant.</param>
    public static string CodeName(string type, byte code, bool isIPv6)
    {
        string? name = (isIPv6 ? s_codes6.Keys : s_codes.Keys.AsEnumerable())
            .FirstOrDefault(word => TryGetCode(type, word, isIPv6, out byte number) && number == code);
        return name ?? string.Create(CultureInfo.InvariantCulture, $"code_{code}");
    }

    private static bool TryGetNumber(string word, string prefix, out byte number)
    {
        number = 0;
        return word.StartsWith(prefix, StringComparison.Ordinal)
            && byte.TryParse(word.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
