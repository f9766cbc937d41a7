using TcpShell.Exploration;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Exploration;

/// <summary>
/// All courses of events of the named scenarios. The bounds here keep a run short; docs/exploration.md tells what was explored beyond them.
/// </summary>
public class NamedScenarioTests
{
    // Timestamps multiply the states by telling moments apart that are alike otherwise.
    private static readonly TcpSettings s_plain = TcpSettings.Linux with { Timestamps = false };

    public static TheoryData<string, bool> Names
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in NamedScenarios.Names)
            {
                data.Add(name, false);
                data.Add(name, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OneFault_AnyScenario_Holds(string name, bool wrapAround) => Holds(NamedScenarios.Make(name, wrapAround: wrapAround), faults: 1);

    [Theory]
    [InlineData("Handshake")]
    [InlineData("CloseClientFirst")]
    [InlineData("ThreeSegments")]
    public void OneFault_ProfileRfc_Holds(string name) => Holds(NamedScenarios.Make(name, TcpSettings.Rfc), faults: 1);

    [Theory]
    [InlineData("OldDuplicateSynOnly", 4, false)]
    [InlineData("OldDuplicateSynOnly", 4, true)]
    [InlineData("Handshake", 4, false)]
    [InlineData("Handshake", 3, true)]
    [InlineData("OldDuplicateSyn", 2, false)]
    [InlineData("SimultaneousOpen", 2, true)]
    [InlineData("CloseClientFirst", 2, true)]
    [InlineData("CloseServerFirst", 2, true)]
    [InlineData("CloseSimultaneous", 2, true)]
    [InlineData("ThreeSegments", 2, true)]
    [InlineData("Abort", 2, true)]
    public void MoreFaults_WithoutTimestamps_Holds(string name, int faults, bool wrapAround) =>
        Holds(NamedScenarios.Make(name, s_plain, wrapAround: wrapAround), faults);

    [Fact]
    [Trait("Proves", "P14")]
    public void OldDuplicateSyn_TwoWayHandshake_IsFoundWrongInOneStep()
    {
        TcpSettings twoWay = TcpSettings.Linux with { TwoWayHandshake = true };

        ExplorationResult result = ScenarioExplorer.Explore(NamedScenarios.Make("OldDuplicateSyn", twoWay));

        Assert.Equal(ExplorationVerdict.Violated, result.Verdict);
        Counterexample wrong = result.Counterexample!;
        Assert.Equal("NoGhost", wrong.Property);
        Assert.Equal("server's connection 10.0.0.2:80 -> 10.0.0.1:49152 (Established) is open, but client never asked for it.", wrong.Problem);
        Assert.Equal(["1 deliver packet 1 (SYN, client -> server)"], wrong.Steps.Select(step => step.ToString()));
        Assert.Equal(Established, wrong.Network.FindHost("server")!.Connections.Single().State);
    }

    [Fact]
    public void Handshake_SynCookies_ServerThatRemembersNothingIsNoGhost()
    {
        TcpSettings cookies = s_plain with { SynCookies = SynCookieMode.Always };
        Holds(NamedScenarios.Make("Handshake", cookies), faults: 0);

        // What cookies cost: nobody sends the SYN,ACK again when the third segment is lost.
        ExplorationResult result = ScenarioExplorer.Explore(NamedScenarios.Make("Handshake", cookies), new ExplorationLimits { MaximumFaults = 1 });
        Assert.Equal(ExplorationVerdict.Violated, result.Verdict);
        Assert.NotEqual("NoGhost", result.Counterexample!.Property);
        Assert.Equal("lose packet 3 (ACK, client -> server)", result.Counterexample.Steps.Single(step => step.IsFault).Text);
    }

    [Fact]
    public void OldDuplicateSynOnly_WithoutFaults_EndsWithoutAnybodyOpen()
    {
        ExplorationResult result = Holds(NamedScenarios.Make("OldDuplicateSynOnly"), faults: 0);

        // The SYN, the SYN,ACK and the RST: one course of events, with nothing to choose.
        Assert.Equal((4, 3, 1, 3), (result.States, result.Edges, result.Ends, result.Depth));
        Assert.DoesNotContain(result.Transitions, edge => edge.To == Established);
    }

    [Fact]
    public void ClosesTogether_TakeEveryEdgeOfClosing()
    {
        HashSet<(TcpState, TcpState)> taken =
        [
            .. from name in (string[])["CloseClientFirst", "CloseServerFirst", "CloseSimultaneous", "CloseEarly"]
               from edge in Holds(NamedScenarios.Make(name), faults: 1).Transitions
               select (edge.From, edge.To),
        ];

        Assert.Superset(
            new HashSet<(TcpState, TcpState)>
            {
                (Established, FinWait1), (SynReceived, FinWait1), (FinWait1, FinWait2), (FinWait1, Closing), (FinWait1, TimeWait),
                (FinWait2, TimeWait), (Closing, TimeWait), (TimeWait, Closed), (Established, CloseWait), (CloseWait, LastAck), (LastAck, Closed),
            },
            taken);
    }

    [Theory]
    [InlineData("Handshake")]
    [InlineData("SimultaneousOpen")]
    public void WrapAround_FirstNumbers_LieJustBelowTheEnd(string name)
    {
        Scenario scenario = NamedScenarios.Make(name, wrapAround: true);

        Assert.Equal(new SeqNumber(0xFFFFFFFD), scenario.Build().FindHost("client")!.Connections.Single().Iss);
    }

    [Fact]
    public void Make_UnknownName_SaysWhatThereIs()
    {
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => NamedScenarios.Make("nonsense"));

        Assert.Contains("Handshake, OldDuplicateSyn", wrong.Message);
    }

    private static ExplorationResult Holds(Scenario scenario, int faults)
    {
        ExplorationResult result = ScenarioExplorer.Explore(
            scenario, new ExplorationLimits { MaximumFaults = faults }, cancellation: TestContext.Current.CancellationToken);

        string steps = string.Join(Environment.NewLine, result.Counterexample?.Steps ?? []);
        Assert.True(result.Verdict == ExplorationVerdict.Holds, $"{result} {result.Counterexample}{Environment.NewLine}{steps}");
        return result;
    }
}
