using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Pcap.Tables;
using TcpShell.Tracing;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Writes conversations, or segments, as a table: a line for each, for databases, notebooks and everything else that reads JSON or CSV.</summary>
/// <remarks>
/// <para>What comes first decides what the lines are: conversations (of Import-TcpCapture or Merge-TcpConversation, also through remoting and jobs, and as rows of such a table), or segments (of Import-TcpCapture -As Segment or Get-TcpSegment). The columns are described in docs/scale.md, with the way into ClickHouse; new ones may come, none is renamed.</para>
/// <para>Lines are written as they come, so a table may be larger than memory. Whatever ends the pipeline, what was written is a whole file.</para>
/// </remarks>
/// <example>
/// <para>A line for each conversation</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Export-TcpConversation lab.jsonl
/// Get-Content lab.jsonl | ConvertFrom-Json | Select-Object client_address, server_port, bytes, ended</code>
/// <para>clickhouse-client reads the same file as JSONEachRow.</para>
/// </example>
/// <example>
/// <para>All segments, for a spreadsheet</para>
/// <code>New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng -As Segment | Export-TcpConversation segments.csv
/// Import-Csv segments.csv | Select-Object number, source_port, flags, length</code>
/// <para>Times are there as text and as nanoseconds since 1970.</para>
/// </example>
/// <example>
/// <para>Compressed</para>
/// <code>New-TcpConnection | Close-TcpConnection
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Export-TcpConversation lab.jsonl.gz -PassThru</code>
/// <para>gzip, for the name ends in .gz; databases unpack it on the way.</para>
/// </example>
[Cmdlet(VerbsData.Export, "TcpConversation", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTcpConversationCommand : TcpCmdlet
{
    private TableFile<ConversationData>? _conversations;
    private TableFile<SegmentData>? _segments;
    private readonly HashSet<string> _inputs = new(StringComparer.Ordinal);
    private string _path = "";
    private bool _refused;
    private bool _compress;
    private TableFormat _format;

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = null!;

    /// <summary>Conversations or segments.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>The format: JsonLines (one JSON object on each line) or Csv (RFC 4180, with a head line). By default what the file's name says: .csv is Csv; .jsonl, .ndjson, .json, or no extension is JsonLines.</summary>
    [Parameter]
    [Choice]
    public TableFormat As { get; set; }

    /// <summary>Compresses with gzip; a file whose name ends in .gz is compressed unless -Compress:$false says otherwise.</summary>
    [Parameter]
    public SwitchParameter Compress { get; set; }

    /// <summary>Does not overwrite a file that exists.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Gives the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _path = OutputFile.Resolve(this, Path, NoClobber);
        _compress = Compress || (!MyInvocation.BoundParameters.ContainsKey(nameof(Compress)) && _path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase));
        _format = FormatOf(_path);
        _refused = !ShouldProcess(_path, "Write a table");
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (PSObject input in _refused ? [] : InputObject)
        {
            ThrowIfStopping();
            if (_conversations is null && input.BaseObject is SegmentRecord segment)
            {
                Write(SegmentData.From(segment) with { Host = input.Properties["PSComputerName"]?.Value?.ToString() ?? Environment.MachineName });
            }
            else if (_segments is null && ConversationReader.Read(input) is { } conversation)
            {
                Write(conversation);
            }
            else
            {
                WriteError(ErrorRecords.NotARow(input, isMixed: _segments is not null || input.BaseObject is SegmentRecord));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_refused)
        {
            return;
        }

        if (_conversations is null && _segments is null)
        {
            WriteWarning($"No conversations came, so '{_path}' was not written.");
            return;
        }

        OnDisk(() =>
        {
            _conversations?.Dispose();
            _segments?.Dispose();
        });
        if (PassThru)
        {
            WriteObject(new FileInfo(_path));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        OutputFile.Release(_conversations);
        OutputFile.Release(_segments);
        base.Dispose(disposing);
    }

    // What has a name of another format would be taken for it.
    private TableFormat FormatOf(string path)
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(As)))
        {
            return As;
        }

        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        string extension = System.IO.Path.GetExtension(name);
        switch (extension.ToUpperInvariant())
        {
            case ".CSV":
                return TableFormat.Csv;
            case "" or ".JSONL" or ".NDJSON" or ".JSON":
                return TableFormat.JsonLines;
            default:
                ThrowTerminatingError(ErrorRecords.TableFormatUnknown(path, extension));
                throw new InvalidOperationException();
        }
    }

    private void Write(SegmentData segment)
    {
        ThrowIfInput(segment.File);
        OnDisk(() => (_segments ??= new(_path, _format, _compress)).Write(segment));
    }

    private void Write(ConversationData conversation)
    {
        ThrowIfInput(conversation.File);
        OnDisk(() => (_conversations ??= new(_path, _format, _compress)).Write(conversation));
    }

    private void ThrowIfInput(string files)
    {
        // Each capture once: there are as many lines as segments.
        if (_inputs.Add(files) && OutputFile.IsInput(_path, files))
        {
            _conversations?.GiveUp();
            _segments?.GiveUp();
            ThrowTerminatingError(ErrorRecords.OutputIsInput(_path));
        }
    }

    private void OnDisk(Action action) => OutputFile.OnDisk(this, _path, action);
}
