using System.IO.Compression;
using System.Text.Json;
using TcpShell.Pcap.Tables;
using TcpShell.Pcap.Tests.Analysis;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Tables;

/// <summary>Tables of conversations and segments: each line is whole, and each value is read again as what it was.</summary>
public sealed class TableFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void JsonLines_HaveTheValuesOfTheConversation(bool compress)
    {
        ConversationData data = ConversationData.From(new Exchange().Open().C(Ack, 101, 501, 10).Only) with { File = "a \"quoted\", name.pcap" };
        using (var file = new TableFile<ConversationData>(_path, TableFormat.JsonLines, compress))
        {
            file.Write(data);
            file.Write(data with { HandshakeRtt = null });
        }

        string[] lines = ReadLines(compress);
        Assert.Equal(2, lines.Length);
        JsonElement row = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal(TableColumns<ConversationData>.All.Select(column => column.Name), row.EnumerateObject().Select(property => property.Name));
        Assert.Equal(data.File, row.GetProperty("file").GetString());
        Assert.Equal("10.0.0.1", row.GetProperty("client_address").GetString());
        Assert.Equal(49152, row.GetProperty("client_port").GetInt32());
        Assert.Equal(data.Start.Nanoseconds, row.GetProperty("start_ns").GetInt64());
        Assert.Equal("1970-01-01T00:16:40.001000000Z", row.GetProperty("start").GetString());
        Assert.Equal(2_000_000, row.GetProperty("handshake_rtt_ns").GetInt64());
        Assert.Equal(15, row.GetProperty("completeness").GetInt32());
        Assert.Equal("Open", row.GetProperty("ended").GetString());
        Assert.False(row.GetProperty("client_timestamps").GetBoolean());
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(lines[1]).RootElement.GetProperty("handshake_rtt_ns").ValueKind);
    }

    [Fact]
    public void Csv_QuotesWhatNeedsItAndLeavesNullsEmpty()
    {
        ConversationData data = ConversationData.From(new Exchange().C(Ack, 101, 501, 10).Only) with { File = "a,\"b\".pcap" };
        using (var file = new TableFile<ConversationData>(_path, TableFormat.Csv))
        {
            file.Write(data);
        }

        string[] lines = File.ReadAllText(_path).Split("\r\n");
        Assert.StartsWith("host,file,stream,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith(",\"a,\"\"b\"\".pcap\",0,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",Open,Established,Established,,", lines[1], StringComparison.Ordinal);
        Assert.Equal("", lines[2]);
    }

    [Fact]
    public void File_ThatIsReplaced_StaysUntilTheNewOneIsWhole()
    {
        File.WriteAllText(_path, "before");
        using (var file = new TableFile<ConversationData>(_path, TableFormat.JsonLines))
        {
            Assert.Equal("before", File.ReadAllText(_path));
        }

        Assert.Equal("", File.ReadAllText(_path));
    }

    [Fact]
    public void ManyRows_AreAllThere()
    {
        ConversationData data = ConversationData.From(new Exchange().Open().Only);
        using (var file = new TableFile<ConversationData>(_path, TableFormat.JsonLines))
        {
            for (int i = 0; i < 1000; i++)
            {
                file.Write(data with { Stream = i });
            }
        }

        Assert.Equal(Enumerable.Range(0, 1000), File.ReadLines(_path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("stream").GetInt32()));
    }

    /// <summary>The page that promises the columns has all of them, each with its type, and its tables take all of them.</summary>
    [Fact]
    public void Columns_AreThoseOfThePage()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "scale.md"));
        foreach ((string table, string name, Type type, bool isNullable) in
            TableColumns<ConversationData>.All.Select(column => ("conversations", column.Name, column.Type, column.IsNullable))
                .Concat(TableColumns<SegmentData>.All.Select(column => ("segments", column.Name, column.Type, column.IsNullable))))
        {
            string sql = type.Name switch { "Boolean" => "UInt8", "Int32" or "Int64" or "UInt32" or "String" => type.Name, _ => throw new NotSupportedException(type.Name) };
            sql = isNullable ? $"Nullable({sql})" : sql;
            string described = name is "client_state" or "server_state" or "server_rtt_ns" ? name : name.Replace("client_", "<end>_", StringComparison.Ordinal).Replace("server_", "<end>_", StringComparison.Ordinal);
            Assert.Contains($"| `{described}` | {sql} |", page, StringComparison.Ordinal);
            if (name is not ("start" or "end" or "time"))
            {
                string create = page[page.IndexOf($"CREATE TABLE {table}\n", StringComparison.Ordinal)..page.IndexOf($"CREATE TABLE {table}_all", StringComparison.Ordinal)];
                Assert.Contains($"\n  {name} {sql},", create, StringComparison.Ordinal);
            }
        }
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TcpShell.psd1")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("There is no TcpShell.psd1 above the test's folder.");
    }

    public void Dispose() => File.Delete(_path);

    private string[] ReadLines(bool compressed)
    {
        using Stream stream = compressed ? new GZipStream(File.OpenRead(_path), CompressionMode.Decompress) : File.OpenRead(_path);
        return new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
