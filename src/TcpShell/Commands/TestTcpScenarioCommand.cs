using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Exploration;
using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Commands;

/// <summary>Explores everything that a network can do to a small lab, and finds the shortest way to something wrong.</summary>
/// <remarks>
/// <para>
/// In each state every packet whose turn it is may arrive, be lost, be doubled or be held back, and timers may fire early; users act when they like. All
/// courses of events with up to -MaximumFaults faults are looked at, breadth first, each state once. In every state two open ends must agree, and nobody may
/// be open whose peer never asked. In the end nothing may wait for ever or be lost, and no events may follow each other in a circle.
/// </para>
/// <para>
/// A script block sets up a lab with the usual cmdlets. It runs once, in a network of its own where packets take no time, with client and server; what is
/// still on its way when it ends, and what follows from that, is explored. Use -NoWait where something shall be left on its way.
/// </para>
/// <para>
/// The answer tells how many states there are. A counterexample has its steps in words, and a network in which they have just happened: Get-TcpSegment,
/// ConvertTo-TcpDiagram and Export-TcpCapture show it, and Step-TcpNetwork goes on from there.
/// </para>
/// </remarks>
/// <example>
/// <para>Why two segments are not enough to open a connection</para>
/// <code>Test-TcpScenario OldDuplicateSyn
/// $wrong = Test-TcpScenario OldDuplicateSyn -Option @{ TwoWayHandshake = $true }
/// $wrong.Counterexample.Steps</code>
/// <para>The first answer is Holds, the second Violated: one old SYN is enough to open a connection that nobody asked for.</para>
/// </example>
/// <example>
/// <para>A lab of one's own</para>
/// <code>Test-TcpScenario -ScriptBlock {
///     $c = New-TcpConnection
///     $c | Send-TcpData 'hello' -NoWait
/// } -Assert { param($lab) ($lab.Connections | Where-Object Host -eq client).Received -eq 5 }</code>
/// <para>Whatever happens to the data and its echo, all five octets come back. -Assert looks at each state in which nothing can happen any more.</para>
/// </example>
/// <example>
/// <para>All scenarios, with sequence numbers that wrap around</para>
/// <code>Test-TcpScenario -ListAvailable | Test-TcpScenario -WrapAround -MaximumFaults 1</code>
/// <para>Each answer comes as soon as it is known.</para>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "TcpScenario", DefaultParameterSetName = NameSet)]
[OutputType(typeof(ExplorationResult), ParameterSetName = [NameSet, ScriptSet])]
[OutputType(typeof(Scenario), ParameterSetName = [ListSet])]
public sealed class TestTcpScenarioCommand : NetworkCmdlet
{
    private const string NameSet = "Name";
    private const string ScriptSet = "ScriptBlock";
    private const string ListSet = "ListAvailable";

    /// <summary>The names of the scenarios; -ListAvailable shows them. Wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ScenarioCompleter))]
    public string[] Name { get; set; } = null!;

    /// <summary>Sets up a lab with the usual cmdlets. It may make a network of its own by New-TcpNetwork.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ScriptSet)]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>Gets the scenarios that there are, without exploring them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ListSet)]
    public SwitchParameter ListAvailable { get; set; }

    /// <summary>Looks at the network of each state in which nothing can happen any more. It is wrong if the script block throws, or says $false.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    public ScriptBlock? Assert { get; set; }

    /// <summary>Lets initial sequence numbers lie just below 2^32, so that they wrap around.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public SwitchParameter WrapAround { get; set; }

    /// <summary>How many faults one course of events may have: losses, duplicates, late packets and early timers. Each one more takes about ten times as long.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    [ValidateRange(0, 100)]
    public int MaximumFaults { get; set; } = 2;

    /// <summary>How many steps one course of events may have.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    [ValidateRange(1, int.MaxValue)]
    public int MaximumDepth { get; set; } = new ExplorationLimits().MaximumDepth;

