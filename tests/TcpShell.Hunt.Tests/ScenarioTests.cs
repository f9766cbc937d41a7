using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Hunt.Tests;

/// <summary>Scenarios: drawn, written down, read again, made smaller.</summary>
public sealed class ScenarioTests
{
    [Fact]
    public void EverySetting_IsDrawnNowAndThen()
    {
        // The two-way handshake is wrong on purpose, and RFC 793 lets an old RST or SYN end a connection at which nothing went wrong: the
        // invariants say that none of this happens.
        string[] others =
        [
            nameof(TcpSettings.Profile), nameof(TcpSettings.TwoWayHandshake), nameof(TcpSettings.AcceptResetInWindow), nameof(TcpSettings.ResetOnSynInWindow),
        ];
        IEnumerable<string> all = typeof(TcpSettings).GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
        Assert.Equal(all.Except(others).Order(), SettingsTable.Drawn.Order());
    }

    [Fact]
    public void WrittenAndReadAgain_TheSameScenario()
    {
        for (long seed = 0; seed < 300; seed++)
        {
            string text = ScenarioText.Write(ScenarioGenerator.Make(seed));
            Scenario read = ScenarioText.Parse(text);
            Assert.Equal(text, ScenarioText.Write(read));
            if (seed % 10 == 0)
            {
                Assert.Equal(ScenarioRun.Execute(ScenarioGenerator.Make(seed)).Packets, ScenarioRun.Execute(read).Packets);
            }
        }
    }

    [Theory]
    [InlineData("host a linux NoSuchSetting=1")]
    [InlineData("host a linux Nagle=perhaps")]
    [InlineData("link latency=soon")]
    [InlineData("vanish from=a")]
    [InlineData("connect one a b")]
    [InlineData("client send=1")] // of no connection
    public void Text_ThatIsNoScenario_IsRefusedWithTheLine(string line) =>
        Assert.Contains(line, Assert.Throws<FormatException>(() => ScenarioText.Parse(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void Shrunk_OnlyWhatMattersStays()
    {
        // What is looked for: a FIN that is lost.
        static bool LosesFin(RunResult run) => run.Network.Trace.Any(packet =>
            packet.Fate == PacketFate.Lost && packet.FateText.StartsWith("dropped by impairment", StringComparison.Ordinal) && packet.Reason == TransmitReason.Close);

        Scenario large = ScenarioText.Parse("""
            seed 3
            link latency=3ms jitter=2ms mtu=576
            host a rfc iss=4294967290 Nagle=false
            host b linux ReceiveBufferSize=5000
            host c linux
            drop probability=0.2
            duplicate probability=0.1 delay=20ms
            connect 1 a b
            client send=3000 chunk=100 every=10ms
            server send=200 close=EndOfStream
            connect 2 b c at=50ms
            client send=100
            server read-after=2s close=EndOfStream
            crash c at=3s
            """);
        Assert.True(Fails(large));

        Scenario small = ScenarioShrinker.Shrink(large, run => Fails(run.Scenario));
        Assert.True(Fails(small));
        Assert.Equal(2, small.Hosts.Length);
        Assert.Empty(small.Events);
        ConnectionPlan connection = Assert.Single(small.Connections);
        Assert.InRange(connection.ClientEnd.Send + connection.ServerEnd.Send, 0, 2);
        ImpairmentPlan impairment = Assert.Single(small.Impairments);
        Assert.Equal((ImpairmentKind.Drop, 1.0, 1), (impairment.Kind, impairment.Selector.Probability, impairment.Selector.Count));
        Assert.All(small.Hosts, host => Assert.Empty(host.Settings));

        bool Fails(Scenario scenario) => LosesFin(ScenarioRun.Execute(scenario, keepTrace: true));
    }
}
