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
    public void WindowThatOnlyTheCookieOffered_MayBeUsedAgain()
    {
        // The SYN,ACK offers 1,459 octets, and the scale rounds what is left of them down to none (RFC 7323 2.4): the FIN that was sent into the
        // window goes again (RFC 9293 3.8.6). Who made the offer was a listener that forgets at once.
        RunResult run = ScenarioRun.Execute(ScenarioText.Parse("""
            seed 1002185836
            link
            host a linux ReceiveBufferSize=1459 SynCookies=Always WindowScale=9
            host b linux
            connect 1 b a
            client send=948
            server read-after=8.089s
            """));
        Assert.Null(run.Failure);
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
