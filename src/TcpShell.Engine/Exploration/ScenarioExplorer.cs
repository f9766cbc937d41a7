using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Exploration;

/// <summary>
/// Looks at every course of events of a scenario: every order in which packets arrive, users act and timers fire, and up to some number
/// of faults. States that go on alike are looked at once. Breadth first, so that a counterexample has as few steps as there can be.
/// </summary>
/// <remarks>No state is kept but its fingerprint: to go on from one, its choices are made again on a fresh lab.</remarks>
public sealed class ScenarioExplorer
{
    private readonly Scenario _scenario;
    private readonly ExplorationLimits _limits;
    private readonly StateFingerprint _fingerprint = new();
    private readonly List<Node> _nodes = [];

    // The fewest faults that a state was reached with: who comes with fewer can go further.
    private readonly Dictionary<UInt128, int> _faults = [];

    // Where a state goes by itself, without any fault.
    private readonly Dictionary<UInt128, UInt128> _successors = [];
    private readonly HashSet<(TcpState From, TransitionEvent Event, TcpState To)> _transitions = [];
    private Counterexample? _counterexample;
    private bool _isCut;
    private long _edges;
    private long _steps;
    private int _ends;
    private int _depth;

    private ScenarioExplorer(Scenario scenario, ExplorationLimits limits)
    {
        _scenario = scenario;
        _limits = limits;
    }

