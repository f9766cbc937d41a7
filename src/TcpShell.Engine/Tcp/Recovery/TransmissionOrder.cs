namespace TcpShell.Tcp.Recovery;

/// <summary>
/// The segments in flight in the order of their last transmission, as a list that runs through the segments themselves: adding and removing
/// cost O(1). RACK looks at its front only (RFC 8985 6.2 step 5).
/// </summary>
internal sealed class TransmissionOrder
{
    private SentSegment? _last;

    /// <summary>The segment that was sent first; null if nothing is in flight.</summary>
    public SentSegment? First { get; private set; }

    /// <summary>A segment was sent.</summary>
    public void AddLast(SentSegment segment)
    {
        segment.SentEarlier = _last;
        segment.SentLater = null;
        if (_last is null)
        {
            First = segment;
        }
        else
        {
            _last.SentLater = segment;
        }

        _last = segment;
    }

    /// <summary>Puts a segment before another one: what was cut from it, which was sent with it.</summary>
    public void AddAfter(SentSegment earlier, SentSegment segment)
    {
        segment.SentEarlier = earlier;
        segment.SentLater = earlier.SentLater;
        if (earlier.SentLater is { } later)
        {
            later.SentEarlier = segment;
        }
        else
        {
            _last = segment;
        }

        earlier.SentLater = segment;
    }

    /// <summary>A segment is not in flight any more.</summary>
    public void Remove(SentSegment segment)
    {
        if (segment.SentEarlier is { } earlier)
        {
            earlier.SentLater = segment.SentLater;
        }
        else
        {
            First = segment.SentLater;
        }

        if (segment.SentLater is { } later)
        {
            later.SentEarlier = segment.SentEarlier;
        }
        else
        {
            _last = segment.SentEarlier;
        }

        segment.SentEarlier = segment.SentLater = null;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => First = _last = null;
}
