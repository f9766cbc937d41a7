namespace TcpShell.Pcap.Files;

/// <summary>More captures are to be read side by side than the system lets one process open.</summary>
/// <param name="wanted">How many are to be open.</param>
/// <param name="possible">How many could be.</param>
public sealed class TooManyFilesException(int wanted, int possible) : IOException($"{wanted} files are too many to be open at once: {possible} could be.")
{
    private const int Posix = 24; // EMFILE
    private const int Windows = unchecked((int)0x80070004); // ERROR_TOO_MANY_OPEN_FILES

    /// <summary>Whether a file could not be opened for that reason.</summary>
    internal static bool IsReason(Exception? failure) => failure is IOException { HResult: Posix or Windows };
}
