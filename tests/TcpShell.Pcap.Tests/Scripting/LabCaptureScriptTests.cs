using TcpShell.Hosting;
using TcpShell.Pcap.Files;
using TcpShell.Scripting;
using TcpShell.Scripting.Generation;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Scripting;

/// <summary>
/// Scripts that are made of captures of labs: of the octets and times of frames alone, from which order, calls and settings have to be inferred.
/// </summary>
[Trait("Proves", "P71")]
public sealed class LabCaptureScriptTests
{
    private static readonly Endpoint s_serverEnd = Endpoint.Parse("10.0.0.2:80");

    /// <summary>Flights of many segments that arrive at one moment, each answered at once: seen on the wire, and on the host itself.</summary>
    [Fact]
    public void Echoes_OfAllSizes_Captured_MadeScripts_Pass()
    {
        for (int octets = 500; octets <= 60_000; octets += octets < 40_000 ? 500 : 5_000)
        {
            SimulatedNetwork lab = Echo(octets);
            foreach (ScriptSide side in Enum.GetValues<ScriptSide>())
            {
                Pass(Captured(lab, host: null), side, $"{octets} octets on the wire");
                Pass(Captured(lab, HostOf(side)), side, $"{octets} octets on the {side}");
            }
        }
    }

    /// <summary>What of a stack shows in its segments is in the profile: its initial window, and how long it waits for answers.</summary>
    [Theory]
    [InlineData(2, 10, 200)]
    [InlineData(30, 10, 200)]
    [InlineData(10, 600, 200)]
    [InlineData(10, 150, 3_000)]
    public void SettingsOfALab_Captured_AreThoseOfTheProfile(int initialWindow, int latency, int minimumRto)
    {
        TcpSettings settings = TcpSettings.Linux with
        {
            InitialWindowSegments = initialWindow,
            InitialRto = TimeSpan.FromSeconds(3),
            MinimumRto = TimeSpan.FromMilliseconds(minimumRto),
            TailLossProbe = false,
        };
        SimulatedNetwork lab = Send(44_000, Applications.Discard, settings, new LinkOptions { Latency = TimeSpan.FromMilliseconds(latency) });
        GeneratedScript script = Pass(Captured(lab, "client"), ScriptSide.Client, "settings");
        Assert.Equal(initialWindow, script.Profile.Settings.InitialWindowSegments);
        Assert.Equal(latency > 500, script.Profile.Settings.InitialRto > TimeSpan.FromSeconds(1));
        Assert.Equal(latency > 100, script.Profile.Settings.MinimumRto > TcpSettings.Linux.MinimumRto);
    }

