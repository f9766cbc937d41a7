using TcpShell.Wire;

namespace TcpShell.Tcp.Recovery;

/// <summary>
/// RACK (RFC 8985 6): a segment is lost if something that was sent well after it has arrived. How much later "well after" is, adapts to what
/// the path reorders.
/// </summary>
internal sealed class Rack
{
    // DupThresh: so many SACKed segments make loss likelier than reordering.
    private const int DuplicateThreshold = 3;

    // Recoveries without a D-SACK after which a widened window is narrow again (RFC 8985 6.2.1 step 4).
    private const int KeptRecoveries = 16;

    private int _multiplier = 1;
    private int _recoveriesToKeep;
    private SeqNumber? _duplicateRound;

    // The last transmission among those that the present ACK tells of; 0 before the first.
    private long _newestOfAck;

    // Whether the present ACK has told of reordering.
    private bool _reorderingOfAck;

    // RACK.fack: the number after the highest octet that has arrived.
    private SeqNumber _highestDelivered;

    /// <summary>The order of RACK.segment: of what has arrived, the segment sent last; 0 before the first.</summary>
    public long Order { get; private set; }

    /// <summary>When RACK.segment was sent (RACK.xmit_ts).</summary>
    public Timestamp Sent { get; private set; }

    /// <summary>How long that took which was sent last of what the last ACK has told of (RACK.rtt).</summary>
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>Whether the path was ever seen to reorder.</summary>
    public bool ReorderingSeen => Reorderings > 0;

    /// <summary>How often it was.</summary>
    public int Reorderings { get; private set; }

    /// <summary>The largest distance that was seen, in octets, between what arrived late and what had arrived before it.</summary>
    public int LargestDistance { get; private set; }

    /// <summary>The connection starts.</summary>
    /// <param name="iss">ISS.</param>
    public void Start(SeqNumber iss) => _highestDelivered = iss;

    /// <summary>A segment was acknowledged or SACKed for the first time; in ascending order for each ACK [8985-3, 8985-4].</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="now">The time.</param>
    /// <param name="ofOlderCopy">Whether the echoed timestamp shows that an older copy of it arrived.</param>
    /// <param name="minimum">The smallest round-trip time.</param>
    /// <param name="bySequence">Whether the segment with the highest number gives the round-trip time, not the one sent last.</param>
    public void Delivered(SentSegment segment, Timestamp now, bool ofOlderCopy, TimeSpan? minimum, bool bySequence)
    {
        bool again = segment.Transmissions > 1;
        if (segment.End >= _highestDelivered)
        {
            _highestDelivered = segment.End;
        }
        else if (!again)
        {
            Reorderings += _reorderingOfAck ? 0 : 1;
            _reorderingOfAck = true;
            LargestDistance = Math.Max(LargestDistance, _highestDelivered - segment.SequenceNumber);
        }

        TimeSpan roundTrip = now - segment.LastSent;
        if (again && (ofOlderCopy || roundTrip < minimum))
        {
            return;
        }

        if (bySequence || segment.Order > _newestOfAck)
        {
            _newestOfAck = segment.Order;
            RoundTrip = roundTrip;
        }

        if (segment.Order > Order)
        {
            Order = segment.Order;
            Sent = segment.LastSent;
        }
    }

    /// <summary>An ACK was looked at. Numbers below this one are acknowledged; the highest one that arrived never falls behind it.</summary>
    /// <param name="una">SND.UNA.</param>
    public void Acknowledged(SeqNumber una)
    {
        _newestOfAck = 0;
        _reorderingOfAck = false;
        _highestDelivered = SeqNumber.Max(_highestDelivered, una);
        _duplicateRound = _duplicateRound is { } round && una < round ? round : null;
    }

    /// <summary>An ACK came with a D-SACK: the reordering window was too small. It grows once in a round trip.</summary>
    /// <param name="next">SND.NXT.</param>
    public void DuplicateArrived(SeqNumber next)
    {
        if (_duplicateRound is null)
        {
            _duplicateRound = next;
            _multiplier++;
            _recoveriesToKeep = KeptRecoveries;
        }
    }

    /// <summary>A recovery is over.</summary>
    public void RecoveryEnded()
    {
        _recoveriesToKeep--;
        if (_recoveriesToKeep <= 0)
        {
            _multiplier = 1;
        }
    }

    /// <summary>RACK.reo_wnd [8985-5]: a quarter of the smallest round-trip time, or more where D-SACKs asked for more, but no more than SRTT.</summary>
    /// <param name="inRecovery">Whether recovery is under way.</param>
    /// <param name="sacked">SACKed segments.</param>
    /// <param name="minimum">The smallest round-trip time.</param>
    /// <param name="smoothed">SRTT.</param>
    public TimeSpan ReorderingWindow(bool inRecovery, int sacked, TimeSpan minimum, TimeSpan smoothed)
    {
        if (!ReorderingSeen && (inRecovery || sacked >= DuplicateThreshold))
        {
            return TimeSpan.Zero;
        }

        TimeSpan window = minimum * (_multiplier / 4.0);
        return window < smoothed ? window : smoothed;
    }

    /// <summary>How long to wait yet until a segment is lost; zero or less if it is [8985-6]. Null if nothing sent after it has arrived.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="window">The reordering window.</param>
    /// <param name="now">The time.</param>
    public TimeSpan? Remaining(SentSegment segment, TimeSpan window, Timestamp now) =>
        segment.Order < Order ? segment.LastSent + RoundTrip + window - now : null;
}
