using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// The segments that were sent and are not acknowledged, in the order of their sequence numbers, with what is known of each: in flight, SACKed
/// or lost (RFC 9293 3.10.7.4, RFC 6298, the scoreboard of RFC 6675 3). What an ACK costs depends on what it tells, not on how much is in flight.
/// </summary>
public sealed class RetransmissionQueue
{
    private static readonly Comparer<SentSegment> s_bySequence = Comparer<SentSegment>.Create(static (a, b) => a.SequenceNumber - b.SequenceNumber);

    private readonly SegmentRing _segments = new();
    private readonly TransmissionOrder _order = new();
    private readonly SackedRanges _ranges = new();
    private readonly SortedSet<SentSegment> _lost = new(s_bySequence);
    private long _transmissions;

    // All that is not SACKed below this number was looked at by MarkLostBelow.
    private SeqNumber _lostBelow;

    /// <summary>The oldest first.</summary>
    public IEnumerable<SentSegment> Segments
    {
        get
        {
            for (int i = 0; i < _segments.Count; i++)
            {
                yield return _segments[i];
            }
        }
    }

    /// <summary>How many segments wait.</summary>
    public int Count => _segments.Count;

    /// <summary>Octets that are in the network as far as we know: sent, and neither acknowledged nor SACKed nor taken for lost; RFC 6675's pipe.</summary>
    public int InFlight { get; private set; }

    /// <summary>Segments that were sent again and are in flight.</summary>
    public int Retransmitted { get; private set; }

    /// <summary>Segments that are taken for lost and wait to be sent again.</summary>
    public int Lost => _lost.Count;

    /// <summary>Segments that the peer has SACKed.</summary>
    public int Sacked { get; private set; }

    /// <summary>Octets of <see cref="Sacked"/>.</summary>
    public int SackedOctets { get; private set; }

    /// <summary>The oldest segment; null if everything is acknowledged.</summary>
    public SentSegment? Front => _segments.Count == 0 ? null : _segments[0];

    /// <summary>The newest segment; null if everything is acknowledged.</summary>
    internal SentSegment? Back => _segments.Count == 0 ? null : _segments[_segments.Count - 1];

    /// <summary>The first segment that waits to be sent again; null if none does.</summary>
    internal SentSegment? FirstLost => _lost.Count == 0 ? null : _lost.Min;

    /// <summary>The segment in flight that was sent before all others; null if nothing is in flight.</summary>
    internal SentSegment? SentFirst => _order.First;

    /// <summary>The number of the last transmission.</summary>
    internal long LastOrder => _transmissions;

    /// <summary>The number after the highest octet that was SACKed; null if none is.</summary>
    internal SeqNumber? HighestSacked => _ranges.Count == 0 ? null : _ranges[_ranges.Count - 1].Right;

    internal void Add(SentSegment segment)
    {
        _lostBelow = Count == 0 ? segment.SequenceNumber : _lostBelow;
        _segments.AddLast(segment);
        Launch(segment, copies: 1);
    }

    internal void MarkLost(SentSegment segment, LossCause cause)
    {
        segment.Cause = cause;
        if (!segment.Lost && !segment.Sacked)
        {
            Land(segment);
            segment.Lost = true;
            _lost.Add(segment);
        }
    }

    /// <summary>IsLost of RFC 6675 4: what is not SACKed and lies below this number is lost [6675-2]; null where nothing is.</summary>
    /// <param name="segmentSize">SMSS.</param>
    /// <param name="threshold">DupThresh.</param>
    internal SeqNumber? LossEdge(int segmentSize, int threshold) => _ranges.LossEdge(segmentSize, threshold);

    internal void MarkAllLost(LossCause cause)
    {
        for (int i = 0; i < _segments.Count; i++)
        {
            MarkLost(_segments[i], cause);
        }
    }

    /// <summary>Whatever is not SACKed and lies below a number is lost, but what was sent again since is not lost again [6675-7].</summary>
    /// <returns>The order of the segment sent last of those that were not known to be lost before; 0 if there is none.</returns>
    internal long MarkLostBelow(SeqNumber edge, LossCause cause)
    {
        long found = 0;
        for (int i = _segments.FirstEndingAfter(_lostBelow); i < _segments.Count && _segments[i].End <= edge; i++)
        {
            SentSegment segment = _segments[i];
            if (segment.Copies == 2)
            {
                // Of its two copies the first is lost; the second may arrive [6675-3].
                InFlight -= segment.Length;
                segment.Copies = 1;
            }
            else if (segment is { Sacked: false, Transmissions: 1, Lost: false })
            {
                MarkLost(segment, cause);
                found = Math.Max(found, segment.Order);
            }
        }

        _lostBelow = SeqNumber.Max(_lostBelow, edge);
        return found;
    }