    /// <summary>How many states to visit before giving up; a state takes some 200 octets of memory.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    [ValidateRange(1, int.MaxValue)]
    public int MaximumStates { get; set; } = new ExplorationLimits().MaximumStates;

    /// <summary>Where the settings of both hosts come from: linux or rfc.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    [ValidateSet("linux", "rfc")]
    public string Profile { get; set; } = "linux";

    /// <summary>Settings that differ from the profile, by name: @{ Timestamps = $false }.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    public IDictionary? Option { get; set; }

    /// <summary>Where all randomness of the lab comes from, initial sequence numbers above all.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ScriptSet)]
    public long Seed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ListAvailable)
        {
            WriteObject(NamedScenarios.Names.Select(name => NamedScenarios.Make(name)), enumerateCollection: true);
            return;
        }

        TcpSettings settings = Settings.From(this, Profile, Option);
        if (ScriptBlock is not null)
        {
            SimulatedNetwork lab = SetUp(settings);
            Explore(new Scenario { Name = lab.Name, Build = () => NetworkCopy.Of(lab), AtEnd = AtEnd(ScenarioProperties.Endings) });
            return;
        }

        foreach (string pattern in Name)
        {
            var wildcard = new WildcardPattern(pattern, WildcardOptions.IgnoreCase);
            List<string> names = NamedScenarios.Names.Where(wildcard.IsMatch).ToList();
            if (names.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern))
            {
                WriteError(ErrorRecords.ScenarioNotFound(pattern));
            }

            foreach (string name in names)
            {
                Scenario scenario = NamedScenarios.Make(name, settings, Seed, WrapAround);
                Explore(scenario with { AtEnd = AtEnd(scenario.AtEnd) });
            }
        }
    }

    /// <summary>Runs the script block in a network of its own; the session's current network stays what it is.</summary>
    private SimulatedNetwork SetUp(TcpSettings settings)
    {
        var network = new SimulatedNetwork(Seed, new LinkOptions { Latency = TimeSpan.Zero }, "scenario");
        network.RunFor(TimeSpan.FromSeconds(1));
        DefaultLab.Furnish(network, settings);
        using (Lab.Visit(network))
        {
            InvokeCommand.InvokeScript(useLocalScope: true, ScriptBlock, null, null);
            return (SimulatedNetwork)Lab.Current;
        }
    }

    private IReadOnlyList<ScenarioProperty> AtEnd(IReadOnlyList<ScenarioProperty> properties) =>
        Assert is null ? properties : [.. properties, new ScenarioProperty(nameof(Assert), Ask)];

    /// <summary>What the user's script block has against a network; null if nothing.</summary>
    private string? Ask(SimulatedNetwork network)
    {
        using (Lab.Visit(network))
        {
            try
            {
                bool isDenied = InvokeCommand.InvokeScript(useLocalScope: true, Assert, null, network)
                    .Any(answer => answer?.BaseObject is false);
                return isDenied ? $"{{{Assert}}} is not so." : null;
            }
            catch (RuntimeException wrong) when (wrong is not PipelineStoppedException)
            {
                return wrong.Message;
            }
        }
    }

    private void Explore(Scenario scenario)
    {
        var limits = new ExplorationLimits { MaximumFaults = MaximumFaults, MaximumDepth = MaximumDepth, MaximumStates = MaximumStates };
        var progress = new ProgressClock();
        try
        {
            ExplorationResult result = ScenarioExplorer.Explore(scenario, limits, Show, CancelToken);
            if (result.Counterexample is { } wrong)
            {
                Lab.Adopt(wrong.Network);
            }

            WriteObject(result);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            progress.End(this);
        }

        void Show(ExplorationProgress now)
        {
            if (progress.IsDue)
            {
                progress.Show(this, $"Scenario '{scenario.Name}'", $"{now.States} states, {now.Waiting} to go on from, {now.Depth} steps deep");
            }
        }
    }
}
