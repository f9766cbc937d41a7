using TcpShell.Exploration;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Engine.Tests.Exploration;

/// <summary>What the explorer itself does: that it finds what is wrong, by a shortest way, and stops where it is told to.</summary>
public class ScenarioExplorerTests
{
    private static readonly Scenario s_handshake = NamedScenarios.Make("Handshake");

    [Fact]
    public void Handshake_WithoutFaults_IsOneCourseOfThreeEvents()
    {
        ExplorationResult result = Explore(s_handshake, faults: 0);

        Assert.Equal((ExplorationVerdict.Holds, 4, 3, 1, 3), (result.Verdict, result.States, result.Edges, result.Ends, result.Depth));
        Assert.Equal(
            ["Closed -> Listen", "Closed -> SynSent", "Listen -> SynReceived", "SynSent -> Established", "SynReceived -> Established"],
            result.Transitions.Select(edge => $"{edge.From} -> {edge.To}"));
    }

    [Fact]
    public void SameScenario_Twice_SameFigures()
    {
        ExplorationResult first = Explore(s_handshake, faults: 2);
        ExplorationResult second = Explore(s_handshake, faults: 2);

        Assert.Equal((first.States, first.Edges, first.Steps, first.Ends), (second.States, second.Edges, second.Steps, second.Ends));
    }

    [Fact]
    public void MoreFaults_MoreStates()
    {
        int[] states = [.. Enumerable.Range(0, 4).Select(faults => Explore(s_handshake, faults).States)];

        Assert.Equal(states.Order().Distinct(), states);
    }

    [Fact]
    public void PropertyThatFails_IsReachedByAShortestWay()
    {
        // Losing the SYN twice is needed, and the timer has to fire in between.
        Scenario scenario = With(s_handshake, new("NoSecondRepetition", network => network.Connections.First().Retransmissions == 2
            && network.Trace.Count(packet => packet.Fate == PacketFate.Lost) == 2 ? "twice" : null));

        ExplorationResult result = Explore(scenario, faults: 2);

        Assert.Equal(
            [
                "1 lose packet 1 (SYN, client -> server)",
                "2 client: timer Retransmission fires",
                "3 lose packet 2 (SYN, client -> server)",
                "4 client: timer Retransmission fires",
            ],
            result.Counterexample!.Steps.Select(step => step.ToString()));
        Assert.Equal([true, false, true, false], result.Counterexample.Steps.Select(step => step.IsFault));
    }

    [Fact]
    public void PropertyThatNeedsMoreFaults_HoldsWithFewer()
    {
        Scenario scenario = With(s_handshake, new("NoTwoLosses", network => network.Trace.Count(packet => packet.Fate == PacketFate.Lost) > 1 ? "two" : null));

        Assert.Equal(ExplorationVerdict.Holds, Explore(scenario, faults: 1).Verdict);
        Assert.Equal(ExplorationVerdict.Violated, Explore(scenario, faults: 2).Verdict);
    }

    [Fact]
    public void HeldBackPacket_IsOvertaken()
    {
        Scenario scenario = With(
            NamedScenarios.Make("ThreeSegments"),
            new("NoGap", network => network.Connections.Any(connection => connection.OutOfOrder > 0) ? "a gap" : null));

        ExplorationResult result = Explore(scenario, faults: 1);

        // The shortest way to a gap: the first of the three segments comes later than the second.
        Assert.Equal(2, result.Counterexample!.Steps.Count);
        Assert.Contains(result.Counterexample.Steps[0].Kind, (ExplorationStepKind[])[ExplorationStepKind.Delay, ExplorationStepKind.Lose]);
        Assert.Equal(ExplorationStepKind.Deliver, result.Counterexample.Steps[1].Kind);
    }

    [Fact]
    public void CounterexamplesNetwork_GoesOnFromThere()
    {
        Scenario scenario = With(s_handshake, new("NoLoss", network => network.Trace.Any(packet => packet.Fate == PacketFate.Lost) ? "lost" : null));

        SimulatedNetwork network = Explore(scenario, faults: 1).Counterexample!.Network;

        Assert.Equal("lost by hand", network.Trace.Single().FateText);
        Assert.True(network.RunUntilIdle(TimeSpan.FromMinutes(1)));
        Assert.All(network.Connections, connection => Assert.Equal(TcpState.Established, connection.State));
    }

    [Fact]
    public void CallThatThrows_IsACounterexample()
    {
        Scenario scenario = s_handshake with
        {
            Calls = [new("client", "do something impossible", network => network.Connections.First().State == TcpState.Established, _ => throw new InvalidOperationException("no"))],
        };

        Counterexample wrong = Explore(scenario, faults: 0).Counterexample!;

        Assert.Equal((ScenarioProperties.NoFailure, "InvalidOperationException: no"), (wrong.Property, wrong.Problem));
        Assert.Equal("3 client: do something impossible: no", wrong.Steps[^1].ToString());
    }

    [Fact]
    public void EventsThatNeverEnd_AreACounterexample()
    {
        // Keep-alive probes and their answers follow each other for ever, as long as nobody closes.
        Scenario scenario = NamedScenarios.Make("Handshake", TcpSettings.Linux with { KeepAlive = true, Timestamps = false });

        ExplorationResult result = Explore(scenario, faults: 0);

        Assert.Equal(ScenarioProperties.NoLivelock, result.Counterexample?.Property);
    }

    [Fact]
    public void CallThatNeverBecomesPossible_LeavesItsOutcomeUnreached()
    {
        Scenario scenario = NamedScenarios.Make("CloseClientFirst") with { Calls = [] };

        Counterexample wrong = Explore(scenario, faults: 0).Counterexample!;

        Assert.Equal(("Outcome", 0), (wrong.Property, wrong.Steps.Count));
    }

    [Theory]
    [InlineData(50, 500)]
    [InlineData(1_000_000, 3)]
    public void LimitReached_IsUnfinished(int states, int depth)
    {
        var limits = new ExplorationLimits { MaximumFaults = 4, MaximumStates = states, MaximumDepth = depth };

        ExplorationResult result = ScenarioExplorer.Explore(s_handshake, limits, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(ExplorationVerdict.Unfinished, result.Verdict);
        Assert.InRange(result.Depth, 1, depth);
    }

    [Fact]
    public void Cancelled_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        int told = 0;

        Assert.Throws<OperationCanceledException>(() => ScenarioExplorer.Explore(s_handshake, null, _ => { told++; stop.Cancel(); }, stop.Token));

        Assert.Equal(1, told);
    }

    [Theory]
    [InlineData(-1, 1, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 0)]
    public void LimitsThatCannotBe_AreRefused(int faults, int depth, int states)
    {
        var limits = new ExplorationLimits { MaximumFaults = faults, MaximumDepth = depth, MaximumStates = states };

        Assert.Throws<ArgumentOutOfRangeException>(() => ScenarioExplorer.Explore(s_handshake, limits));
    }

    private static Scenario With(Scenario scenario, ScenarioProperty property) => scenario with { Always = [.. scenario.Always, property] };

    private static ExplorationResult Explore(Scenario scenario, int faults) =>
        ScenarioExplorer.Explore(scenario, new ExplorationLimits { MaximumFaults = faults }, cancellation: TestContext.Current.CancellationToken);
}
