using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Pcap.Files;
using TcpShell.Hosting;
using TcpShell.Live;
using TcpShell.Scripting;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Writes segments to a capture file that Wireshark, tshark and tcpdump read.</summary>
/// <remarks>
/// <para>Segments come from the pipeline: from Get-TcpSegment, from Import-TcpCapture -As Segment, or in the results of Invoke-TcpScript -Trace. Without any, everything that went over the network is written, as seen on the wire: each packet when it was sent, lost ones as well. With -HostName it is seen from that host: its own packets when they leave, the others' when they arrive.</para>
/// <para>With -MaximumSize or -RotateAfter the capture goes on in a new file whenever one is full, so that one of days stays in handy pieces; with -MaximumFiles the oldest go.</para>
/// <para>A pcapng file has comments that say why a packet was sent, what became of it, and which state it changed. Time zero of a lab is written as 2020-01-01 00:00:00 UTC, so that the same lab gives the same file, octet for octet.</para>
/// </remarks>
/// <example>
/// <para>A lab for Wireshark</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Get-TcpSegment | Export-TcpCapture lab.pcapng</code>
/// <para>Packet comments tell the changes of state.</para>
/// </example>
/// <example>
/// <para>What the server saw</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Count 1
/// New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture server.pcapng -HostName server</code>
/// <para>The lost segment is not in it, for it never arrived.</para>
/// </example>
[Cmdlet(VerbsData.Export, "TcpCapture", SupportsShouldProcess = true, DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTcpCaptureCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string ObjectSet = "InputObject";

    private CaptureSeries? _series;
    private readonly HashSet<string> _inputs = new(StringComparer.Ordinal);
    private string _path = "";
    private bool _refused;

    /// <summary>The file. Its name tells the format: .pcap for classic pcap with nanoseconds, anything else for pcapng.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = null!;

    /// <summary>Segments, or results of Invoke-TcpScript -Trace, whose packets are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [Alias("Segment", "ScriptResult")]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>The host from which the network is seen; the wire by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Does not overwrite a file that exists.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Goes on in a new file when one has so many octets: 100MB, for example. A file's name then has its number and the UTC time of its first segment, as in trace_00001_20260131235959.pcapng.</summary>
    [Parameter]
    [ValidateRange(1024, long.MaxValue)]
    public long? MaximumSize { get; set; }

    /// <summary>Goes on in a new file when so much time has passed since the first segment of the one before, by the segments' own times.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? RotateAfter { get; set; }

    /// <summary>Keeps so many files, and deletes the oldest when there is one more. Needs -MaximumSize or -RotateAfter.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? MaximumFiles { get; set; }

    /// <summary>Gives the file; of several each one when it is complete.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _path = OutputFile.Resolve(this, Path);
        if (WhyNot() is { } error)
        {
            ThrowTerminatingError(error);
        }

        _refused = !ShouldProcess(_path, "Write a capture file");
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_refused)
        {
            return;
        }

        if (ParameterSetName == NetworkSet)
        {
            TcpNetwork network = Resolve(Network);
            string? host = HostName is null ? null : FindHost(network, HostName).Name;
            Begin(host is null ? network.Name : $"{network.Name}-{host}");

            // A network that nothing went over makes a capture as well, with no packet in it.
            OnDisk(() => _series!.Begin(TraceExport.ToFileTime(Timestamp.Zero, network.Origin)));
            foreach (TraceExport.Frame frame in TraceExport.Frames([.. network.Trace], host, network.Origin))
            {
                Write(frame.Time, frame.Bytes, frame.Comment);
            }

            return;
        }

        // Not before there is something to write: what stands there is not lost for nothing.
        foreach (SegmentRecord segment in InputObject.SelectMany(SegmentsOf))
        {
            ThrowIfInput(segment.File);
            Begin("tcpshell");
            Write(TraceExport.ToFileTime(segment), segment.Bytes, TraceExport.Comment(segment));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_series is { } series)
        {
            OnDisk(series.Dispose);
            GiveFinished();
        }
        else if (!_refused)
        {
            WriteWarning($"No segments came, so '{_path}' was not written.");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        OutputFile.Release(_series);
        if (_series is { } closed)
        {
            EndOfProcess.Forget(closed);
        }

        base.Dispose(disposing);
    }

    /// <summary>A segment itself, those of a script's run, and an error where there are none.</summary>
    private IEnumerable<SegmentRecord> SegmentsOf(PSObject input)
    {
        switch (input.BaseObject)
        {
            case SegmentRecord segment:
                return [segment];
            case ScriptResult result:
                return SegmentsOf(result);
            default:
                WriteError(ErrorRecords.NotExportable(input));
                return [];
        }
    }

    /// <summary>The segments of a script's run; an error where there are none.</summary>
    private SegmentRecord[] SegmentsOf(ScriptResult result)
    {
        SegmentRecord[] segments = [.. result.Segments];
        if (result.Verdict == ScriptVerdict.Invalid)
        {
            WriteError(ErrorRecords.ScriptNotRun(result));
        }
        else if (segments.Length == 0)
        {
            WriteError(ErrorRecords.NoSegments("the run of a script", result));
        }

        return segments;
    }

    private CaptureRotation Rotation => new(MaximumSize, RotateAfter, MaximumFiles);

    private ErrorRecord? WhyNot() => OutputFile.WhyNot(_path, NoClobber && !Rotation.IsOn)
        ?? (MaximumFiles is { } files && !Rotation.IsOn ? ErrorRecords.RotationNotSet(files) : null);

    private void Begin(string interfaceName)
    {
        if (_series is null)
        {
            _series = new CaptureSeries(_path, interfaceName, Rotation, overwrite: !NoClobber);
            EndOfProcess.Closes(_series);
        }
    }

    private void Write(Timestamp time, ReadOnlyMemory<byte> bytes, string comment)
    {
        ThrowIfStopping();
        OnDisk(() => _series!.Write(time, bytes.Span, comment));
        GiveFinished();
    }

    // Who reads and writes one name wants the capture replaced, which happens at the end. Another name of the same file is a mistake.
    private void ThrowIfInput(string files)
    {
        if (_inputs.Add(files) && files.Length > 0 && !files.Split(';').Contains(_path) && OutputFile.IsInput(_path, files))
        {
            _series?.GiveUp();
            ThrowTerminatingError(ErrorRecords.OutputIsInput(_path));
        }
    }

    private void GiveFinished()
    {
        while (_series!.TryTakeFinished(out string? path))
        {
            if (PassThru)
            {
                WriteObject(new FileInfo(path!));
            }
        }
    }

    private void OnDisk(Action action) => OutputFile.OnDisk(this, _path, action);
}
