using System.Buffers.Binary;

namespace TcpShell.Pcap.Files;

/// <summary>The formats of capture files that can be read.</summary>
public enum CaptureFormat
{
    /// <summary>libpcap's file format, with micro- or nanoseconds (draft-ietf-opsawg-pcap).</summary>
    Pcap,

    /// <summary>pcapng, with blocks, several interfaces and comments (draft-ietf-opsawg-pcapng).</summary>
    PcapNg,

    /// <summary>Solaris snoop's format (RFC 1761).</summary>
    Snoop,
}

/// <summary>Reads a capture file frame by frame, in a fixed amount of memory. What kind of file it is shows in its first bytes, not in its name.</summary>
/// <remarks>
/// Damage does not throw: <see cref="TryRead"/> delivers all frames before it, then returns false, and <see cref="Problem"/> says what
/// is wrong and where. A file compressed with gzip is unpacked on the way.
/// </remarks>
public abstract class CaptureReader : IDisposable
{
    /// <summary>The most octets that a frame can have, as in libpcap and Wireshark; a larger number in a file is taken for damage.</summary>
    public const int MaximumFrameLength = 256 * 1024;

    private readonly List<CaptureInterface> _interfaces = [];
    private ReadingProgress? _progress;
    private (long Frames, long Bytes) _noted;

    private protected CaptureReader(CaptureInput input) => Input = input;

    /// <summary>The format of the file.</summary>
    public abstract CaptureFormat Format { get; }

    /// <summary>Whether the file is compressed with gzip.</summary>
    public bool IsCompressed => Input.IsPacked;

    /// <summary>The interfaces that the file has named so far; a pcapng file can name more of them anywhere.</summary>
    public IReadOnlyList<CaptureInterface> Interfaces => _interfaces;

    /// <summary>What ended the reading early; null while there is nothing wrong.</summary>
    public CaptureProblem? Problem { get; private set; }

    /// <summary>Why the system did not let it be read to its end; null while it does.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The path of the file; empty for another stream.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Frames delivered so far.</summary>
    public long FramesRead { get; private protected set; }

    /// <summary>Bytes taken from the file so far, to be set against <see cref="Length"/>; compressed ones where it is compressed.</summary>
    public long BytesRead => Input.FilePosition;

    /// <summary>Bytes in the file; null where the stream cannot tell.</summary>
    public long? Length => Input.FileLength;

    /// <summary>Whether the next frame may be long in coming: a pipe's writer has sent no more so far.</summary>
    internal bool MayHaveToWait => Input.MayHaveToWait;

    private protected CaptureInput Input { get; }

    /// <summary>Opens a capture file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="CaptureFormatException">It is empty, no capture, or ends before its first frame could start.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public static CaptureReader Open(string path)
    {
        // A program that still writes to the file is no obstacle.
        var options = new FileStreamOptions { BufferSize = 0, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.SequentialScan };
        return Open(path, () => new FileStream(path, options), isOver: null);
    }

    /// <summary>Opens a capture file, or a named pipe, whose reading can be ended at any time, however silent its writer is.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="isOver">Asked often while it is read, ten times a second while nothing comes; once it says so, the capture ends as if it were cut there.</param>
    /// <exception cref="CaptureFormatException">It is empty, no capture, or ends before its first frame could start.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public static CaptureReader Open(string path, Func<bool> isOver) => Open(path, () => GrowingInput.Open(path, wait: false, isOver), isOver);

