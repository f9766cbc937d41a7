using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TcpShell.Live.Serving;

/// <summary>
/// Opens regular files only. To open a named pipe would wait for its writer, to open a device may do something, and neither has a length.
/// </summary>
internal static class RegularFile
{
    // AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH and STATX_TYPE, and where statx(2) puts stx_mode; the same on all architectures.
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint TypeWanted = 1;
    private const int StatusSize = 256;
    private const int ModeOffset = 28;

    // S_IFMT and S_IFREG
    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;

    // O_NONBLOCK and O_CLOEXEC: should it have become a pipe just now, opening it does not wait.
    private static int OpenFlags => OperatingSystem.IsMacOS() ? 0x4 | 0x1000000 : 0x800 | 0x80000;

    /// <summary>Opens a file to read, which others may write and delete meanwhile.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>The file; null if it is no regular one, or not there.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static FileStream? Open(string path)
    {
        if (OperatingSystem.IsLinux() && !IsRegular(CurrentFolder, path, NoFollow))
        {
            return null;
        }

        SafeFileHandle handle = OperatingSystem.IsWindows()
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : new SafeFileHandle(Open(path, OpenFlags), ownsHandle: true);
        if (handle.IsInvalid || (OperatingSystem.IsLinux() && !IsRegular((int)handle.DangerousGetHandle(), "", EmptyPath)))
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

    private static bool IsRegular(int folder, string path, int flags)
    {
        Span<byte> status = stackalloc byte[StatusSize];
        return Status(folder, path, flags, TypeWanted, ref MemoryMarshal.GetReference(status)) == 0
            && (MemoryMarshal.Read<ushort>(status[ModeOffset..]) & TypeMask) == RegularType;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Status(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint wanted, ref byte status);
}
