using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// One direction of a <see cref="StreamReassembly"/>. Places are counted from the first sequence number that was seen, so that what was sent
/// before it has negative ones.
/// </summary>
/// <param name="isClient">Whether it is the client's.</param>
internal sealed class StreamDirection(bool isClient)
{
    // What each waiting piece costs beside its octets.
    private const int Overhead = 64;

    // No window is larger (RFC 7323 2.3): a number further ahead is none of this stream.
    private const long LargestWindow = 1L << 30;

    // What came early, by its place; the pieces do not overlap what was given, but perhaps each other.
    private readonly Dictionary<long, (byte[] Data, int Length, Timestamp Time)> _early = [];
    private readonly PriorityQueue<long, long> _earlyPlaces = new();
    private SeqNumber _next;
    private long _place;
    private long _origin;
    private long _sentTo;
    private long? _fin;
    private Timestamp _sentTime;
    private bool _isAnchored;
    private bool _isStarted;

    /// <summary>Octets given.</summary>
    public long Bytes { get; private set; }

    /// <summary>Octets passed over.</summary>
    public long Missing { get; private set; }

    /// <summary>Gaps that were given up because too much waited behind them.</summary>
    public int GivenUp { get; private set; }

    private long Waiting { get; set; }

    /// <summary>Takes a segment of this direction.</summary>
    public void Add(in TcpSegment segment, int length, Timestamp time, List<StreamPiece> pieces)
    {
        bool hasSyn = segment.Flags.Has(TcpFlags.SYN);
        SeqNumber first = segment.SequenceNumber + (hasSyn ? 1 : 0);
        Anchor(first);
        if (hasSyn)
        {
            StartAt(first, time, pieces);
        }

        long place = PlaceOf(first);
        _fin = segment.Flags.Has(TcpFlags.FIN) && _fin is null ? place + length : _fin;
        NoteSent(place, time);
        if (length == 0)
        {
            return;
        }

        if (!_isStarted && place < _place && _place - place <= LargestWindow)
        {
            // The network changed the order: the stream begins here.
            _place = place;
            _next = first;
        }

        if (!_isStarted || place > _place)
        {
            Keep(place, segment.Payload, length, time);
            return;
        }

        Give(place, segment.Payload, length, time, pieces);
        GiveEarly(time, pieces);
    }

    /// <summary>The other end has all up to a number: what is missing before it was not captured.</summary>
    public void Acknowledge(in TcpSegment segment, Timestamp time, List<StreamPiece> pieces)
    {
        SeqNumber ack = segment.AcknowledgmentNumber;
        if (segment.Flags.Has(TcpFlags.SYN))
        {
            // A SYN,ACK tells the first number, whether or not the SYN was captured.
            Anchor(ack);
            StartAt(ack, time, pieces);
        }

        if (!_isAnchored)
        {
            return;
        }

        long place = PlaceOf(ack);
        NoteSent(place, time);
        if (!_isStarted && _earlyPlaces.TryPeek(out long lowest, out _) && place >= lowest)
        {
            Start(time, pieces);
        }

        while (_isStarted && _earlyPlaces.TryPeek(out long early, out _) && place > early && place >= _place && place - _place <= LargestWindow)
        {
            PassOver(isGivenUp: false, time, pieces);
        }
    }

    /// <summary>Gives up gaps until no more waits than may.</summary>
    public void KeepWithin(int maximumWaiting, Timestamp time, List<StreamPiece> pieces)
    {
        if (Waiting > maximumWaiting && !_isStarted)
        {
            Start(time, pieces);
        }

        while (Waiting > maximumWaiting)
        {
            GivenUp++;
            PassOver(isGivenUp: true, time, pieces);
        }
    }

    /// <summary>The capture ends.</summary>
    public void Finish(List<StreamPiece> pieces)
    {
        Start(_sentTime, pieces);
        while (_earlyPlaces.TryPeek(out long early, out _))
        {
            PassOver(isGivenUp: false, _early[early].Time, pieces);
        }

        // One more than the data may be a FIN that was not captured.
        long end = _fin is { } fin ? Math.Min(_sentTo, fin) : _sentTo == _place + 1 ? _place : _sentTo;
        Skip(end - _place, isGivenUp: false, _sentTime, pieces);
    }

    private long PlaceOf(SeqNumber number) => _place + (number - _next);

    private void Anchor(SeqNumber number)
    {
        if (!_isAnchored)
        {
            _isAnchored = true;
            _next = number;
        }
    }

    private void StartAt(SeqNumber first, Timestamp time, List<StreamPiece> pieces)
    {
        if (!_isStarted)
        {
            _place = PlaceOf(first);
            _next = first;
            Start(time, pieces);
        }
    }

    private void Start(Timestamp time, List<StreamPiece> pieces)
    {
        if (!_isStarted)
        {
            _isStarted = true;
            _origin = _place;
            _sentTo = Math.Max(_sentTo, _place);
            GiveEarly(time, pieces);
        }
    }

    // The octets before this place were sent.
    private void NoteSent(long place, Timestamp time)
    {
        if (place > _sentTo && place - _place <= LargestWindow)
        {
            _sentTo = place;
            _sentTime = time;
        }
    }

    private void Keep(long place, ReadOnlyMemory<byte> data, int length, Timestamp time)
    {
        bool isThere = _early.TryGetValue(place, out (byte[] Data, int Length, Timestamp Time) there);
        if (!isThere || there.Length < length)
        {
            Waiting += data.Length - (isThere ? there.Data.Length : -Overhead);
            _early[place] = (data.ToArray(), length, time);
            if (!isThere)
            {
                _earlyPlaces.Enqueue(place, place);
            }
        }
    }

    // Goes on behind the next gap.
    private void PassOver(bool isGivenUp, Timestamp time, List<StreamPiece> pieces)
    {
        Skip(_earlyPlaces.Peek() - _place, isGivenUp, time, pieces);
        GiveEarly(time, pieces);
    }

    private void GiveEarly(Timestamp time, List<StreamPiece> pieces)
    {
        while (_earlyPlaces.TryPeek(out long place, out _) && place <= _place)
        {
            _earlyPlaces.Dequeue();
            _early.Remove(place, out (byte[] Data, int Length, Timestamp Time) early);
            Waiting -= early.Data.Length + Overhead;
            Give(place, early.Data, early.Length, time, pieces);
        }
    }

    // Gives what is new of a segment that begins at or before what comes next; of a cut one the rest is a gap.
    private void Give(long place, ReadOnlyMemory<byte> data, int length, Timestamp time, List<StreamPiece> pieces)
    {
        long old = _place - place;
        if (old >= length)
        {
            return;
        }

        if (old < data.Length)
        {
            ReadOnlyMemory<byte> added = data[(int)old..];
            pieces.Add(new(isClient, time, _place - _origin, added, 0));
            Bytes += added.Length;
            Move(added.Length);
        }

        if (length > data.Length)
        {
            Skip(place + length - _place, isGivenUp: false, time, pieces);
        }
    }

    private void Skip(long missing, bool isGivenUp, Timestamp time, List<StreamPiece> pieces)
    {
        if (missing > 0)
        {
            pieces.Add(new(isClient, time, _place - _origin, default, missing, isGivenUp));
            Missing += missing;
            Move(missing);
        }
    }

    private void Move(long count)
    {
        _place += count;
        _next = new(unchecked(_next.Value + (uint)count));
    }
}
