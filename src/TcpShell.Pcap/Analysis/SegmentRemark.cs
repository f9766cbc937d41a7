using System.Globalization;

namespace TcpShell.Pcap.Analysis;

/// <summary>The verdicts of an analysis as Wireshark writes them before a segment in its packet list.</summary>
public static class SegmentRemark
{
    private static readonly (TcpAnalysisFlags Flag, string Text)[] s_words =
    [
        (TcpAnalysisFlags.FastRetransmission, "TCP Fast Retransmission"),
        (TcpAnalysisFlags.SpuriousRetransmission, "TCP Spurious Retransmission"),
        (TcpAnalysisFlags.OutOfOrder, "TCP Out-Of-Order"),
        (TcpAnalysisFlags.PortReuse, "TCP Port numbers reused"),
        (TcpAnalysisFlags.PreviousSegmentNotCaptured, "TCP Previous segment not captured"),
        (TcpAnalysisFlags.AckedUnseenSegment, "TCP ACKed unseen segment"),
        (TcpAnalysisFlags.WindowUpdate, "TCP Window Update"),
        (TcpAnalysisFlags.WindowFull, "TCP Window Full"),
        (TcpAnalysisFlags.KeepAlive, "TCP Keep-Alive"),
        (TcpAnalysisFlags.KeepAliveAck, "TCP Keep-Alive ACK"),
        (TcpAnalysisFlags.DuplicateAck, "TCP Dup ACK"),
        (TcpAnalysisFlags.ZeroWindowProbe, "TCP ZeroWindowProbe"),
        (TcpAnalysisFlags.ZeroWindow, "TCP ZeroWindow"),
        (TcpAnalysisFlags.ZeroWindowProbeAck, "TCP ZeroWindowProbeAck"),
        (TcpAnalysisFlags.BadChecksum, "TCP Checksum incorrect"),
        (TcpAnalysisFlags.OffloadedChecksum, "TCP Checksum offloaded"),
    ];

    /// <summary><c>[TCP Dup ACK #2] [TCP ZeroWindow]</c>; empty where nothing is remarkable.</summary>
    /// <param name="flags">What is remarkable.</param>
    /// <param name="duplicateAckNumber">How many duplicates of the same ACK there were.</param>
    public static string Text(TcpAnalysisFlags flags, int duplicateAckNumber = 0)
    {
        if (flags == TcpAnalysisFlags.None)
        {
            return "";
        }

        List<string> words = [.. s_words.Where(word => flags.HasFlag(word.Flag)).Select(word => $"[{word.Text}{Number(word.Flag)}]")];

        // Fast and spurious ones are retransmissions too, which goes without saying.
        if ((flags & (TcpAnalysisFlags.Retransmission | TcpAnalysisFlags.FastRetransmission | TcpAnalysisFlags.SpuriousRetransmission)) == TcpAnalysisFlags.Retransmission)
        {
            words.Insert(0, "[TCP Retransmission]");
        }

        return string.Join(' ', words);

        string Number(TcpAnalysisFlags flag) =>
            flag == TcpAnalysisFlags.DuplicateAck && duplicateAckNumber > 0 ? " #" + duplicateAckNumber.ToString(CultureInfo.InvariantCulture) : "";
    }
}
