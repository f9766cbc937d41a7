using System.Diagnostics;
using TcpShell.Pcap.Files;

namespace TcpShell.Watching;

/// <summary>
/// Frames that a cmdlet pulls as they come, on the pipeline's own thread: no queue grows, and what the pipeline is too slow for waits where it comes
/// from. Ends when the user stops the pipeline, when the time is over, or with its source.
/// </summary>
internal abstract class FrameWatch(TimeSpan? duration, CancellationToken stopping) : IDisposable
{
    /// <summary>How long nothing may happen before the watch looks whether it is to end: Ctrl-C works within half a second.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _running = Stopwatch.StartNew();

    /// <summary>Whether the user or the clock has ended the watch.</summary>
    public bool IsOver => stopping.IsCancellationRequested || _running.Elapsed >= duration;

    /// <summary>How long may be waited until the next look.</summary>
    protected TimeSpan NextLook
    {
        get
        {
            TimeSpan left = (duration ?? TimeSpan.MaxValue) - _running.Elapsed;
            return left < TimeSpan.Zero ? TimeSpan.Zero : left < Patience ? left : Patience;
        }
    }

    /// <summary>Waits for the next frame.</summary>
    /// <param name="frame">The frame; its data is valid until the next call.</param>
    /// <returns>False when the watch is over, or its source has ended.</returns>
    public abstract bool TryRead(out CapturedFrame frame);

    /// <summary>Ends the watch.</summary>
    public abstract void Dispose();
}
