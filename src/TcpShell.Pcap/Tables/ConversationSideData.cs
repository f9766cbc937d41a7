using System.Globalization;
using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>One end of a <see cref="ConversationData"/>.</summary>
public sealed record ConversationSideData
{
    /// <summary>Its address.</summary>
    [From("Endpoint.Address")]
    public string Address { get; init; } = "";

    /// <summary>Its port.</summary>
    [From("Endpoint.Port")]
    public int Port { get; init; }

    /// <summary>Segments that it sent.</summary>
    public long Packets { get; init; }

    /// <summary>Octets of data that it sent, repeated ones included.</summary>
    public long Bytes { get; init; }

    /// <summary>Octets of its stream, each counted once.</summary>
    public long UniqueBytes { get; init; }

    /// <summary>Segments with data.</summary>
    public long DataPackets { get; init; }

    /// <summary>Retransmissions of all kinds as Wireshark counts them.</summary>
    public int Retransmissions => Analysis.Retransmissions;

    /// <summary>Segments that bring nothing new: all of it was seen before.</summary>
    public int RepeatedSegments { get; init; }

    /// <summary>Retransmissions that D-SACKs of the peer prove to have been needless.</summary>
    public int ProvenSpuriousRetransmissions { get; init; }

    /// <summary>Segments with SYN.</summary>
    public int Syns { get; init; }

    /// <summary>Segments with FIN.</summary>
    public int Fins { get; init; }

    /// <summary>Segments with RST.</summary>
    public int Resets { get; init; }

    /// <summary>Segments with a wrong TCP checksum; null if nobody asked.</summary>
    public int? BadChecksums { get; init; }

    /// <summary>Those of them that the network card was to complete; null if nobody asked.</summary>
    public int? OffloadedChecksums { get; init; }

    /// <summary>The sequence number of its SYN; null if no SYN was seen.</summary>
    [From("InitialSequenceNumber.Value")]
    public uint? InitialSequenceNumber { get; init; }

    /// <summary>The MSS option of its SYN in octets; null if there was none.</summary>
    public int? MaximumSegmentSize { get; init; }

    /// <summary>The window scale option of its SYN; null if there was none.</summary>
    public int? WindowScale { get; init; }

    /// <summary>Whether its SYN had SACK permitted.</summary>
    public bool SackPermitted { get; init; }

    /// <summary>Whether its SYN had timestamps.</summary>
    public bool Timestamps { get; init; }

    /// <summary>The window that it told last, in octets.</summary>
    public long Window { get; init; }

    /// <summary>The smallest window that it told, in octets; null if it told none.</summary>
    public long? MinimumWindow { get; init; }

    /// <summary>The largest window that it told, in octets; null if it told none.</summary>
    public long? MaximumWindow { get; init; }

    /// <summary>Round trips between the capturing point and the other end; null if none was measured.</summary>
    public RttData? Rtt { get; init; }

    /// <summary>The same from the timestamps option; null if none was measured.</summary>
    public RttData? TimestampRtt { get; init; }

    /// <summary>What was remarkable about its segments, as Wireshark sees it.</summary>
    public AnalysisData Analysis { get; init; } = new();

    /// <summary>The endpoint: <c>10.0.0.1:49152</c>.</summary>
    public override string ToString() =>
        Address.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}");
}

/// <summary>Round trips of one end's segments.</summary>
public sealed record RttData
{
    /// <summary>How many were measured.</summary>
    public long Count { get; init; }

    /// <summary>The shortest.</summary>
    public TimeSpan Minimum { get; init; }

    /// <summary>The median; of a merged conversation, that of the piece with most samples.</summary>
    public TimeSpan Median { get; init; }

    /// <summary>The arithmetic mean.</summary>
    public TimeSpan Mean { get; init; }

    /// <summary>The longest.</summary>
    public TimeSpan Maximum { get; init; }

    /// <summary>The mean difference between one sample and the next.</summary>
    public TimeSpan Jitter { get; init; }
}

/// <summary>How many segments of one end have each of Wireshark's analysis flags.</summary>
public sealed record AnalysisData
{
    /// <summary>tcp.analysis.retransmission.</summary>
    public int Retransmissions { get; init; }

    /// <summary>tcp.analysis.fast_retransmission.</summary>
    public int FastRetransmissions { get; init; }

    /// <summary>tcp.analysis.spurious_retransmission.</summary>
    public int SpuriousRetransmissions { get; init; }

    /// <summary>tcp.analysis.out_of_order.</summary>
    public int OutOfOrder { get; init; }

    /// <summary>tcp.analysis.lost_segment.</summary>
    public int PreviousSegmentsNotCaptured { get; init; }

    /// <summary>tcp.analysis.ack_lost_segment.</summary>
    public int AckedUnseenSegments { get; init; }

    /// <summary>tcp.analysis.duplicate_ack.</summary>
    public int DuplicateAcks { get; init; }

    /// <summary>tcp.analysis.zero_window.</summary>
    public int ZeroWindows { get; init; }

    /// <summary>tcp.analysis.zero_window_probe.</summary>
    public int ZeroWindowProbes { get; init; }

    /// <summary>tcp.analysis.zero_window_probe_ack.</summary>
    public int ZeroWindowProbeAcks { get; init; }

    /// <summary>tcp.analysis.window_update.</summary>
    public int WindowUpdates { get; init; }

    /// <summary>tcp.analysis.window_full.</summary>
    public int WindowsFull { get; init; }

    /// <summary>tcp.analysis.keep_alive.</summary>
    public int KeepAlives { get; init; }

    /// <summary>tcp.analysis.keep_alive_ack.</summary>
    public int KeepAliveAcks { get; init; }

    /// <summary>tcp.analysis.reused_ports.</summary>
    public int PortReuses { get; init; }

    /// <summary>What there is, by Wireshark's names: <c>Retransmission 2, DuplicateAck 3</c>.</summary>
    public override string ToString() => string.Join(
        ", ",
        new (TcpAnalysisFlags Flag, int Count)[]
        {
            (TcpAnalysisFlags.Retransmission, Retransmissions),
            (TcpAnalysisFlags.FastRetransmission, FastRetransmissions),
            (TcpAnalysisFlags.SpuriousRetransmission, SpuriousRetransmissions),
            (TcpAnalysisFlags.OutOfOrder, OutOfOrder),
            (TcpAnalysisFlags.PreviousSegmentNotCaptured, PreviousSegmentsNotCaptured),
            (TcpAnalysisFlags.AckedUnseenSegment, AckedUnseenSegments),
            (TcpAnalysisFlags.DuplicateAck, DuplicateAcks),
            (TcpAnalysisFlags.ZeroWindow, ZeroWindows),
            (TcpAnalysisFlags.ZeroWindowProbe, ZeroWindowProbes),
            (TcpAnalysisFlags.ZeroWindowProbeAck, ZeroWindowProbeAcks),
            (TcpAnalysisFlags.WindowUpdate, WindowUpdates),
            (TcpAnalysisFlags.WindowFull, WindowsFull),
            (TcpAnalysisFlags.KeepAlive, KeepAlives),
            (TcpAnalysisFlags.KeepAliveAck, KeepAliveAcks),
            (TcpAnalysisFlags.PortReuse, PortReuses),
        }.Where(one => one.Count > 0).Select(one => $"{one.Flag} {one.Count}"));
}
