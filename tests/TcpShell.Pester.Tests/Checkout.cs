namespace TcpShell.Pester.Tests;

/// <summary>Where things are: the checkout that these tests were built from, its Pester files, and pwsh.</summary>
internal static class Checkout
{
    /// <summary>The folder of TcpShell.psd1.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The names of all Pester files, sorted.</summary>
    public static string[] PesterFiles { get; } =
        [.. Directory.GetFiles(Path.Combine(Root, "tests", "Pester"), "*.Tests.ps1").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>The pwsh on PATH; null if there is none.</summary>
    public static string? Pwsh { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh"))
        .FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.psd1")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("There is no TcpShell.psd1 above the test's folder.");
    }
}
