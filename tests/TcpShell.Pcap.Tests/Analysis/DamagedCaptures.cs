namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>
/// Real captures that were cut or changed at random. Of every tenth one some damages are tried by default; of all of them many, which takes some
/// minutes, with TCPSHELL_ALL_DAMAGE=1 in the environment.
/// </summary>
internal static class DamagedCaptures
{
    /// <summary>Whether all damages are to be tried.</summary>
    public static bool AreAllWanted { get; } = Environment.GetEnvironmentVariable("TCPSHELL_ALL_DAMAGE") == "1";

    /// <summary>The captures as they are.</summary>
    /// <param name="step">Of how many one is taken, unless all are wanted.</param>
    public static IEnumerable<(string Name, byte[] Octets)> Whole(int step) =>
        SharedCaptures.Index.Where((_, i) => AreAllWanted || i % step == 0).Select(row =>
        {
            string name = Path.Combine(row["source"], row["file"]);
            return (name, File.ReadAllBytes(Path.Combine(SharedCaptures.Folder, name)));
        });

    /// <summary>The octets with some of them, up to twenty, replaced by others.</summary>
    public static byte[] Change(byte[] octets, Random random)
    {
        byte[] changed = [.. octets];
        for (int changes = 1 + random.Next(20); changes > 0; changes--)
        {
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
        }

        return changed;
    }
}
