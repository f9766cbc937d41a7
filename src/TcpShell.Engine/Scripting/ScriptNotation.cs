using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using TcpShell.Wire;
using static System.FormattableString;

namespace TcpShell.Scripting;

/// <summary>How packetdrill writes the parts of a segment.</summary>
internal static class ScriptNotation
{
    /// <summary>The kind that RFC 4727 sets aside for experiments; Fast Open used it with the number that follows (RFC 6994).</summary>
    public const TcpOptionKind Experiment = (TcpOptionKind)254;

    /// <summary>The two octets that say that an experiment is Fast Open.</summary>
    public const ushort FastOpenExperiment = 0xf989;

    /// <summary>Accurate ECN, counters in the order ECT(0), CE, ECT(1) (RFC 9768 3.2.3).</summary>
    public const TcpOptionKind AccurateEcn0 = (TcpOptionKind)172;

    /// <summary>Accurate ECN, counters in the order ECT(1), CE, ECT(0).</summary>
    public const TcpOptionKind AccurateEcn1 = (TcpOptionKind)174;

    private const TcpFlags AceBits = TcpFlags.AE | TcpFlags.CWR | TcpFlags.ECE;

    /// <summary>The letters of control bits and what they stand for, in the order in which they are written; ACK is the dot behind them.</summary>
    public static IReadOnlyList<(char Letter, TcpFlags Flag)> Letters { get; } =
    [
        ('F', TcpFlags.FIN), ('S', TcpFlags.SYN), ('R', TcpFlags.RST), ('P', TcpFlags.PSH), ('U', TcpFlags.URG), ('E', TcpFlags.ECE),
        ('W', TcpFlags.CWR), ('A', TcpFlags.AE),
    ];

    /// <summary>Control bits: <c>S</c>, <c>P.</c>, <c>SEW</c>, <c>-</c> for none; <c>P.5</c> with the three ECN bits as a number.</summary>
    public static string Flags(TcpFlags flags, bool withAce = false)
    {
        var text = new StringBuilder();
        foreach ((char letter, TcpFlags flag) in Letters)
        {
            if (flags.Has(flag) && !(withAce && AceBits.Has(flag)))
            {
                text.Append(letter);
            }
        }

        if (flags.Has(TcpFlags.ACK))
        {
            text.Append('.');
        }

        if (withAce)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(int)(flags & AceBits) >> 6}");
        }

        return text.Length == 0 ? "-" : text.ToString();
    }

    /// <summary>The two ECN bits: <c>noecn</c>, <c>ect0</c>, <c>ect1</c>, <c>ce</c>.</summary>
    public static string Ecn(Ecn ecn) => ecn switch { Wire.Ecn.Ect0 => "ect0", Wire.Ecn.Ect1 => "ect1", Wire.Ecn.Ce => "ce", _ => "noecn" };

    /// <summary>The control bits of an ACE field.</summary>
    /// <param name="ace">0 to 7.</param>
    public static TcpFlags FromAce(int ace) => (TcpFlags)(ace << 6);

    /// <summary>Sequence numbers and length: <c>1:1001(1000)</c>.</summary>
    public static string Range(uint sequence, int length) => Invariant($"{sequence}:{unchecked(sequence + (uint)length)}({length})");

    /// <summary>One option: <c>mss 1460</c>, <c>sack 1:2 3:4</c>, <c>FO 12ab</c>. What the language cannot say is <c>kind-253 01ff</c>, which it cannot read.</summary>
    public static string Option(TcpOption option)
    {
        ReadOnlySpan<byte> data = option.Data.Span;
        switch (option.Kind, data.Length)
        {
            case (TcpOptionKind.EndOfList, 0):
                return "eol";
            case (TcpOptionKind.NoOperation, 0):
                return "nop";
            case (TcpOptionKind.MaximumSegmentSize, 2):
                return Invariant($"mss {BinaryPrimitives.ReadUInt16BigEndian(data)}");
            case (TcpOptionKind.WindowScale, 1):
                return Invariant($"wscale {data[0]}");
            case (TcpOptionKind.SackPermitted, 0):
                return "sackOK";
            case (TcpOptionKind.Sack, 8 or 16 or 24 or 32):
                return "sack" + Blocks(data);
            case (TcpOptionKind.Timestamps, 8):
                return Invariant($"TS val {BinaryPrimitives.ReadUInt32BigEndian(data)} ecr {BinaryPrimitives.ReadUInt32BigEndian(data[4..])}");
            case (TcpOptionKind.Md5Signature, _):
                return Named("md5", data);
            case (TcpOptionKind.FastOpenCookie, _):
                return Named("FO", data);
            case (Experiment, >= 2) when BinaryPrimitives.ReadUInt16BigEndian(data) == FastOpenExperiment:
                return Named("FOEXP", data[2..]);
            case (AccurateEcn0, 3 or 6 or 9):
                return "ECN" + Counters(data, "e0b", "ceb", "e1b");
            case (AccurateEcn1, 3 or 6 or 9):
                return "ECN" + Counters(data, "e1b", "ceb", "e0b");
            default:
                return Named(Invariant($"kind-{(byte)option.Kind}"), data);
        }
    }

    private static string Named(string name, ReadOnlySpan<byte> data) =>
        data.IsEmpty ? name : $"{name} {Convert.ToHexString(data).ToLowerInvariant()}";

    private static string Blocks(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        for (; data.Length >= 8; data = data[8..])
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(data);
            text.Append(CultureInfo.InvariantCulture, $" {left}:{BinaryPrimitives.ReadUInt32BigEndian(data[4..])}");
        }

        return text.ToString();
    }

    private static string Counters(ReadOnlySpan<byte> data, params string[] names)
    {
        var text = new StringBuilder();
        for (int i = 0; data.Length >= 3; i++, data = data[3..])
        {
            text.Append(CultureInfo.InvariantCulture, $" {names[i]} {(data[0] << 16) | (data[1] << 8) | data[2]}");
        }

        return text.ToString();
    }
}
