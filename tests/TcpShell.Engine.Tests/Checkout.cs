namespace TcpShell.Engine.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Checkout
{
    /// <summary>The folder of TcpShell.sln.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("There is no TcpShell.sln above the test's folder.");
    }
}
