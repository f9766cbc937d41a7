using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Completion;
using TcpShell.Hosting;
using TcpShell.Transformation;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that take hosts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class HostCmdlet : NetworkCmdlet
{
    /// <summary>The hosts: their names, their addresses, or objects of New-TcpHost.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Host", "Name")]
    [HostName]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public string[] HostName { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Hands the host on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        foreach (string name in HostName)
        {
            TcpHost host = FindHost(network, name);
            Process(network, host);
            if (PassThru)
            {
                WriteObject(host);
            }
        }
    }

    /// <summary>Acts on one host.</summary>
    /// <param name="network">Its network.</param>
    /// <param name="host">The host.</param>
    protected abstract void Process(TcpNetwork network, TcpHost host);
}
