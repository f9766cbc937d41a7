using System.ComponentModel;
using System.Diagnostics;

namespace TcpShell.Pcap.Tests;

/// <summary>Wireshark's programs as judges of the files that we write.</summary>
internal static class Tshark
{
    /// <summary>Runs one of them and returns its lines; skips the test where it is not installed.</summary>
    public static string[] Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors.Result}");
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not on the PATH: what it thinks of our captures is not checked.");
            throw;
        }
    }
}
