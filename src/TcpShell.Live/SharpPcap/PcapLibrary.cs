using System.Runtime.InteropServices;
using SharpPcap.LibPcap;
using SharpPcapLibrary = global::SharpPcap.Pcap;

namespace TcpShell.Live.SharpPcap;

/// <summary>libpcap itself, without which SharpPcap can do nothing, and what of it SharpPcap gets wrong or does not offer.</summary>
internal static unsafe class PcapLibrary
{
    // Loaded a second time under its own names, for SharpPcap keeps its handle to itself; it is the same library.
    private static readonly string[] s_names = OperatingSystem.IsWindows() ? ["wpcap.dll"]
        : OperatingSystem.IsMacOS() ? ["libpcap.dylib", "libpcap.A.dylib"]
        : ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so"];

    private static readonly Lazy<nint> s_library = new(Load);

    /// <summary>What is missing and what to do about it; null if nothing is.</summary>
    public static string? Missing()
    {
        // SharpPcap reports version 0.0 where it finds no library; other calls throw DllNotFoundException for "wpcap" on every system.
        if (SharpPcapLibrary.LibpcapVersion > new Version(0, 0))
        {
            return null;
        }

        return OperatingSystem.IsWindows() ? "Npcap is not installed: get it from npcap.com, with the option for the WinPcap API."
            : OperatingSystem.IsMacOS() ? "libpcap, which is a part of macOS, cannot be loaded."
            : "libpcap is not installed: on Debian and Ubuntu, apt-get install libpcap0.8.";
    }

    /// <summary>
    /// The counters of an open device. SharpPcap's own reading takes the structure's fields for twice as wide as they are on 64-bit systems, and
    /// shows no drops where thousands were dropped.
    /// </summary>
    /// <returns>Received, dropped by the kernel, dropped by the device; null where the device does not count.</returns>
    public static (uint Received, uint Dropped, uint DroppedByDevice)? Statistics(PcapHandle handle)
    {
        var call = (delegate* unmanaged[Cdecl]<nint, uint*, int>)NativeLibrary.GetExport(s_library.Value, "pcap_stats");

        // ps_recv, ps_drop, ps_ifdrop, and on Windows some more.
        uint* counters = stackalloc uint[8];
        return call(handle.DangerousGetHandle(), counters) == 0 ? (counters[0], counters[1], counters[2]) : null;
    }

    /// <summary>The descriptor to wait on for frames; -1 where there is none, as on Windows.</summary>
    public static int Descriptor(PcapHandle handle)
    {
        if (!NativeLibrary.TryGetExport(s_library.Value, "pcap_get_selectable_fd", out nint function))
        {
            return -1;
        }

        return ((delegate* unmanaged[Cdecl]<nint, int>)function)(handle.DangerousGetHandle());
    }

    private static nint Load()
    {
        foreach (string name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return library;
            }
        }

        throw new DllNotFoundException($"None of {string.Join(", ", s_names)} can be loaded.");
    }
}
