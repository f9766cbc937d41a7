using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Live.Tests.Interop;

/// <summary>Takes a file by HTTP PUT and answers with its SHA-256, for tests of what others send us.</summary>
internal sealed class HttpPutApplication : ITcpApplication
{
    private readonly ConditionalWeakTable<HostedConnection, MemoryStream> _requests = [];

    public string Name => "Put";

    public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
    {
        MemoryStream request = _requests.GetOrCreateValue(connection);
        Span<byte> buffer = stackalloc byte[2048];
        while (connection.Tcp.Available > 0)
        {
            request.Write(buffer[..connection.Tcp.Receive(buffer, now)]);
        }

        ReadOnlySpan<byte> octets = request.GetBuffer().AsSpan(0, (int)request.Length);
        int body = octets.IndexOf("\r\n\r\n"u8) + 4;
        if (body >= 4 && octets.Length - body == LengthIn(octets[..body]))
        {
            string sum = Convert.ToHexString(SHA256.HashData(octets[body..]));
            connection.Tcp.Send(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {sum.Length}\r\n\r\n{sum}"), now);
            connection.Tcp.Close(now);
            request.SetLength(0);
        }
    }

    private static int LengthIn(ReadOnlySpan<byte> head)
    {
        const string Name = "content-length:";
        string line = Encoding.ASCII.GetString(head).Split("\r\n").Single(line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return int.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }
}
