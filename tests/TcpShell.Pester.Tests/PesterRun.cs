using System.Diagnostics;
using System.Text.Json;

namespace TcpShell.Pester.Tests;

/// <summary>A test of a Pester file that did not pass.</summary>
public sealed record PesterNote(string Name, string Message);

/// <summary>What came of one Pester file.</summary>
public sealed record PesterRun(int Passed, int Failed, int Skipped, PesterNote[] Failures, PesterNote[] Skips)
{
    private const int NoPesterExitCode = 77;
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(4);

    /// <summary>Runs the file in a pwsh of its own.</summary>
    /// <returns>Null if that pwsh has no Pester.</returns>
    /// <exception cref="InvalidOperationException">The run broke off, or took longer than the limit.</exception>
    public static async Task<PesterRun?> StartAsync(string pwsh, string path)
    {
        string resultPath = Path.GetTempFileName();
        try
        {
            string script = Path.Combine(AppContext.BaseDirectory, "Invoke-PesterFile.ps1");
            ProcessStartInfo start = new(pwsh, ["-NoProfile", "-NonInteractive", "-File", script, "-Path", path, "-ResultPath", resultPath])
            {
                WorkingDirectory = Checkout.Root,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["NO_COLOR"] = "1", ["POWERSHELL_TELEMETRY_OPTOUT"] = "1", ["POWERSHELL_UPDATECHECK"] = "Off" },
            };
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string[]> output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await WaitAsync(process);
            return process.ExitCode switch
            {
                0 => JsonSerializer.Deserialize<PesterRun>(await File.ReadAllTextAsync(resultPath))!,
                NoPesterExitCode => null,
                _ => throw new InvalidOperationException($"pwsh ended with exit code {process.ExitCode}.\n{string.Join('\n', await output)}"),
            };
        }
        finally
        {
            File.Delete(resultPath);
        }
    }

    private static async Task WaitAsync(Process process)
    {
        using CancellationTokenSource limit = new(s_timeLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"The file did not end within {s_timeLimit.TotalMinutes} minutes.");
        }
    }
}