    /// <summary>Explores a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="limits">How far; null for four faults.</param>
    /// <param name="progress">Told how far it is, after each state.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ExplorationResult Explore(
        Scenario scenario,
        ExplorationLimits? limits = null,
        Action<ExplorationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        limits ??= new ExplorationLimits();
        limits.Validate();
        var explorer = new ScenarioExplorer(scenario, limits);
        explorer.Run(progress, cancellation);
        return explorer.Result();
    }

    private void Run(Action<ExplorationProgress>? progress, CancellationToken cancellation)
    {
        Visit(new ScenarioRun(_scenario), parent: -1, default);
        for (int index = 0; index < _nodes.Count && _counterexample is null; index++)
        {
            Node node = _nodes[index];
            if (_faults[node.State] < node.Faults)
            {
                continue; // reached with fewer faults meanwhile
            }

            if (node.Depth >= _limits.MaximumDepth || _faults.Count >= _limits.MaximumStates)
            {
                _isCut = true;
                continue;
            }

            progress?.Invoke(new(_faults.Count, _nodes.Count - index, node.Depth));
            Expand(index, cancellation);
        }

        if (_counterexample is null && !_isCut)
        {
            FindLivelock();
        }
    }

    /// <summary>Makes each choice that there is in a state. The last one is made on the lab that told the choices.</summary>
    private void Expand(int index, CancellationToken cancellation)
    {
        ScenarioRun run = Replay(index);
        List<Choice> choices = run.Choices();
        choices.RemoveAll(choice => choice.IsFault && _nodes[index].Faults >= _limits.MaximumFaults);
        for (int i = 0; i < choices.Count && _counterexample is null; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ScenarioRun next = i == choices.Count - 1 ? run : Replay(index);
            _edges++;
            try
            {
                Make(next, choices[i]);
            }
            catch (Exception wrong) when (wrong is not OperationCanceledException)
            {
                Found(ScenarioProperties.NoFailure, $"{wrong.GetType().Name}: {wrong.Message}", index, choices[i]);
                return;
            }

            UInt128 state = Visit(next, index, choices[i]);
            if (i == 0 && !choices[i].IsFault)
            {
                _successors[_nodes[index].State] = state;
            }
        }
    }

    private void Make(ScenarioRun run, Choice choice)
    {
        _steps++;
        run.Make(choice);
    }

    /// <summary>Notes a state. What has to hold is checked when it is new; that may spoil the lab, which nobody uses afterwards.</summary>
    private UInt128 Visit(ScenarioRun run, int parent, Choice choice)
    {
        UInt128 state = _fingerprint.Of(run);
        int depth = parent < 0 ? 0 : _nodes[parent].Depth + 1;
        int faults = parent < 0 ? 0 : _nodes[parent].Faults + (choice.IsFault ? 1 : 0);
        bool isKnown = _faults.TryGetValue(state, out int known);
        if (isKnown && known <= faults)
        {
            return state;
        }

        _faults[state] = faults;
        _nodes.Add(new Node(parent, choice, faults, depth, state));
        if (!isKnown)
        {
            _depth = Math.Max(_depth, depth);
            foreach (StateChange change in run.Network.StateChanges)
            {
                _transitions.Add((change.From, change.Event, change.To));
            }

            Check(run, parent, choice);
        }

        return state;
    }

    private void Check(ScenarioRun run, int parent, Choice choice)
    {
        bool isEnd = run.Choices().Count == 0;
        _ends += isEnd ? 1 : 0;
        foreach (ScenarioProperty property in isEnd ? _scenario.Always.Concat(_scenario.AtEnd) : _scenario.Always)
        {
            if (property.Problem(run.Network) is { } problem)
            {
                Found(property.Name, problem, parent, choice);
                return;
            }
        }
    }

    /// <summary>Follows each state to where it goes by itself; whoever comes back to where he was never ends.</summary>
    private void FindLivelock()
    {
        var ending = new HashSet<UInt128>();
        var path = new HashSet<UInt128>();
        for (int index = 0; index < _nodes.Count; index++)
        {
            path.Clear();
            UInt128 state = _nodes[index].State;
            while (!ending.Contains(state) && path.Add(state) && _successors.TryGetValue(state, out UInt128 next))
            {
                state = next;
            }

            if (!ending.Contains(state) && _successors.ContainsKey(state))
            {
                Found(ScenarioProperties.NoLivelock, "The same events follow each other in a circle, though the network does nothing bad any more.", index, null);
                return;
            }

            ending.UnionWith(path);
        }
    }

    private ScenarioRun Replay(int index)
    {
        var run = new ScenarioRun(_scenario);
        foreach (Choice choice in Path(index))
        {
            Make(run, choice);
        }

        return run;
    }

    private Stack<Choice> Path(int index)
    {
        var path = new Stack<Choice>();
        for (; index > 0; index = _nodes[index].Parent)
        {
            path.Push(_nodes[index].Choice);
        }

        return path;
    }

    private void Found(string property, string problem, int index, Choice? last)
    {
        var run = new ScenarioRun(_scenario);
        var steps = new List<ExplorationStep>();
        IEnumerable<Choice> path = index < 0 ? [] : Path(index);
        foreach (Choice choice in last is { } step && index >= 0 ? path.Append(step) : path)
        {
            string text = run.Describe(choice);
            try
            {
                run.Make(choice);
            }
            catch (Exception wrong) when (property == ScenarioProperties.NoFailure && wrong is not OperationCanceledException)
            {
                text += $": {wrong.Message}";
            }

            steps.Add(new ExplorationStep(steps.Count + 1, run.Network.Now, choice.Kind, choice.IsFault, text));
        }

        _counterexample = new Counterexample { Property = property, Problem = problem, Steps = steps, Network = run.Network };
    }

    private ExplorationResult Result() => new()
    {
        Name = _scenario.Name,
        Verdict = _counterexample is not null ? ExplorationVerdict.Violated : _isCut ? ExplorationVerdict.Unfinished : ExplorationVerdict.Holds,
        States = _faults.Count,
        Edges = _edges,
        Ends = _ends,
        Steps = _steps,
        Depth = _depth,
        Faults = _limits.MaximumFaults,
        Transitions = [.. TcpTransitions.All.Where(edge => _transitions.Contains((edge.From, edge.Event, edge.To)))],
        Counterexample = _counterexample,
    };

    private readonly record struct Node(int Parent, Choice Choice, int Faults, int Depth, UInt128 State);
}
