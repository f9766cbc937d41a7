using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live.Devices;
using TcpShell.Live.Kernel;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Tcp;
using TcpShell.Transformation;
using TcpShell.Watching;

namespace TcpShell.Abstractions;

/// <summary>The part of watching states that captures: changes of anybody's connections, as segments on a device show them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CapturedStateCmdlet : SystemCmdlet
{
    /// <summary>The parameter set of devices.</summary>
    protected const string InterfaceSet = "Interface";

    private DeviceWatch? _watch;

    /// <summary>The network device whose traffic is watched: a name of Get-TcpDevice; or an interface of this session, of New-TcpInterface, unless there is a -Filter or -Promiscuous, which are for devices.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InterfaceSet)]
    [Alias("Device")]
    [InterfaceName]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Interface { get; set; } = null!;

    /// <summary>Only frames that fit this filter of libpcap's language, as for tcpdump: 'tcp port 443 and host 10.0.0.2'.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    public string Filter { get; set; } = "";

    /// <summary>Takes frames as well that are for other machines on the link.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    public SwitchParameter Promiscuous { get; set; }

    /// <summary>How much virtual time to watch at most; by default until nothing can happen any more, but no longer than an hour; on a real network until Ctrl-C.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Duration { get; set; }

    /// <summary>Whether something is asked for that only a device has, where an interface of this session has the same name.</summary>
    private protected bool WantsFrames => Filter.Length > 0 || Promiscuous;

    /// <summary>Shows the changes of state that the device's frames show.</summary>
    protected void WatchDevice()
    {
        try
        {
            _watch = DeviceWatch.Open(Interface, new CaptureOptions { Filter = Filter, Promiscuous = Promiscuous }, Warn, Duration, CancelToken);
            SystemFilter filter = Wanted;
            var states = new StateChangeWatch();
            while (_watch.TryRead(out CapturedFrame frame))
            {
                foreach (StateChange change in states.Add(frame))
                {
                    if (filter.Fits(change.Local, change.Remote) && filter.Fits(change.To))
                    {
                        WriteObject(change);
                    }
                }
            }
        }
        catch (CaptureException failed)
        {
            ThrowTerminatingError(ErrorRecords.DeviceFailed(failed, Interface, Filter));
        }

        ThrowIfStopping();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _watch?.Dispose();
        base.Dispose(disposing);
    }
}
