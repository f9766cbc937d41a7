namespace TcpShell.Pcap.Analysis;

/// <summary>A segment with something remarkable.</summary>
/// <param name="Frame">The frame's number in its capture, from 1; 0 where the segment came without one.</param>
/// <param name="Time">When it was captured.</param>
/// <param name="Flags">What is remarkable.</param>
/// <param name="DuplicateAckNumber">How many duplicates of the same ACK there were so far, this one included; 0 for no duplicate ACK.</param>
public readonly record struct FlaggedSegment(long Frame, Timestamp Time, TcpAnalysisFlags Flags, int DuplicateAckNumber)
{
    /// <summary><c>12: Retransmission, FastRetransmission</c>.</summary>
    public override string ToString() => DuplicateAckNumber > 0 ? $"{Frame}: {Flags} #{DuplicateAckNumber}" : $"{Frame}: {Flags}";
}

/// <summary>What the analysis says of one segment.</summary>
/// <param name="Conversation">The conversation that it belongs to.</param>
/// <param name="IsFromClient">Whether the client sent it.</param>
/// <param name="Flags">What is remarkable about it.</param>
/// <param name="DuplicateAckNumber">How many duplicates of the same ACK there were so far, this one included; 0 for no duplicate ACK.</param>
/// <param name="RepeatedFrame">The frame that told first what a duplicate ACK repeats, from 1; 0 for no duplicate ACK, and where segments came without numbers.</param>
/// <param name="AckRtt">How long ago the segment that it acknowledges was captured, as Wireshark's tcp.analysis.ack_rtt; null if it tells no round trip.</param>
public readonly record struct SegmentAnalysis(TcpConversation Conversation, bool IsFromClient, TcpAnalysisFlags Flags, int DuplicateAckNumber, long RepeatedFrame, TimeSpan? AckRtt)
{
    /// <summary>The verdicts as Wireshark writes them; empty where nothing is remarkable.</summary>
    public string Remark => SegmentRemark.Text(Flags, DuplicateAckNumber, RepeatedFrame);

    /// <summary>What was just said of a segment of a conversation.</summary>
    internal static SegmentAnalysis Of(TcpConversation conversation, bool isFromClient, TcpAnalysisFlags flags, long ackRtt)
    {
        TcpConversationSide sender = isFromClient ? conversation.Client : conversation.Server;
        int number = sender.DuplicateAckNumber(flags);
        return new(conversation, isFromClient, flags, number, number > 0 ? sender.Wireshark.AckFrame : 0, ackRtt >= 0 ? new TimeSpan(ackRtt / 100) : null);
    }
}
