using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Pcap.Files;
using TcpShell.Simulation;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Writes segments to a capture file that Wireshark, tshark and tcpdump read.</summary>
/// <remarks>
/// <para>Segments come from the pipeline: from Get-TcpSegment, or from Import-TcpCapture -As Segment. Without any, everything that went over the network is written, as seen on the wire: each packet when it was sent, lost ones as well. With -HostName it is seen from that host: its own packets when they leave, the others' when they arrive.</para>
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
    private const string SegmentSet = "Segment";

    private CaptureFile? _file;
    private string _path = "";
    private bool _refused;

    /// <summary>The file. Its name tells the format: .pcap for classic pcap with nanoseconds, anything else for pcapng.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = null!;

    /// <summary>The segments.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = SegmentSet)]
    public SegmentRecord[] Segment { get; set; } = null!;

    /// <summary>The host from which the network is seen; the wire by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    [Alias("Host")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string? HostName { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    public SimulatedNetwork? Network { get; set; }

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
            SimulatedNetwork network = Resolve(Network);
            string? host = HostName is null ? null : FindHost(network, HostName).Name;
            string name = host is null ? network.Name : $"{network.Name}-{host}";
            OnDisk(() => _file = new CaptureFile(_path, name));
            foreach (TraceExport.Frame frame in TraceExport.Frames([.. network.Trace], host))
            {
                Write(frame.Time, frame.Bytes, frame.Comment);
            }

            return;
        }

        foreach (SegmentRecord segment in Segment)
        {
            // Not before there is something to write: what stands there is not lost for nothing.
            OnDisk(() => _file ??= new CaptureFile(_path, "tcpshell"));
            Write(TraceExport.ToFileTime(segment), segment.Bytes, TraceExport.Comment(segment));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_file is null)
        {
            if (!_refused)
            {
                WriteWarning($"No segments came, so '{_path}' was not written.");
            }

            return;
        }

        OnDisk(_file.Dispose);
        if (PassThru)
        {
            WriteObject(new FileInfo(_path));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        OutputFile.Release(_file);
        base.Dispose(disposing);
    }

    private void Write(Timestamp time, ReadOnlyMemory<byte> bytes, string comment)
    {
        ThrowIfStopping();
        OnDisk(() => _file!.Write(time, bytes.Span, comment));
    }

    private void OnDisk(Action action) => OutputFile.OnDisk(this, _path, action);
}
