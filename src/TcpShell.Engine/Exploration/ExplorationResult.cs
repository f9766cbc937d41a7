using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Exploration;

/// <summary>What an exploration found out.</summary>
public enum ExplorationVerdict
{
    /// <summary>Every state within the bounds was visited, and everything holds in all of them.</summary>
    Holds,

    /// <summary>There is a counterexample.</summary>
    Violated,

    /// <summary>A bound on states or depth was reached before all was seen; nothing wrong was found until then.</summary>
    Unfinished,
}

/// <summary>How far to explore.</summary>
public sealed record ExplorationLimits
{
    /// <summary>Faults along one course of events at most: losses, duplications, and timers that fire while something else was due.</summary>
    public int MaximumFaults { get; init; } = 4;

    /// <summary>Steps of one course of events at most.</summary>
    public int MaximumDepth { get; init; } = 500;

    /// <summary>States to visit at most.</summary>
    public int MaximumStates { get; init; } = 1_000_000;

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumFaults);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaximumDepth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaximumStates);
    }
}

/// <summary>How far an exploration is.</summary>
/// <param name="States">States visited.</param>
/// <param name="Waiting">States whose continuations are still to be looked at.</param>
/// <param name="Depth">Steps from the beginning to where it is now.</param>
public readonly record struct ExplorationProgress(int States, int Waiting, int Depth);

/// <summary>The outcome of an exploration.</summary>
public sealed record ExplorationResult
{
    /// <summary>The scenario's name.</summary>
    public required string Name { get; init; }

    /// <summary>What was found out.</summary>
    public required ExplorationVerdict Verdict { get; init; }

    /// <summary>Different states visited.</summary>
    public required int States { get; init; }

    /// <summary>Steps between them.</summary>
    public required long Edges { get; init; }

    /// <summary>States in which nothing can happen any more.</summary>
    public required int Ends { get; init; }

    /// <summary>Steps carried out, those of replays counted.</summary>
    public required long Steps { get; init; }

    /// <summary>The longest course of events, in steps; each state is reached by a shortest one.</summary>
    public required int Depth { get; init; }

    /// <summary>The faults that were allowed along one course of events.</summary>
    public required int Faults { get; init; }

    /// <summary>The edges of the TCP state diagram that were taken somewhere, in the order of the table.</summary>
    public required IReadOnlyList<TcpTransition> Transitions { get; init; }

    /// <summary>A shortest course of events to something wrong; null if none was found.</summary>
    public Counterexample? Counterexample { get; init; }

    /// <summary><c>handshake: Holds, 120 states</c>.</summary>
    public override string ToString() => $"{Name}: {Verdict}, {States} states";
}

/// <summary>A course of events that leads to something wrong, and the lab in which it has just happened.</summary>
public sealed record Counterexample
{
    /// <summary>What does not hold: the name of a property.</summary>
    public required string Property { get; init; }

    /// <summary>What is wrong, as a sentence.</summary>
    public required string Problem { get; init; }

    /// <summary>The steps that lead there.</summary>
    public required IReadOnlyList<ExplorationStep> Steps { get; init; }

    /// <summary>The lab after these steps: with its packets, its changes of state, and its connections as they are. It can go on from here.</summary>
    public required SimulatedNetwork Network { get; init; }

    /// <summary>The problem.</summary>
    public override string ToString() => $"{Property}: {Problem}";
}
