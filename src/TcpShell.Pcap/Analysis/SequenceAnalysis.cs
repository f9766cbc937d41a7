using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Finds out what is remarkable about the segments of one conversation. The rules, their order and their limits of time are those of
/// Wireshark 4.0's sequence analysis, so that counts and filters that people know carry over.
/// </summary>
internal static class SequenceAnalysis
{
    // What came this soon after duplicate ACKs was caused by them, in nanoseconds.
    private const long FastRetransmissionLimit = 20_000_000;

    // Where no round trip was measured in the handshake, what comes this soon after a later segment was overtaken by it.
    private const long ReorderingLimit = 3_000_000;

    private const TcpFlags Controls = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST;

    /// <summary>Takes the next segment.</summary>
    /// <param name="own">What is remembered of its sender.</param>
    /// <param name="other">What is remembered of the other end.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="handshakeRtt">The round trip of the handshake in nanoseconds; negative if it was not seen.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TcpAnalysisFlags Add(ref DirectionState own, ref DirectionState other, in SegmentSummary segment, long handshakeRtt)
    {
        TcpAnalysisFlags flags = Classify(ref own, other, segment);
        if (segment.AcknowledgmentNumber != own.LastAck)
        {
            own.DuplicateAcks = 0;
            own.AckFrame = segment.Frame;
        }

        // Told once for each gap: again only when the other end has sent something since, or was known to have sent more.
        if (other.HasMaximum && !other.IsMissingTold && segment.Has(TcpFlags.ACK) && IsAfter(segment.AcknowledgmentNumber, other.MaximumToBeAcked))
        {
            flags |= TcpAnalysisFlags.AckedUnseenSegment;
            other.IsMissingTold = other.MaximumToBeAcked == other.Next;
            other.MaximumToBeAcked = other.Next;
        }

        bool takesSpace = segment.Length > 0 || (segment.Flags & (TcpFlags.SYN | TcpFlags.FIN)) != 0;
        if (takesSpace && (flags & TcpAnalysisFlags.KeepAlive) == 0)
        {
            flags |= ClassifyRepeated(own, other, segment, handshakeRtt);
        }

        Remember(ref own, segment, flags);
        if (segment.Has(TcpFlags.SYN))
        {
            NoteScale(ref own, ref other, segment);
        }

        return flags;
    }

