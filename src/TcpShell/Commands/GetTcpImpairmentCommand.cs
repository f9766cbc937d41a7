using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;

namespace TcpShell.Commands;

/// <summary>Lists the impairments of a simulated network, in the order in which they are tried.</summary>
/// <remarks>
/// <para>Hits says how many packets each has struck; IsSpent, whether it has struck as often as its -Count allows.</para>
/// </remarks>
/// <example>
/// <para>How often was it?</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Every 3
/// New-TcpConnection | Send-TcpData ([byte[]]::new(20kb))
/// Get-TcpImpairment</code>
/// <para>Every third data segment was lost, retransmissions counted.</para>
/// </example>
/// <example>
/// <para>All away</para>
/// <code>Add-TcpImpairment -Drop -Probability 1%
/// Get-TcpImpairment | Remove-TcpImpairment</code>
/// <para>The links are good again.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "TcpImpairment")]
[OutputType(typeof(Impairment))]
public sealed class GetTcpImpairmentCommand : NetworkCmdlet
{
    /// <summary>Only the impairments with these numbers.</summary>
    [Parameter(Position = 0)]
    public int[]? Id { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        TcpNetwork network = Resolve(Network);
        foreach (int missing in (Id ?? []).Where(id => !network.Impairments.Any(impairment => impairment.Id == id)))
        {
            WriteError(ErrorRecords.ImpairmentNotFound(missing, network));
        }

        // A copy, so that Remove-TcpImpairment further down the pipeline may take away what is being listed.
        foreach (Impairment impairment in network.Impairments.ToArray())
        {
            if (Id is null || Id.Contains(impairment.Id))
            {
                WriteObject(impairment);
            }
        }
    }
}
