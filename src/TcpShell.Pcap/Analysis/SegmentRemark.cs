using System.Globalization;

namespace TcpShell.Pcap.Analysis;

/// <summary>The verdicts of an analysis as Wireshark writes them before a segment in its packet list.</summary>
public static class SegmentRemark
{
    // Wireshark puts each before the ones that it found earlier.
    private static readonly (TcpAnalysisFlags Flag, string Text)[] s_words =
    [
        (TcpAnalysisFlags.ZeroWindowProbeAck, "TCP ZeroWindowProbeAck"),
        (TcpAnalysisFlags.ZeroWindow, "TCP ZeroWindow"),
        (TcpAnalysisFlags.ZeroWindowProbe, "TCP ZeroWindowProbe"),
        (TcpAnalysisFlags.DuplicateAck, "TCP Dup ACK"),
        (TcpAnalysisFlags.KeepAliveAck, "TCP Keep-Alive ACK"),
        (TcpAnalysisFlags.KeepAlive, "TCP Keep-Alive"),
        (TcpAnalysisFlags.WindowFull, "TCP Window Full"),
        (TcpAnalysisFlags.WindowUpdate, "TCP Window Update"),
        (TcpAnalysisFlags.AckedUnseenSegment, "TCP ACKed unseen segment"),
        (TcpAnalysisFlags.PreviousSegmentNotCaptured, "TCP Previous segment not captured"),
        (TcpAnalysisFlags.OutOfOrder, "TCP Out-Of-Order"),
        (TcpAnalysisFlags.FastRetransmission, "TCP Fast Retransmission"),
        (TcpAnalysisFlags.SpuriousRetransmission, "TCP Spurious Retransmission"),
        (TcpAnalysisFlags.Retransmission, "TCP Retransmission"),
        (TcpAnalysisFlags.PortReuse, "TCP Port numbers reused"),
        (TcpAnalysisFlags.BadChecksum, "TCP Checksum incorrect"),
        (TcpAnalysisFlags.OffloadedChecksum, "TCP Checksum offloaded"),
    ];

    /// <summary><c>[TCP ZeroWindow] [TCP Window Full]</c>, <c>[TCP Dup ACK 7#2]</c>; empty where nothing is remarkable.</summary>
    /// <param name="flags">What is remarkable.</param>
    /// <param name="duplicateAckNumber">How many duplicates of the same ACK there were.</param>
    /// <param name="repeatedFrame">The frame that a duplicate ACK repeats, from 1; 0 where it is not known.</param>
    public static string Text(TcpAnalysisFlags flags, int duplicateAckNumber = 0, long repeatedFrame = 0)
    {
        if (flags == TcpAnalysisFlags.None)
        {
            return "";
        }

        // Fast and spurious ones are retransmissions too, which goes without saying.
        TcpAnalysisFlags told = (flags & (TcpAnalysisFlags.FastRetransmission | TcpAnalysisFlags.SpuriousRetransmission)) != 0 ? flags & ~TcpAnalysisFlags.Retransmission : flags;
        return string.Join(' ', s_words.Where(word => told.HasFlag(word.Flag)).Select(word => $"[{word.Text}{Number(word.Flag)}]"));

        string Number(TcpAnalysisFlags flag) => flag != TcpAnalysisFlags.DuplicateAck || duplicateAckNumber == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $" {(repeatedFrame > 0 ? repeatedFrame : (long?)null)}#{duplicateAckNumber}");
    }
}
