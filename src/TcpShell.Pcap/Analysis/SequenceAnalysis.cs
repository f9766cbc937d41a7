using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Finds out what is remarkable about the segments of one conversation. The rules, their order and their limits of time are those of
/// Wireshark 4.0's sequence analysis, so that counts and filters that people know carry over.
/// </summary>
internal sealed class SequenceAnalysis
{
    // What came this soon after duplicate ACKs was caused by them.
    private static readonly TimeSpan s_fastRetransmissionLimit = TimeSpan.FromMilliseconds(20);

    // Where no round trip was measured in the handshake, what comes this soon after a later segment was overtaken by it.
    private static readonly TimeSpan s_reorderingLimit = TimeSpan.FromMilliseconds(3);

    private const TcpFlags Controls = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST;

    private readonly Direction _client = new();
    private readonly Direction _server = new();

    /// <summary>Takes the next segment.</summary>
    /// <param name="isClients">Whether the client sent it.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="length">Octets of data, captured or not.</param>
    /// <param name="time">When it was seen.</param>
    /// <param name="handshakeRtt">The round trip of the handshake; null if it was not seen.</param>
    public TcpAnalysisFlags Add(bool isClients, in TcpSegment segment, int length, Timestamp time, TimeSpan? handshakeRtt)
    {
        (Direction own, Direction other) = isClients ? (_client, _server) : (_server, _client);
        TcpAnalysisFlags flags = Classify(own, other, segment, length);
        if (segment.AcknowledgmentNumber != own.LastAck)
        {
            own.DuplicateAcks = 0;
        }

        // Told once for each gap: again only when the other end has sent something since, or was known to have sent more.
        if (other.HasMaximum && !other.IsMissingTold && segment.Flags.Has(TcpFlags.ACK) && segment.AcknowledgmentNumber > other.MaximumToBeAcked)
        {
            flags |= TcpAnalysisFlags.AckedUnseenSegment;
            other.IsMissingTold = other.MaximumToBeAcked == other.Next;
            other.MaximumToBeAcked = other.Next;
        }

        bool takesSpace = length > 0 || segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN);
        if (takesSpace && own.HasNext && (flags & TcpAnalysisFlags.KeepAlive) == 0)
        {
            flags |= ClassifyRepeated(own, other, segment, length, time, handshakeRtt);
        }

        Remember(own, segment, length, time, flags);
        if (segment.Flags.Has(TcpFlags.SYN))
        {
            NoteScale(own, other, segment);
        }

