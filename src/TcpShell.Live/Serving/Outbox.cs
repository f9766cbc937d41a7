using TcpShell.Tcp;

namespace TcpShell.Live.Serving;

/// <summary>What an application still has to send on one connection: as much at a time as the send buffer takes.</summary>
public sealed class Outbox
{
    private const int ChunkSize = 64 * 1024;

    private readonly Queue<Stream> _streams = new();
    private readonly byte[] _chunk = new byte[ChunkSize];

    /// <summary>Whether everything is in the send buffer.</summary>
    public bool IsEmpty => _streams.Count == 0;

    /// <summary>Adds what is to be sent behind the rest.</summary>
    /// <param name="stream">It is disposed of when it was read to its end.</param>
    public void Add(Stream stream) => _streams.Enqueue(stream);

    /// <summary>Sends what there is room for; the rest follows when the connection tells that there is some.</summary>
    /// <param name="tcp">The connection.</param>
    /// <param name="now">The time.</param>
    public void Push(TcpConnection tcp, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(tcp);
        while (_streams.TryPeek(out Stream? stream) && tcp.State is TcpState.Established or TcpState.CloseWait && tcp.SendSpace > 0)
        {
            int count = stream.Read(_chunk, 0, Math.Min(_chunk.Length, tcp.SendSpace));
            if (count > 0)
            {
                tcp.Send(_chunk.AsSpan(0, count), now);
            }
            else
            {
                _streams.Dequeue().Dispose();
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
        while (_streams.TryDequeue(out Stream? stream))
        {
            stream.Dispose();
        }
    }
}
