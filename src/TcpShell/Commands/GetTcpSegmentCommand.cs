using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Pcap.Analysis;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Lists the segments that went over a simulated network, or that a capture has, as Wireshark would.</summary>
/// <remarks>
/// <para>Every packet is listed that was sent, lost ones as well; Fate says what became of it, FateText and Note why. Sequence numbers are relative in the table; the objects have both kinds. Dissect() takes the header of a segment apart, field by field.</para>
/// <para>Segments of a capture (-Path) have Remark: the verdict of the analysis in Wireshark's words, which also begins Info. Import-TcpCapture -As Segment has more filters.</para>
/// </remarks>
/// <example>
/// <para>The handshake</para>
/// <code>New-TcpConnection | Out-Null
/// Get-TcpSegment</code>
/// <para>SYN, SYN,ACK and ACK, with their options.</para>
/// </example>
/// <example>
/// <para>Retransmissions and their reasons</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Count 1
/// New-TcpConnection | Send-TcpData 'hello'
/// Get-TcpSegment -DataOnly | Format-Table Number, Time, Reason, Attempt, Fate, FateText</code>
/// <para>The first copy is lost, the second is sent when the retransmission timer fires.</para>
/// </example>
/// <example>
/// <para>A header, field by field</para>
/// <code>New-TcpConnection | Out-Null
/// (Get-TcpSegment -Flags SYN).Dissect()</code>
/// <para>Every field with its place, its width in bits and its value.</para>
/// </example>
/// <example>
/// <para>Segments of a capture, with verdicts</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Count 1
/// New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture lab.pcapng
/// Get-TcpSegment -Path lab.pcapng -DataOnly | Format-Table Number, Remark, Length</code>
/// <para>The second is a retransmission.</para>
/// </example>
/// <example>
/// <para>Segments of the conversations that repeat something</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Count 1
/// New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Where-Object Retransmissions | Get-TcpSegment</code>
/// <para>With the verdicts of the analysis, in the order of the capture.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "TcpSegment", DefaultParameterSetName = "Network")]
[OutputType(typeof(SegmentRecord))]
public sealed class GetTcpSegmentCommand : NetworkCmdlet
{
    private readonly List<TcpConversation> _conversations = [];

    /// <summary>Only the segments of these connections, in both directions.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Connection", Mandatory = true)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Network")]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Conversations as Import-TcpCapture gives them in this session. Their captures are read again; times count from the first segment of these.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = "Conversation", Mandatory = true)]
    public TcpConversation[] Conversation { get; set; } = null!;

    /// <summary>Capture files; wildcards are expanded.</summary>
    [Parameter(ParameterSetName = "Path", Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = null!;

    /// <summary>Capture files, taken as they are written.</summary>
    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = null!;

    /// <summary>Only segments of the conversations with these numbers.</summary>
    [Parameter(ParameterSetName = "Path")]
    [Parameter(ParameterSetName = "LiteralPath")]
    [ValidateRange(0, int.MaxValue)]
    [ValidateNotNullOrEmpty]
    public int[]? Stream { get; set; }

    /// <summary>Only segments from this host; in a capture, from this address, prefix or endpoint: fd00::1, 10.0.0.0/8, or 10.0.0.1:80.</summary>
    [Parameter]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? From { get; set; }

    /// <summary>Only segments to this host; in a capture, to this address, prefix or endpoint.</summary>
    [Parameter]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? To { get; set; }

    /// <summary>Only segments with exactly these control bits, PSH apart. FIN and RST alone also stand for FIN,ACK and RST,ACK.</summary>
    [Parameter]
    [TcpFlags]
    public TcpFlags? Flags { get; set; }

    /// <summary>Only segments with data.</summary>
    [Parameter]
    public SwitchParameter DataOnly { get; set; }

    /// <summary>Shows sequence numbers in Info as they stand in the headers, not relative to the initial ones.</summary>
    [Parameter]
    public SwitchParameter Absolute { get; set; }

    /// <summary>Only segments with this fate: Delivered, Lost, Corrupted, Unreachable, InFlight.</summary>
    [Parameter]
    [Choice(AllowsSeveral = true)]
    [ValidateNotNullOrEmpty]
    public PacketFate[]? Fate { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Conversation")
        {
            Collect();
            return;
        }

        if (ParameterSetName == "Network")
        {
            Write(Resolve(Network), null);
            return;
        }

        if (ParameterSetName is "Path" or "LiteralPath")
        {
            IEnumerable<string> files = InputFiles.Resolve(this, Path ?? LiteralPath, isLiteral: ParameterSetName == "LiteralPath");
            WriteCaptured(import => files.SelectMany(file => import.Segments([file])));
            return;
        }

        foreach (HostedConnection connection in Connection)
        {
            Write(NetworkOf(connection), connection);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Together, so that a capture of many of them is read once.
        if (_conversations.Count > 0)
        {
            WriteCaptured(import => import.Segments(_conversations).Select(found => found.Segment));
        }
    }

    private void Collect()
    {
        foreach (TcpConversation conversation in Conversation)
        {
            if (ConversationReader.CanReadAgain(conversation))
            {
                _conversations.Add(conversation);
            }
            else
            {
                WriteError(ErrorRecords.NoCaptureFile(conversation));
            }
        }
    }

    private void Write(TcpNetwork network, HostedConnection? connection)
    {
        string? from = From is null ? null : FindHost(network, From).Name;
        string? to = To is null ? null : FindHost(network, To).Name;
        if (network.Trace.Forgotten > 0)
        {
            WriteWarning($"The trace is full: the first {network.Trace.Forgotten} packets are no longer kept (Trace.Limit).");
        }

        // A copy, so that a cmdlet further down the pipeline may let time pass.
        foreach (SegmentRecord segment in SegmentRecorder.Record([.. network.Trace], network.Origin))
        {
            ThrowIfStopping();
            if ((connection is null || connection.Joins(segment)) && IsWanted(segment, from, to))
            {
                segment.Absolute = Absolute;
                WriteObject(segment);
            }
        }
    }

    private void WriteCaptured(Func<CaptureImport, IEnumerable<SegmentRecord>> read)
    {
        Func<Endpoint, bool> isSource = EndOfCapture(From);
        Func<Endpoint, bool> isDestination = EndOfCapture(To);
        var import = new CaptureImport(this, new(), Stream is null ? null : new() { Streams = Stream }, CancelToken);
        try
        {
            foreach (SegmentRecord segment in read(import))
            {
                if (isSource(segment.Source) && isDestination(segment.Destination) && IsWanted(segment, null, null))
                {
                    segment.Absolute = Absolute;
                    WriteObject(segment);
                }
            }
        }
        finally
        {
            import.EndProgress();
        }
    }

    // Hosts of a capture have addresses alone.
    private Func<Endpoint, bool> EndOfCapture(string? wanted)
    {
        if (wanted is null)
        {
            return _ => true;
        }

        if (AddressPrefix.TryParseAddressOrPrefix(wanted, out AddressPrefix prefix))
        {
            return end => prefix.Contains(end.Address);
        }

        if (!Endpoint.TryParse(wanted, out Endpoint endpoint))
        {
            ThrowTerminatingError(ErrorRecords.CapturedHostHasNoName(wanted));
        }

        return end => end == endpoint;
    }

    private bool IsWanted(SegmentRecord segment, string? from, string? to) =>
        (from is null || from == segment.From)
        && (to is null || to == segment.To)
        && (Flags is not { } flags || segment.Flags.Fits(flags))
        && (!DataOnly || segment.Length > 0)
        && (Fate is null || Fate.Contains(segment.Fate));
}
