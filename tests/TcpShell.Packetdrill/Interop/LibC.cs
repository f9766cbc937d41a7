using System.Runtime.InteropServices;

namespace TcpShell.Packetdrill.Interop;

/// <summary>What the C library itself does.</summary>
internal static unsafe partial class LibC
{
    /// <summary>A descriptor that the kernel knows; nothing else is done with it.</summary>
    public static int NewDescriptor() => EventFd(0, 0);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "gettid")]
    public static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetSocketOption(int descriptor, int level, int option, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "system")]
    public static partial int Run(byte* command);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveVariable(string name);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int EventFd(uint initial, int flags);
}
