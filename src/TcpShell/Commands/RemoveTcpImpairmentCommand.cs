using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;

namespace TcpShell.Commands;

/// <summary>Takes impairments away from a simulated network.</summary>
/// <remarks>
/// <para>Packets that are delayed on their way already still come late.</para>
/// </remarks>
/// <example>
/// <para>By number</para>
/// <code>Add-TcpImpairment -Drop -Flags SYN
/// Remove-TcpImpairment 1</code>
/// <para>SYNs go through again.</para>
/// </example>
/// <example>
/// <para>From the pipeline</para>
/// <code>$loss = Add-TcpImpairment -Drop -Probability 10%
/// New-TcpConnection | Send-TcpData 'through the storm'
/// $loss | Remove-TcpImpairment</code>
/// <para>Objects of Add-TcpImpairment and Get-TcpImpairment are taken.</para>
/// </example>
[Cmdlet(VerbsCommon.Remove, "TcpImpairment", DefaultParameterSetName = IdSet)]
public sealed class RemoveTcpImpairmentCommand : NetworkCmdlet
{
    private const string IdSet = "Id";
    private const string ObjectSet = "Impairment";

    /// <summary>The numbers of the impairments.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet)]
    public int[] Id { get; set; } = null!;

    /// <summary>The impairments.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public Impairment[] Impairment { get; set; } = null!;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = IdSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ObjectSet)
        {
            foreach (Impairment impairment in Impairment)
            {
                Remove(Resolve(impairment.Network), impairment, impairment.Id);
            }

            return;
        }

        TcpNetwork network = Resolve(Network);
        foreach (int id in Id)
        {
            Remove(network, network.Impairments.FirstOrDefault(candidate => candidate.Id == id), id);
        }
    }

    private void Remove(TcpNetwork network, Impairment? impairment, int id)
    {
        if (impairment is null || !network.RemoveImpairment(impairment))
        {
            WriteError(ErrorRecords.ImpairmentNotFound(id, network));
        }
    }
}
