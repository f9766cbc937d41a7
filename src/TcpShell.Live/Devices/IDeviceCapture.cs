using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.Devices;

/// <summary>How to capture.</summary>
public sealed record CaptureOptions
{
    /// <summary>The filter in libpcap's language (<c>tcp port 443</c>), which the system applies; empty for everything.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Whether frames are taken as well that are for other machines on the link.</summary>
    public bool Promiscuous { get; init; }

    /// <summary>The most octets of a frame that are kept, 1 to 262144.</summary>
    public int SnapLength { get; init; } = CaptureReader.MaximumFrameLength;

    /// <summary>Octets that the system keeps for frames that were not read yet; what finds no room is dropped and counted.</summary>
    public int BufferSize { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Whether each frame is given at once, for who answers it. Otherwise the system gathers frames for up to 10 ms, which saves work and loses
    /// less in a burst.
    /// </summary>
    public bool Immediate { get; init; }
}

/// <summary>What a capture has counted since it was opened.</summary>
/// <param name="Received">Frames that passed the filter, the dropped ones included.</param>
/// <param name="Dropped">Frames that the system had no room for, because they were not read fast enough.</param>
/// <param name="DroppedByDevice">Frames that the device or its driver dropped; 0 where it does not count them.</param>
public readonly record struct CaptureStatistics(uint Received, uint Dropped, uint DroppedByDevice);

/// <summary>A device that is open: its frames are pulled one by one, by one thread at a time, and frames of one's own are sent.</summary>
public interface IDeviceCapture : IDisposable
{
    /// <summary>The first header of its frames.</summary>
    LinkType LinkType { get; }

    /// <summary>What it has counted, from the kernel.</summary>
    CaptureStatistics Statistics { get; }

    /// <summary>Takes the next frame.</summary>
    /// <param name="timeout">How long to wait for one.</param>
    /// <param name="frame">The frame; its data is valid until the next call.</param>
    /// <returns>False if none came.</returns>
    /// <exception cref="CaptureException">The device has failed: it was removed, for example.</exception>
    bool TryRead(TimeSpan timeout, out CapturedFrame frame);

    /// <summary>Sends a frame.</summary>
    /// <param name="frame">Its octets, from the link-layer header on.</param>
    /// <exception cref="CaptureException">The device refuses it: it is too long, or the device is down.</exception>
    void Send(ReadOnlySpan<byte> frame);
}
