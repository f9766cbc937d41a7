using TcpShell.Pcap.Files;

namespace TcpShell.Watching;

/// <summary>The frames of a capture file that may still be growing, of a pipe, or of the standard input.</summary>
/// <param name="open">Opens it; what it is given tells whether to go on waiting.</param>
/// <param name="duration">How long to watch; null for no end.</param>
/// <param name="stopping">Cancelled when the user stops the pipeline.</param>
internal sealed class FileWatch(Func<Func<bool>, Stream> open, TimeSpan? duration, CancellationToken stopping) : FrameWatch(duration, stopping)
{
    private CaptureReader? _reader;

    /// <summary>The damage that ended the file; null if it was something else.</summary>
    public CaptureProblem? Problem => IsOver ? null : _reader?.Problem;

    /// <summary>Frames read.</summary>
    public long FramesRead => _reader?.FramesRead ?? 0;

    /// <inheritdoc/>
    /// <exception cref="CaptureFormatException">It is no capture.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public override bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        return !IsOver && TryOpen() && _reader!.TryRead(out frame);
    }

    /// <inheritdoc/>
    public override void Dispose() => _reader?.Dispose();

    /// <summary>A header may be long in coming, and the watch can end before.</summary>
    private bool TryOpen()
    {
        if (_reader is null)
        {
            try
            {
                _reader = CaptureReader.Open(open(() => IsOver));
            }
            catch (CaptureFormatException) when (IsOver)
            {
                return false;
            }
        }

        return true;
    }
}
