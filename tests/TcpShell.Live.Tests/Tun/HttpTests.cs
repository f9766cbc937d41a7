using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Live.Serving;
using TcpShell.Wire;
using static TcpShell.Live.Tests.Tun.NetworkNamespace;

namespace TcpShell.Live.Tests.Tun;

/// <summary>HTTP with programs that have nothing to do with us: nginx serves us a page, curl takes one from our listener.</summary>
public sealed class HttpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-http-").FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Get_FromNginx_TheWholePageComes(bool isIPv6)
    {
        Require();
        RequireProgram("nginx", "nginx-light");
        Run(() =>
        {
            byte[] page = RandomNumberGenerator.GetBytes(3_000_000);
            File.WriteAllBytes(Path.Combine(_folder, "page"), page);
            string configuration = Path.Combine(_folder, "nginx.conf");
            File.WriteAllText(configuration, $$"""
                daemon off; master_process off; user root; pid {{_folder}}/pid; error_log {{_folder}}/error.log;
                events { }
                http { access_log off; server { listen 10.77.0.1:80; listen [fd00:77::1]:80; root {{_folder}}; } }
                """);
            using var link = new KernelLink();
            using Process nginx = StartProgram("nginx", $"-c {configuration} -p {_folder}");
            try
            {
                HostedConnection connection = Call(link, new Endpoint(KernelLink.Kernel(isIPv6), 80));
                link.Send(connection, "GET /page HTTP/1.0\r\n\r\n"u8);
                var answer = new MemoryStream();
                link.ReceiveToEnd(connection, data => answer.Write(data.Span));
                byte[] octets = answer.ToArray();
                int body = octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
                Assert.StartsWith("HTTP/1.1 200 OK\r\nServer: nginx", Encoding.ASCII.GetString(octets, 0, body), StringComparison.Ordinal);
                Assert.True(page.AsSpan().SequenceEqual(octets.AsSpan(body)));
            }
            finally
            {
                nginx.Kill();
                nginx.WaitForExit();
            }
        });
    }

    [Theory]
    [InlineData("10.77.0.2")]
    [InlineData("[fd00:77::2]")]
    public void Curl_FromOurListener_TheWholeFileComes(string host)
    {
        Require();
        RequireProgram("curl", "curl");
        Run(() =>
        {
            byte[] page = RandomNumberGenerator.GetBytes(3_000_000);
            Directory.CreateDirectory(Path.Combine(_folder, "sub folder"));
            File.WriteAllBytes(Path.Combine(_folder, "sub folder", "page"), page);
            using var link = new KernelLink();
            link.Network.Listen(link.Host, new Endpoint(default, 80), new HttpFileApplication(_folder));
            string output = Path.Combine(_folder, "got");
            Shell("curl", $"-s -S -f -m 60 -o {output} http://{host}/sub%20folder/page");
            Assert.True(page.AsSpan().SequenceEqual(File.ReadAllBytes(output)));
            Assert.Equal("404", Shell("curl", $"-s -m 60 -o /dev/null -w %{{http_code}} http://{host}/nothing"));
            Assert.Equal("405", Shell("curl", $"-s -m 60 -o /dev/null -w %{{http_code}} -X DELETE http://{host}/page"));
            Assert.Contains("Content-Length: 3000000", Shell("curl", $"-s -m 60 -I http://{host}/sub%20folder/page"), StringComparison.Ordinal);
        });
    }

    // The first call may come before nginx listens.
    private static HostedConnection Call(KernelLink link, Endpoint server)
    {
        for (int tries = 0; ; tries++)
        {
            HostedConnection connection = link.Network.Connect(link.Host, server);
            link.Network.RunUntil(() => connection.State is Tcp.TcpState.Established or Tcp.TcpState.Closed, KernelLink.Patience);
            if (connection.State == Tcp.TcpState.Established)
            {
                return connection;
            }

            Assert.True(tries < 100, $"nginx does not listen: {connection.Error}");
            Thread.Sleep(100);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
