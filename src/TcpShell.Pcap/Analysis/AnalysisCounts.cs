using System.Numerics;
using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>How many segments of one end have each of <see cref="TcpAnalysisFlags"/>.</summary>
public sealed class AnalysisCounts
{
    private const int Flags = 17;

    private Counts _counts;

    /// <summary>Segments with a flag.</summary>
    /// <param name="flag">One flag.</param>
    public int this[TcpAnalysisFlags flag] => _counts[BitOperations.Log2((uint)flag)];

    /// <summary>Retransmissions of all kinds.</summary>
    public int Retransmissions => this[TcpAnalysisFlags.Retransmission];

    /// <summary>Fast retransmissions.</summary>
    public int FastRetransmissions => this[TcpAnalysisFlags.FastRetransmission];

    /// <summary>Spurious retransmissions.</summary>
    public int SpuriousRetransmissions => this[TcpAnalysisFlags.SpuriousRetransmission];

    /// <summary>Segments out of order.</summary>
    public int OutOfOrder => this[TcpAnalysisFlags.OutOfOrder];

    /// <summary>Segments with a gap before them.</summary>
    public int PreviousSegmentsNotCaptured => this[TcpAnalysisFlags.PreviousSegmentNotCaptured];

    /// <summary>ACKs of what was not captured.</summary>
    public int AckedUnseenSegments => this[TcpAnalysisFlags.AckedUnseenSegment];

    /// <summary>Duplicate ACKs.</summary>
    public int DuplicateAcks => this[TcpAnalysisFlags.DuplicateAck];

    /// <summary>Segments with a closed window.</summary>
    public int ZeroWindows => this[TcpAnalysisFlags.ZeroWindow];

    /// <summary>Probes of the peer's closed window.</summary>
    public int ZeroWindowProbes => this[TcpAnalysisFlags.ZeroWindowProbe];

    /// <summary>Answers to such probes.</summary>
    public int ZeroWindowProbeAcks => this[TcpAnalysisFlags.ZeroWindowProbeAck];

    /// <summary>Window updates.</summary>
    public int WindowUpdates => this[TcpAnalysisFlags.WindowUpdate];

    /// <summary>Segments that filled the peer's window.</summary>
    public int WindowsFull => this[TcpAnalysisFlags.WindowFull];

    /// <summary>Keep-alives.</summary>
    public int KeepAlives => this[TcpAnalysisFlags.KeepAlive];

    /// <summary>Answers to keep-alives.</summary>
    public int KeepAliveAcks => this[TcpAnalysisFlags.KeepAliveAck];

    /// <summary>SYNs that use the ports of an older connection.</summary>
    public int PortReuses => this[TcpAnalysisFlags.PortReuse];

    /// <summary><c>Retransmission 2, DuplicateAck 5</c>; empty where nothing is remarkable.</summary>
    public override string ToString() => string.Join(
        ", ", Enumerable.Range(0, Flags).Where(bit => _counts[bit] > 0).Select(bit => $"{(TcpAnalysisFlags)(1 << bit)} {_counts[bit]}"));

    internal void Add(TcpAnalysisFlags flags)
    {
        for (uint rest = (uint)flags; rest != 0; rest &= rest - 1)
        {
            _counts[BitOperations.TrailingZeroCount(rest)]++;
        }
    }

    [InlineArray(Flags)]
    private struct Counts
    {
        private int _first;
    }
}
