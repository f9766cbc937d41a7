using System.Diagnostics;
using TcpShell.Live.Devices;
using TcpShell.Pcap.Files;

namespace TcpShell.Watching;

/// <summary>The frames of a device.</summary>
/// <param name="capture">The open device; closed with the watch.</param>
/// <param name="warn">Told how many frames were dropped, at most once a second and at the end.</param>
/// <param name="duration">How long to watch; null for no end.</param>
/// <param name="stopping">Cancelled when the user stops the pipeline.</param>
internal sealed class DeviceWatch(IDeviceCapture capture, Action<string> warn, TimeSpan? duration, CancellationToken stopping) : FrameWatch(duration, stopping)
{
    private static readonly TimeSpan s_betweenCounts = TimeSpan.FromSeconds(1);

    private readonly Stopwatch _sinceCount = Stopwatch.StartNew();
    private CaptureStatistics _told;

    /// <summary>Opens a device to watch it.</summary>
    /// <param name="name">The device's name.</param>
    /// <param name="options">What is to be captured.</param>
    /// <param name="warn">Told of frames that were dropped.</param>
    /// <param name="duration">How long to watch; null for no end.</param>
    /// <param name="stopping">Cancelled when the user stops the pipeline.</param>
    /// <exception cref="CaptureException">There is no such device, or it cannot be opened so.</exception>
    public static DeviceWatch Open(string name, CaptureOptions options, Action<string> warn, TimeSpan? duration, CancellationToken stopping) =>
        new(CaptureBackend.Open(CaptureBackend.Find(name), options), warn, duration, stopping);

    /// <inheritdoc/>
    public override bool TryRead(out CapturedFrame frame)
    {
        while (!IsOver)
        {
            if (_sinceCount.Elapsed >= s_betweenCounts)
            {
                _sinceCount.Restart();
                TellDrops();
            }

            if (capture.TryRead(NextLook, out frame))
            {
                return true;
            }
        }

        frame = default;
        TellDrops();
        return false;
    }

    /// <summary>Warns if frames were dropped that were not told of yet.</summary>
    public void TellDrops()
    {
        CaptureStatistics now = capture.Statistics;
        if (now.Dropped > _told.Dropped)
        {
            warn($"{now.Dropped} of {now.Received} frames were dropped, because they were not read fast enough. A -Filter, a larger -BufferSize, or less work in the pipeline helps.");
        }

        if (now.DroppedByDevice > _told.DroppedByDevice)
        {
            warn($"{now.DroppedByDevice} frames were dropped by the device or its driver.");
        }

        _told = now;
    }

    /// <inheritdoc/>
    public override void Dispose() => capture.Dispose();
}
