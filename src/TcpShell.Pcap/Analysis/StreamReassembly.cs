using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>A piece of one direction's stream of octets, in its order; or a gap in it.</summary>
/// <param name="IsFromClient">Whether the client sent it.</param>
/// <param name="Time">When the segment that completed it was captured.</param>
/// <param name="Offset">Where it begins in its stream, from 0.</param>
/// <param name="Data">The octets; empty for a gap. Valid until the next piece is asked for.</param>
/// <param name="Missing">Octets that the capture lacks: the length of a gap; 0 for data.</param>
public readonly record struct StreamPiece(bool IsFromClient, Timestamp Time, long Offset, ReadOnlyMemory<byte> Data, long Missing)
{
    /// <summary>Whether this is a gap.</summary>
    public bool IsGap => Missing > 0;
}

/// <summary>
/// Puts the streams of octets of one conversation together. Data that comes early waits, in a bounded amount of memory; what never comes is
/// a gap, as soon as the other end has acknowledged it, or too much waits behind it.
/// </summary>
/// <remarks>Of octets that come twice with different values the first count, as with most receivers.</remarks>
public sealed class StreamReassembly
{
    private readonly Direction _client = new(true);
    private readonly Direction _server = new(false);
    private readonly int _maximumWaiting;

    /// <summary>Begins with nothing.</summary>
    /// <param name="maximumWaiting">The most octets of each direction that wait for what is missing before them.</param>
    public StreamReassembly(int maximumWaiting = 4 * 1024 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximumWaiting);
        _maximumWaiting = maximumWaiting;
    }

    /// <summary>Octets given, of both directions.</summary>
    public long Bytes => _client.Bytes + _server.Bytes;

    /// <summary>Octets that the capture lacks, of both directions.</summary>
    public long Missing => _client.Missing + _server.Missing;

    /// <summary>Gaps that were given up because too much waited behind them.</summary>
    public int GivenUp => _client.GivenUp + _server.GivenUp;

    /// <summary>The streams of one conversation of a capture.</summary>
    /// <param name="reader">The capture, from its start.</param>
    /// <param name="stream">The conversation's number.</param>
    /// <param name="maximumWaiting">The most octets of each direction that wait for what is missing before them.</param>
    /// <returns>The pieces of both directions, in the order in which they became complete.</returns>
    public static IEnumerable<StreamPiece> Read(CaptureReader reader, int stream, int maximumWaiting = 4 * 1024 * 1024)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var tracker = new ConversationTracker(filter: new ConversationFilter { Streams = [stream] });
        var reassembly = new StreamReassembly(maximumWaiting);
        while (reader.TryRead(out CapturedFrame frame))
        {
            tracker.Add(frame, out DecodedPacket packet, out SegmentAnalysis? analysis);
            if (analysis is { } segment)
            {
                foreach (StreamPiece piece in reassembly.Add(segment.IsFromClient, frame.Timestamp, packet.Segment, packet.SegmentLength))
                {
                    yield return piece;
                }
            }
        }

        foreach (StreamPiece piece in reassembly.Finish())
        {
            yield return piece;
        }
    }

    /// <summary>Takes the next segment.</summary>
    /// <param name="isFromClient">Whether the client sent it.</param>
    /// <param name="time">When it was captured.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="length">Octets of data that it had before the capture cut it.</param>
    /// <returns>What is complete now; to be taken before the segment's memory is used again.</returns>
    public IReadOnlyList<StreamPiece> Add(bool isFromClient, Timestamp time, in TcpSegment segment, int length)
    {
        if (segment.Flags.Has(TcpFlags.RST))
        {
            return [];
        }

        List<StreamPiece> pieces = [];
        (Direction own, Direction other) = isFromClient ? (_client, _server) : (_server, _client);
        if (segment.Flags.Has(TcpFlags.ACK))
        {
            other.Acknowledge(segment.AcknowledgmentNumber, time, pieces);
        }

        own.Add(segment, length, time, pieces);
        if (own.Waiting > _maximumWaiting)
        {
            own.GivenUp++;
            own.GiveUp(time, pieces);
        }

        return pieces;
    }

    /// <summary>The capture ends: what waits comes out, with the gaps before it.</summary>
    public IReadOnlyList<StreamPiece> Finish()
    {
        List<StreamPiece> pieces = [];
        _client.Finish(pieces);
        _server.Finish(pieces);
        return pieces;
    }

    private sealed class Direction(bool isClient)
    {
        // What each of them costs beside its octets.
        private const int Overhead = 64;

        // What came early, by its offset; the pieces do not overlap what was given, but perhaps each other.
        private readonly SortedList<long, (byte[] Data, int Length, Timestamp Time)> _early = [];
        private SeqNumber _next;
        private long _offset;
        private bool _isStarted;

        public long Bytes { get; private set; }

        public long Missing { get; private set; }

        public int GivenUp { get; set; }

        public long Waiting { get; private set; }

        public void Add(in TcpSegment segment, int length, Timestamp time, List<StreamPiece> pieces)
        {
            SeqNumber first = segment.SequenceNumber + (segment.Flags.Has(TcpFlags.SYN) ? 1 : 0);
            if (!_isStarted)
            {
                _isStarted = true;
                _next = first;
            }

            if (length == 0)
            {
                return;
            }

            long offset = _offset + (first - _next);
            ReadOnlyMemory<byte> data = segment.Payload;
            if (offset > _offset)
            {
                Keep(offset, data, length, time);
                return;
            }

            Give(offset, data, length, time, pieces);
            GiveEarly(time, pieces);
        }

        /// <summary>The other end has all up to a number: what is missing there was not captured.</summary>
        public void Acknowledge(SeqNumber ack, Timestamp time, List<StreamPiece> pieces)
        {
            while (_isStarted && _early.Count > 0 && ack - _next >= 0 && _offset + (ack - _next) > _early.GetKeyAtIndex(0))
            {
                GiveUp(time, pieces);
            }
        }

        /// <summary>Goes on behind the next gap.</summary>
        public void GiveUp(Timestamp time, List<StreamPiece> pieces)
        {
            Skip(_early.GetKeyAtIndex(0) - _offset, time, pieces);
            GiveEarly(time, pieces);
        }

        public void Finish(List<StreamPiece> pieces)
        {
            while (_early.Count > 0)
            {
                GiveUp(_early.GetValueAtIndex(0).Time, pieces);
            }
        }

        private void Keep(long offset, ReadOnlyMemory<byte> data, int length, Timestamp time)
        {
            if (!_early.TryGetValue(offset, out (byte[] Data, int Length, Timestamp Time) there) || there.Length < length)
            {
                Waiting += data.Length - (there.Data?.Length ?? -Overhead);
                _early[offset] = (data.ToArray(), length, time);
            }
        }

        private void GiveEarly(Timestamp time, List<StreamPiece> pieces)
        {
            while (_early.Count > 0 && _early.GetKeyAtIndex(0) <= _offset)
            {
                long offset = _early.GetKeyAtIndex(0);
                (byte[] data, int length, _) = _early.GetValueAtIndex(0);
                _early.RemoveAt(0);
                Waiting -= data.Length + Overhead;
                Give(offset, data, length, time, pieces);
            }
        }

        // Gives what is new of a segment that begins at or before what comes next; of a cut one the rest is a gap.
        private void Give(long offset, ReadOnlyMemory<byte> data, int length, Timestamp time, List<StreamPiece> pieces)
        {
            long old = _offset - offset;
            if (old >= length)
            {
                return;
            }

            if (old < data.Length)
            {
                ReadOnlyMemory<byte> added = data[(int)old..];
                pieces.Add(new(isClient, time, _offset, added, 0));
                Bytes += added.Length;
                Move(added.Length);
            }

            if (length > data.Length)
            {
                Skip(offset + length - _offset, time, pieces);
            }
        }

        private void Skip(long missing, Timestamp time, List<StreamPiece> pieces)
        {
            if (missing > 0)
            {
                pieces.Add(new(isClient, time, _offset, default, missing));
                Missing += missing;
                Move(missing);
            }
        }

        private void Move(long count)
        {
            _offset += count;
            _next = new(unchecked(_next.Value + (uint)count));
        }
    }
}
