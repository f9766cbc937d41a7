namespace TcpShell.Live;

/// <summary>
/// Whether packets can be captured and sent on this machine's interfaces. That takes SharpPcap, with which this assembly may or may not have
/// been built, and libpcap (Npcap on Windows), which may or may not be installed. Nothing else depends on either.
/// </summary>
public static class CaptureBackend
{
    /// <summary>Whether this assembly was built with SharpPcap.</summary>
    public static bool IsBuiltIn =>
#if WITH_SHARPPCAP
        true;
#else
        false;
#endif

    /// <summary>What is missing and what to do about it, in one or two sentences; null if interfaces can be captured on.</summary>
    public static string? Missing()
    {
#if WITH_SHARPPCAP
        return SharpPcap.NativeLibrary.Missing();
#else
        return "This build of TcpShell has no SharpPcap, so it cannot capture on interfaces. "
            + "Build it where the packages SharpPcap and PacketDotNet can be restored: ./build.ps1 -WithSharpPcap.";
#endif
    }
}
