using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>A piece of one direction's stream of octets, in its order; or a gap in it.</summary>
/// <param name="IsFromClient">Whether the client sent it.</param>
/// <param name="Time">When the segment that completed it was captured.</param>
/// <param name="Offset">Where it begins in its stream, from 0.</param>
/// <param name="Data">The octets; empty for a gap. Valid until the next piece is asked for.</param>
/// <param name="Missing">The length of a gap; 0 for data.</param>
/// <param name="IsGivenUp">Whether the gap was passed over because too much waited behind it: its octets may stand later in the capture. If not, the capture lacks them.</param>
public readonly record struct StreamPiece(bool IsFromClient, Timestamp Time, long Offset, ReadOnlyMemory<byte> Data, long Missing, bool IsGivenUp = false)
{
    /// <summary>Whether this is a gap.</summary>
    public bool IsGap => Missing > 0;
}

/// <summary>
/// Puts the streams of octets of one conversation together. Data that comes early waits, in a bounded amount of memory; what never comes is
/// a gap: as soon as the other end has acknowledged it, at the end of the capture, or where too much waits behind it.
/// </summary>
/// <remarks>
/// <para>Of octets that come twice with different values the first count, as with most receivers.</para>
/// <para>Where no SYN tells where a stream begins, nothing is given before the other end has acknowledged something of it: what was sent before
/// may still come, when the network changed the order.</para>
/// </remarks>
public sealed class StreamReassembly
{
    /// <summary>How much of each direction waits, unless told otherwise: 64 MiB, more than nearly every receiver's window.</summary>
    public const int UsualMaximumWaiting = 64 * 1024 * 1024;

    private readonly StreamDirection _client = new(true);
    private readonly StreamDirection _server = new(false);
    private readonly int _maximumWaiting;

    /// <summary>Begins with nothing.</summary>
    /// <param name="maximumWaiting">The most octets of each direction that wait for what is missing before them, with 64 for each segment.</param>
    public StreamReassembly(int maximumWaiting = UsualMaximumWaiting)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximumWaiting);
        _maximumWaiting = maximumWaiting;
    }

    /// <summary>Octets given, of both directions.</summary>
    public long Bytes => _client.Bytes + _server.Bytes;

    /// <summary>Octets passed over, of both directions.</summary>
    public long Missing => _client.Missing + _server.Missing;

    /// <summary>Gaps that were given up because too much waited behind them.</summary>
    public int GivenUp => _client.GivenUp + _server.GivenUp;

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
        (StreamDirection own, StreamDirection other) = isFromClient ? (_client, _server) : (_server, _client);
        if (segment.Flags.Has(TcpFlags.ACK))
        {
            other.Acknowledge(segment, time, pieces);
        }

        own.Add(segment, length, time, pieces);
        own.KeepWithin(_maximumWaiting, time, pieces);
        return pieces;
    }

    /// <summary>The capture ends: what waits comes out, with the gaps before it, and what was sent after it by all that is known.</summary>
    public IReadOnlyList<StreamPiece> Finish()
    {
        List<StreamPiece> pieces = [];
        _client.Finish(pieces);
        _server.Finish(pieces);
        return pieces;
    }
}
