using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;

namespace TcpShell.Hunt.Running;

/// <summary>What came of a scenario.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Network">The network at its end, with the trace.</param>
/// <param name="Packets">Packets sent.</param>
/// <param name="Steps">Events that happened.</param>
/// <param name="Failure">What went wrong; null if nothing did.</param>
internal sealed record RunResult(Scenario Scenario, SimulatedNetwork Network, long Packets, long Steps, Failure? Failure);

/// <summary>What went wrong.</summary>
/// <param name="Invariant">The invariant that is broken, or the exception's name.</param>
/// <param name="Text">How.</param>
/// <param name="At">When.</param>
/// <param name="State">The connections at that moment.</param>
internal sealed record Failure(string Invariant, string Text, Timestamp At, string State);