    /// <summary>Takes a segment of which it is known that it is the next one in its order and nothing is remarkable about it: what <see cref="Add"/> comes to then.</summary>
    /// <param name="own">What is remembered of its sender.</param>
    /// <param name="segment">The segment.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddUsual(ref DirectionState own, in SegmentSummary segment)
    {
        if (segment.AcknowledgmentNumber != own.LastAck)
        {
            own.DuplicateAcks = 0;
            own.AckFrame = segment.Frame;
        }

        if (segment.Length > 0)
        {
            uint before = own.Next;
            own.Next = unchecked(before + (uint)segment.Length);
            own.NextTime = segment.Time;
            own.MaximumToBeAcked = own.MaximumToBeAcked == before ? own.Next : own.MaximumToBeAcked;
        }

        own.IsMissingTold = false;
        own.IsSynWindow = false;
        own.Window = segment.Window;
        own.HasAck = true;
        own.LastAck = segment.AcknowledgmentNumber;
        own.LastAckTime = segment.Time;
        own.LastFlags = TcpAnalysisFlags.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TcpAnalysisFlags Classify(ref DirectionState own, in DirectionState other, in SegmentSummary segment)
    {
        if (segment.Length == 1 && own.HasNext && segment.SequenceNumber == own.Next && other.Window == 0)
        {
            return TcpAnalysisFlags.ZeroWindowProbe;
        }

        bool isPlain = (segment.Flags & Controls) == 0;
        var flags = TcpAnalysisFlags.None;
        if (isPlain && segment.Window == 0)
        {
            flags |= TcpAnalysisFlags.ZeroWindow;
        }

        if (own.HasNext && IsAfter(segment.SequenceNumber, own.Next) && !segment.Has(TcpFlags.RST))
        {
            flags |= TcpAnalysisFlags.PreviousSegmentNotCaptured;
        }

        if (!isPlain)
        {
            return flags;
        }

        if (segment.Length <= 1 && own.HasNext && segment.SequenceNumber == unchecked(own.Next - 1))
        {
            flags |= TcpAnalysisFlags.KeepAlive;
        }

        if (segment.Length > 0)
        {
            return flags | (FillsWindow(other, unchecked(segment.SequenceNumber + (uint)segment.Length)) ? TcpAnalysisFlags.WindowFull : 0);
        }

        return flags | ClassifyAck(ref own, other, segment);
    }

    /// <summary>A segment without data, SYN, FIN and RST.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TcpAnalysisFlags ClassifyAck(ref DirectionState own, in DirectionState other, in SegmentSummary segment)
    {
        if (!own.HasNext || segment.SequenceNumber != own.Next)
        {
            return TcpAnalysisFlags.None;
        }

        bool repeatsAck = segment.AcknowledgmentNumber == own.LastAck;
        if (segment.Window != own.Window)
        {
            return repeatsAck && segment.Window != 0 ? TcpAnalysisFlags.WindowUpdate : TcpAnalysisFlags.None;
        }

        if (!repeatsAck)
        {
            // Also where it acknowledges the octet of a keep-alive or a probe: then that was data, and this is an ordinary ACK.
            return TcpAnalysisFlags.None;
        }

        if (segment.Window == 0)
        {
            return (other.LastFlags & TcpAnalysisFlags.ZeroWindowProbe) != 0 ? TcpAnalysisFlags.ZeroWindowProbeAck : TcpAnalysisFlags.None;
        }

        if ((other.LastFlags & TcpAnalysisFlags.KeepAlive) != 0)
        {
            return TcpAnalysisFlags.KeepAliveAck;
        }

        own.DuplicateAcks++;
        return TcpAnalysisFlags.DuplicateAck;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool FillsWindow(in DirectionState receiver, uint end) =>
        receiver.Window >= 0 && receiver.Shift >= 0 && end == unchecked(receiver.LastAck + ((uint)receiver.Window << (receiver.IsSynWindow ? 0 : receiver.Shift)));

    /// <summary>Whether a segment repeats something, and how.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TcpAnalysisFlags ClassifyRepeated(in DirectionState own, in DirectionState other, in SegmentSummary segment, long handshakeRtt)
    {
        // What was acknowledged is spurious, however soon it comes, and also where its first transmission was not captured.
        if (segment.Length > 0 && other.HasAck && other.LastAck != 0 && !IsAfter(unchecked(segment.SequenceNumber + (uint)segment.Length), other.LastAck))
        {
            return TcpAnalysisFlags.SpuriousRetransmission | TcpAnalysisFlags.Retransmission;
        }

        // Of a segment that begins with the last octet before, that octet may have been a probe of a closed window; the rest is new.
        bool beginsBefore = own.HasNext && IsAfter(own.Next, segment.SequenceNumber) && (segment.Length <= 1 || segment.SequenceNumber != unchecked(own.Next - 1));
        if (beginsBefore && other.DuplicateAcks >= 2 && other.LastAck == segment.SequenceNumber && segment.Time - other.LastAckTime < FastRetransmissionLimit)
        {
            return TcpAnalysisFlags.FastRetransmission | TcpAnalysisFlags.Retransmission;
        }

        long late = segment.Time - own.NextTime;
        if (beginsBefore && late >= 0 && late < (handshakeRtt >= 0 ? handshakeRtt : ReorderingLimit) && own.Next != segment.End)
        {
            return TcpAnalysisFlags.OutOfOrder;
        }

        return beginsBefore ? TcpAnalysisFlags.Retransmission : TcpAnalysisFlags.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Remember(ref DirectionState own, in SegmentSummary segment, TcpAnalysisFlags flags)
    {
        bool isProbe = (flags & TcpAnalysisFlags.ZeroWindowProbe) != 0;
        if (!isProbe)
        {
            // SYN and FIN in one segment count once here, as in Wireshark.
            uint next = unchecked(segment.SequenceNumber + (uint)segment.Length + ((segment.Flags & (TcpFlags.SYN | TcpFlags.FIN)) != 0 ? 1u : 0));
            if (!own.HasNext || IsAfter(next, own.Next))
            {
                own.HasNext = true;
                own.Next = next;
                own.NextTime = segment.Time;
            }

            if (!own.HasMaximum || segment.SequenceNumber == own.MaximumToBeAcked)
            {
                own.HasMaximum = true;
                own.MaximumToBeAcked = own.Next;
            }
        }

        own.IsMissingTold = false;
        own.Window = segment.Window;
        own.IsSynWindow = segment.Has(TcpFlags.SYN);
        own.HasAck |= segment.Has(TcpFlags.ACK);
        own.LastAck = segment.AcknowledgmentNumber;
        own.LastAckTime = segment.Time;
        own.LastFlags = flags;
    }

    /// <summary>Windows are scaled if both SYNs say so; before the SYN,ACK nobody knows, unless the SYN has a scale.</summary>
    private static void NoteScale(ref DirectionState own, ref DirectionState other, in SegmentSummary segment)
    {
        own.Shift = segment.Has(SegmentOptions.WindowScale) ? (sbyte)Math.Min((int)segment.WindowScale, 14) : DirectionState.NoShift;
        if (segment.Has(TcpFlags.ACK) && (own.Shift < 0 || other.Shift < 0))
        {
            own.Shift = other.Shift = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsAfter(uint number, uint other) => unchecked((int)(number - other)) > 0;
}

/// <summary>What Wireshark's rules remember of one end.</summary>
internal struct DirectionState
{
    /// <summary>The scale is not known.</summary>
    public const sbyte NoShift = -1;

    public long NextTime;
    public long LastAckTime;

    /// <summary>The frame that told <see cref="LastAck"/> first; 0 where segments came without numbers.</summary>
    public long AckFrame;

    public uint Next;
    public uint MaximumToBeAcked;
    public uint LastAck;
    public TcpAnalysisFlags LastFlags;
    public int DuplicateAcks;
    public int Window = -1;
    public sbyte Shift = NoShift;
    public bool HasNext;
    public bool HasMaximum;
    public bool HasAck;
    public bool IsMissingTold;

    /// <summary>The window is a SYN's, which is not scaled (RFC 7323 2.2).</summary>
    public bool IsSynWindow;

    public DirectionState()
    {
    }
}
