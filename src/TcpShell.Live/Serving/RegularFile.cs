using Microsoft.Win32.SafeHandles;
using TcpShell.Pcap.Files;

namespace TcpShell.Live.Serving;

/// <summary>
/// Opens regular files only. To open a named pipe would wait for its writer, to open a device may do something, and neither has a length.
/// </summary>
internal static class RegularFile
{
    /// <summary>Opens a file to read, which others may write and delete meanwhile.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>The file; null if it is no regular one, or not there.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static FileStream? Open(string path)
    {
        if (OperatingSystem.IsLinux() && UnixFile.Status(path, followLinks: false) is not { IsRegular: true })
        {
            return null;
        }

        // Should it have become a pipe just now, opening it does not wait.
        SafeFileHandle handle = OperatingSystem.IsWindows()
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : UnixFile.Open(path);
        if (handle.IsInvalid || (OperatingSystem.IsLinux() && UnixFile.Status(handle) is not { IsRegular: true }))
        {
            handle.Dispose();
            return null;
        }

        var file = new FileStream(handle, FileAccess.Read);
        if (file.CanSeek)
        {
            return file;
        }

        file.Dispose();
        return null;
    }
}
