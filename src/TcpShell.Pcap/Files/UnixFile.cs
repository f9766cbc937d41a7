using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TcpShell.Pcap.Files;

/// <summary>What the C library of Linux and macOS knows of a file, or does with it, and the framework does not.</summary>
internal static class UnixFile
{
    // AT_FDCWD, AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;

    // STATX_TYPE and STATX_INO; the size of statx(2)'s structure, and where it has stx_mode, stx_ino and stx_dev_major with stx_dev_minor.
    private const uint Wanted = 0x1 | 0x100;
    private const int StatusSize = 256;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;

    private const short Readable = 1; // POLLIN

    // O_RDONLY, which is 0, with O_NONBLOCK and O_CLOEXEC
    private static int ReadWithoutWaiting => OperatingSystem.IsMacOS() ? 0x4 | 0x1000000 : 0x800 | 0x80000;

    /// <summary>Opens a file to read, and at once: a named pipe is open before anybody writes to it.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>The file; an invalid handle if it cannot be opened, and <see cref="Marshal.GetLastPInvokeError"/> says why.</returns>
    public static SafeFileHandle Open(string path) => new(Open(path, ReadWithoutWaiting), ownsHandle: true);

    /// <summary>What stands at a path; on Linux alone.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLinks">Whether the end of a link is meant, not the link.</param>
    /// <returns>Null if it cannot be told.</returns>
    /// <exception cref="EntryPointNotFoundException">The C library is too old to have statx(2).</exception>
    public static FileStatus? Status(string path, bool followLinks) => Status(CurrentFolder, path, followLinks ? 0 : NoFollow);

    /// <summary>What was opened; on Linux alone.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Null if it cannot be told.</returns>
    /// <exception cref="EntryPointNotFoundException">The C library is too old to have statx(2).</exception>
    public static FileStatus? Status(SafeFileHandle file) => Status((int)file.DangerousGetHandle(), "", EmptyPath);

    /// <summary>Waits until there is something to read.</summary>
    /// <param name="descriptor">Of what.</param>
    /// <param name="milliseconds">How long at most.</param>
    /// <returns>False if the time passed, or the wait was interrupted.</returns>
    public static bool WaitForInput(int descriptor, int milliseconds)
    {
        var wanted = new PollDescriptor { Descriptor = descriptor, Events = Readable };
        return Poll(ref wanted, 1, milliseconds) > 0;
    }

    // statx(2) is the only one of its family whose structure is the same on every processor.
    private static FileStatus? Status(int folder, string path, int flags)
    {
        Span<byte> status = stackalloc byte[StatusSize];
        return Statx(folder, path, flags, Wanted, ref MemoryMarshal.GetReference(status)) == 0
            ? new(
                MemoryMarshal.Read<ushort>(status[ModeOffset..]), MemoryMarshal.Read<ulong>(status[DeviceOffset..]), MemoryMarshal.Read<ulong>(status[InodeOffset..]))
            : null;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint wanted, ref byte status);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int timeout);

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Occurred;
    }
}

/// <summary>What kind of file it is, and which one.</summary>
/// <param name="Mode">Its st_mode: the kind and the rights.</param>
/// <param name="Device">The device that it is on: major and minor number.</param>
/// <param name="Inode">Its number there.</param>
internal readonly record struct FileStatus(int Mode, ulong Device, ulong Inode)
{
    // S_IFMT and S_IFREG
    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;

    /// <summary>Whether it is a file with content, no folder, pipe, device or socket.</summary>
    public bool IsRegular => (Mode & TypeMask) == RegularType;

    /// <summary>What no two files have in common.</summary>
    public (ulong Device, ulong Inode) Identity => (Device, Inode);
}