    /// <summary>What was taken for lost by mistake is in flight again, and may be found lost again.</summary>
    internal void UnmarkLost()
    {
        foreach (SentSegment segment in _lost)
        {
            segment.Lost = false;
            Launch(segment, copies: 1, order: segment.Order);
        }

        _lost.Clear();
        _order.Clear();
        foreach (SentSegment segment in Segments.Where(segment => segment.Copies > 0).OrderBy(segment => segment.Order))
        {
            _order.AddLast(segment);
        }

        LookAgain();
    }

    /// <summary>The next <see cref="MarkLostBelow"/> begins at the oldest segment.</summary>
    internal void LookAgain() => _lostBelow = Front?.SequenceNumber ?? _lostBelow;

    /// <summary>A segment was sent again.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="now">The time.</param>
    /// <param name="both">Whether its former transmission counts as in flight too.</param>
    internal void MarkSentAgain(SentSegment segment, Timestamp now, bool both = false)
    {
        if (segment.Lost)
        {
            segment.Lost = false;
            _lost.Remove(segment);
        }

        int copies = both && segment.Copies > 0 ? 2 : 1;
        Land(segment);
        segment.Transmissions++;
        segment.LastSent = now; // [8985-2]
        if (!segment.Sacked)
        {
            Launch(segment, copies);
        }
    }

    /// <summary>
    /// Takes the segments behind one into it that is about to be sent again, as long as they are data, not SACKed, and fit: many small segments
    /// go again as few large ones (RFC 9293 3.8.1), and not in a burst of as many packets.
    /// </summary>
    /// <param name="segment">A segment of data.</param>
    /// <param name="longest">Octets that fit in one segment.</param>
    /// <param name="room">Octets by which what is in flight may grow.</param>
    /// <param name="edge">The right edge of the peer's window.</param>
    internal void Collapse(SentSegment segment, int longest, int room, SeqNumber edge)
    {
        int index = _segments.FirstEndingAfter(segment.SequenceNumber);
        int count = 0;
        int length = segment.Length;
        int transmissions = segment.Transmissions;
        room -= segment.Lost ? length : 0;
        bool endsRecord = segment.EndsRecord;
        while (segment.Flags == TcpFlags.None
            && !endsRecord
            && index + count + 1 < _segments.Count
            && _segments[index + count + 1] is { Sacked: false, Flags: TcpFlags.None } next
            && length + next.Length <= longest
            && next.End <= edge
            && (!next.Lost || next.Length <= room))
        {
            room -= next.Lost ? next.Length : 0;
            length += next.Length;
            endsRecord = next.EndsRecord;
            count++;
            Land(next);
            if (next.Lost)
            {
                _lost.Remove(next);
            }

            transmissions = Math.Max(transmissions, next.Transmissions);
        }

        if (count > 0)
        {
            InFlight += segment.Copies * (length - segment.Length);
            Retransmitted += segment is { Copies: > 0, Transmissions: 1 } && transmissions > 1 ? 1 : 0;
            segment.Length = length;
            segment.EndsRecord = endsRecord;
            segment.Transmissions = transmissions;
            _segments.RemoveRange(index + 1, count);
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
            Sacked = segment.Sacked,
            Lost = segment.Lost,
            Cause = segment.Cause,
            SentBefore = segment.SentBefore,
            Order = segment.Order,
            Copies = segment.Copies,
            EndsRecord = segment.EndsRecord,
        };
        segment.Length = length;
        segment.EndsRecord = false;
        segment.Flags &= ~TcpFlags.FIN;
        _segments.Insert(_segments.FirstEndingAfter(segment.SequenceNumber) + 1, rest);
        Sacked += rest.Sacked ? 1 : 0;
        if (rest.Lost)
        {
            _lost.Add(rest);
        }
        else if (rest.Copies > 0)
        {
            _order.AddAfter(segment, rest);
            Retransmitted += rest.Transmissions > 1 ? 1 : 0;
        }
    }

    /// <summary>Removes what an acknowledgment covers; a segment covered in part is shortened from the left.</summary>
    /// <param name="acknowledged">SEG.ACK.</param>
    /// <param name="delivered">Gets the segments of which this is the first word that they arrived.</param>
    /// <returns>When the newest of these was sent, if every covered segment was sent once only [6298-6]; else null.</returns>
    internal Timestamp? Acknowledge(SeqNumber acknowledged, List<SentSegment> delivered)
    {
        Timestamp? sampleFrom = null;
        bool ambiguous = false;
        while (Front is { } front && front.SequenceNumber < acknowledged)
        {
            ambiguous |= front.Transmissions > 1;
            sampleFrom = front.Sacked ? sampleFrom : front.LastSent;
            if (front.End > acknowledged)
            {
                int covered = acknowledged - front.SequenceNumber;
                InFlight -= front.Copies * covered;
                SackedOctets -= front.Sacked ? covered : 0;
                front.SequenceNumber = acknowledged;
                front.Length -= covered;
                front.Flags &= ~TcpFlags.SYN;
                break;
            }

            Forget(front);
            if (front.Sacked)
            {
                Sacked--;
                SackedOctets -= front.Length;
            }
            else
            {
                delivered.Add(front);
            }

            _segments.RemoveFirst();
        }

        _ranges.RemoveBelow(acknowledged);
        _lostBelow = SeqNumber.Max(_lostBelow, acknowledged);
        return ambiguous ? null : sampleFrom;
    }

