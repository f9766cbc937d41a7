namespace TcpShell.Engine.Tests.Diagrams;

/// <summary>Texts that are compared with files under tests/snapshots, character by character.</summary>
/// <remarks>With the environment variable UPDATE_SNAPSHOTS=1 the files are written instead; look at the difference before you commit it.</remarks>
internal static class Snapshot
{
    public static void Matches(string name, string text)
    {
        string path = PathOf(name);
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, $"{text}\n");
        }

        Assert.True(File.Exists(path), $"There is no {path}; run the tests with UPDATE_SNAPSHOTS=1 to make it.");
        Assert.Equal(File.ReadAllText(path), $"{text}\n");
    }

    public static string PathOf(string name) => Path.Combine(FindRoot(), "tests", "snapshots", $"{name}.txt");

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TcpShell.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} has TcpShell.sln.");
    }
}