        return flags;
    }

    private static TcpAnalysisFlags Classify(Direction own, Direction other, in TcpSegment segment, int length)
    {
        if (length == 1 && own.HasNext && segment.SequenceNumber == own.Next && other.Window == 0)
        {
            return TcpAnalysisFlags.ZeroWindowProbe;
        }

        bool isPlain = !segment.Flags.HasAny(Controls);
        var flags = TcpAnalysisFlags.None;
        if (isPlain && segment.Window == 0)
        {
            flags |= TcpAnalysisFlags.ZeroWindow;
        }

        if (own.HasNext && segment.SequenceNumber > own.Next && !segment.Flags.Has(TcpFlags.RST))
        {
            flags |= TcpAnalysisFlags.PreviousSegmentNotCaptured;
        }

        if (!isPlain)
        {
            return flags;
        }

        if (length <= 1 && own.HasNext && segment.SequenceNumber == own.Next - 1)
        {
            flags |= TcpAnalysisFlags.KeepAlive;
        }

        if (length > 0)
        {
            return flags | (FillsWindow(other, segment.SequenceNumber + length) ? TcpAnalysisFlags.WindowFull : 0);
        }

        return flags | ClassifyAck(own, other, segment);
    }

    /// <summary>A segment without data, SYN, FIN and RST.</summary>
    private static TcpAnalysisFlags ClassifyAck(Direction own, Direction other, in TcpSegment segment)
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

        if (segment.Window != 0)
        {
            if ((other.LastFlags & TcpAnalysisFlags.KeepAlive) != 0 && (repeatsAck || segment.AcknowledgmentNumber == own.LastAck + 1))
            {
                return TcpAnalysisFlags.KeepAliveAck;
            }

            own.DuplicateAcks += repeatsAck ? 1 : 0;
            return repeatsAck ? TcpAnalysisFlags.DuplicateAck : TcpAnalysisFlags.None;
        }

        if ((other.LastFlags & TcpAnalysisFlags.ZeroWindowProbe) == 0 || (!repeatsAck && segment.AcknowledgmentNumber != own.LastAck + 1))
        {
            return TcpAnalysisFlags.None;
        }

        if (!repeatsAck)
        {
            // The receiver took the probe's octet after all.
            other.Next += 1;
            other.MaximumToBeAcked += 1;
        }

        return TcpAnalysisFlags.ZeroWindowProbeAck;
    }

    private static bool FillsWindow(Direction receiver, SeqNumber end) =>
        receiver.Window >= 0 && receiver.Shift is { } shift && end == receiver.LastAck + (receiver.Window << shift);

    /// <summary>Whether a segment repeats something, and how.</summary>
    private static TcpAnalysisFlags ClassifyRepeated(Direction own, Direction other, in TcpSegment segment, int length, Timestamp time, TimeSpan? handshakeRtt)
    {
        bool beginsBefore = segment.SequenceNumber < own.Next;
        SeqNumber end = TcpConversationSide.EndOf(segment, length);
        if (beginsBefore && other.DuplicateAcks >= 2 && other.LastAck == segment.SequenceNumber && time - other.LastAckTime < s_fastRetransmissionLimit)
        {
            return TcpAnalysisFlags.FastRetransmission | TcpAnalysisFlags.Retransmission;
        }

        TimeSpan late = time - own.NextTime;
        if (beginsBefore && late >= TimeSpan.Zero && late < (handshakeRtt ?? s_reorderingLimit) && own.Next != end)
        {
            return TcpAnalysisFlags.OutOfOrder;
        }

        // What was acknowledged is spurious even where its first transmission was not captured.
        return length > 0 && other.HasAck && other.LastAck != 0 && segment.SequenceNumber + length <= other.LastAck
            ? TcpAnalysisFlags.SpuriousRetransmission | TcpAnalysisFlags.Retransmission
            : beginsBefore ? TcpAnalysisFlags.Retransmission : TcpAnalysisFlags.None;
    }

    private static void Remember(Direction own, in TcpSegment segment, int length, Timestamp time, TcpAnalysisFlags flags)
    {
        SeqNumber next = segment.SequenceNumber + length + (segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN) ? 1 : 0);
        bool isProbe = (flags & TcpAnalysisFlags.ZeroWindowProbe) != 0;
        if (!isProbe && (!own.HasNext || next > own.Next))
        {
            own.HasNext = true;
            own.Next = next;
            own.NextTime = time;
        }

        if (!isProbe && (!own.HasMaximum || segment.SequenceNumber == own.MaximumToBeAcked))
        {
            own.HasMaximum = true;
            own.MaximumToBeAcked = own.Next;
        }

        own.IsMissingTold = false;
        own.Window = segment.Window;
        own.HasAck |= segment.Flags.Has(TcpFlags.ACK);
        own.LastAck = segment.AcknowledgmentNumber;
        own.LastAckTime = time;
        own.LastFlags = flags;
        own.Sack = segment.Options.Sack;
    }

    /// <summary>Windows are scaled if both SYNs say so; before the SYN,ACK nobody knows, unless the SYN has a scale.</summary>
    private static void NoteScale(Direction own, Direction other, in TcpSegment segment)
    {
        own.Shift = segment.Options.WindowScale is { } shift ? Math.Min((int)shift, 14) : null;
        if (segment.Flags.Has(TcpFlags.ACK) && (own.Shift is null || other.Shift is null))
        {
            own.Shift = other.Shift = 0;
        }
    }

    /// <summary>What is remembered of one end.</summary>
    private sealed class Direction
    {
        public bool HasNext;
        public bool HasMaximum;
        public bool HasAck;
        public bool IsMissingTold;
        public SeqNumber Next;
        public Timestamp NextTime;
        public SeqNumber MaximumToBeAcked;
        public SeqNumber LastAck;
        public Timestamp LastAckTime;
        public SackBlocks Sack;
        public TcpAnalysisFlags LastFlags;
        public int DuplicateAcks;
        public int? Shift;
        public int Window = -1;
    }
}