    /// <summary>
    /// The peer holds a block. Only whole segments count, so that blocks of whatever size and number make no more ranges than there are segments.
    /// Nothing is freed before the cumulative ACK covers it [2018-6, 6675-1].
    /// </summary>
    /// <param name="block">A block that lies in what was sent.</param>
    /// <param name="delivered">Gets the segments of which this is the first word that they arrived.</param>
    internal void Sack(SackBlock block, List<SentSegment> delivered)
    {
        int first = _segments.FirstEndingAfter(block.Left);
        first += first < _segments.Count && _segments[first].SequenceNumber < block.Left ? 1 : 0;
        int end = _segments.FirstEndingAfter(block.Right);
        if (first >= end)
        {
            return;
        }

        SeqNumber left = _segments[first].SequenceNumber;
        SeqNumber right = _segments[end - 1].End;
        int range = _ranges.FirstEndingAfter(left);
        for (int i = first; i < end; range++)
        {
            // Up to the next known range the segments are news; those in it are passed over.
            SeqNumber news = range < _ranges.Count ? _ranges[range].Left : right;
            for (; i < end && _segments[i].SequenceNumber < news; i++)
            {
                Forget(_segments[i]);
                _segments[i].Sacked = true;
                Sacked++;
                SackedOctets += _segments[i].Length;
                delivered.Add(_segments[i]);
            }

            i = i < end ? _segments.FirstEndingAfter(_ranges[range].Right) : i;
        }

        _ranges.Add(left, right);
    }

    /// <summary>The peer has dropped what it told to hold: SACK says nothing any more [2018-7].</summary>
    internal void ForgetSacks()
    {
        for (int i = 0; i < _segments.Count; i++)
        {
            if (_segments[i].Sacked)
            {
                _segments[i].Sacked = false;
                Launch(_segments[i], copies: 1);
            }
        }

        Sacked = SackedOctets = 0;
        _ranges.Clear();
        LookAgain();
    }

    /// <summary>The first segment from a number on that is neither SACKed nor lost nor sent again, and ends at or before another number.</summary>
    internal SentSegment? FirstUntouched(SeqNumber from, SeqNumber end)
    {
        for (int i = _segments.FirstEndingAfter(from); i < _segments.Count && _segments[i].End <= end; i++)
        {
            if (_segments[i] is { Sacked: false, Lost: false, Transmissions: 1 } segment)
            {
                return segment;
            }
        }

        return null;
    }

    /// <summary>The newest segment that is not SACKed; null if there is none.</summary>
    internal SentSegment? LastNotSacked()
    {
        SeqNumber end = HighestSacked is { } highest && highest == Back?.End ? _ranges[_ranges.Count - 1].Left : Back?.End ?? default;
        int index = _segments.FirstEndingAfter(end - 1);
        return index < _segments.Count && !_segments[index].Sacked ? _segments[index] : null;
    }

    internal void Clear()
    {
        _segments.Clear();
        _order.Clear();
        _ranges.Clear();
        _lost.Clear();
        InFlight = Sacked = SackedOctets = Retransmitted = 0;
    }

    /// <summary>A segment goes into the network [8985-2].</summary>
    private void Launch(SentSegment segment, int copies, long? order = null)
    {
        segment.Copies = copies;
        segment.Order = order ?? ++_transmissions;
        InFlight += copies * segment.Length;
        Retransmitted += segment.Transmissions > 1 ? 1 : 0;
        _order.AddLast(segment);
    }

    /// <summary>A segment leaves the network, or is believed to have.</summary>
    private void Land(SentSegment segment)
    {
        if (segment.Copies > 0)
        {
            InFlight -= segment.Copies * segment.Length;
            Retransmitted -= segment.Transmissions > 1 ? 1 : 0;
            segment.Copies = 0;
            _order.Remove(segment);
        }
    }

    /// <summary>A segment has arrived.</summary>
    private void Forget(SentSegment segment)
    {
        Land(segment);
        if (segment.Lost)
        {
            segment.Lost = false;
            _lost.Remove(segment);
        }
    }
}
