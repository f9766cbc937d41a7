namespace TcpShell.Live.Devices;

/// <summary>Why a device cannot be used.</summary>
public enum CaptureError
{
    /// <summary>SharpPcap or libpcap is missing.</summary>
    BackendMissing,

    /// <summary>The user may not capture or send on devices.</summary>
    PermissionDenied,

    /// <summary>There is no such device.</summary>
    DeviceNotFound,

    /// <summary>libpcap does not understand the filter.</summary>
    FilterNotUnderstood,

    /// <summary>Nobody on the link answers for an address.</summary>
    NeighborNotFound,

    /// <summary>The device has another kind of frames than what was asked of it needs.</summary>
    DeviceUnsuitable,

    /// <summary>The device cannot be opened, or has failed since.</summary>
    DeviceFailed,
}

/// <summary>A device cannot be used.</summary>
public sealed class CaptureException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">The same in a sentence or two.</param>
    /// <param name="inner">What the library said; null if nothing.</param>
    public CaptureException(CaptureError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    /// <summary>Why.</summary>
    public CaptureError Error { get; }
}
