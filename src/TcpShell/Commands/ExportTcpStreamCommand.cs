using System.Management.Automation;
using System.Text;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Pcap.Streams;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Puts the octets of captured conversations together again: raw, as text, or as a dialogue of both ends.</summary>
/// <remarks>
/// <para>Conversations come from Import-TcpCapture; their captures are read again for each. Data that came late or twice is put in its place. What the capture lacks is marked: [1448 bytes missing in capture file]. Memory stays bounded: where more than -MaximumWaiting octets came behind a gap nobody waits for it any longer, and the mark says so: [1448 bytes not waited for].</para>
/// <para>Without -Path the text comes down the pipeline, line by line.</para>
/// </remarks>
/// <example>
/// <para>Who said what?</para>
/// <code>New-TcpConnection | Send-TcpData "hello`n" -PassThru | Close-TcpConnection
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Export-TcpStream</code>
/// <para>The client's lines begin with &gt;, the server's with &lt;.</para>
/// </example>
/// <example>
/// <para>What the server sent, octet for octet</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Export-TcpStream -Path answer.bin -As Raw -Side Server -PassThru</code>
/// <para>Of several conversations one comes after the other.</para>
/// </example>
[Cmdlet(VerbsData.Export, "TcpStream", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportTcpStreamCommand : TcpCmdlet
{
    private const int LongestLine = 64 * 1024;

    private readonly List<TcpConversation> _conversations = [];
    private string? _path;
    private bool _refused;

    /// <summary>Conversations as Import-TcpCapture gives them in this session.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public PSObject[] Conversation { get; set; } = null!;

    /// <summary>The file; without one, text comes down the pipeline.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>How it is written: Dialogue (with times and who speaks), Text, or Raw (to a file only).</summary>
    [Parameter]
    [Choice]
    public StreamFormat As { get; set; } = StreamFormat.Dialogue;

    /// <summary>Which direction: Both, Client, or Server.</summary>
    [Parameter]
    [Choice]
    public StreamSide Side { get; set; }

    /// <summary>The most octets of each direction that wait in memory for what is missing before them: 64 MB, unless told otherwise.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaximumWaiting { get; set; } = StreamReassembly.UsualMaximumWaiting;

    /// <summary>Does not overwrite a file that exists.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Gives the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Path is not null)
        {
            _path = OutputFile.Resolve(this, Path, NoClobber);
            _refused = !ShouldProcess(_path, "Write streams");
        }
        else if (As == StreamFormat.Raw)
        {
            ThrowTerminatingError(ErrorRecords.RawNeedsFile());
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (PSObject input in _refused ? [] : Conversation)
        {
            if (input.BaseObject is TcpConversation conversation && ConversationReader.CanReadAgain(conversation))
            {
                if (_path is not null && conversation.Files.Any(file => OutputFile.IsInput(_path, file)))
                {
                    ThrowTerminatingError(ErrorRecords.OutputIsInput(_path));
                }

                _conversations.Add(conversation);
            }
            else
            {
                WriteError(ConversationReader.Read(input) is null ? ErrorRecords.NotAConversation(input) : ErrorRecords.NoCaptureFile(input));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_conversations.Count == 0)
        {
            return;
        }

        var import = new CaptureImport(this, new(), filter: null, CancelToken);
        if (_path is null)
        {
            using var text = new MemoryStream();
            Write(import, text, () => WriteLines(text));
            return;
        }

        OutputFile.OnDisk(this, _path, () => WriteFile(import, _path));
        if (PassThru && import.Failures == 0)
        {
            WriteObject(new FileInfo(_path));
        }
    }

    private void WriteFile(CaptureImport import, string path)
    {
        // Whatever ends the pipeline, what was written stays; unless it is less than it should be, for its capture could not be read.
        using var file = new ReplacingFile(path);
        try
        {
            Write(import, file.Stream, () => { });
        }
        finally
        {
            if (import.Failures > 0)
            {
                file.GiveUp();
            }
        }
    }

    private void Write(CaptureImport import, Stream output, Action whenWritten)
    {
        var export = new StreamExport(output, As, Side);
        try
        {
            foreach (TcpConversation conversation in _conversations)
            {
                Write(import, conversation, export, whenWritten);
            }

            whenWritten();
            WriteLine(output as MemoryStream);
        }
        finally
        {
            import.EndProgress();
        }

        if (export.Missing > export.GivenUp)
        {
            WriteWarning($"{export.Missing - export.GivenUp} octets are missing in the capture; the places are marked.");
        }

        if (export.GivenUp > 0)
        {
            WriteWarning($"{export.GivenUp} octets were not waited for, since more than -MaximumWaiting came before them; the places are marked.");
        }
    }

    // A conversation without data has its head line as well; one that cannot be read has none, or it would look like that.
    private void Write(CaptureImport import, TcpConversation conversation, StreamExport export, Action whenWritten)
    {
        int failures = import.Failures;
        bool hasBegun = false;
        foreach (StreamPiece piece in import.Stream(conversation, MaximumWaiting))
        {
            if (!hasBegun)
            {
                export.Begin(conversation);
                hasBegun = true;
            }

            export.Write(piece);
            whenWritten();
        }

        if (!hasBegun && import.Failures == failures)
        {
            export.Begin(conversation);
            hasBegun = true;
        }

        if (hasBegun)
        {
            export.End();
        }
    }

    // What is whole goes down the pipeline; a line that never ends goes in parts.
    private void WriteLines(MemoryStream text)
    {
        ReadOnlySpan<byte> rest = text.GetBuffer().AsSpan(0, (int)text.Length);
        for (int end = rest.IndexOf((byte)'\n'); end >= 0 || rest.Length > LongestLine; end = rest.IndexOf((byte)'\n'))
        {
            WriteObject(Encoding.UTF8.GetString(rest[..(end < 0 ? LongestLine : end)]).TrimEnd('\r'));
            rest = rest[(end < 0 ? LongestLine : end + 1)..];
        }

        byte[] open = rest.ToArray();
        text.SetLength(0);
        text.Write(open);
    }

    private void WriteLine(MemoryStream? text)
    {
        if (text?.Length > 0)
        {
            WriteObject(Encoding.UTF8.GetString(text.ToArray()).TrimEnd('\r'));
        }
    }
}
