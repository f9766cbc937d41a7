using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Analysis;

/// <summary>The frames of one capture, or of several in the order of their times, as of a capture that was split.</summary>
/// <remarks>Each reader holds its next frame; of two with the same time the one of the reader that was named first comes first.</remarks>
internal sealed class FrameSource
{
    private readonly CaptureReader[] _readers;
    private readonly FrameHeader[] _next;
    private readonly bool[] _isThere;
    private long _number;
    private int _taken = -1;

    /// <summary>Reads nothing yet.</summary>
    public FrameSource(IEnumerable<CaptureReader> readers)
    {
        _readers = [.. readers];
        _next = new FrameHeader[_readers.Length];
        _isThere = new bool[_readers.Length];
    }

    /// <summary>Takes the next frames, as many as one reader has at hand.</summary>
    /// <param name="frames">Where to put them, at least one: numbered over all captures, valid until the next call.</param>
    /// <param name="reader">The reader that has their octets.</param>
    /// <returns>How many there are; 0 at the end of all captures.</returns>
    public int Read(Span<FrameHeader> frames, out CaptureReader reader)
    {
        reader = _readers[0];
        return _readers.Length == 1 ? reader.ReadHeaders(frames)
            : TryReadEarliest(ref frames[0], ref reader) ? 1
            : 0;
    }

    private bool TryReadEarliest(ref FrameHeader frame, ref CaptureReader reader)
    {
        if (_taken < 0)
        {
            for (int i = 0; i < _readers.Length; i++)
            {
                _isThere[i] = _readers[i].TryReadHeader(ref _next[i]);
            }
        }
        else
        {
            // Only now: the frame that was handed out last stood in this reader's memory.
            _isThere[_taken] = _readers[_taken].TryReadHeader(ref _next[_taken]);
        }

        int earliest = -1;
        for (int i = 0; i < _readers.Length; i++)
        {
            if (_isThere[i] && (earliest < 0 || _next[i].Time < _next[earliest].Time))
            {
                earliest = i;
            }
        }

        if (earliest < 0)
        {
            return false;
        }

        _taken = earliest;
        frame = _next[earliest];
        frame.Number = ++_number;
        reader = _readers[earliest];
        return true;
    }
}
