namespace TcpShell.Engine.Tests.Scripting;

/// <summary>The scripts under tests/scripts.</summary>
internal static class OwnScripts
{
    private static readonly string s_folder = Path.Combine(Checkout.Root, "tests", "scripts");

    /// <summary>The folder of those that are about stacks from before RFC 5961, with the profile that makes this TCP one.</summary>
    public static string ClassicFolder { get; } = Path.Combine(Checkout.Root, "tests", "scripts-classic");

    /// <summary>Their paths within the folder, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetFiles(s_folder, "*.pkt", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(s_folder, path)).Order(StringComparer.Ordinal)];

    /// <summary>The file of a script.</summary>
    public static string PathOf(string name) => Path.Combine(s_folder, name);
}
