using TcpShell.Tcp;

namespace TcpShell.Live.Serving;

/// <summary>What an application still has to send on one connection: as much at a time as the send buffer takes.</summary>
public sealed class Outbox
{
    private const int ChunkSize = 64 * 1024;

    private readonly Queue<(Stream Stream, long End)> _streams = new();
    private readonly byte[] _chunk = new byte[ChunkSize];

    /// <summary>Whether everything is in the send buffer.</summary>
    public bool IsEmpty => _streams.Count == 0;

    /// <summary>Adds what is to be sent behind the rest.</summary>
    /// <param name="stream">It is sent from its first octet on, and disposed of then.</param>
    /// <param name="length">How many octets of it, no matter whether there are more by then.</param>
    public void Add(Stream stream, long length) => _streams.Enqueue((stream, length));

    /// <summary>
    /// Sends what there is room for; the rest follows when the connection tells that there is some. Where a stream turns out to be shorter than was
    /// said, or cannot be read, the connection is reset: a FIN would say that this was all.
    /// </summary>
    /// <param name="tcp">The connection.</param>
    /// <param name="now">The time.</param>
    public void Push(TcpConnection tcp, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(tcp);
        while (_streams.TryPeek(out (Stream Stream, long End) first) && tcp.State is TcpState.Established or TcpState.CloseWait && tcp.SendSpace > 0)
        {
            long left = first.End - first.Stream.Position;
            int count = left > 0 ? Read(first.Stream, (int)Math.Min(left, Math.Min(_chunk.Length, tcp.SendSpace))) : 0;
            if (count > 0)
            {
                tcp.Send(_chunk.AsSpan(0, count), now);
            }
            else if (left > 0)
            {
                Clear();
                tcp.Abort(now);
            }
            else
            {
                _streams.Dequeue().Stream.Dispose();
            }
        }

        if (!IsEmpty)
        {
            tcp.AskForSpace();
        }
    }

    /// <summary>Nothing more is sent.</summary>
    public void Clear()
    {
        while (_streams.TryDequeue(out (Stream Stream, long End) entry))
        {
            entry.Stream.Dispose();
        }
    }

    private int Read(Stream stream, int count)
    {
        try
        {
            return stream.Read(_chunk, 0, count);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
