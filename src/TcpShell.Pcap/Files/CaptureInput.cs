using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Files;

/// <summary>
/// The bytes of a capture through a window: the reader asks for as many as it needs next and gets them in one piece. The window is
/// reused; it never holds more than <see cref="MaximumWindow"/>, whatever the file says about its own lengths.
/// </summary>
internal sealed class CaptureInput : IDisposable
{
    /// <summary>The most bytes that can be asked for at once: the largest frame, with as much room again for its options.</summary>
    public const int MaximumWindow = 2 * CaptureReader.MaximumFrameLength;

    private const int InitialWindow = 128 * 1024;

    private readonly bool _leaveOpen;
    private readonly Func<bool>? _isOver;
    private readonly Func<Stream>? _reopen;
    private Stream _file;
    private Stream _stream;
    private byte[] _buffer;
    private int _start;
    private int _end;
    private (long Position, long Length)? _atRest;

    private CaptureInput(Stream file, Stream stream, bool leaveOpen, Func<bool>? isOver, Func<Stream>? reopen)
    {
        _file = file;
        _stream = stream;
        _leaveOpen = leaveOpen;
        _isOver = isOver;
        _reopen = reopen;
        long size = file.CanSeek && stream == file ? file.Length - file.Position : InitialWindow;
        _buffer = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(size, 4096, InitialWindow));
    }

    /// <summary>Where the next byte stands, counted in unpacked bytes from where the stream was when it was opened.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes in the window.</summary>
    public int Available => _end - _start;

    /// <summary>Whether the compressed data turned out to be damaged, which ends the input.</summary>
    public bool IsPackingDamaged { get; private set; }

    /// <summary>Whether the file is compressed.</summary>
    public bool IsPacked => _stream != _file;

    /// <summary>Bytes taken from the file so far, compressed ones where it is compressed.</summary>
    public long FilePosition => _atRest?.Position ?? (_file.CanSeek ? _file.Position : Offset + Available);

    /// <summary>Whether the next byte may be long in coming: whoever writes to the other end of a pipe has sent no more so far.</summary>
    public bool MayHaveToWait => Available == 0 && _atRest is null && !_file.CanSeek;

    /// <summary>Bytes in the file; null where the stream cannot tell.</summary>
    public long? FileLength => _atRest?.Length ?? (_file.CanSeek ? _file.Length : null);

    /// <summary>Opens a stream, and unpacks it if it is gzip's.</summary>
    /// <param name="file">What to read.</param>
    /// <param name="leaveOpen">Whether the stream stays open afterwards.</param>
    /// <param name="isOver">Asked before each piece, a tenth of a megabyte or so: once it says so, the input ends. Null goes on to the end.</param>
    /// <param name="reopen">Opens the file once more, after it was at rest; null where it cannot.</param>
    public static CaptureInput Open(Stream file, bool leaveOpen, Func<bool>? isOver = null, Func<Stream>? reopen = null)
    {
        var plain = new CaptureInput(file, file, leaveOpen, isOver, reopen);
        return plain.Has(2) && plain.Peek(2) is [0x1f, 0x8b]
            ? new CaptureInput(file, new GZipStream(new InputStream(plain), CompressionMode.Decompress), leaveOpen, isOver, reopen)
            : plain;
    }

    /// <summary>
    /// Closes the file and gives the window's memory back until more is asked for, where the file can be opened again. So captures that follow one
    /// another take no more of either than those that are read just then.
    /// </summary>
    /// <param name="offset">Which byte is the next one then.</param>
    /// <returns>Whether it is at rest. A pipe cannot be.</returns>
    public bool TryRest(long offset)
    {
        if (_reopen is null || _atRest is not null || !_file.CanSeek)
        {
            return _atRest is not null;
        }

        _atRest = (_file.Position, _file.Length);
        Dispose();
        Offset = offset;
        return true;
    }

    /// <summary>Sees to it that so many bytes are in the window, which moves for that if it must.</summary>
    /// <param name="count">Bytes, at most <see cref="MaximumWindow"/>.</param>
    /// <returns>False if the input ends before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Has(int count) => Available >= count || Fill(count);

    /// <summary>The next bytes, which must be in the window.</summary>
    /// <param name="count">Bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Peek(int count) => _buffer.AsSpan(_start, count);

    /// <summary>Where the next byte stands in the window; places are valid until the window moves.</summary>
    public int Position => _start;

    /// <summary>Bytes of the window.</summary>
    /// <param name="position">Where they start.</param>
    /// <param name="count">Bytes.</param>
    public ReadOnlyMemory<byte> MemoryAt(int position, int count) => _buffer.AsMemory(position, count);

    /// <summary>Bytes of the window.</summary>
    /// <param name="position">Where they start.</param>
    /// <param name="count">Bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> SpanAt(int position, int count) => _buffer.AsSpan(position, count);

    /// <summary>Leaves bytes of the window behind.</summary>
    /// <param name="count">Bytes, at most <see cref="Available"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int count)
    {
        _start += count;
        Offset += count;
    }

    /// <summary>Leaves any number of bytes behind without keeping them.</summary>
    /// <param name="count">Bytes.</param>
    /// <returns>False if the input ends before.</returns>
    public bool TrySkip(long count)
    {
        while (count > Available)
        {
            count -= Available;
            Advance(Available);
            if (!Fill(1))
            {
                return false;
            }
        }

        Advance((int)count);
        return true;
    }

    /// <summary>Takes what is there, at least one byte unless the input ends.</summary>
    /// <param name="destination">Where to put it.</param>
    public int Read(Span<byte> destination)
    {
        int count = Has(1) ? Math.Min(Available, destination.Length) : 0;
        Peek(count).CopyTo(destination);
        Advance(count);
        return count;
    }

    public void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
            _file.Dispose();
        }

        _buffer = [];
        _start = _end = 0;
    }

    private bool Fill(int count)
    {
        if (_atRest is not null)
        {
            WakeUp();
            return Has(count);
        }

        MakeRoom(count);
        while (Available < count)
        {
            int read = ReadStream();
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void WakeUp()
    {
        CaptureInput again = Open(_reopen!(), leaveOpen: false, _isOver);
        _atRest = null;
        (_file, _stream) = (again._file, again._stream);
        again.TrySkip(Offset);
        (_buffer, _start, _end) = (again._buffer, again._start, again._end);
    }

    private void MakeRoom(int count)
    {
        byte[] old = _buffer;
        if (count > old.Length)
        {
            _buffer = GC.AllocateUninitializedArray<byte>(Math.Min(MaximumWindow, Math.Max(count, 2 * old.Length)));
        }

        old.AsSpan(_start, Available).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
    }

    private int ReadStream()
    {
        if (IsPackingDamaged || _isOver?.Invoke() == true)
        {
            return 0;
        }

        try
        {
            return _stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (InvalidDataException) when (IsPacked)
        {
            IsPackingDamaged = true;
            return 0;
        }
    }

    /// <summary>An input as a stream, so that bytes that were looked at already can be unpacked from the first on.</summary>
    private sealed class InputStream(CaptureInput input) : ForwardStream
    {
        public override int Read(Span<byte> buffer) => input.Read(buffer);
    }
}
