using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Simulation;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Lets virtual time pass in a simulated network: by events, for a while, until something is so, or until nothing is left to happen.</summary>
/// <remarks>
/// <para>An event is the arrival of a packet or the firing of a host's timers. Without any argument the next event happens. Time jumps from event to event; waiting a day costs nothing.</para>
/// </remarks>
/// <example>
/// <para>Event by event</para>
/// <code>$c = New-TcpConnection -NoWait
/// Step-TcpNetwork
/// Get-TcpConnection</code>
/// <para>After the first event the server is in SynReceived, and the client still in SynSent.</para>
/// </example>
/// <example>
/// <para>A while, or until</para>
/// <code>$c = New-TcpConnection -NoWait
/// Step-TcpNetwork -For 15ms -PassThru
/// Step-TcpNetwork -Until { $c.State -eq 'Established' }</code>
/// <para>The script block is asked after each event.</para>
/// </example>
[Cmdlet(VerbsCommon.Step, "TcpNetwork", DefaultParameterSetName = CountSet)]
[OutputType(typeof(SimulatedNetwork))]
public sealed class StepTcpNetworkCommand : NetworkCmdlet
{
    private const string CountSet = "Count";
    private const string ForSet = "For";
    private const string UntilSet = "Until";
    private const string IdleSet = "Idle";

    /// <summary>How many events shall happen.</summary>
    [Parameter(Position = 0, ParameterSetName = CountSet)]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>How much time shall pass, whether something happens or not.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ForSet)]
    [Duration]
    public TimeSpan For { get; set; }

    /// <summary>A condition, asked before the first and after each event.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UntilSet)]
    public ScriptBlock Until { get; set; } = null!;

    /// <summary>Goes on until nothing is left to happen.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdleSet)]
    public SwitchParameter Idle { get; set; }

    /// <summary>How much virtual time may pass at most; one hour by default.</summary>
    [Parameter(ParameterSetName = UntilSet)]
    [Parameter(ParameterSetName = IdleSet)]
    [Duration]
    public TimeSpan Timeout { get; set; } = DefaultLimit;

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ValueFromPipeline = true)]
    public SimulatedNetwork? Network { get; set; }

    /// <summary>Hands the network on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SimulatedNetwork network = ResolveLab(Network);
        switch (ParameterSetName)
        {
            case ForSet:
                // Events first, with progress and Ctrl-C; then what is left of the time, in which nothing happens.
                Timestamp end = network.Now + For;
                RunUntil(network, () => false, For);
                network.RunFor(end - network.Now);
                break;
            case UntilSet:
                if (!RunUntil(network, () => LanguagePrimitives.IsTrue(Until.InvokeReturnAsIs()), Timeout))
                {
                    WriteError(Errors.ErrorRecords.ConditionNotReached(network, Until, Timeout));
                }

                break;
            case IdleSet:
                if (!RunUntil(network, () => network.NextEvent is null, Timeout))
                {
                    WriteWarning($"After {Timeout} of virtual time there is still something to come at {network.NextEvent}.");
                }

                break;
            default:
                for (int i = 0; i < Count && network.Step(); i++)
                {
                    ThrowIfStopping();
                }

                break;
        }

        if (PassThru)
        {
            WriteObject(network);
        }
    }
}
