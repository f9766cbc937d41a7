using SharpPcapLibrary = global::SharpPcap.Pcap;

namespace TcpShell.Live.SharpPcap;

/// <summary>Looks for libpcap, without which SharpPcap can do nothing.</summary>
internal static class NativeLibrary
{
    /// <summary>What is missing and what to do about it; null if nothing is.</summary>
    public static string? Missing()
    {
        // SharpPcap reports version 0.0 where it finds no library; other calls throw DllNotFoundException for "wpcap" on every system.
        if (SharpPcapLibrary.LibpcapVersion > new Version(0, 0))
        {
            return null;
        }

        return OperatingSystem.IsWindows()
            ? "Npcap is not installed: get it from npcap.com, with the option for the WinPcap API."
            : "libpcap is not installed: on Debian and Ubuntu, apt-get install libpcap0.8.";
    }
}
