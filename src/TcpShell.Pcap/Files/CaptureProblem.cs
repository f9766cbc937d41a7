namespace TcpShell.Pcap.Files;

/// <summary>What is wrong with a capture file.</summary>
public enum CaptureProblemKind
{
    /// <summary>The bytes are no capture of a known format; an empty file as well.</summary>
    NotACapture,

    /// <summary>The file ends in the middle of a header, a record or a block.</summary>
    Truncated,

    /// <summary>A length, a reference or a number in the file cannot be right, so that what follows cannot be found.</summary>
    Malformed,

    /// <summary>The file may be sound, but this version, link type or resolution is not supported.</summary>
    Unsupported,
}

/// <summary>The damage at which reading a capture file stopped. Whatever stood before it was delivered.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Offset">The byte at which the damaged header, record or block starts; in a compressed file, counted in unpacked bytes.</param>
/// <param name="Message">The same in one sentence, with the numbers.</param>
public sealed record CaptureProblem(CaptureProblemKind Kind, long Offset, string Message)
{
    /// <summary>Whether <see cref="Offset"/> counts in unpacked bytes, for the file is compressed.</summary>
    public bool IsUnpacked { get; init; }

    /// <summary>The sentence.</summary>
    public override string ToString() => Message;
}
