using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace TcpShell.Live.Tests.Tun;

/// <summary>
/// A network of a test's own: a thread in a new network namespace. Sockets, devices, threads and programs that it makes are there too, and with
/// the last of them the namespace goes. Nothing of the machine's own network is touched.
/// </summary>
internal static class NetworkNamespace
{
    private const int NewNetwork = 0x40000000;

    /// <summary>Skips the test, and says why, where no namespace or no TUN device can be made.</summary>
    public static void Require()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "network namespaces and TUN devices are there on Linux only");
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "this system has no /dev/net/tun");
        Assert.SkipUnless(GetEffectiveUserId() == 0, "making network namespaces takes root");
        RequireProgram("ip", "iproute2");
    }

    /// <summary>Skips the test, and says why, where a program is not installed.</summary>
    public static void RequireProgram(string name, string package)
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));
        Assert.SkipUnless(isThere, $"{name} is not installed (package {package})");
    }

    /// <summary>Runs a test in a namespace whose loopback interface is up.</summary>
    public static void Run(Action test)
    {
        Require();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Assert.True(Unshare(NewNetwork) == 0, $"no network namespace: {Marshal.GetLastPInvokeErrorMessage()}");
                Shell("ip", "link set lo up");
                test();
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Starts something on another thread of the namespace.</summary>
    public static Thread Start(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    /// <summary>Runs a program of the namespace to its end and gives what it wrote.</summary>
    public static string Shell(string program, string arguments)
    {
        using Process process = StartProgram(program, arguments);

        // The process leaves them open, for whoever asked for them may still read.
        using StreamReader standardError = process.StandardError;
        using StreamReader standardOutput = process.StandardOutput;
        Task<string> errors = standardError.ReadToEndAsync();
        string output = standardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {arguments}: {errors.Result}{output}");
        return output;
    }

    /// <summary>Starts a program in the namespace.</summary>
    public static Process StartProgram(string program, string arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    [DllImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static extern int Unshare(int flags);

    [DllImport("libc", EntryPoint = "geteuid")]
    private static extern uint GetEffectiveUserId();
}
