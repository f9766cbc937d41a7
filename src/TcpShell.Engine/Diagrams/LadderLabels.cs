using System.Globalization;
using System.Text;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams;

/// <summary>What is written at the arrows of a ladder.</summary>
internal static class LadderLabels
{
    // Relative numbers that lie a little before the initial one are written as negative: -9 says more than 4294967287.
    private const uint FirstNegative = uint.MaxValue - 0xff_ffff;

    /// <summary>The segment in few words: <c>SYN,ACK seq=0 ack=1</c>, <c>PSH,ACK seq=1 ack=1 len=5</c>.</summary>
    public static string Label(SegmentRecord segment, bool absolute)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (segment.Icmp is { } error)
        {
            return error.Mtu > 0 ? string.Create(invariant, $"ICMP {error.Kind} mtu={error.Mtu}") : $"ICMP {error.Kind}";
        }

        var text = new StringBuilder(segment.Flags.ToWireshark().Replace(", ", ",", StringComparison.Ordinal));
        text.Append(invariant, $" seq={(absolute ? segment.SequenceNumber : Signed(segment.RelativeSequenceNumber))}");
        if (segment.Flags.Has(TcpFlags.ACK))
        {
            text.Append(invariant, $" ack={(absolute ? segment.AcknowledgmentNumber : Signed(segment.RelativeAcknowledgmentNumber))}");
        }

        if (segment.Length > 0)
        {
            text.Append(invariant, $" len={segment.Length}");
        }

        if (segment.Window == 0 && !segment.Flags.Has(TcpFlags.RST))
        {
            text.Append(" win=0");
        }

        uint start = absolute ? 0 : segment.AcknowledgmentBase;
        foreach (SackBlock block in segment.TcpOptions.Sack.ToArray())
        {
            text.Append(invariant, $" sack={unchecked(block.Left.Value - start)}-{unchecked(block.Right.Value - start)}");
        }

        return text.ToString();
    }

    /// <summary>Why it was sent, where that is not what one expects of its flags.</summary>
    public static string Mark(SegmentRecord segment)
    {
        string mark = segment.Reason switch
        {
            TransmitReason.RetransmissionTimeout => "RTO",
            TransmitReason.FastRetransmit => "fast retransmit",
            TransmitReason.TailLossProbe => "tail loss probe",
            TransmitReason.PeerRetransmitted => "again",
            TransmitReason.WindowUpdate => "window update",
            TransmitReason.ZeroWindowProbe => "window probe",
            TransmitReason.KeepAliveProbe => "keep-alive",
            TransmitReason.ChallengeAck => "challenge ACK",
            TransmitReason.PathMtuDiscovery => "path MTU",
            TransmitReason.Crafted => "by hand",
            _ => segment.Remark.Replace("[TCP ", "[", StringComparison.Ordinal).Trim('[', ']'),
        };
        return segment.CopyOf > 0 ? string.Create(CultureInfo.InvariantCulture, $"[copy of {segment.CopyOf}]") : mark.Length > 0 ? $"[{mark}]" : "";
    }

    /// <summary>What happened to it on its way, and what its receiver had against it.</summary>
    public static string Remark(SegmentRecord segment)
    {
        var parts = new List<string>(2);
        if (segment.FateText.Length > 0)
        {
            parts.Add(segment.FateText);
        }

        if (segment.Problem.Length > 0)
        {
            parts.Add(segment.Problem);
        }

        if (segment.Verdict is { Fate: not SegmentFate.Accepted } verdict)
        {
            parts.Add(verdict.Text);
        }

        return string.Join("; ", parts);
    }

    private static long Signed(uint relative) => relative >= FirstNegative ? (int)relative : relative;
}
