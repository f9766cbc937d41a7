using System.Text.RegularExpressions;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Scripting;
using TcpShell.Scripting.Generation;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>
/// Scripts that are made of labs. Each must pass on this engine, as it is the captured stack itself; and its run, made a script again, must be
/// the same script: nothing was lost or invented on the way.
/// </summary>
public class ScriptGeneratorTests
{
    // What happened there is not to be seen in packets.
    private static readonly (string Script, string Why)[] s_hidden =
    [
        ("acknowledgment/delayed-when-nothing-hurries.pkt", "one acknowledgment does not tell whether all of them wait"),
        ("acknowledgment/goes-with-data.pkt", "as above"),
        ("acknowledgment/second-full-segment-at-once.pkt", "as above"),
        ("icmp/hard-error-in-syn-received.pkt", "the connection was gone before its third segment came"),
        ("opening/syn-ack-given-up.pkt", "as above"),
        ("sending/cork-holds-until-taken-off.pkt", "a cork held data back"),
        ("sending/records-keep-their-ends.pkt", "records did not share a segment when they went again"),
        ("sending/unanswered-probes-give-up.pkt", "what was written never went, only probes"),
        ("timers/full-interface-backs-nothing-off.pkt", "the host's own interface took no packet"),
        ("timers/user-timeout-from-first-probe.pkt", "what was written never went, only probes"),
        ("timestamps/delayed-ack-echoes-the-first.pkt", "one acknowledgment does not tell whether all of them wait"),
    ];

    private static readonly Regex s_timestamps = new(@"TS val (\d+) ecr (\d+)");

