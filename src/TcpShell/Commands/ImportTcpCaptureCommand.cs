using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Reads capture files and gives their TCP conversations, or their segments.</summary>
/// <remarks>
/// <para>Reads pcap, pcapng and snoop, gzip-compressed or not, without libpcap. A conversation has both ends with their states replayed, options, octets, round trips, Wireshark's analysis flags, and how it ended; its number is Wireshark's tcp.stream. It comes as soon as it is over and quiet, the others at the end; memory is taken for open conversations only. Segments are the same objects that Get-TcpSegment gives, with times counted from 1970.</para>
/// <para>For JSON, Export-TcpConversation writes a line for each, with plain columns. ConvertTo-Json shows all properties as deep as -Depth says: addresses are text with -Depth 2 of conversations and with -Depth 1 of segments, and deeper they have theirs in Text.</para>
/// <para>Times are in UTC: Format-List marks them with a Z, and the same text may be given to -StartTime; [datetime] makes a date of Start and of End. -StartTime and -EndTime take text without a zone for local time, as PowerShell does.</para>
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
/// <example>
/// <para>Many files, and only what is of interest</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Export-TcpCapture one.pcapng
/// Export-TcpCapture two.pcapng
/// Import-TcpCapture *.pcapng -Port 80 -StartTime 2020-01-01T00:00:00Z -Ended ClosedByClient</code>
/// <para>-Merge would read both as one capture that was split.</para>
/// </example>
[Cmdlet(VerbsData.Import, "TcpCapture", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TcpConversation), typeof(SegmentRecord))]
public sealed class ImportTcpCaptureCommand : FileCmdlet
{
    private readonly List<string> _files = [];
    private CaptureImport? _import;
    private int _processors;

    /// <summary>The files; wildcards are expanded, and folders that they meet are passed over.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = null!;

    /// <summary>The files, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = null!;

    /// <summary>Only conversations of which one end has one of these addresses, or an address that begins with one of these prefixes.</summary>
    [Parameter]
    [AddressPrefix]
    [ValidateNotNullOrEmpty]
    public AddressPrefix[]? Address { get; set; }

    /// <summary>Only conversations of which one end has one of these ports.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public ushort[]? Port { get; set; }

    /// <summary>Only the conversations with these numbers, or their segments.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    [ValidateNotNullOrEmpty]
    public int[]? Stream { get; set; }

    /// <summary>Passes over what was captured before. Text and dates without a zone are local time; what is shown of captures is UTC and says so (Z).</summary>
    [Parameter]
    [CaptureTime]
    public Timestamp? StartTime { get; set; }

    /// <summary>Passes over what was captured then or later; read as -StartTime is.</summary>
    [Parameter]
    [CaptureTime]
    public Timestamp? EndTime { get; set; }

    /// <summary>Only conversations of which one end is in one of these states when the capture ends.</summary>
    [Parameter]
    [TcpState]
    [ValidateNotNullOrEmpty]
    public TcpState[]? State { get; set; }

    /// <summary>Only conversations that ended so.</summary>
    [Parameter]
    [Choice(AllowsSeveral = true)]
    [ValidateNotNullOrEmpty]
    public ConversationEnding[]? Ended { get; set; }

    /// <summary>Reads all files as one capture that was split or taken at several places, in the order of time; frames and streams are numbered over all of them.</summary>
    [Parameter]
    public SwitchParameter Merge { get; set; }

    /// <summary>How many processors may be busy, with files or within one; as many as there are by default. The result and its order stay the same.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int? ThrottleLimit { get; set; }

    /// <summary>The most conversations that are open at a time; above it those that were quiet for longest come out as they are, with a warning. 65,536 take about 100 MB.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaximumOpen { get; set; } = new AnalysisOptions().MaximumOpenConversations;

    /// <summary>How long an open conversation may be quiet, in the capture's time, before it comes out as it is; until the capture's end by default, as in Wireshark.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>How long a closed conversation must be quiet, in the capture's time, before it comes out; what still follows belongs to it. Two minutes, unless told otherwise.</summary>
    [Parameter]
    [Duration]
    public TimeSpan QuietTime { get; set; } = new AnalysisOptions().QuietTime;

