using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;

namespace TcpShell.Hunt.Tests;

/// <summary>Some thousand random scenarios on every build; the tool itself runs millions. See docs/hunting.md.</summary>
public sealed class HuntTests
{
    private const int Seeds = 3000;

    [Fact]
    public void SomeThousandSeeds_NoInvariantIsBroken()
    {
        var broken = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, Seeds, seed =>
        {
            if (ScenarioRun.Execute(ScenarioGenerator.Make(seed)).Failure is { } failure)
            {
                broken.Add($"--seed {seed}: {failure.Invariant}: {failure.Text}");
            }
        });
        Assert.Empty(broken);
    }

    [Fact]
    public void SameSeed_SamePackets()
    {
        for (long seed = 0; seed < 50; seed++)
        {
            RunResult one = ScenarioRun.Execute(ScenarioGenerator.Make(seed), keepTrace: true);
            RunResult other = ScenarioRun.Execute(ScenarioGenerator.Make(seed), keepTrace: true);
            Assert.Equal((one.Packets, one.Steps, one.Network.Now), (other.Packets, other.Steps, other.Network.Now));
            Assert.Equal(one.Network.Trace.SelectMany(packet => packet.Bytes.ToArray()), other.Network.Trace.SelectMany(packet => packet.Bytes.ToArray()));
        }
    }
}