    /// <summary>Segments with a wrong checksum never reached the TCP.</summary>
    [Fact]
    public void DamagedSegments_AreLeftOut()
    {
        SimulatedNetwork lab = Echo(
            9_000, impair: l => l.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { From = "client", DataOnly = true, Skip = 1, Count = 1 }));
        GeneratedScript script = Pass(Captured(lab, "server"), ScriptSide.Server, "damaged");
        Assert.Contains(script.Notes, note => note.StartsWith("1 damaged segments", StringComparison.Ordinal));
    }

    /// <summary>On a host whose interface calculates checksums no captured segment has one; they did reach the TCP.</summary>
    [Fact]
    public void ChecksumsThatTheInterfaceCalculates_AreNoDamage()
    {
        List<SegmentRecord> segments = Captured(Echo(3_000), "server", octets =>
        {
            octets[36] ^= 0x55; // the TCP checksum behind an IPv4 header without options
            octets[37] ^= 0x55;
        });
        Assert.All(segments, segment => Assert.False(segment.ChecksumValid));
        GeneratedScript script = Pass(segments, ScriptSide.Server, "checksums");
        Assert.DoesNotContain(script.Notes, note => note.Contains("damaged", StringComparison.Ordinal));
    }

    /// <summary>When a program that reads makes its TCP tell the new window is that TCP's own business.</summary>
    [Fact]
    public void WindowUpdates_OfAWideWindow_AreLeftOut()
    {
        SimulatedNetwork lab = Make(Applications.Echo, TcpSettings.Linux with { ReceiveBufferSize = 20_000 });
        HostedConnection client = lab.Connect(lab.Hosts[0], s_serverEnd);
        lab.RunFor(TimeSpan.FromSeconds(1));
        lab.Send(client, new byte[12_000]);
        lab.RunFor(TimeSpan.FromSeconds(1));
        lab.Receive(client, new byte[12_000]);
        lab.RunFor(TimeSpan.FromSeconds(1));
        Assert.Contains(lab.Trace, packet => packet.Reason == TransmitReason.WindowUpdate);
        GeneratedScript script = Pass(Captured(lab, "client"), ScriptSide.Client, "updates");
        Assert.Contains(script.Notes, note => note.Contains("only told another window", StringComparison.Ordinal));
    }

    /// <summary>What was acknowledged but not captured cannot be sent by a script.</summary>
    [Theory]
    [InlineData(ScriptSide.Client)]
    [InlineData(ScriptSide.Server)]
    public void CaptureOfOneDirection_IsNoScript(ScriptSide side)
    {
        List<SegmentRecord> segments = [.. Captured(Echo(3_000), host: null).Where(segment => segment.Source == s_serverEnd == (side == ScriptSide.Server))];
        string why = Assert.Throws<ScriptGenerationException>(() => ScriptGenerator.Generate(segments, new() { Side = side })).Message;
        Assert.Matches("not whole|No SYN|missing", why);
    }

    private static string HostOf(ScriptSide side) => side == ScriptSide.Client ? "client" : "server";

    private static SimulatedNetwork Make(ITcpApplication program, TcpSettings? settings = null, LinkOptions? links = null)
    {
        var lab = new SimulatedNetwork(0, links);
        lab.AddHost("client", settings: settings);
        lab.Listen(lab.AddHost("server", settings: settings), new Endpoint(default, 80), program);
        return lab;
    }

    private static SimulatedNetwork Echo(int octets, Action<SimulatedNetwork>? impair = null) => Send(octets, Applications.Echo, impair: impair);

    private static SimulatedNetwork Send(
        int octets, ITcpApplication program, TcpSettings? settings = null, LinkOptions? links = null, Action<SimulatedNetwork>? impair = null)
    {
        SimulatedNetwork lab = Make(program, settings, links);
        impair?.Invoke(lab);
        HostedConnection client = lab.Connect(lab.Hosts[0], s_serverEnd);
        lab.RunFor(TimeSpan.FromSeconds(5));
        lab.Send(client, new byte[octets]);
        lab.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal(program == Applications.Echo ? octets : 0, lab.Receive(client, new byte[octets]));
        lab.Close(client);
        lab.RunFor(TimeSpan.FromSeconds(10));
        return lab;
    }

    private static List<SegmentRecord> Captured(SimulatedNetwork lab, string? host, Action<byte[]>? change = null)
    {
        var recorder = new SegmentRecorder();
        var segments = new List<SegmentRecord>();
        foreach (TraceExport.Frame frame in TraceExport.Frames(lab.Trace, host))
        {
            byte[] octets = frame.Bytes.ToArray();
            change?.Invoke(octets);
            segments.Add(recorder.Record(PacketDecoder.Decode(octets, LinkType.Raw), frame.Time)!);
        }

        return segments;
    }

    private static GeneratedScript Pass(List<SegmentRecord> segments, ScriptSide side, string what)
    {
        GeneratedScript script = ScriptGenerator.Generate(segments, new() { Side = side });
        ScriptResult result = ScriptRunner.Run(script.Script, new() { Profile = script.Profile });
        Assert.True(result.Verdict == ScriptVerdict.Pass, $"{what}, {side}: {result}\n{script.Text}");
        return script;
    }
}
