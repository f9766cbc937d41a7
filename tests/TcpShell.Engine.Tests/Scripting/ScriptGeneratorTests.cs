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
/// Scripts that are made of labs. Each must pass on this engine, as it is the captured stack itself, with every window stated; and its run, made a
/// script again, must be the same script: nothing was lost or invented on the way.
/// </summary>
public class ScriptGeneratorTests
{
    // What happened there is not to be seen in packets.
    private static readonly (string Script, string Why)[] s_hidden =
    [
        ("timers/full-interface-backs-nothing-off.pkt", "the host's own interface took no packet"),
        ("timers/full-interface-keeps-new-data.pkt", "the host's own interface took no packet"),
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

    /// <summary>Up to 100,000 octets at a time, on links of all kinds, with everything bad that a network can do to packets.</summary>
    [Fact]
    public void Labs_OfRandomTrouble_MadeScripts_PassAndAreTheSameScriptsAgain()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Lab lab = RandomLab(seed, new SeededRandom(seed, "script of a lab"));
            Check(lab, ScriptSide.Client, $"seed {seed}");
            Check(lab, ScriptSide.Server, $"seed {seed}");
        }
    }

    /// <summary>Each kind of trouble alone, with a server that sends back what arrives, many segments at the same moment.</summary>
    [Theory]
    [InlineData(ImpairmentKind.Drop)]
    [InlineData(ImpairmentKind.Corrupt)]
    [InlineData(ImpairmentKind.Duplicate)]
    [InlineData(ImpairmentKind.Delay)]
    [InlineData(ImpairmentKind.Reorder)]
    [InlineData(ImpairmentKind.Mark)]
    public void Labs_OfOneTrouble_MadeScripts_PassAndAreTheSameScriptsAgain(ImpairmentKind kind)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Lab lab = EchoLab(seed, seed % 2 == 0 ? 4_000 : 40_000, l => l.Network.AddImpairment(kind, new PacketSelector { Probability = 0.1 }));
            Check(lab, ScriptSide.Client, $"{kind}, seed {seed}");
            Check(lab, ScriptSide.Server, $"{kind}, seed {seed}");
        }
    }

    /// <summary>A server that sends back what arrives, with flights of any number of segments that arrive at the same moment.</summary>
    [Fact]
    public void Echoes_OfAllSizes_MadeScripts_PassAndAreTheSameScriptsAgain()
    {
        for (int octets = 500; octets <= 40_000; octets += 500)
        {
            Lab lab = EchoLab(0, octets);
            Check(lab, ScriptSide.Client, $"{octets} octets");
            Check(lab, ScriptSide.Server, $"{octets} octets");
        }
    }

    /// <summary>What the program asked for before the connection was open waits in a script until it has it.</summary>
    [Fact]
    public void SendBeforeItIsOpen_MadeAScript_IsWrittenWhenItIs()
    {
        var lab = new Lab(Applications.Echo);
        lab.Network.Send(lab.Connect(), Lab.Pattern(3_000));
        lab.RunTo(1);
        Check(lab, ScriptSide.Client, "early send");
        Check(lab, ScriptSide.Server, "early send");
    }

    /// <summary>Settings that a socket option changes stand in the script; all others are in its profile.</summary>
    [Fact]
    public void SettingsOfAConnection_MadeAScript_AreOptionsOrTheProfiles()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish(TcpSettings.Rfc with { Nagle = false });
        lab.Network.Send(client, Lab.Pattern(100));
        lab.Network.ChangeSettings(client, client.Settings with { Nagle = true, Cork = true });
        lab.Network.Send(client, Lab.Pattern(100));
        lab.RunTo(5);
        lab.ReceiveAll(server);
        string text = Check(lab, ScriptSide.Client, "options").Text;
        Assert.Contains("+0 setsockopt(3, SOL_TCP, TCP_NODELAY, [1], 4) = 0", text, StringComparison.Ordinal);
        Assert.Contains("+0 setsockopt(3, SOL_TCP, TCP_CORK, [1], 4) = 0", text, StringComparison.Ordinal);

        lab.Network.ChangeSettings(client, client.Settings with { DelayedAckTimeout = TimeSpan.FromMilliseconds(77) });
        lab.Network.Send(client, Lab.Pattern(2_000));
        lab.RunTo(9);
        GeneratedScript changed = ScriptGenerator.Generate(SegmentRecorder.Record(lab.Network.Trace));
        Assert.Contains("Its settings changed on the way in what no socket option changes.", changed.Notes);
    }

    [Fact]
    public void ProgramThatClosesBeforeItIsOpen_IsNoScript()
    {
        var lab = new Lab();
        lab.Connect();
        lab.RunTo(0.015);
        lab.Network.Close(lab.Accepted);
        lab.RunTo(1);
        Assert.Contains("before it was open", Refused(lab, ScriptSide.Server), StringComparison.Ordinal);
    }

    /// <summary>What a trace has forgotten cannot be made up.</summary>
    [Fact]
    public void TraceThatHasForgottenItsStart_IsNoScript()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        SegmentRecord[] known = [.. SegmentRecorder.Record(lab.Network.Trace)];
        lab.Network.Trace.Limit = 10_000;
        lab.Network.Send(client, Lab.Pattern(40_000));
        lab.RunTo(1);
        Assert.Contains("start", Refused(lab, ScriptSide.Client), StringComparison.Ordinal);

        // Whoever has kept the segments has not kept the calls.
        string why = Assert.Throws<ScriptGenerationException>(() => ScriptGenerator.Generate(known)).Message;
        Assert.Contains("forgotten", why, StringComparison.Ordinal);
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

    private static string Refused(Lab lab, ScriptSide side) =>
        Assert.Throws<ScriptGenerationException>(() => ScriptGenerator.Generate(SegmentRecorder.Record(lab.Network.Trace), new() { Side = side })).Message;

    private static Lab RandomLab(int seed, SeededRandom random)
    {
        ITcpApplication[] programs = [Applications.Manual, Applications.Discard, Applications.Echo];
        var lab = new Lab(
            programs[random.Next(3)],
            random.Next(3) == 0 ? TcpSettings.Linux with { Ecn = EcnMode.Request, SelectiveAcknowledgment = random.Next(2) == 0 } : null,
            seed: seed,
            links: new LinkOptions
            {
                Latency = TimeSpan.FromMilliseconds(1 + random.Next(80)),
                Bandwidth = random.Next(2) == 0 ? null : 1_000_000 * (1 + random.Next(50)),
                QueueLength = 10 + random.Next(90),
            });
        foreach (ImpairmentKind kind in Enum.GetValues<ImpairmentKind>().Where(kind => kind != ImpairmentKind.Refuse && random.Next(2) == 0))
        {
            lab.Network.AddImpairment(kind, new PacketSelector { Probability = random.Next(8) / 100.0 });
        }

        HostedConnection client = lab.Connect();
        lab.RunTo(5);
        int[] most = [1_500, 10_000, 100_000];
        for (int i = 0; i < 3 && client.State == TcpState.Established; i++)
        {
            lab.Network.Send(client, Lab.Pattern(1 + random.Next(most[random.Next(3)])));
            for (int k = random.Next(20); k >= 0; k--)
            {
                lab.Network.RunFor(TimeSpan.FromMilliseconds(random.Next(300)));
                if (random.Next(2) == 0)
                {
                    lab.ReceiveAll(client);
                }
            }
        }

        if (client.State == TcpState.Established)
        {
            lab.Network.Close(client);
            lab.Network.RunFor(TimeSpan.FromSeconds(10));
        }

        return lab;
    }

    private static Lab EchoLab(int seed, int octets, Action<Lab>? impair = null)
    {
        var lab = new Lab(Applications.Echo, TcpSettings.Linux with { Ecn = EcnMode.Request }, seed: seed);
        impair?.Invoke(lab);
        HostedConnection client = lab.Connect();
        lab.RunTo(5);
        if (client.State == TcpState.Established)
        {
            lab.Network.Send(client, Lab.Pattern(octets));
            lab.RunTo(10);
            lab.ReceiveAll(client);
            lab.Network.Close(client);
            lab.RunTo(30);
        }

        return lab;
    }

    /// <summary>Checks the script with all windows stated; one that states fewer says less.</summary>
    private static GeneratedScript Check(Lab lab, ScriptSide side, string scenario)
    {
        SegmentRecord[] segments = [.. SegmentRecorder.Record(lab.Network.Trace).Where(segment => segment.Stream == 0)];
        var options = new ScriptGenerationOptions { Side = side, Origin = scenario, StateWindows = true };
        GeneratedScript first = ScriptGenerator.Generate(segments, options);
        ScriptResult result = Run(first);
        Assert.True(result.Verdict == ScriptVerdict.Pass, $"{result}\n{first.Text}");

        GeneratedScript second = ScriptGenerator.Generate(result.Segments, options);
        CheckSame(first.Script, second.Script);
        Assert.Equal("Pass", Run(second).ToString());
        return first;
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

    // A reset that no connection sends has a clock of its own.
    private static IEnumerable<uint> Readings(ScriptEvent scriptEvent) =>
        scriptEvent is TcpPacketEvent { IsInbound: false } packet && packet.Flags.Has(TcpFlags.RST) ? []
        : s_timestamps.Matches(scriptEvent.Text).SelectMany(match => new[] { match.Groups[1].Value, match.Groups[2].Value }).Select(uint.Parse);

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
