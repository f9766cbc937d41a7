namespace TcpShell.RfcCoverage;

/// <summary>Where the repository is.</summary>
public static class Checkout
{
    /// <summary>The folder of TcpShell.sln, above the folder that the program runs from.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has TcpShell.sln.");
    }
}
