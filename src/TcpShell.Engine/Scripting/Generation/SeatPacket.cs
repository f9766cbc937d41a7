using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>A segment, or an ICMP error about one, as the seat under test sent or got it; numbers count from the initial ones.</summary>
internal sealed class SeatPacket(SegmentRecord segment, bool isInbound, SeatNumbers numbers)
{
    public SegmentRecord Segment { get; } = segment;

    public bool IsInbound { get; } = isInbound;

    /// <summary>When the seat sent or got it, in microseconds since the first packet.</summary>
    public long Time { get; set; }

    /// <summary>Its place in the order of all that happened in its trace; 0 in a capture.</summary>
    public long Order => IsInbound ? Segment.ArrivedOrder : Segment.SentOrder;

    public TcpFlags Flags { get; private set; } = segment.Flags;

    public int Length { get; private set; } = segment.Length;

    public bool IsSyn => Flags.Has(TcpFlags.SYN);

    public bool IsFin => Flags.Has(TcpFlags.FIN);

    public bool IsReset => Flags.Has(TcpFlags.RST);

    public bool IsAck => Flags.Has(TcpFlags.ACK);

    public bool IsIcmp => Segment.Icmp is not null;

    /// <summary>Whether it carries data as a stream does, which a reset's text is not.</summary>
    public bool HasData => Length > 0 && !IsReset && !IsIcmp;

    /// <summary>The first octet of data; 1 is the first of the stream.</summary>
    public int Start { get; } = numbers.Sequence(segment, isInbound) + (segment.Flags.Has(TcpFlags.SYN) ? 1 : 0);

    /// <summary>The octet after the last of data.</summary>
    public int End => Start + Length;

    /// <summary>The octet after the last, a FIN counted.</summary>
    public int EndWithFin => End + (IsFin ? 1 : 0);

    /// <summary>The acknowledgment number; counts only with ACK.</summary>
    public int Acknowledgment { get; } = numbers.Acknowledgment(segment, isInbound);

    /// <summary>Nothing but an acknowledgment.</summary>
    public bool IsPureAck => IsAck && Length == 0 && !Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST);

    /// <summary>Takes the data right behind its own to itself, as a host does that joins what comes at once.</summary>
    public void Join(SeatPacket next)
    {
        Length += next.Length;
        Time = next.Time;
        Flags |= next.Flags;
    }

    /// <summary>The end of the window that it tells.</summary>
    public long WindowEdge => Acknowledgment + (long)Segment.ScaledWindow;
}

/// <summary>What counts as 0 of each direction's sequence numbers.</summary>
/// <param name="Local">The initial sequence number of the seat under test.</param>
/// <param name="Remote">That of the other end.</param>
internal readonly record struct SeatNumbers(uint Local, uint Remote)
{
    /// <summary>The relative sequence number; what lies before the initial one is negative.</summary>
    public int Sequence(SegmentRecord segment, bool isInbound) =>
        segment.Icmp is not null ? unchecked((int)(segment.SequenceNumber - Local))
        : unchecked((int)(segment.SequenceNumber - (isInbound ? Remote : Local)));

    /// <summary>The relative acknowledgment number; as it is where it counts for nothing.</summary>
    public int Acknowledgment(SegmentRecord segment, bool isInbound) =>
        segment.Flags.Has(TcpFlags.ACK) ? unchecked((int)(segment.AcknowledgmentNumber - (isInbound ? Local : Remote))) : 0;
}
