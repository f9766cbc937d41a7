using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tables;

/// <summary>The formats of tables.</summary>
public enum TableFormat
{
    /// <summary>One JSON object on each line, without empty lines (ndjson): what ClickHouse calls JSONEachRow.</summary>
    JsonLines,

    /// <summary>RFC 4180: a head line, commas, quotes where they are needed, lines end with CR LF. An empty field is null.</summary>
    Csv,
}

/// <summary>A table that is being written: a line for each row, as it comes. It grows beside the file that it will replace.</summary>
/// <typeparam name="TRow">What a row is.</typeparam>
public sealed class TableFile<TRow> : IDisposable
{
    private const int FlushSize = 64 * 1024;

    private static readonly JsonEncodedText[] s_names = [.. TableColumns<TRow>.All.Select(column => JsonEncodedText.Encode(column.Name))];

    private readonly ReplacingFile _file;
    private readonly Stream _stream;
    private readonly ArrayBufferWriter<byte> _pending = new();
    private readonly Utf8JsonWriter? _json;
    private readonly StreamWriter? _csv;
    private bool _disposed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it shall stand.</param>
    /// <param name="format">Its format.</param>
    /// <param name="compress">Whether it is compressed with gzip.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public TableFile(string path, TableFormat format, bool compress = false)
    {
        _file = new ReplacingFile(path);
        _stream = compress ? new GZipStream(_file.Stream, CompressionLevel.Fastest) : _file.Stream;
        if (format == TableFormat.JsonLines)
        {
            // Into memory first, for the writer flushes its stream with each document.
            _json = new Utf8JsonWriter(_pending, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        }
        else
        {
            _csv = new StreamWriter(_stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\r\n" };
            _csv.WriteLine(string.Join(',', TableColumns<TRow>.All.Select(column => column.Name)));
        }
    }

    /// <summary>Rows written.</summary>
    public long Rows { get; private set; }

    /// <summary>Writes a row.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(TRow row)
    {
        if (_json is not null)
        {
            WriteJson(_json, row);
        }
        else
        {
            _csv!.WriteLine(string.Join(',', TableColumns<TRow>.All.Select(column => CsvField(column.Value(row)))));
        }

        Rows++;
    }

    /// <summary>What is written is not wanted: what stood there before stays when the file ends.</summary>
    public void GiveUp() => _file.GiveUp();

    /// <summary>Ends the file and puts it in its place; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            _csv?.Dispose();
            WritePending();
            _stream.Dispose();
        }
        finally
        {
            _file.Dispose();
        }
    }

    private void WriteJson(Utf8JsonWriter json, TRow row)
    {
        json.WriteStartObject();
        for (int i = 0; i < s_names.Length; i++)
        {
            json.WritePropertyName(s_names[i]);
            WriteValue(json, TableColumns<TRow>.All[i].Value(row));
        }

        json.WriteEndObject();
        json.Flush();
        json.Reset();
        _pending.Write("\n"u8);
        if (_pending.WrittenCount >= FlushSize)
        {
            WritePending();
        }
    }

    private void WritePending()
    {
        if (_pending.WrittenCount > 0)
        {
            _stream.Write(_pending.WrittenSpan);
            _pending.ResetWrittenCount();
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case uint number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(value.ToString());
                break;
        }
    }

    private static string CsvField(object? value)
    {
        string text = value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
