namespace TcpShell.RfcCoverage.Tests;

/// <summary>Ids that are being built.</summary>
internal static class Open
{
    public static IEnumerable<string> Ids() => File.ReadAllLines(Path.Combine(Checkout.Root, "docs", "rfc-requirements", "open.txt"));
}
