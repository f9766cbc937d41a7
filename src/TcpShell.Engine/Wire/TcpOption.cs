using System.Buffers.Binary;
using System.Globalization;

namespace TcpShell.Wire;

/// <summary>One option of a TCP header as it stands there.</summary>
/// <param name="Kind">The kind; may be a number without a name.</param>
/// <param name="Data">The octets after kind and length.</param>
public readonly record struct TcpOption(TcpOptionKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>
    /// As in Wireshark's info column: <c>MSS=1460</c>, <c>WS=256</c>, <c>SACK_PERM</c>, <c>TSval=1 TSecr=2</c>, <c>SLE=1 SRE=2</c>;
    /// an unknown option, or a known one of a wrong length, as <c>kind 253: 01ff</c>.
    /// </summary>
    public override string ToString() => Format(Kind, Data.Span);

    internal static string Format(TcpOptionKind kind, ReadOnlySpan<byte> data)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        switch (kind, data.Length)
        {
            case (TcpOptionKind.EndOfList, 0):
                return "EOL";
            case (TcpOptionKind.NoOperation, 0):
                return "NOP";
            case (TcpOptionKind.MaximumSegmentSize, 2):
                return string.Create(invariant, $"MSS={BinaryPrimitives.ReadUInt16BigEndian(data)}");
            case (TcpOptionKind.WindowScale, 1):
                // RFC 7323 2.3: a shift count above 14 counts as 14.
                return string.Create(invariant, $"WS={1 << Math.Min(data[0], (byte)14)}");
            case (TcpOptionKind.SackPermitted, 0):
                return "SACK_PERM";
            case (TcpOptionKind.Sack, 8 or 16 or 24 or 32):
                return FormatBlocks(data);
            case (TcpOptionKind.Timestamps, 8):
                uint value = BinaryPrimitives.ReadUInt32BigEndian(data);
                return string.Create(invariant, $"TSval={value} TSecr={BinaryPrimitives.ReadUInt32BigEndian(data[4..])}");
            case (TcpOptionKind.UserTimeout, 2):
                ushort timeout = BinaryPrimitives.ReadUInt16BigEndian(data);
                return string.Create(invariant, $"UTO={timeout & 0x7fff}{(timeout >> 15 == 0 ? "s" : "min")}");
            case (TcpOptionKind.FastOpenCookie, 0):
                return "TFO=R";
            case (TcpOptionKind.FastOpenCookie, >= 4 and <= 16):
                return $"TFO=C {Convert.ToHexString(data).ToLowerInvariant()}";
            case (TcpOptionKind.Md5Signature, 16):
                return "MD5";
            case (TcpOptionKind.AuthenticationOption, >= 2):
                return "TCP-AO";
            default:
                string hex = Convert.ToHexString(data).ToLowerInvariant();
                return string.Create(invariant, $"kind {(byte)kind}{(hex == "" ? "" : ": ")}{hex}");
        }
    }

    private static string FormatBlocks(ReadOnlySpan<byte> data)
    {
        var texts = new List<string>(SackBlocks.Capacity);
        for (; data.Length >= 8; data = data[8..])
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(data);
            texts.Add(string.Create(CultureInfo.InvariantCulture, $"SLE={left} SRE={BinaryPrimitives.ReadUInt32BigEndian(data[4..])}"));
        }

        return string.Join(' ', texts);
    }
}
