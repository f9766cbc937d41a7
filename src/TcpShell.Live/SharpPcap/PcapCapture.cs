using SharpPcap;
using SharpPcap.LibPcap;
using TcpShell.Live.Devices;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>A device opened with SharpPcap. Frames are pulled: a handler that throws would end the process.</summary>
internal sealed class PcapCapture : IDeviceCapture
{
    // How long the kernel may gather frames before it hands them on.
    private const int GatherMilliseconds = 10;

    // Where there is no descriptor to wait on (Windows), libpcap is asked this often.
    private const int AskAgainMilliseconds = 5;

    private readonly LibPcapLiveDevice _device;
    private readonly int _descriptor;
    private byte[] _frame = new byte[2048];
    private long _frames;
    private CaptureStatistics _last;
    private bool _disposed;

    private PcapCapture(LibPcapLiveDevice device)
    {
        _device = device;
        _descriptor = PcapLibrary.Descriptor(device.Handle);
        LinkType = (LinkType)(ushort)device.LinkType;
    }

    public LinkType LinkType { get; }

    public CaptureStatistics Statistics
    {
        get
        {
            if (!_disposed && PcapLibrary.Statistics(_device.Handle) is { } counters)
            {
                _last = new(counters.Received, counters.Dropped, counters.DroppedByDevice);
            }

            return _last;
        }
    }

    /// <summary>Opens a device; errors come as <see cref="CaptureException"/>.</summary>
    public static PcapCapture Open(NetworkDevice device, CaptureOptions options)
    {
        LibPcapLiveDevice opened = PcapDevices.Get(device.Name);
        try
        {
            opened.Open(new DeviceConfiguration
            {
                Mode = options.Promiscuous ? DeviceModes.Promiscuous : DeviceModes.None,
                Snaplen = options.SnapLength,
                BufferSize = options.BufferSize,
                ReadTimeout = GatherMilliseconds,
                Immediate = options.Immediate,
                TimestampResolution = TimestampResolution.Nanosecond,
            });
            opened.NonBlockingMode = true;
            SetFilter(opened, options.Filter);
            return new PcapCapture(opened);
        }
        catch (Exception failed)
        {
            // After a failed Open the device counts as open, and a second Open would do nothing.
            string words = failed is PcapException && opened.Opened ? opened.LastError : "";
            opened.Close();
            if (failed is PcapException pcap)
            {
                throw Explain(pcap, device, words);
            }

            throw;
        }
    }

    public bool TryRead(TimeSpan timeout, out CapturedFrame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        frame = default;
        GetPacketStatus status = Next(out nint header, out nint data);
        if (status == GetPacketStatus.ReadTimeout && Wait(timeout))
        {
            status = Next(out header, out data);
        }

        if (status == GetPacketStatus.ReadTimeout)
        {
            return false;
        }

        if (status != GetPacketStatus.PacketRead)
        {
            throw new CaptureException(CaptureError.DeviceFailed, $"Capturing on '{_device.Name}' has ended: {_device.LastError}");
        }

        frame = Copy(header, data);
        return true;
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            _device.SendPacket(frame);
        }
        catch (PcapException failed)
        {
            throw new CaptureException(CaptureError.DeviceFailed, $"'{_device.Name}' does not send a frame of {frame.Length} octets: {_device.LastError}", failed);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _ = Statistics;
            _disposed = true;
            _device.Close();
        }
    }

    /// <summary>Takes what there is, without waiting: SharpPcap's GetNextPacket would wait for half a second, whatever it is told. The device is open here, or this would crash.</summary>
    private GetPacketStatus Next(out nint header, out nint data)
    {
        header = data = 0;
        return (GetPacketStatus)_device.GetNextPacketPointers(ref header, ref data);
    }

    private bool Wait(TimeSpan timeout)
    {
        int milliseconds = (int)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue);
        if (_descriptor >= 0)
        {
            return UnixFile.WaitForInput(_descriptor, milliseconds);
        }

        Thread.Sleep(Math.Min(milliseconds, AskAgainMilliseconds));
        return true;
    }

    /// <summary>The frame's memory is libpcap's, and lasts until the next one is asked for.</summary>
    private unsafe CapturedFrame Copy(nint headerPointer, nint dataPointer)
    {
        PcapHeader header = PcapHeader.FromPointer(headerPointer, TimestampResolution.Nanosecond);
        var data = new ReadOnlySpan<byte>((void*)dataPointer, (int)header.CaptureLength);
        if (_frame.Length < data.Length)
        {
            _frame = new byte[Math.Max(data.Length, 2 * _frame.Length)];
        }

        data.CopyTo(_frame);
        return new CapturedFrame
        {
            Number = ++_frames,
            Timestamp = new((long)(header.Timeval.Value * 1_000_000_000m)),
            LinkType = LinkType,
            OriginalLength = header.PacketLength,
            Data = _frame.AsMemory(0, data.Length),
        };
    }

    private static void SetFilter(LibPcapLiveDevice device, string filter)
    {
        if (filter.Length == 0)
        {
            return;
        }

        try
        {
            device.Filter = filter;
        }
        catch (PcapException wrong)
        {
            throw new CaptureException(CaptureError.FilterNotUnderstood, $"libpcap does not take the filter '{filter}': {device.LastError}", wrong);
        }
    }

    private static CaptureException Explain(PcapException failed, NetworkDevice device, string words)
    {
        string because = words.Length > 0 ? words : failed.Message;
        return failed.Error switch
        {
            PcapError.PermissionDenied or PcapError.PromiscuousPermissionDenied =>
                new(CaptureError.PermissionDenied, $"This user may not capture on '{device}': {because}", failed),
            PcapError.NoSuchDevice => new(CaptureError.DeviceNotFound, $"There is no device '{device}' any more: {because}", failed),
            _ => new(CaptureError.DeviceFailed, $"'{device}' cannot be opened: {because}", failed),
        };
    }
}
