using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using TcpShell.Wire;
using static System.FormattableString;

namespace TcpShell.Tracing;

/// <summary>Writes segments as Wireshark and tcpdump do.</summary>
internal static class SegmentText
{
    /// <summary>Wireshark's info column, without what its analysis adds.</summary>
    public static string ToInfo(SegmentRecord segment, bool absolute)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (segment.Icmp is { } error)
        {
            return string.Create(invariant, $"{error}{(error.Mtu > 0 ? $" MTU={error.Mtu}" : "")} Seq={Sequence(segment, absolute)}");
        }

        var text = new StringBuilder();
        text.Append(invariant, $"{segment.Source.Port} → {segment.Destination.Port} [{segment.Flags.ToWireshark()}] Seq={Sequence(segment, absolute)}");
        if (segment.Flags.Has(TcpFlags.ACK))
        {
            text.Append(invariant, $" Ack={Acknowledgment(segment, absolute)}");
        }

        text.Append(invariant, $" Win={segment.ScaledWindow}");
        if (segment.Flags.Has(TcpFlags.URG))
        {
            text.Append(invariant, $" Urg={segment.UrgentPointer}");
        }

        text.Append(invariant, $" Len={segment.Length}");
        foreach (string option in Options(segment, absolute))
        {
            text.Append(' ').Append(option);
        }

        return text.ToString();
    }

    /// <summary>The options as Wireshark names them; SACK blocks count as acknowledgment numbers do.</summary>
    public static IReadOnlyList<string> Options(SegmentRecord segment, bool absolute)
    {
        var texts = new List<string>();
        foreach (TcpOption option in TcpOptionReader.Enumerate(segment.TcpOptions))
        {
            if (option.Kind == TcpOptionKind.Sack && IsBlocks(option))
            {
                IEnumerable<string> blocks = Blocks(segment, option, absolute).Select(block => Invariant($"SLE={block.Left} SRE={block.Right}"));
                texts.Add(string.Join(' ', blocks));
            }
            else if (option.Kind is not (TcpOptionKind.EndOfList or TcpOptionKind.NoOperation))
            {
                texts.Add(option.ToString());
            }
        }

        return texts;
    }

    /// <summary>tcpdump's line without the time and without what it makes of the data.</summary>
    public static string ToTcpdump(SegmentRecord segment, bool absolute)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        var text = new StringBuilder();
        text.Append(segment.Source.Address.IsIPv6 ? "IP6 " : "IP ");
        if (segment.Icmp is { } error)
        {
            text.Append(invariant, $"{segment.Source.Address} > {segment.Destination.Address}: {(segment.Source.Address.IsIPv6 ? "ICMP6," : "ICMP")} ");
            return text.Append(invariant, $"{IcmpText.ToTcpdump(error, segment.IcmpAbout)}, length {segment.Bytes.Length - (segment.Source.Address.IsIPv6 ? 40 : 20)}").ToString();
        }

        text.Append(invariant, $"{segment.Source.Address}.{segment.Source.Port} > {segment.Destination.Address}.{segment.Destination.Port}: ");
        text.Append(invariant, $"Flags [{segment.Flags.ToTcpdump()}]");
        uint sequence = Sequence(segment, absolute);
        if (segment.Length > 0)
        {
            text.Append(invariant, $", seq {sequence}:{unchecked(sequence + (uint)segment.Length)}");
        }
        else if (segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST))
        {
            text.Append(invariant, $", seq {sequence}");
        }

        if (segment.Flags.Has(TcpFlags.ACK))
        {
            text.Append(invariant, $", ack {Acknowledgment(segment, absolute)}");
        }

        text.Append(invariant, $", win {segment.Window}");
        if (segment.Flags.Has(TcpFlags.URG))
        {
            text.Append(invariant, $", urg {segment.UrgentPointer}");
        }

        var options = TcpOptionReader.Enumerate(segment.TcpOptions).Select(option => TcpdumpOption(segment, option, absolute)).ToList();
        if (options.Count > 0)
        {
            text.Append(invariant, $", options [{string.Join(',', options)}]");
        }

        return text.Append(invariant, $", length {segment.Length}").ToString();
    }

    private static string TcpdumpOption(SegmentRecord segment, TcpOption option, bool absolute)
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
            case (TcpOptionKind.Sack, _) when IsBlocks(option):
                IEnumerable<string> blocks = Blocks(segment, option, absolute).Select(block => Invariant($"{{{block.Left}:{block.Right}}}"));
                return Invariant($"sack {data.Length / 8} {string.Concat(blocks)}");
            case (TcpOptionKind.Timestamps, 8):
                uint value = BinaryPrimitives.ReadUInt32BigEndian(data);
                return Invariant($"TS val {value} ecr {BinaryPrimitives.ReadUInt32BigEndian(data[4..])}");
            case (TcpOptionKind.UserTimeout, 2):
                return Invariant($"uto 0x{BinaryPrimitives.ReadUInt16BigEndian(data):x}");
            case (TcpOptionKind.FastOpenCookie, 0):
                return "tfo  cookiereq";
            case (TcpOptionKind.FastOpenCookie, >= 4 and <= 16):
                return $"tfo  cookie {Hex(data)}";
            case (TcpOptionKind.Md5Signature, 16):
                return "md5";
            case (TcpOptionKind.AuthenticationOption, >= 2):
                return "tcp-ao";
            default:
                return Invariant($"unknown-{(byte)option.Kind}{(data.IsEmpty ? "" : " 0x")}{Hex(data)}");
        }
    }

    private static uint Sequence(SegmentRecord segment, bool absolute) => absolute ? segment.SequenceNumber : segment.RelativeSequenceNumber;

    private static uint Acknowledgment(SegmentRecord segment, bool absolute) =>
        absolute ? segment.AcknowledgmentNumber : segment.RelativeAcknowledgmentNumber;

    private static bool IsBlocks(TcpOption option) => option.Data.Length is 8 or 16 or 24 or 32;

    private static List<(uint Left, uint Right)> Blocks(SegmentRecord segment, TcpOption option, bool absolute)
    {
        uint start = absolute ? 0 : segment.AcknowledgmentBase;
        var blocks = new List<(uint, uint)>(SackBlocks.Capacity);
        for (ReadOnlySpan<byte> data = option.Data.Span; data.Length >= 8; data = data[8..])
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(data);
            uint right = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
            blocks.Add((unchecked(left - start), unchecked(right - start)));
        }

        return blocks;
    }

    private static string Hex(ReadOnlySpan<byte> data) => Convert.ToHexString(data).ToLowerInvariant();
}
