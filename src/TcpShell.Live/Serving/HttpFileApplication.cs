using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Live.Serving;

/// <summary>
/// Serves the files of a folder over HTTP/1.1 (RFC 9112), one request for each connection: GET and HEAD, nothing else, and nothing outside of
/// the folder.
/// </summary>
public sealed class HttpFileApplication : ITcpApplication
{
    // RFC 9112 3: servers ought to take request lines of 8000 octets; nobody needs more to name a file.
    private const int LongestRequest = 8192;

    private readonly ConditionalWeakTable<HostedConnection, Exchange> _exchanges = [];
    private readonly string _root;

    /// <summary>Makes a server.</summary>
    /// <param name="folder">The folder whose files are served, subfolders included.</param>
    public HttpFileApplication(string folder) => _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    /// <inheritdoc/>
    public string Name => "Http";

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        TcpConnection tcp = connection.Tcp;
        Exchange exchange = _exchanges.GetOrCreateValue(connection);
        Span<byte> buffer = stackalloc byte[2048];
        while (tcp.Available > 0)
        {
            int count = tcp.Receive(buffer, now);
            if (!exchange.IsAnswered)
            {
                exchange.Request.Append(Encoding.Latin1.GetString(buffer[..count]));
            }
        }

        if (!exchange.IsAnswered && TryTakeHead(exchange, out string? head))
        {
            exchange.IsAnswered = true;
            Answer(head, exchange.Outbox);
        }

        exchange.Outbox.Push(tcp, now);
        if (exchange.Outbox.IsEmpty && (exchange.IsAnswered || what == ConnectionEventKind.EndOfStream) && tcp.State is TcpState.Established or TcpState.CloseWait)
        {
            tcp.Close(now);
        }
    }

    /// <inheritdoc/>
    public void Ended(HostedConnection connection)
    {
        if (_exchanges.TryGetValue(connection, out Exchange? exchange))
        {
            exchange.Outbox.Clear();
            _exchanges.Remove(connection);
        }
    }

    /// <summary>The request up to the empty line; null where it is longer than any request should be.</summary>
    private static bool TryTakeHead(Exchange exchange, out string? head)
    {
        string text = exchange.Request.ToString();
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        head = end >= 0 ? text[..end] : null;
        return end >= 0 || text.Length > LongestRequest;
    }

    private void Answer(string? head, Outbox outbox)
    {
        string[] words = (head ?? "").Split("\r\n")[0].Split(' ');
        if (head is null || words.Length != 3 || !words[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            Refuse(outbox, head is null ? "431 Request Header Fields Too Large" : "400 Bad Request");
        }
        else if (words[0] is not ("GET" or "HEAD"))
        {
            Refuse(outbox, "405 Method Not Allowed", "Allow: GET, HEAD\r\n");
        }
        else if (Open(words[1]) is { } file)
        {
            long length = file.Length;
            WriteHead(outbox, "200 OK", length, "Content-Type: application/octet-stream\r\n");
            if (words[0] == "GET")
            {
                outbox.Add(file, length);
            }
            else
            {
                file.Dispose();
            }
        }
        else
        {
            Refuse(outbox, "404 Not Found");
        }
    }

    private FileStream? Open(string target)
    {
        string path = Uri.UnescapeDataString(target.Split('?', '#')[0]).TrimStart('/');
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        string full = Path.GetFullPath(Path.Combine(_root, path));
        full = full == _root || Directory.Exists(full) ? Path.Combine(full, "index.html") : full;
        if (!full.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !IsInside(full))
        {
            return null;
        }

        try
        {
            return RegularFile.Open(full);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether no link on the way leads out of the folder.</summary>
    private bool IsInside(string full)
    {
        for (string? part = full; part is not null && part.Length > _root.Length; part = Path.GetDirectoryName(part))
        {
            FileSystemInfo info = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (info.LinkTarget is not null)
            {
                return false;
            }
        }

        return true;
    }

    private static void Refuse(Outbox outbox, string status, string fields = "")
    {
        byte[] body = Encoding.ASCII.GetBytes(status + "\n");
        WriteHead(outbox, status, body.Length, "Content-Type: text/plain\r\n" + fields);
        outbox.Add(new MemoryStream(body), body.Length);
    }

    private static void WriteHead(Outbox outbox, string status, long length, string fields)
    {
        string head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        outbox.Add(new MemoryStream(Encoding.ASCII.GetBytes(head)), head.Length);
    }

    private sealed class Exchange
    {
        public StringBuilder Request { get; } = new();

        public Outbox Outbox { get; } = new();

        public bool IsAnswered { get; set; }
    }
}
