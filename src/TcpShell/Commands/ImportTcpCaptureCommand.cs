using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Reads capture files and gives their TCP conversations, or their segments.</summary>
/// <remarks>
/// <para>Reads pcap, pcapng and snoop, gzip-compressed or not, without libpcap. A conversation has both ends with their states replayed, options, octets, duration, and how it ended; its number is Wireshark's tcp.stream. Segments are the same objects that Get-TcpSegment gives, with times counted from 1970.</para>
/// <para>A damaged file gives everything up to the damage, and then one error with the place. Packets that are no TCP are passed over.</para>
/// </remarks>
/// <example>
/// <para>A lab's own capture, read back</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng</code>
/// <para>One conversation, closed by the client first.</para>
/// </example>
/// <example>
/// <para>The segments of one stream</para>
/// <code>New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng -Stream 0 -As Segment | Format-Table Number, Info</code>
/// <para>As Wireshark's packet list shows them.</para>
/// </example>
[Cmdlet(VerbsData.Import, "TcpCapture", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TcpConversation), typeof(SegmentRecord))]
public sealed class ImportTcpCaptureCommand : FileCmdlet
{
    private const int FramesBetweenLooks = 4096;

    private readonly ProgressClock _progress = new();

    /// <summary>The files; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = null!;

    /// <summary>The files, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = null!;

    /// <summary>Only the conversations with these numbers, or their segments.</summary>
    [Parameter]
    public int[]? Stream { get; set; }

    /// <summary>What to give: Conversation, or Segment.</summary>
    [Parameter]
    [ValidateSet("Conversation", "Segment")]
    public string As { get; set; } = "Conversation";

    /// <summary>Shows sequence numbers in Info as they stand in the headers, not relative to the initial ones.</summary>
    [Parameter]
    public SwitchParameter Absolute { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string file in ResolveFiles(ParameterSetName == PathSet ? Path : LiteralPath))
        {
            Import(file);
        }
    }

    private void Import(string file)
    {
        CaptureReader reader;
        try
        {
            reader = CaptureReader.Open(file);
        }
        catch (Exception failed) when (failed is CaptureFormatException or IOException or UnauthorizedAccessException)
        {
            WriteError(ErrorRecords.CaptureNotReadable(failed, file));
            return;
        }

        using (reader)
        {
            if (As == "Segment")
            {
                ReadSegments(reader, file);
            }
            else
            {
                ReadConversations(reader, file);
            }

            if (reader.Problem is { } problem)
            {
                WriteError(ErrorRecords.CaptureDamaged(problem, file, reader.FramesRead));
            }
        }

        _progress.End(this);
    }

    private void ReadConversations(CaptureReader reader, string file)
    {
        var tracker = new ConversationTracker();
        while (TryRead(reader, file, out CapturedFrame frame))
        {
            tracker.Add(frame);
        }

        foreach (TcpConversation conversation in tracker.Conversations)
        {
            if (Stream is null || Stream.Contains(conversation.Stream))
            {
                WriteObject(conversation);
            }
        }

        if (tracker.Unsupported > 0)
        {
            WriteWarning($"{tracker.Unsupported} of {tracker.Frames} frames of '{file}' have a link type that is not known here.");
        }
    }

    private void ReadSegments(CaptureReader reader, string file)
    {
        var recorder = new SegmentRecorder();
        while (TryRead(reader, file, out CapturedFrame frame))
        {
            DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
            SegmentRecord? segment = recorder.Record(packet, frame.Timestamp, frame.Comment ?? "", (int)Math.Min(frame.Number, int.MaxValue));
            if (segment is not null && (Stream is null || Stream.Contains(segment.Stream)))
            {
                segment.Absolute = Absolute;
                WriteObject(segment);
            }
        }
    }

    private bool TryRead(CaptureReader reader, string file, out CapturedFrame frame)
    {
        if (reader.FramesRead % FramesBetweenLooks == 0)
        {
            ThrowIfStopping();
            ShowProgress(reader, file);
        }

        return reader.TryRead(out frame);
    }

    private void ShowProgress(CaptureReader reader, string file)
    {
        if (_progress.IsDue)
        {
            double? fraction = reader.Length > 0 ? (double)reader.BytesRead / reader.Length : null;
            _progress.Show(this, $"Reading {System.IO.Path.GetFileName(file)}", $"{reader.FramesRead:N0} packets", fraction);
        }
    }
}
