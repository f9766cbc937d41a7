using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>A frame as plain numbers: where it stands in the window of the input, and what its record says.</summary>
/// <remarks>The places are valid until the next frame is read, like <see cref="CapturedFrame.Data"/>.</remarks>
internal struct FrameHeader
{
    /// <summary>The frame's place in the file, from 1.</summary>
    public long Number;

    /// <summary>Nanoseconds since 1970.</summary>
    public long Time;

    /// <summary>The byte at which its record starts in the file.</summary>
    public long FileOffset;

    /// <summary>Index of the interface.</summary>
    public int InterfaceId;

    /// <summary>Octets on the wire.</summary>
    public uint OriginalLength;

    /// <summary>Where its octets start in the window.</summary>
    public int Start;

    /// <summary>Octets captured.</summary>
    public int Length;

    /// <summary>Where its options start in the window.</summary>
    public int OptionsStart;

    /// <summary>Octets of options; 0 where there are none.</summary>
    public int OptionsLength;

    /// <summary>The first header.</summary>
    public LinkType LinkType;
}