    /// <summary>The most segments with a remark that each end of a conversation lists in FlaggedSegments, 1000 unless told otherwise; all are counted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaximumListed { get; set; } = new AnalysisOptions().MaximumListedSegments;

    /// <summary>The most segments with a remark that all open conversations list together, a million (40 MB) unless told otherwise; further ones are counted only.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaximumListedTotal { get; set; } = new AnalysisOptions().MaximumListedTotal;

    /// <summary>The most changes of state that are kept of a conversation, 100 unless told otherwise.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaximumStateChanges { get; set; } = new AnalysisOptions().MaximumStateChanges;

    /// <summary>The most octets of IP fragments that wait for their companions, 4 MB unless told otherwise; above it the oldest are given up, with a warning.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaximumFragmentBytes { get; set; } = new AnalysisOptions().MaximumFragmentBytes;

    /// <summary>Judges TCP checksums as well, which costs a look at every octet.</summary>
    [Parameter]
    public SwitchParameter VerifyChecksum { get; set; }

    /// <summary>What to give: Conversation, or Segment.</summary>
    [Parameter]
    [Choice]
    public CaptureContent As { get; set; }

    /// <summary>Shows sequence numbers of segments (-As Segment) in Info as they stand in the headers, not relative to the initial ones.</summary>
    [Parameter]
    public SwitchParameter Absolute { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        foreach (string name in new[] { nameof(State), nameof(Ended), nameof(ThrottleLimit), nameof(MaximumListed), nameof(MaximumListedTotal), nameof(MaximumStateChanges) }.Where(name => As == CaptureContent.Segment && MyInvocation.BoundParameters.ContainsKey(name)))
        {
            ThrowTerminatingError(ErrorRecords.NotForSegments(name));
        }

        if (Absolute && As != CaptureContent.Segment)
        {
            ThrowTerminatingError(ErrorRecords.OnlyForSegments(nameof(Absolute)));
        }

        if (IdleTimeout <= TimeSpan.Zero)
        {
            ThrowTerminatingError(ErrorRecords.IdleTimeoutNotPositive(IdleTimeout.Value));
        }

        if (StartTime >= EndTime)
        {
            ThrowTerminatingError(ErrorRecords.TimesTurnedRound(StartTime.Value, EndTime.Value));
        }

        _processors = ThrottleLimit ?? Environment.ProcessorCount;
        var options = new AnalysisOptions
        {
            MaximumOpenConversations = MaximumOpen,
            IdleTimeout = IdleTimeout,
            QuietTime = QuietTime,
            MaximumListedSegments = MaximumListed,
            MaximumListedTotal = MaximumListedTotal,
            MaximumStateChanges = MaximumStateChanges,
            MaximumFragmentBytes = MaximumFragmentBytes,
            VerifyChecksums = VerifyChecksum,
        };
        var filter = new ConversationFilter { Addresses = Address, Ports = Port, Streams = Stream, Endings = Ended, From = StartTime, Until = EndTime };
        bool isFiltered = Address is not null || Port is not null || Stream is not null || Ended is not null || StartTime is not null || EndTime is not null;
        _import = new CaptureImport(this, options, isFiltered ? filter : null, CancelToken);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<string> files = ResolveFiles(ParameterSetName == PathSet ? Path : LiteralPath);
        if (Merge || (_processors > 1 && As == CaptureContent.Conversation))
        {
            _files.AddRange(files);
            return;
        }

        foreach (string file in files)
        {
            Read([[file]]);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_files.Count > 0)
        {
            Read(Merge ? [_files] : [.. _files.Select(file => new[] { file })]);
        }
    }

    private void Read(IReadOnlyList<IReadOnlyList<string>> captures)
    {
        try
        {
            Write(captures);
        }
        finally
        {
            _import!.EndProgress();
        }
    }

    private void Write(IReadOnlyList<IReadOnlyList<string>> captures)
    {
        if (As == CaptureContent.Segment)
        {
            foreach (SegmentRecord segment in captures.SelectMany(_import!.Segments))
            {
                segment.Absolute = Absolute;
                WriteObject(segment);
            }

            return;
        }

        foreach (TcpConversation conversation in _import!.Conversations(captures, _processors))
        {
            if (State is null || State.Any(state => state == conversation.ClientState || state == conversation.ServerState))
            {
                WriteObject(conversation);
            }
        }
    }
}
