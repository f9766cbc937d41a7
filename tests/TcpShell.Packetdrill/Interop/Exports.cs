using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using TcpShell.Scripting;
using TcpShell.Wire;

namespace TcpShell.Packetdrill.Interop;

/// <summary>
/// What this library is called for: by packetdrill, which fetches its table here, and in the C library's stead where packetdrill goes past its table.
/// For the latter the library must be loaded before the C library is (LD_PRELOAD).
/// </summary>
internal static unsafe class Exports
{
    // The one command that packetdrill runs for itself: the code blocks of a script.
    private const string CodeFile = "/tmp/code_";

    private static int s_ticks;

    /// <summary>Makes a machine. The flags (--so_flags) are its address and its MTU: <c>192.168.0.1,1500</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "packetdrill_interface_init")]
    public static void Begin(byte* flags, InterfaceTable* table)
    {
        _ = ProfileTypes.Default;
        string[] parts = (Marshal.PtrToStringUTF8((nint)flags) ?? "").Split(',');
        SystemCalls.Begin(new Machine(IpAddress.Parse(parts[0]), int.Parse(parts[1])), table);
    }

    /// <summary>Code blocks read tcp_info with this.</summary>
    [UnmanagedCallersOnly(EntryPoint = "getsockopt")]
    public static int GetSocketOption(int descriptor, int level, int name, byte* value, uint* length)
    {
        if (SystemCalls.Program?.Owns(descriptor) == true)
        {
            return SystemCalls.GetOptionOf(descriptor, level, name, value, length);
        }

        int result = LibC.GetSocketOption(descriptor, level, name, value, length);
        Marshal.SetLastSystemError(Marshal.GetLastPInvokeError());
        return result;
    }

    /// <summary>Command lines of a script come here. They are never run: their settings of the kernel become settings of this machine.</summary>
    [UnmanagedCallersOnly(EntryPoint = "system")]
    public static int Run(byte* command)
    {
        string text = Marshal.PtrToStringUTF8((nint)command) ?? "";
        if (text.Contains(CodeFile, StringComparison.Ordinal))
        {
            LibC.RemoveVariable("LD_PRELOAD");
            return LibC.Run(command);
        }

        const int ExitCode1 = 1 << 8;
        try
        {
            return SystemCalls.Machine.Apply(text) ? 0 : ExitCode1;
        }
        catch (ScriptUnsupported unsupported)
        {
            Console.Error.WriteLine($"{unsupported.Construct} is not supported.");
            return ExitCode1;
        }
    }

    /// <summary>packetdrill waits for ten ticks of the kernel's clock before it begins. Here each reading is a tick.</summary>
    [UnmanagedCallersOnly(EntryPoint = "times")]
    public static nint Times(nint times) => ++s_ticks;

    /// <summary>Real-time priority is of no use in virtual time.</summary>
    [UnmanagedCallersOnly(EntryPoint = "sched_setscheduler")]
    public static int SetScheduler(int process, int policy, nint parameters) => 0;

    /// <summary>Neither is locked memory, which needs privileges.</summary>
    [UnmanagedCallersOnly(EntryPoint = "mlockall")]
    public static int LockMemory(int flags) => 0;
}

/// <summary>Names the types that profiles are made of: native code exists only for what is named.</summary>
[JsonSerializable(typeof(ScriptProfile))]
internal sealed partial class ProfileTypes : JsonSerializerContext;
