using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Live.Kernel;
using TcpShell.Tcp;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that list or watch connections, those of a network or the operating system's, and which of them are meant.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SystemCmdlet : NetworkCmdlet
{
    /// <summary>The parameter set of the operating system's connections.</summary>
    protected const string SystemSet = "System";

    /// <summary>The operating system's own connections.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SystemSet)]
    public SwitchParameter System { get; set; }

    /// <summary>Only connections in these states, or changes to them. Spellings of netstat and ss are understood as well.</summary>
    [Parameter]
    [TcpState]
    public TcpState[]? State { get; set; }

    /// <summary>Only connections with this port at either end.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int? Port { get; set; }

    /// <summary>Only connections with this port at this end.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [ValidateRange(1, 65535)]
    public int? LocalPort { get; set; }

    /// <summary>Only connections with this port at the other end.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [ValidateRange(1, 65535)]
    public int? RemotePort { get; set; }

    /// <summary>Only connections with this address at this end, or with one that begins with this prefix.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [AddressPrefix]
    public AddressPrefix? LocalAddress { get; set; }

    /// <summary>Only connections with this address at the other end, or with one that begins with this prefix.</summary>
    [Parameter(ParameterSetName = SystemSet)]
    [AddressPrefix]
    public AddressPrefix? RemoteAddress { get; set; }

    /// <summary>What the parameters mean, in whatever parameter set: those that it does not have are not there.</summary>
    private protected SystemFilter Wanted => new()
    {
        States = State,
        Port = Port,
        LocalPort = LocalPort,
        RemotePort = RemotePort,
        LocalAddress = LocalAddress,
        RemoteAddress = RemoteAddress,
    };
}
