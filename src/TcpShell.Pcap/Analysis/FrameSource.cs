using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Analysis;

/// <summary>The frames of one capture, or of several in the order of their times, as of a capture that was split.</summary>
/// <remarks>
/// Of two frames with the same time the one of the reader that was named first comes first. A reader rests until its first frame's time has come, and
/// after its last one: captures that follow one another are open one at a time, however many they are.
/// </remarks>
internal sealed class FrameSource
{
    private readonly CaptureReader[] _readers;
    private readonly PriorityQueue<FramesAhead, (long Time, int Place)> _others = new();
    private FramesAhead? _current;
    private long _number;
    private bool _hasBegun;

    /// <summary>Reads nothing yet.</summary>
    public FrameSource(IEnumerable<CaptureReader> readers) => _readers = [.. readers];

    /// <summary>The frames of captures, each valid until the next one is asked for.</summary>
    public static IEnumerable<CapturedFrame> InOrder(IEnumerable<CaptureReader> readers)
    {
        var source = new FrameSource(readers);
        var next = new FrameHeader[1];
        while (source.Read(next, out CaptureReader reader) > 0)
        {
            yield return reader.Describe(next[0]);
        }
    }

    /// <summary>Takes the next frames, as many as one reader has at hand.</summary>
    /// <param name="frames">Where to put them, at least one: numbered over all captures, valid until the next call.</param>
    /// <param name="reader">The reader that has their octets.</param>
    /// <returns>How many there are; 0 at the end of all captures.</returns>
    /// <exception cref="TooManyFilesException">More captures have the same time than may be open at once. All are closed then.</exception>
    public int Read(Span<FrameHeader> frames, out CaptureReader reader)
    {
        reader = _readers[0];
        return _readers.Length == 1 ? reader.ReadHeaders(frames) : ReadEarliest(frames, ref reader);
    }

    private int ReadEarliest(Span<FrameHeader> frames, ref CaptureReader reader)
    {
        if (!_hasBegun)
        {
            Begin();
        }

        // Only now: the frames that were handed out last stood in this reader's memory.
        if (_current is { } last && TryFill(last))
        {
            _others.Enqueue(last, last.Key);
        }

        // One that cannot be read any more, now that its time has come, has ended.
        do
        {
            if (!_others.TryDequeue(out _current, out _))
            {
                return 0;
            }
        }
        while (!TryFill(_current));

        reader = _current.Reader;
        _others.TryPeek(out _, out (long Time, int Place) limit);
        bool isAlone = _others.Count == 0;
        int count = 0;
        do
        {
            frames[count] = _current.Take();
            frames[count++].Number = ++_number;
        }
        while (count < frames.Length && _current.HasNext && (isAlone || _current.Key.CompareTo(limit) < 0));
        return count;
    }

    private void Begin()
    {
        _hasBegun = true;
        for (int i = 0; i < _readers.Length; i++)
        {
            var ahead = new FramesAhead(_readers[i], i);
            if (TryFill(ahead))
            {
                _others.Enqueue(ahead, ahead.Key);
                ahead.Rest();
            }
        }
    }

    private bool TryFill(FramesAhead ahead)
    {
        bool isFilled = ahead.TryFill();
        if (ahead.Reader.Failure is { } failure && TooManyFilesException.IsReason(failure))
        {
            // Those that are open leave no room for anything else, not even for telling so.
            Array.ForEach(_readers, reader => reader.Dispose());
            throw new TooManyFilesException(_readers.Length, 1 + _others.UnorderedItems.Count(other => other.Element.HasNext));
        }

        return isFilled;
    }

    /// <summary>The next frames of one of several readers.</summary>
    private sealed class FramesAhead(CaptureReader reader, int place)
    {
        private FrameHeader[] _frames = [];
        private int _first;
        private int _count;

        public CaptureReader Reader => reader;

        /// <summary>Whether there is one without reading.</summary>
        public bool HasNext => _first < _count;

        /// <summary>When the next one was captured, and which reader comes first among those with the same time.</summary>
        public (long Time, int Place) Key => (_frames[_first].Time, place);

        public FrameHeader Take() => _frames[_first++];

        /// <summary>Reads on if it must.</summary>
        /// <returns>Whether there is a next frame.</returns>
        public bool TryFill()
        {
            if (!HasNext)
            {
                _frames = _frames.Length > 0 ? _frames : new FrameHeader[SegmentBatch.Frames];
                (_first, _count) = (0, reader.ReadHeaders(_frames));
                if (_count == 0)
                {
                    reader.Rest();
                }
            }

            return HasNext;
        }

        /// <summary>Needs nothing until it is filled again with the same frames, where the reader can read them once more.</summary>
        public void Rest()
        {
            if (reader.TryRestBefore(_frames.AsSpan(_first, _count)))
            {
                (_frames, _first, _count) = ([], 0, 0);
            }
        }
    }
}
