using System.Text;
using TcpShell.Hosting;
using TcpShell.Live.Serving;
using TcpShell.Simulation;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Serving;

/// <summary>The file server in a lab: what it gives, and above all what it does not give.</summary>
public sealed class HttpFileApplicationTests : IDisposable
{
    private const int LargeSize = 4 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-http-").FullName;
    private readonly SimulatedNetwork _network = new();

    public HttpFileApplicationTests()
    {
        DefaultLab.Furnish(_network);
        Directory.CreateDirectory(Path.Combine(_folder, "root", "sub"));
        File.WriteAllText(Path.Combine(_folder, "secret"), "secret");
        File.WriteAllText(Path.Combine(_folder, "root", "index.html"), "front page");
        File.WriteAllText(Path.Combine(_folder, "root", "sub", "a b"), "in a folder");
        _network.Listen(_network.FindHost(DefaultLab.Server)!, new Endpoint(default, 8080), new HttpFileApplication(Path.Combine(_folder, "root")));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "front page")]
    [InlineData("GET /index.html HTTP/1.0\r\n\r\n", "200 OK", "front page")]
    [InlineData("GET /sub/a%20b?x=1 HTTP/1.1\r\n\r\n", "200 OK", "in a folder")]
    [InlineData("HEAD / HTTP/1.1\r\n\r\n", "200 OK", "")]
    [InlineData("GET /sub/../index.html HTTP/1.1\r\n\r\n", "200 OK", "front page")]
    [InlineData("GET /sub HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("GET /nothing HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("GET /../secret HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("GET /%2e%2e/secret HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("GET //etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("GET /sub/%00 HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n")]
    [InlineData("POST / HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "405 Method Not Allowed\n")]
    [InlineData("nonsense\r\n\r\n", "400 Bad Request", "400 Bad Request\n")]
    public void Request_GetsItsAnswerAndTheConnectionCloses(string request, string status, string body)
    {
        string answer = Ask(request, closes: false);
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_ThroughALinkOutOfTheFolder_IsNotFound()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links take rights there");
        File.CreateSymbolicLink(Path.Combine(_folder, "root", "link"), Path.Combine(_folder, "secret"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "root", "up"), _folder);
        Assert.Contains("404", Ask("GET /link HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.Contains("404", Ask("GET /up/secret HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Request_ForAPipe_IsNotFound()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no pipes in folders there");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_folder, "root", "pipe")]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // On another thread: to open a pipe waits for its writer.
        string answer = await Task.Run(() => Ask("GET /pipe HTTP/1.1\r\n\r\n"), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 404 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_ForAFileThatShrinks_EndsWithAReset()
    {
        HostedConnection client = AskForPart(out string path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1000);
        }

        Drain(client);
        Assert.Equal(Tcp.ConnectionError.Reset, client.Error);
    }

    [Fact]
    public void Request_ForAFileThatGrows_GetsAsMuchAsWasAnnounced()
    {
        HostedConnection client = AskForPart(out string path);
        using (FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Write(new byte[1000]);
        }

        string answer = Drain(client);
        Assert.Equal(LargeSize, answer.Length - answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
        Assert.Equal(Tcp.ConnectionError.None, client.Error);
    }

    [Fact]
    public void ResetConnection_ReleasesItsFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the list of open files is there only");
        HostedConnection client = AskForPart(out string path);
        Assert.Contains(path, OpenFiles());
        _network.Abort(client);
        _network.RunUntil(() => false, TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(path, OpenFiles());
    }

    private static IEnumerable<string?> OpenFiles() => new DirectoryInfo("/proc/self/fd").GetFileSystemInfos().Select(file => file.LinkTarget);

    /// <summary>Asks for a large file, of which the client reads nothing yet, so that the server still has most of it.</summary>
    private HostedConnection AskForPart(out string path)
    {
        path = Path.Combine(_folder, "root", "large");
        File.WriteAllBytes(path, new byte[LargeSize]);
        HostedConnection client = _network.Connect(_network.FindHost(DefaultLab.Client)!, Endpoint.Parse("10.0.0.2:8080"));
        _network.RunUntil(() => client.State == Tcp.TcpState.Established, TimeSpan.FromMinutes(1));
        _network.Send(client, "GET /large HTTP/1.1\r\n\r\n"u8);
        _network.RunUntil(() => client.ReceiveQueue > 1000, TimeSpan.FromMinutes(1));
        return client;
    }

    private string Drain(HostedConnection client)
    {
        var answer = new StringBuilder();
        var octets = new byte[65536];
        for (int left = 10_000; left > 0 && client.State == Tcp.TcpState.Established; left--)
        {
            answer.Append(Encoding.Latin1.GetString(octets, 0, _network.Receive(client, octets)));
            _network.RunUntil(() => client.ReceiveQueue > 0 || client.State != Tcp.TcpState.Established, TimeSpan.FromMinutes(1));
        }

        return answer.Append(Encoding.Latin1.GetString(octets, 0, client.ReceiveQueue > 0 ? _network.Receive(client, octets) : 0)).ToString();
    }

    [Fact]
    public void Request_WithoutEnd_IsRefusedBeforeItTakesMemory() =>
        Assert.StartsWith("HTTP/1.1 431 ", Ask("GET /" + new string('a', 20_000)), StringComparison.Ordinal);

    [Fact]
    public void Connection_ThatAsksNothing_IsClosedAfterIt() => Assert.Equal("", Ask("", closes: true));

    private string Ask(string request, bool closes = false)
    {
        HostedConnection client = _network.Connect(_network.FindHost(DefaultLab.Client)!, Endpoint.Parse("10.0.0.2:8080"));
        _network.RunUntil(() => client.State == Tcp.TcpState.Established, TimeSpan.FromMinutes(1));
        _network.Send(client, Encoding.ASCII.GetBytes(request));
        if (closes)
        {
            _network.Close(client);
        }

        Assert.True(_network.RunUntil(() => client.State is not (Tcp.TcpState.SynSent or Tcp.TcpState.Established or Tcp.TcpState.FinWait1 or Tcp.TcpState.FinWait2), TimeSpan.FromMinutes(1)), "the server does not close");
        var answer = new byte[client.ReceiveQueue];
        return Encoding.ASCII.GetString(answer, 0, _network.Receive(client, answer));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
