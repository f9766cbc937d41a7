using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Adds hosts to a simulated network.</summary>
/// <remarks>
/// <para>A host has a TCP of its own, with settings that its connections inherit. The profile linux (the default) does what a current Linux host does; rfc follows the numbers that the RFCs name.</para>
/// </remarks>
/// <example>
/// <para>A third host</para>
/// <code>New-TcpHost attacker -Address 10.0.0.66</code>
/// <para>It can reach the client and the server of the current network.</para>
/// </example>
/// <example>
/// <para>Other settings</para>
/// <code>$net = New-TcpNetwork -Empty
/// New-TcpHost small -Option @{ ReceiveBufferSize = 4096; WindowScaling = $false }
/// New-TcpHost strict -Profile rfc</code>
/// <para>about_TcpOptions describes every option; the Settings property of a host or connection shows what is in force.</para>
/// </example>
[Cmdlet(VerbsCommon.New, "TcpHost")]
[OutputType(typeof(TcpHost))]
public sealed class NewTcpHostCommand : NetworkCmdlet
{
    /// <summary>The names of the new hosts.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = null!;

    /// <summary>The addresses of the new host, IPv4 or IPv6 or both. The next free one of 10.0.0.0/24 by default. Only with one name.</summary>
    [Parameter]
    public IpAddress[]? Address { get; set; }

    /// <summary>Where the settings come from: linux or rfc.</summary>
    [Parameter]
    [ValidateSet("linux", "rfc")]
    public string Profile { get; set; } = "linux";

    /// <summary>Settings that differ from the profile, by name: @{ MinimumRto = '1s'; SynRetries = 2 }.</summary>
    [Parameter]
    public IDictionary? Option { get; set; }

    /// <summary>
    /// TEACHING ONLY: a two-way handshake, which believes every SYN at once and refuses no unexpected SYN,ACK. It shows why TCP needs three segments.
    /// </summary>
    [Parameter]
    public SwitchParameter TwoWayHandshake { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    public SimulatedNetwork? Network { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SimulatedNetwork network = ResolveLab(Network);
        if (Address is not null && Name.Length > 1)
        {
            ThrowTerminatingError(ErrorRecords.AmbiguousAddress(Name));
        }

        TcpSettings settings = Settings.From(this, Profile, Option);
        settings = TwoWayHandshake ? settings with { TwoWayHandshake = true } : settings;
        foreach (string name in Name)
        {
            try
            {
                WriteObject(network.AddHost(name, Address, settings));
            }
            catch (ArgumentException wrong)
            {
                WriteError(ErrorRecords.HostNotPossible(wrong, name));
            }
        }
    }
}
