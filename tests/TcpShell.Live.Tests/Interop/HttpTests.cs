using System.Net;
using System.Security.Cryptography;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Live.Serving;
using TcpShell.Live.Tests.Tun;
using TcpShell.Simulation.Impairments;
using TcpShell.Wire;
using static TcpShell.Live.Tests.Tun.NetworkNamespace;

namespace TcpShell.Live.Tests.Interop;

/// <summary>HTTP with programs that have nothing to do with us: the rows nginx and curl of docs/interop.md.</summary>
public sealed class HttpTests : IDisposable
{
    public const string Nginx = "nginx";
    public const string Curl = "curl";

    private const int PutPort = 81;

    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-http-").FullName;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Get_FromNginx_TheWholePageComes(bool isIPv6, bool isLossy) => Run(isLossy, (link, page) =>
    {
        using RunningProgram nginx = StartNginx("");
        HostedConnection connection = link.ConnectOnceListening(new IPEndPoint(KernelLink.Kernel(isIPv6), 80));
        link.Send(connection, "GET /page HTTP/1.0\r\n\r\n"u8);
        var answer = new MemoryStream();
        link.ReceiveToEnd(connection, data => answer.Write(data.Span));
        byte[] octets = answer.ToArray();
        int body = octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        Assert.StartsWith("HTTP/1.1 200 OK\r\nServer: nginx", Encoding.ASCII.GetString(octets, 0, body), StringComparison.Ordinal);
        Assert.True(page.AsSpan().SequenceEqual(octets.AsSpan(body)));
    }, "nginx");

    // nginx as the client: it fetches from us what curl asks it for, and brings us what curl sends.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nginx_InFrontOfOurListeners_BringsEverythingBothWays(bool isLossy) => Run(isLossy, (link, page) =>
    {
        Listen(link);
        using RunningProgram nginx = StartNginx($"location /get/ {{ proxy_pass http://10.77.0.2/; }} location /put/ {{ proxy_pass http://10.77.0.2:{PutPort}/; }} client_max_body_size 0;");
        string server = $"http://{KernelLink.Kernel(false)}";
        Assert.True(page.AsSpan().SequenceEqual(Fetch($"--retry 20 --retry-connrefused --retry-delay 1 {server}/get/page")));
        Assert.Equal(SumOf(page), Shell("curl", $"-sS -f -m 60 -T {Page} {server}/put/page"));
    }, "nginx", "curl");

    [Theory]
    [InlineData("10.77.0.2", false)]
    [InlineData("[fd00:77::2]", false)]
    [InlineData("10.77.0.2", true)]
    public void Curl_AtOurListeners_GetsAndPutsTheWholeFile(string host, bool isLossy) => Run(isLossy, (link, page) =>
    {
        Listen(link);
        Directory.CreateDirectory(Path.Combine(_folder, "sub folder"));
        File.Copy(Page, Path.Combine(_folder, "sub folder", "page"));
        Assert.True(page.AsSpan().SequenceEqual(Fetch($"http://{host}/sub%20folder/page")));
        Assert.Equal("404", Shell("curl", $"-s -m 60 -o /dev/null -w %{{http_code}} http://{host}/nothing"));
        Assert.Equal("405", Shell("curl", $"-s -m 60 -o /dev/null -w %{{http_code}} -X DELETE http://{host}/page"));
        Assert.Contains($"Content-Length: {page.Length}", Shell("curl", $"-s -m 60 -I http://{host}/sub%20folder/page"), StringComparison.Ordinal);
        Assert.Equal(SumOf(page), Shell("curl", $"-sS -f -m 60 -T {Page} -H Expect: http://{host}:{PutPort}/page"));
    }, "curl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Page => Path.Combine(_folder, "page");

    private static string SumOf(byte[] data) => Convert.ToHexString(SHA256.HashData(data));

    private void Run(bool isLossy, Action<KernelLink, byte[]> test, params string[] programs)
    {
        Require();
        foreach (string program in programs)
        {
            RequireProgram(program, program == "nginx" ? "nginx-light" : program);
        }

        NetworkNamespace.Run(() =>
        {
            byte[] page = RandomNumberGenerator.GetBytes(isLossy ? 500_000 : 3_000_000);
            File.WriteAllBytes(Page, page);
            using var link = new KernelLink();
            if (isLossy)
            {
                link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = 0.01 });
            }

            test(link, page);
            Assert.All(link.Network.Impairments, impairment => Assert.True(impairment.Hits > 0, "nothing was lost"));
            Assert.All(link.Host.ClosedConnections.Where(connection => connection.Role == ConnectionRole.Server), connection => Assert.Equal(Tcp.ConnectionError.None, connection.Error));
        });
    }

    private void Listen(KernelLink link)
    {
        link.Network.Listen(link.Host, new Endpoint(default, 80), new HttpFileApplication(_folder));
        link.Network.Listen(link.Host, new Endpoint(default, PutPort), new HttpPutApplication());
    }

    private byte[] Fetch(string arguments)
    {
        string output = Path.Combine(_folder, "got");
        Shell("curl", $"-s -S -f -m 60 -o {output} {arguments}");
        return File.ReadAllBytes(output);
    }

    private RunningProgram StartNginx(string settings)
    {
        string configuration = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            daemon off; master_process off; user root; pid {{_folder}}/pid; error_log {{_folder}}/error.log;
            events { }
            http { access_log off; server { listen 10.77.0.1:80; listen [fd00:77::1]:80; root {{_folder}}; {{settings}} } }
            """);
        return new RunningProgram("nginx", $"-c {configuration} -p {_folder}");
    }
}
