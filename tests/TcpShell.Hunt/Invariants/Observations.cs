using TcpShell.Wire;

namespace TcpShell.Hunt.Invariants;

/// <summary>What was seen of one end: on the wire when it sent, and between the steps. The checkers compare the next thing with it.</summary>
internal sealed class Observations
{
    private readonly List<(SeqNumber From, SeqNumber To)> _arrived = [];

    /// <summary>The highest acknowledgment number that it sent; null before the first.</summary>
    public SeqNumber? HighestAck { get; set; }

    /// <summary>The right edge of the largest window that it told its peer; null before the first.</summary>
    public SeqNumber? HighestEdge { get; set; }

    /// <summary>
    /// The right edge of the largest window that it was told, by whomever: a listener that sends a SYN cookie forgets its offer at once, and one that
    /// makes the connection anew from a cookie does not know the earlier ones. Null before the first.
    /// </summary>
    public SeqNumber? OfferedEdge { get; private set; }

    /// <summary>The number behind the last one that it sent; null before the first segment.</summary>
    public SeqNumber? HighestSent { get; set; }

    /// <summary>The last value of its timestamp clock on the wire.</summary>
    public uint? LastTimestamp { get; set; }

    /// <summary>SND.UNA, RCV.NXT and the right edge when it was looked at last.</summary>
    public SeqNumber Una { get; set; }

    public SeqNumber Nxt { get; set; }

    public SeqNumber Edge { get; set; }

    public bool WasSynchronized { get; set; }

    /// <summary>Since when data waits to be acknowledged; null if none does.</summary>
    public Timestamp? AckOwedSince { get; set; }

    /// <summary>When it sent something that wants an answer, since SND.UNA moved last.</summary>
    public List<Timestamp> Asked { get; } = [];

    /// <summary>Packets between the two ends that came to nothing, since SND.UNA moved last.</summary>
    public int Losses { get; set; }

    /// <summary>When it probed a closed window or an idle peer, since it heard of the peer last.</summary>
    public List<Timestamp> Probed { get; } = [];

    /// <summary>Packets between the two ends that came to nothing, since it heard of the peer last.</summary>
    public int LossesInSilence { get; set; }

    /// <summary>When SND.UNA moved last, or something was given to send with nothing before it.</summary>
    public Timestamp LastProgress { get; set; }

    /// <summary>The user timeout while the connection lived: the user's own, or one that the peer has asked for (RFC 5482).</summary>
    public TimeSpan? UserTimeout { get; set; }

    /// <summary>
    /// Whether a SYN cookie was sent between the two ends. The host that did knows a connection by the first segment of its peer only: what
    /// overtakes that is refused, and an old duplicate of it makes the connection anew, with the same numbers (RFC 4987 3.6).
    /// </summary>
    public bool FromCookie { get; set; }

    /// <summary>Whether its keep-alive probes carry garbage where its stream begins: it has sent nothing but a FIN.</summary>
    public bool ProbedFirstOctet { get; set; }

    /// <summary>
    /// Whether its first octet may be the garbage of a probe. A host that has forgotten a connection takes the probe for the first segment after a SYN
    /// cookie, and makes the connection anew.
    /// </summary>
    public bool MayBeginWithGarbage { get; set; }

    /// <summary>Whether an ICMP error about one of its segments has arrived.</summary>
    public bool IcmpErrorArrived { get; set; }

    /// <summary>
    /// Whether a RST has arrived that the peer's host sent for nobody, before the peer opened the same ends. With chosen sequence numbers its number
    /// can fit by chance.
    /// </summary>
    public bool OldResetArrived { get; set; }

    /// <summary>Whether a RST has arrived.</summary>
    public bool ResetArrived { get; set; }

    /// <summary>Notes that it was told of a window up to this number.</summary>
    public void NoteOffer(SeqNumber edge) => OfferedEdge = OfferedEdge is { } before ? SeqNumber.Max(before, edge) : edge;

    /// <summary>Notes that a packet between the two ends came to nothing.</summary>
    public void CountLoss()
    {
        Losses++;
        LossesInSilence++;
    }

    /// <summary>Notes octets that have arrived.</summary>
    public void Arrived(SeqNumber from, SeqNumber to)
    {
        int first = 0;
        while (first < _arrived.Count && _arrived[first].To < from)
        {
            first++;
        }

        int last = first;
        for (; last < _arrived.Count && _arrived[last].From <= to; last++)
        {
            from = SeqNumber.Min(from, _arrived[last].From);
            to = SeqNumber.Max(to, _arrived[last].To);
        }

        _arrived.RemoveRange(first, last - first);
        _arrived.Insert(first, (from, to));
    }

    /// <summary>Whether all octets of a range have arrived.</summary>
    public bool HasArrived(SeqNumber from, SeqNumber to)
    {
        foreach ((SeqNumber start, SeqNumber end) in _arrived)
        {
            if (start <= from && to <= end)
            {
                return true;
            }
        }

        return false;
    }
}
