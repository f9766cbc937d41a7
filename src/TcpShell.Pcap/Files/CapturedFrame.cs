using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>One frame of a capture: its bytes and what the capturing program noted beside them.</summary>
/// <remarks>
/// <see cref="Data"/> is a window into the reader's buffer. It is valid until the next call of <see cref="CaptureReader.TryRead"/>;
/// who keeps a frame for longer keeps a <see cref="Copy"/>.
/// </remarks>
public readonly struct CapturedFrame
{
    /// <summary>The frame's place in the file, from 1, as Wireshark's frame.number.</summary>
    public long Number { get; init; }

    /// <summary>When it was captured: nanoseconds since 1970-01-01 UTC. Zero where the format has no time (pcapng's simple packet block).</summary>
    public Timestamp Timestamp { get; init; }

    /// <summary>Where it was captured: an index into <see cref="CaptureReader.Interfaces"/>.</summary>
    public int InterfaceId { get; init; }

    /// <summary>The first header of the frame.</summary>
    public LinkType LinkType { get; init; }

    /// <summary>Octets that were captured.</summary>
    public int CapturedLength => Data.Length;

    /// <summary>Octets that the frame had on the wire; more than <see cref="CapturedLength"/> where the capture cut it.</summary>
    public uint OriginalLength { get; init; }

    /// <summary>The octets that were captured; valid until the next frame is read.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The comment on the frame, several of them on a line each; null if there is none.</summary>
    public string? Comment { get; init; }

    /// <summary>The byte at which the frame's record or block starts in the file; in a compressed file, counted in unpacked bytes.</summary>
    public long FileOffset { get; init; }

    /// <summary>The same frame with octets of its own, which stay valid.</summary>
    public CapturedFrame Copy() => this with { Data = Data.ToArray() };

    /// <summary><c>12 1700000000.123456 74 bytes</c>.</summary>
    public override string ToString() => $"{Number} {Timestamp} {OriginalLength} bytes";
}
