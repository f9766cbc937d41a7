namespace TcpShell.Live.Tests.Interop;

/// <summary>docs/interop.md says what the tests show: a row for each other end that is tried, and no row without one.</summary>
public class InteropTableTests
{
    [Fact]
    public void Table_HasARowForEachPeerThatIsTriedAndNoOther() =>
        Assert.Equal(
            StreamPeer.All.Select(peer => peer.Name).Concat([HttpTests.Nginx, HttpTests.Curl, SshTests.OpenSsh]).Order(StringComparer.Ordinal),
            File.ReadLines(Page())
                .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| Other end ", StringComparison.Ordinal))
                .Select(line => line.Split('|')[1].Trim())
                .Order(StringComparer.Ordinal));

    private static string Page()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.psd1")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("There is no TcpShell.psd1 above the test's folder."), "docs", "interop.md");
    }
}
