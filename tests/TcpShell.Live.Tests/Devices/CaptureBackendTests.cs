using System.Reflection;
using TcpShell.Live.Devices;

namespace TcpShell.Live.Tests.Devices;

/// <summary>A missing package or a missing libpcap breaks nothing, and says what to do.</summary>
public class CaptureBackendTests
{
    [Fact]
    public void Missing_BuiltWithoutSharpPcap_SaysHowToBuildWithIt()
    {
        Assert.SkipWhen(CaptureBackend.IsBuiltIn, "this build has SharpPcap");
        Assert.Contains("./build.ps1 -WithSharpPcap", CaptureBackend.Missing());
    }

    [Fact]
    public void Missing_BuiltWithSharpPcap_NamesThePackageOrNothing()
    {
        Assert.SkipUnless(CaptureBackend.IsBuiltIn, "this build has no SharpPcap: the packages are not in the NuGet cache");
        string? missing = CaptureBackend.Missing();
        Assert.True(missing is null || missing.Contains("libpcap0.8", StringComparison.Ordinal) || missing.Contains("Npcap", StringComparison.Ordinal));
    }

    [Fact]
    public void Assembly_BuiltWithoutSharpPcap_DoesNotReferToIt()
    {
        Assert.SkipWhen(CaptureBackend.IsBuiltIn, "this build has SharpPcap");
        IEnumerable<string?> references = typeof(CaptureBackend).Assembly.GetReferencedAssemblies().Select((AssemblyName name) => name.Name);
        Assert.DoesNotContain("SharpPcap", references);
    }
}