    private static readonly Dictionary<string, Action<Lab>> s_scenarios = new()
    {
        ["handshake"] = lab => lab.Establish(),
        ["SYN lost"] = lab => Lose(lab, TcpFlags.SYN, l => l.RunTo(4)),
        ["SYN,ACK lost"] = lab => Lose(lab, TcpFlags.SYN | TcpFlags.ACK, l => l.RunTo(4)),
        ["third segment lost"] = lab => Lose(lab, TcpFlags.ACK, l => l.RunTo(4)),
        ["request and answer"] = RequestAndAnswer,
        ["bulk"] = lab => Transfer(lab, 100_000),
        ["bulk and close at once"] = lab => Transfer(lab, 100_000, close: true),
        ["one data segment lost"] = lab => Transfer(lab, 60_000, l => l.Drop(data: true, skip: 12)),
        ["three data segments lost"] = lab => Transfer(lab, 60_000, l => l.Drop(data: true, skip: 12, count: 3)),
        ["tail lost"] = lab => Transfer(lab, 5_000, l => l.Drop(data: true, skip: 3)),
        ["all of a flight lost"] = lab => Transfer(lab, 60_000, l => l.Drop(data: true, skip: 10, count: 20)),
        ["FIN lost"] = lab => Transfer(lab, 1_000, l => l.Drop(TcpFlags.FIN | TcpFlags.ACK), close: true),
        ["client closes first"] = lab => Close(lab, lab.ClientOf(), lab.ServerOf()),
        ["server closes first"] = lab => Close(lab, lab.ServerOf(), lab.ClientOf()),
        ["crossing FINs"] = CrossingFins,
        ["half close"] = HalfClose,
        ["abort of the client"] = lab => Abort(lab, l => l.ClientOf()),
        ["abort of the server"] = lab => Abort(lab, l => l.ServerOf()),
        ["nobody listens"] = NobodyListens,
        ["closed window"] = ClosedWindow,
        ["urgent data"] = UrgentData,
        ["keep-alive"] = KeepAlive,
        ["short writes"] = ShortWrites,
        ["reordering"] = lab => Transfer(lab, 60_000, l => l.Network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { DataOnly = true, Every = 9 })),
        ["duplicates"] = lab => Transfer(lab, 60_000, l => l.Network.AddImpairment(ImpairmentKind.Duplicate, new PacketSelector { DataOnly = true, Every = 9 })),
    };

    public static TheoryData<string, ScriptSide> Scenarios
    {
        get
        {
            var data = new TheoryData<string, ScriptSide>();
            foreach (string scenario in s_scenarios.Keys)
            {
                data.Add(scenario, ScriptSide.Client);
                data.Add(scenario, ScriptSide.Server);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Lab_MadeAScript_PassesAndIsTheSameScriptAgain(string scenario, ScriptSide side)
    {
        var lab = new Lab();
        s_scenarios[scenario](lab);
        Check(lab, side, scenario);
    }

    [Fact]
    public void Labs_OfRandomTrouble_MadeScripts_PassAndAreTheSameScriptsAgain()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new SeededRandom(seed, "script of a lab");
            Lab lab = RandomLab(seed, random);
            Check(lab, ScriptSide.Client, $"seed {seed}");
            Check(lab, ScriptSide.Server, $"seed {seed}");
        }
    }

    /// <summary>Our own scripts: what happened in their runs, made scripts, passes as well.</summary>
    [Fact]
    public void OwnScripts_RunAndMadeScriptsAgain_PassAsWell()
    {
        var problems = new List<string>();
        int made = 0;
        foreach (string path in OwnScripts.Names.Where(name => !s_hidden.Any(hidden => hidden.Script == name)).Select(OwnScripts.PathOf))
        {
            TcpScript script = TcpScript.Parse(File.ReadAllText(path), path);
            ScriptResult result = ScriptRunner.Run(script);
            foreach (IGrouping<int, SegmentRecord> stream in result.Segments.GroupBy(segment => segment.Stream))
            {
                SegmentRecord first = stream.First();
                if (first.Icmp is not null || !first.Flags.Has(TcpFlags.SYN))
                {
                    continue; // a segment to nobody opens nothing
                }

                var options = new ScriptGenerationOptions { Side = (first.From == ScriptResult.PeerName) != first.Flags.Has(TcpFlags.ACK) ? ScriptSide.Server : ScriptSide.Client };
                GeneratedScript again = ScriptGenerator.Generate(result.Segments, options);

                // What a script sets of the kernel is not to be seen in its packets.
                var machine = ScriptMachine.Of(ScriptProfile.Linux);
                machine = script.InitialCommand is { } command ? ScriptCommands.Apply(machine, command) : machine;
                ScriptProfile profile = ScriptProfile.Linux with { Settings = machine.Tcp, Sockets = machine.Sockets };
                ScriptResult verdict = ScriptRunner.Run(again.Script, new() { Profile = profile });
                made++;
                if (verdict.Verdict != ScriptVerdict.Pass)
                {
                    problems.Add($"{path}\n{verdict}\n{again.Text}");
                }

                break;
            }
        }

        Assert.InRange(made, 150, int.MaxValue);
        Assert.True(problems.Count == 0, $"{problems.Count} of {made}\n{string.Join("\n", problems)}");
    }

    private static Lab RandomLab(int seed, SeededRandom random)
    {
        ITcpApplication[] programs = [Applications.Manual, Applications.Discard, Applications.Echo];
        var lab = new Lab(
            programs[random.Next(3)],
            seed: seed,
            links: new LinkOptions
            {
                Latency = TimeSpan.FromMilliseconds(1 + random.Next(80)),
                Bandwidth = random.Next(2) == 0 ? null : 1_000_000 * (1 + random.Next(50)),
                QueueLength = 10 + random.Next(90),
            });
        lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = random.Next(5) / 100.0 });
        lab.Network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { Probability = random.Next(5) / 100.0 });
        lab.Network.AddImpairment(ImpairmentKind.Duplicate, new PacketSelector { Probability = random.Next(3) / 100.0 });
        lab.Network.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { Probability = random.Next(2) / 100.0 });
        HostedConnection client = lab.Connect();
        lab.RunTo(5);
        for (int i = 0; i < 4 && client.State == TcpState.Established; i++)
        {
            lab.Network.Send(client, Lab.Pattern(1 + random.Next(random.Next(2) == 0 ? 1_000 : 1_400)));
            lab.Network.RunFor(TimeSpan.FromMilliseconds(random.Next(2_000)));
            lab.ReceiveAll(client);
        }

        if (client.State == TcpState.Established)
        {
            lab.Network.Close(client);
            lab.Network.RunFor(TimeSpan.FromSeconds(10));
        }

        return lab;
    }

    private static void Check(Lab lab, ScriptSide side, string scenario)
    {
        SegmentRecord[] segments = [.. SegmentRecorder.Record(lab.Network.Trace).Where(segment => segment.Stream == 0)];
        GeneratedScript first = ScriptGenerator.Generate(segments, new() { Side = side, Origin = scenario });
        ScriptResult result = Run(first);
        Assert.True(result.Verdict == ScriptVerdict.Pass, $"{result}\n{first.Text}");

        GeneratedScript second = ScriptGenerator.Generate(result.Segments, new() { Side = side, Origin = scenario });
        CheckSame(first.Script, second.Script);
        Assert.Equal("Pass", Run(second).ToString());
    }

    private static ScriptResult Run(GeneratedScript script) => ScriptRunner.Run(script.Script, new() { Profile = script.Profile });

    /// <summary>
    /// The same events at the same times. A script has whole microseconds, and the millisecond of a timestamp clock begins elsewhere in another
    /// run: its readings may differ by the last digit.
    /// </summary>
    private static void CheckSame(TcpScript first, TcpScript second)
    {
        Assert.Equal(first.InitialCommand, second.InitialCommand);
        Assert.Equal(first.Events.Select(Words), second.Events.Select(Words));
        foreach ((ScriptEvent one, ScriptEvent other) in first.Events.Zip(second.Events))
        {
            Assert.InRange((one.Time.Start - other.Time.Start).Duration(), TimeSpan.Zero, TimeSpan.FromMicroseconds(5));
            foreach ((uint before, uint after) in Readings(one).Zip(Readings(other)))
            {
                Assert.InRange(unchecked((int)(before - after)), -1, 1);
            }
        }
    }

    private static string Words(ScriptEvent scriptEvent) => s_timestamps.Replace(scriptEvent.Text, "TS");

    private static IEnumerable<uint> Readings(ScriptEvent scriptEvent) =>
        s_timestamps.Matches(scriptEvent.Text).SelectMany(match => new[] { match.Groups[1].Value, match.Groups[2].Value }).Select(uint.Parse);

    private static void Lose(Lab lab, TcpFlags flags, Action<Lab> after)
    {
        lab.Drop(flags);
        lab.Connect();
        after(lab);
    }

    private static void RequestAndAnswer(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish();
        for (int i = 0; i < 3; i++)
        {
            lab.Network.Send(client, Lab.Pattern(200));
            lab.RunTo(lab.Network.Now.TotalSeconds + 0.02);
            lab.ReceiveAll(server);
            lab.Network.Send(server, Lab.Pattern(3000));
            lab.RunTo(lab.Network.Now.TotalSeconds + 0.3);
            lab.ReceiveAll(client);
        }

        lab.Network.Close(client);
        lab.Network.Close(server);
        lab.RunTo(lab.Network.Now.TotalSeconds + 1);
    }

    private static void Transfer(Lab lab, int octets, Action<Lab>? impair = null, bool close = false)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish();
        impair?.Invoke(lab);
        lab.Network.Send(client, Lab.Pattern(octets));
        if (close)
        {
            lab.Network.Close(client);
        }

        for (int i = 0; i < 400; i++)
        {
            lab.Network.RunFor(TimeSpan.FromMilliseconds(5));
            lab.ReceiveAll(server);
        }

        if (close)
        {
            lab.Network.Close(server);
            lab.RunTo(lab.Network.Now.TotalSeconds + 2);
        }
    }

    private static void Close(Lab lab, HostedConnection first, HostedConnection second)
    {
        lab.Network.Close(first);
        lab.RunTo(0.2);
        lab.Network.Close(second);
        lab.RunTo(0.5);
    }

    private static void CrossingFins(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Close(client);
        lab.Network.Close(server);
        lab.RunTo(0.5);
    }

    private static void HalfClose(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Close(client);
        lab.RunTo(0.1);
        lab.Network.Send(server, Lab.Pattern(5000));
        lab.RunTo(0.3);
        lab.ReceiveAll(client);
        lab.Network.Close(server);
        lab.RunTo(0.6);
    }

    private static void Abort(Lab lab, Func<Lab, HostedConnection> who)
    {
        HostedConnection aborting = who(lab);
        lab.Network.Send(aborting, Lab.Pattern(500));
        lab.RunTo(0.2);
        lab.Network.Abort(aborting);
        lab.RunTo(0.5);
    }

    private static void NobodyListens(Lab lab)
    {
        lab.Network.Connect(lab.Client, Endpoint.Parse("10.0.0.2:81"));
        lab.RunTo(1);
    }

    private static void ClosedWindow(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish(TcpSettings.Linux with { ReceiveBufferSize = 10_000 });
        lab.Network.Send(server, Lab.Pattern(30_000));
        lab.RunTo(2);
        lab.ReceiveAll(client);
        lab.RunTo(2.5);
        lab.ReceiveAll(client);
        lab.RunTo(3);
        lab.ReceiveAll(client);
        lab.RunTo(4);
    }

    private static void UrgentData(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, Lab.Pattern(300));
        lab.RunTo(0.1);
        lab.Network.Send(client, Lab.Pattern(20), urgent: true);
        lab.RunTo(0.3);
        lab.ReceiveAll(server);
    }

    private static void KeepAlive(Lab lab)
    {
        lab.Establish(TcpSettings.Linux with { KeepAlive = true, KeepAliveIdle = TimeSpan.FromSeconds(10) });
        lab.RunTo(35);
    }

    private static void ShortWrites(Lab lab)
    {
        (HostedConnection client, HostedConnection server) = lab.Establish(TcpSettings.Linux with { Nagle = false });
        for (int i = 1; i <= 10; i++)
        {
            lab.Network.Send(client, Lab.Pattern(30 * i));
            lab.Network.RunFor(TimeSpan.FromMilliseconds(3));
        }

        lab.RunTo(0.5);
        lab.ReceiveAll(server);
    }
}

file static class LabExtensions
{
    public static HostedConnection ClientOf(this Lab lab)
    {
        if (lab.Client.Connections.Count == 0)
        {
            lab.Establish();
        }

        return lab.Client.Connections[0];
    }

    public static HostedConnection ServerOf(this Lab lab)
    {
        ClientOf(lab);
        return lab.Accepted;
    }
}
