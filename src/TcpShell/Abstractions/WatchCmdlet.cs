using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live.Devices;
using TcpShell.Pcap.Files;
using TcpShell.Transformation;
using TcpShell.Watching;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that watch frames as they come, from a device or from a growing capture file.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class WatchCmdlet : TcpCmdlet
{
    /// <summary>The parameter set of devices.</summary>
    protected const string InterfaceSet = "Interface";

    /// <summary>The parameter set of files.</summary>
    protected const string PathSet = "Path";

    /// <summary>The path that stands for the standard input.</summary>
    private const string StandardInput = "-";

    /// <summary>How many conversations are remembered at least. A busy server has some thousand at a time; each takes some hundred octets.</summary>
    protected const int ConversationsKept = 100_000;

    private FrameWatch? _watch;

    /// <summary>The network device: a name of Get-TcpDevice. On Linux any stands for all of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = InterfaceSet)]
    [Alias("Name", "Device")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Interface { get; set; } = null!;

    /// <summary>Only frames that fit this filter of libpcap's language, as for tcpdump: 'tcp port 443 and host 10.0.0.2'.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    public string Filter { get; set; } = "";

    /// <summary>Takes frames as well that are for other machines on the link.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    public SwitchParameter Promiscuous { get; set; }

    /// <summary>The most octets of a frame that are kept; the rest of the data is cut.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [ValidateRange(64, CaptureReader.MaximumFrameLength)]
    public int SnapLength { get; set; } = CaptureReader.MaximumFrameLength;

    /// <summary>Octets that the system keeps for frames that were not read yet: 64MB, for example.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [ValidateRange(65_536, 1_073_741_824)]
    public int BufferSize { get; set; } = new CaptureOptions().BufferSize;

    /// <summary>A capture file (pcap, pcapng, snoop), a named pipe, or - for the standard input.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = null!;

    /// <summary>Waits at the end of the file for what another program adds, as Get-Content -Wait does.</summary>
    [Parameter(ParameterSetName = PathSet)]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to watch at most, in real time; without end by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Duration { get; set; }

    /// <summary>Takes frames until there are no more, or there were enough.</summary>
    /// <param name="watch">Where they come from.</param>
    private protected abstract void Watch(FrameWatch watch);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string source = ParameterSetName == InterfaceSet ? Interface : Path;
        try
        {
            if (ParameterSetName == InterfaceSet)
            {
                WatchDevice();
            }
            else
            {
                WatchFile();
            }
        }
        catch (CaptureException failed)
        {
            ThrowTerminatingError(ErrorRecords.DeviceFailed(failed, source, Filter));
        }
        finally
        {
            _watch?.Dispose();
            _watch = null;
        }

        ThrowIfStopping();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _watch?.Dispose();
        base.Dispose(disposing);
    }

    private void WatchDevice()
    {
        var options = new CaptureOptions { Filter = Filter, Promiscuous = Promiscuous, SnapLength = SnapLength, BufferSize = BufferSize };
        DeviceWatch watch = DeviceWatch.Open(Interface, options, Warn, Duration, CancelToken);
        _watch = watch;
        Watch(watch);
        watch.TellDrops();
    }

    private string FindFile()
    {
        string path = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path, out ProviderInfo provider, out _);
        if (provider.Name != "FileSystem")
        {
            ThrowTerminatingError(ErrorRecords.PathNotFileSystem(Path));
        }

        if (!File.Exists(path))
        {
            ThrowTerminatingError(Directory.Exists(path) ? ErrorRecords.PathIsFolder(path) : ErrorRecords.PathNotFound(path));
        }

        return path;
    }

    private void WatchFile()
    {
        bool isInput = Path == StandardInput;
        string path = isInput ? "the standard input" : FindFile();
        var watch = new FileWatch(
            isOver => isInput ? GrowingInput.OpenStandardInput(isOver) : GrowingInput.Open(path, Wait, isOver), Duration, CancelToken);
        _watch = watch;
        try
        {
            Watch(watch);
        }
        catch (Exception failed) when (failed is CaptureFormatException or UnauthorizedAccessException or (IOException and not CaptureException))
        {
            ThrowTerminatingError(ErrorRecords.CaptureNotReadable(failed, path));
        }

        if (watch.Problem is { } problem)
        {
            WriteError(ErrorRecords.CaptureDamaged(problem, path, watch.FramesRead));
        }
    }
}
