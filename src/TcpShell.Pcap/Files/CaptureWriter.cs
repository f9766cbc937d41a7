using System.Buffers;

namespace TcpShell.Pcap.Files;

/// <summary>Writes a capture file. Nothing but whole frames goes to the stream, so that the file is sound whenever writing ends.</summary>
/// <remarks>Frames are gathered up to 64 KiB; <see cref="Flush"/>, <see cref="AutoFlush"/> and disposing hand them on at once.</remarks>
public abstract class CaptureWriter : IDisposable
{
    private const int FlushAt = 64 * 1024;

    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly ArrayBufferWriter<byte> _pending = new(FlushAt);
    private bool _isDisposed;

    private protected CaptureWriter(Stream stream, bool leaveOpen)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _leaveOpen = leaveOpen;
    }

    /// <summary>Whether each frame goes to the stream at once: for a file that is read while it is written.</summary>
    public bool AutoFlush { get; set; }

    /// <summary>Frames written so far.</summary>
    public long FramesWritten { get; private set; }

    /// <summary>Octets written so far, whether they are in the stream yet or not.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Hands everything that was written to the stream.</summary>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Flush()
    {
        WritePending();
        _stream.Flush();
    }

    /// <summary>Hands everything that was written to the stream and closes it.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            Flush();
        }
        finally
        {
            if (!_leaveOpen)
            {
                _stream.Dispose();
            }
        }

        GC.SuppressFinalize(this);
    }

    private protected static FileStream Create(string path) =>
        new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 });

    /// <summary>Room for a header, a record or a block, which must be filled in whole before anything else happens.</summary>
    private protected Span<byte> Reserve(int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Span<byte> room = _pending.GetSpan(length)[..length];
        room.Clear();
        _pending.Advance(length);
        BytesWritten += length;
        return room;
    }

    private protected static void CheckFrame(ReadOnlySpan<byte> data, uint originalLength)
    {
        if (data.Length > CaptureReader.MaximumFrameLength)
        {
            throw new ArgumentException($"A frame of {data.Length} octets is too long for a capture file; {CaptureReader.MaximumFrameLength} is the most.", nameof(data));
        }

        if (originalLength < data.Length)
        {
            throw new ArgumentException($"A frame of {originalLength} octets on the wire cannot have {data.Length} captured.", nameof(originalLength));
        }
    }

    private protected void FrameIsComplete()
    {
        FramesWritten++;
        if (AutoFlush)
        {
            Flush();
        }
        else if (_pending.WrittenCount >= FlushAt)
        {
            WritePending();
        }
    }

    private void WritePending()
    {
        try
        {
            _stream.Write(_pending.WrittenSpan);
        }
        finally
        {
            // What a full disk refused is not offered again: a part of it may be in the file already.
            _pending.ResetWrittenCount();
        }
    }
}
