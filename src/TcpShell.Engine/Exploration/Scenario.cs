using TcpShell.Simulation;

namespace TcpShell.Exploration;

/// <summary>
/// A small lab whose every course of events is looked at: how it is set up, what its users do, and what has to hold.
/// </summary>
public sealed record Scenario
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What happens in it, in one sentence.</summary>
    public string Description { get; init; } = "";

    /// <summary>Makes the lab, the same one each time. Its time is not zero, since a moment of zero stands for never where states are compared.</summary>
    public required Func<SimulatedNetwork> Build { get; init; }

    /// <summary>What the users of the hosts do. Calls on one host are made in this order, calls on different hosts in any.</summary>
    public IReadOnlyList<UserCall> Calls { get; init; } = [];

    /// <summary>What has to hold in every state.</summary>
    public IReadOnlyList<ScenarioProperty> Always { get; init; } = ScenarioProperties.Safety;

    /// <summary>What has to hold as well when nothing can happen any more.</summary>
    public IReadOnlyList<ScenarioProperty> AtEnd { get; init; } = ScenarioProperties.Endings;

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>Something that the user of a host does as soon as it is possible, or any time later.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Text">What is done, in words: <c>close</c>.</param>
/// <param name="When">Whether it is possible now.</param>
/// <param name="Do">Does it.</param>
public sealed record UserCall(string Host, string Text, Func<SimulatedNetwork, bool> When, Action<SimulatedNetwork> Do);

/// <summary>Something that has to hold.</summary>
/// <param name="Name">Its name: <c>NoGhost</c>.</param>
/// <param name="Problem">What is wrong with a network, as a sentence; null where it holds. It may change the network, which nobody uses any more.</param>
public sealed record ScenarioProperty(string Name, Func<SimulatedNetwork, string?> Problem);
