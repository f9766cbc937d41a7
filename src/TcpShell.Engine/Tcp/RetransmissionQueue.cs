using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>One segment that was sent and is not acknowledged yet. SYN, FIN and data stand here; a pure ACK never does.</summary>
public sealed class SentSegment
{
    /// <summary>Its first sequence number.</summary>
    public SeqNumber SequenceNumber { get; internal set; }

    /// <summary>Octets of sequence space, SYN and FIN counted.</summary>
    public int Length { get; internal set; }

    /// <summary>The number after its last one.</summary>
    public SeqNumber End => SequenceNumber + Length;

    /// <summary>SYN or FIN, where it carries one.</summary>
    public TcpFlags Flags { get; internal set; }

    /// <summary>When it was first sent.</summary>
    public Timestamp FirstSent { get; internal init; }

    /// <summary>When it was last sent.</summary>
    public Timestamp LastSent { get; internal set; }

    /// <summary>How often it was sent.</summary>
    public int Transmissions { get; internal set; } = 1;

    /// <summary>Whether it is taken for lost and waits to be sent again; it does not count as in flight then.</summary>
    public bool Lost { get; internal set; }

    /// <summary>Why it was taken for lost.</summary>
    public TransmitReason LostBy { get; internal set; }
}

/// <summary>The segments that were sent and are not acknowledged, in the order of their sequence numbers (RFC 9293 3.10.7.4, RFC 6298).</summary>
public sealed class RetransmissionQueue
{
    private readonly LinkedList<SentSegment> _segments = new();

    // How many of them are taken for lost: mostly none, and then nobody need look for them.
    private int _lost;

    /// <summary>The oldest first.</summary>
    public IEnumerable<SentSegment> Segments => _segments;

    /// <summary>How many segments wait.</summary>
    public int Count => _segments.Count;

    /// <summary>Octets that are in the network as far as we know: sent and neither acknowledged nor taken for lost.</summary>
    public int InFlight { get; private set; }

    /// <summary>The oldest segment; null if everything is acknowledged.</summary>
    public SentSegment? Front => _segments.First?.Value;

    /// <summary>The first segment that waits to be sent again; null if none does.</summary>
    internal SentSegment? FirstLost()
    {
        LinkedListNode<SentSegment>? node = _lost == 0 ? null : _segments.First;
        while (node is { Value.Lost: false })
        {
            node = node.Next;
        }

        return node?.Value;
    }

    internal void Add(SentSegment segment)
    {
        _segments.AddLast(segment);
        InFlight += segment.Length;
    }

    internal void MarkLost(SentSegment segment, TransmitReason reason)
    {
        segment.LostBy = reason;
        if (!segment.Lost)
        {
            segment.Lost = true;
            InFlight -= segment.Length;
            _lost++;
        }
    }

    internal void MarkAllLost(TransmitReason reason)
    {
        foreach (SentSegment segment in _segments)
        {
            MarkLost(segment, reason);
        }
    }

    internal void MarkSentAgain(SentSegment segment, Timestamp now)
    {
        segment.Transmissions++;
        segment.LastSent = now;
        if (segment.Lost)
        {
            segment.Lost = false;
            InFlight += segment.Length;
            _lost--;
        }
    }

    /// <summary>
    /// Takes the lost segments behind a lost one into it, as long as they are data and fit: many small segments that were lost together
    /// go again as few large ones (RFC 9293 3.8.1), and not in a burst of as many packets.
    /// </summary>
    /// <param name="segment">A lost segment of data.</param>
    /// <param name="longest">Octets that fit in one segment.</param>
    /// <param name="edge">The right edge of the peer's window.</param>
    internal void MergeLost(SentSegment segment, int longest, SeqNumber edge)
    {
        LinkedListNode<SentSegment> node = _segments.Find(segment)!;
        while (segment.Flags == TcpFlags.None
            && node.Next is { Value: { Lost: true, Flags: TcpFlags.None } next }
            && segment.Length + next.Length <= longest
            && next.End <= edge)
        {
            segment.Length += next.Length;
            segment.Transmissions = Math.Max(segment.Transmissions, next.Transmissions);
            _segments.Remove(node.Next);
            _lost--;
        }
    }

    /// <summary>Cuts a segment in two, where a smaller segment has to be sent now than before.</summary>
    internal void Split(SentSegment segment, int length)
    {
        var rest = new SentSegment
        {
            SequenceNumber = segment.SequenceNumber + length,
            Length = segment.Length - length,
            Flags = segment.Flags & TcpFlags.FIN,
            FirstSent = segment.FirstSent,
            LastSent = segment.LastSent,
            Transmissions = segment.Transmissions,
            Lost = segment.Lost,
            LostBy = segment.LostBy,
        };
        segment.Length = length;
        segment.Flags &= ~TcpFlags.FIN;
        _segments.AddAfter(_segments.Find(segment)!, rest);
        _lost += rest.Lost ? 1 : 0;
    }

    /// <summary>
    /// Removes what an acknowledgment covers; a segment covered in part is shortened from the left.
    /// </summary>
    /// <param name="acknowledged">SEG.ACK.</param>
    /// <param name="sampleFrom">When the newest covered segment was sent, if it and every other covered one was sent once only (Karn); else null.</param>
    internal void Acknowledge(SeqNumber acknowledged, out Timestamp? sampleFrom)
    {
        sampleFrom = null;
        bool ambiguous = false;
        while (_segments.First is { } first && first.Value.SequenceNumber < acknowledged)
        {
            SentSegment segment = first.Value;
            ambiguous |= segment.Transmissions > 1;
            sampleFrom = segment.LastSent;
            if (segment.End > acknowledged)
            {
                int covered = acknowledged - segment.SequenceNumber;
                InFlight -= segment.Lost ? 0 : covered;
                segment.SequenceNumber = acknowledged;
                segment.Length -= covered;
                segment.Flags &= ~TcpFlags.SYN;
                break;
            }

            InFlight -= segment.Lost ? 0 : segment.Length;
            _lost -= segment.Lost ? 1 : 0;
            _segments.RemoveFirst();
        }

        sampleFrom = ambiguous ? null : sampleFrom;
    }

    internal void Clear()
    {
        _segments.Clear();
        InFlight = 0;
        _lost = 0;
    }
}
