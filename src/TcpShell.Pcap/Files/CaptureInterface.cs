using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>An interface on which frames of a capture file were captured.</summary>
public sealed record CaptureInterface
{
    internal const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The number by which frames name it: its index in <see cref="CaptureReader.Interfaces"/>.</summary>
    /// <remarks>A pcapng file with several sections numbers them anew in each; these numbers go on.</remarks>
    public int Id { get; init; }

    /// <summary>Its name, such as <c>eth0</c>; empty where the file does not say.</summary>
    public string Name { get; init; } = "";

    /// <summary>A description for people; empty where the file does not say.</summary>
    public string Description { get; init; } = "";

    /// <summary>The first header of its frames.</summary>
    public LinkType LinkType { get; init; }

    /// <summary>The most octets of a frame that were captured; 0 for no limit.</summary>
    public uint SnapLength { get; init; }

    /// <summary>The resolution of its times, in units per second: 1,000,000 for microseconds.</summary>
    public ulong TimestampUnitsPerSecond { get; init; } = 1_000_000;

    /// <summary>Seconds that are added to its times (pcapng's if_tsoffset).</summary>
    public long TimestampOffset { get; init; }

    /// <summary>Converts a time of this interface; one beyond what a <see cref="Timestamp"/> holds becomes the last or first that it does.</summary>
    /// <param name="units">The time in its own units.</param>
    internal Timestamp ToTimestamp(ulong units)
    {
        (ulong nanosecondsPerUnit, ulong remainder) = Math.DivRem(NanosecondsPerSecond, TimestampUnitsPerSecond);
        if (remainder == 0 && TimestampOffset == 0 && units <= long.MaxValue / nanosecondsPerUnit)
        {
            return new((long)(units * nanosecondsPerUnit));
        }

        Int128 nanoseconds = (Int128)((UInt128)units * NanosecondsPerSecond / TimestampUnitsPerSecond)
            + ((Int128)TimestampOffset * NanosecondsPerSecond);
        return new((long)Int128.Clamp(nanoseconds, long.MinValue, long.MaxValue));
    }

    /// <summary>The name, or <c>interface 0</c> for one without.</summary>
    public override string ToString() => Name.Length > 0 ? Name : $"interface {Id}";
}
