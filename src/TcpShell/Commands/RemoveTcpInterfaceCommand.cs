using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Closes the connections of interfaces and removes them.</summary>
/// <remarks>
/// <para>Open connections are closed by FIN, and their peers get some time to close as well; whoever has not done so by then gets a RST. With -Abort everybody gets a RST at once. No device and no thread stays behind.</para>
/// <para>The objects of its connections can still be looked at. The same happens, with RST, when the module is removed or PowerShell ends.</para>
/// </remarks>
/// <example>
/// <para>By name</para>
/// <code>Remove-TcpInterface tcpsh*</code>
/// <para>Wildcards are understood.</para>
/// </example>
/// <example>
/// <para>At once</para>
/// <code>Get-TcpInterface | Remove-TcpInterface -Abort</code>
/// <para>Nobody is waited for.</para>
/// </example>
[Cmdlet(VerbsCommon.Remove, "TcpInterface", SupportsShouldProcess = true, DefaultParameterSetName = "Close")]
public sealed class RemoveTcpInterfaceCommand : TcpCmdlet
{
    /// <summary>The interfaces: their names, or objects of New-TcpInterface. Wildcards are understood.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [InterfaceName]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Name { get; set; } = null!;

    /// <summary>Ends all connections at once with a RST.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Abort")]
    public SwitchParameter Abort { get; set; }

    /// <summary>How long to wait for the peers to close.</summary>
    [Parameter(ParameterSetName = "Close")]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
            LiveNetwork[] found = [.. Lab.Interfaces.Where(candidate => pattern.IsMatch(candidate.Name))];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(ErrorRecords.InterfaceNotFound(name));
            }

            foreach (LiveNetwork network in found.Where(network => ShouldProcess(network.ToString(), Abort ? "Abort the connections and remove" : "Close the connections and remove")))
            {
                if (Abort)
                {
                    network.Dispose();
                }
                else
                {
                    network.Close(Timeout, CancelToken);
                }

                Lab.Leave(network);
            }
        }
    }
}