    /// <summary>Opens a capture in a stream, which need not be able to seek.</summary>
    /// <param name="stream">What to read, from where it stands.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the reader is disposed of.</param>
    /// <exception cref="CaptureFormatException">It is empty, no capture, or ends before its first frame could start.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CaptureReader Open(Stream stream, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Open(CaptureInput.Open(stream, leaveOpen));
    }

    private static CaptureReader Open(string path, Func<Stream> open, Func<bool>? isOver)
    {
        CaptureReader reader = Open(CaptureInput.Open(open(), leaveOpen: false, isOver, open));
        reader.Path = path;
        return reader;
    }

    private static CaptureReader Open(CaptureInput input)
    {
        try
        {
            CaptureReader reader = Recognise(input);
            if (!reader.ReadFileHeader())
            {
                throw new CaptureFormatException(reader.Problem ?? EmptyFile);
            }

            return reader;
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next frame.</summary>
    /// <param name="frame">The frame; its data is valid until the next call.</param>
    /// <returns>False at the end of the file, and at damage: then <see cref="Problem"/> is set.</returns>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public bool TryRead(out CapturedFrame frame)
    {
        FrameHeader header = default;
        bool isRead = TryReadHeader(ref header);
        frame = isRead ? Describe(header) : default;
        return isRead;
    }

    /// <summary>Reads the next frame as numbers.</summary>
    internal bool TryReadHeader(ref FrameHeader header)
    {
        bool isRead = Problem is null && ReadFrame(ref header);
        NoteProgress();
        return isRead;
    }

    /// <summary>Reads frames as numbers, as many as stand in the window together.</summary>
    /// <param name="headers">Where to put them, at least one; all of them are valid until the next call.</param>
    /// <returns>How many there are; 0 at the end of the file, at damage, and where it cannot be read: then <see cref="Failure"/> is set.</returns>
    internal int ReadHeaders(Span<FrameHeader> headers)
    {
        try
        {
            return Problem is null && Failure is null ? ReadFrames(headers) : 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What was read before holds, as with damage.
            Failure = failure;
            return 0;
        }
        finally
        {
            NoteProgress();
        }
    }

    /// <summary>How far it is counts there from now on, with what was read already.</summary>
    internal void NoteProgressIn(ReadingProgress progress)
    {
        _progress = progress;
        NoteProgress();
    }

    /// <summary>Gives back the file and the memory until more is asked for; the frames that were read last are no longer valid. Does nothing with a pipe or a stream.</summary>
    internal void Rest() => Input.TryRest(Input.Offset);

    /// <summary>The same, and the frames that were read last are the next ones again.</summary>
    /// <param name="headers">What <see cref="ReadHeaders"/> gave in its last call, at least one.</param>
    /// <returns>Whether it is so.</returns>
    internal bool TryRestBefore(ReadOnlySpan<FrameHeader> headers)
    {
        bool isResting = Input.TryRest(headers[0].FileOffset);
        FramesRead -= isResting ? headers.Length : 0;
        NoteProgress();
        return isResting;
    }

    /// <summary>The octets of a frame that was read last.</summary>
    internal ReadOnlySpan<byte> DataOf(in FrameHeader header) => Input.SpanAt(header.Start, header.Length);

    /// <summary>The octets of the frame that was read last.</summary>
    internal ReadOnlyMemory<byte> MemoryOf(in FrameHeader header) => Input.MemoryAt(header.Start, header.Length);

    /// <summary>The frame that was read last, with everything that the file says of it.</summary>
    internal CapturedFrame Describe(in FrameHeader header) => new()
    {
        Number = header.Number,
        Timestamp = new(header.Time),
        InterfaceId = header.InterfaceId,
        LinkType = header.LinkType,
        OriginalLength = header.OriginalLength,
        Data = Input.MemoryAt(header.Start, header.Length),
        Comment = header.OptionsLength > 0 ? ReadComment(Input.SpanAt(header.OptionsStart, header.OptionsLength)) : null,
        FileOffset = header.FileOffset,
    };

    /// <summary>Closes the stream.</summary>
    public void Dispose()
    {
        Input.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract bool ReadFileHeader();

    private protected abstract bool ReadFrame(ref FrameHeader frame);

    private protected virtual int ReadFrames(Span<FrameHeader> frames) => ReadFrame(ref frames[0]) ? 1 : 0;

    /// <summary>The comment among the options of a frame; null where there is none.</summary>
    private protected virtual string? ReadComment(ReadOnlySpan<byte> options) => null;

    private protected void AddInterface(CaptureInterface added) => _interfaces.Add(added);

    /// <summary>Notes what is wrong and returns false, to be returned in turn.</summary>
    private protected bool Fail(CaptureProblemKind kind, long offset, string message)
    {
        Problem = new CaptureProblem(kind, offset, message) { IsUnpacked = IsCompressed };
        return false;
    }

    /// <summary>The input ended before all of something was there: damage, unless it ended just before it.</summary>
    /// <param name="what">What should be there, with its article.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="length">Its length as far as known.</param>
    private protected bool FailAtEnd(string what, long offset, long length)
    {
        long present = Input.Offset + Input.Available - offset;
        return Input.IsPackingDamaged
            ? Fail(CaptureProblemKind.Malformed, offset, $"The compressed data is damaged: nothing after {offset + present} unpacked bytes can be read, and {what} starts at byte {offset}.")
            : present > 0 && Fail(
                CaptureProblemKind.Truncated,
                offset,
                $"The {(IsCompressed ? "unpacked file" : "file")} ends at byte {offset + present}, in the middle of {what} that starts at byte {offset}: {present} of {length} bytes are there.");
    }

    private void NoteProgress()
    {
        if (_progress is not null)
        {
            (long Frames, long Bytes) now = (FramesRead, BytesRead);
            _progress.Add(now.Frames - _noted.Frames, now.Bytes - _noted.Bytes);
            _noted = now;
        }
    }

    private static CaptureProblem EmptyFile => new(CaptureProblemKind.NotACapture, 0, "The file is empty.");

    private static CaptureReader Recognise(CaptureInput input)
    {
        if (!input.Has(4))
        {
            throw new CaptureFormatException(
                input.Available > 0 ? Unknown(input.Peek(input.Available))
                : input.IsPacked ? new(CaptureProblemKind.Truncated, 0, "The file is compressed with gzip, but nothing can be unpacked from it.")
                : EmptyFile);
        }

        ReadOnlySpan<byte> magic = input.Peek(4);
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(magic);
        if (PcapReader.IsMagic(number) || PcapReader.IsMagic(BinaryPrimitives.ReverseEndianness(number)))
        {
            return new PcapReader(input);
        }

        return number == PcapNgReader.Magic ? new PcapNgReader(input)
            : magic.SequenceEqual("snoo"u8) ? new SnoopReader(input)
            : throw new CaptureFormatException(Unknown(magic));
    }

    private static CaptureProblem Unknown(ReadOnlySpan<byte> start)
    {
        string? packed = start switch
        {
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
            [0xfd, 0x37, 0x7a, 0x58, ..] => "xz",
            [0x42, 0x5a, 0x68, ..] => "bzip2",
            [0x50, 0x4b, 0x03, 0x04, ..] => "zip",
            [0x1f, 0x8b, ..] => "gzip twice",
            _ => null,
        };
        return packed is null
            ? new(CaptureProblemKind.NotACapture, 0, $"The file is not a capture: it starts with {Convert.ToHexString(start)}, which is none of pcap, pcapng and snoop.")
            : new(CaptureProblemKind.Unsupported, 0, $"The file is compressed with {packed}; unpack it first (one layer of gzip is unpacked on the way, nothing else).");
    }
}
