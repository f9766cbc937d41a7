using TcpShell.Packetdrill.Interop;

namespace TcpShell.Packetdrill;

/// <summary>A thread of this process, by its number in the kernel.</summary>
/// <param name="Id">The number.</param>
internal readonly record struct NativeThread(int Id)
{
    /// <summary>The thread that asks.</summary>
    public static NativeThread Current => new(LibC.GetThreadId());

    /// <summary>Whether it sleeps in the kernel: the letter behind the name in parentheses (proc(5)).</summary>
    public bool IsSleeping
    {
        get
        {
            string status = File.ReadAllText($"/proc/self/task/{Id}/stat");
            return status[status.LastIndexOf(')')..].StartsWith(") S", StringComparison.Ordinal);
        }
    }
}
