using System.Collections.Concurrent;
using TcpShell.Scripting;
using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Scripting.Referee;

/// <summary>
/// The runner of this engine and packetdrill itself judge the same engine by the same scripts. Both must come to the same verdicts, and where a script fails, to
/// the same line; scripts for which they do not are named in docs/packetdrill.md under "The referee".
/// </summary>
public class RefereeTests(ITestOutputHelper output)
{
    private const int VariantsOfEach = 2;
    private const string PublicFolder = "/net/tcp/";

    // As strict as packetdrill: it looks at PSH, and never at echoed timestamps.
    private static readonly ScriptRunOptions s_asPacketdrill = new() { StrictPush = true, CompareTimestampEcho = false, KeepTrace = false };

    [Fact]
    public void OwnScripts_RunByPacketdrill_GetTheSameVerdicts()
    {
        IReadOnlyDictionary<string, string> excepted = RefereeDifferences.Read();
        (ConcurrentBag<Difference> differences, int compared, int passed) = Compare(OwnScripts.Names.Select(Own));

        Assert.Equal(excepted.Keys.Where(OwnScripts.Names.Contains).Order(), differences.Select(difference => difference.Name).Order());
        Assert.True(compared >= 200 && passed >= 190, $"Only {passed} of {compared} scripts pass.");
    }

    [Fact]
    public void OwnScripts_WithOneThingChanged_GetTheSameVerdicts()
    {
        IReadOnlyDictionary<string, string> excepted = RefereeDifferences.Read();
        string folder = Directory.CreateTempSubdirectory("tcpshell-variants-").FullName;
        try
        {
            IEnumerable<(string, TcpScript)> variants = OwnScripts.Names.Select(Own).Where(own => !excepted.ContainsKey(own.Name))
                .SelectMany(own => Variants(own.Name, own.Script, folder));
            (ConcurrentBag<Difference> differences, int compared, int passed) = Compare(variants);

            Assert.Empty(differences);
            Assert.InRange(passed, compared / 20, compared / 2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void PublicScripts_RunByPacketdrill_GetTheSameVerdicts()
    {
        IReadOnlyDictionary<string, string> excepted = RefereeDifferences.Read();
        (ConcurrentBag<Difference> differences, int compared, _) = Compare(
            PublicScripts.Paths.Where(path => path.Contains(PublicFolder, StringComparison.Ordinal)).Select(path => (path.Split(PublicFolder)[^1], PublicScripts.Parse(path))));

        Assert.Equal(excepted.Keys.Where(name => !OwnScripts.Names.Contains(name)).Order(), differences.Select(difference => difference.Name).Order());
        Assert.True(compared > 50, $"Only {compared} scripts are supported.");
    }

    private static (string Name, TcpScript Script) Own(string name)
    {
        string path = OwnScripts.PathOf(name);
        return (name, TcpScript.Parse(File.ReadAllText(path), path));
    }

    private static IEnumerable<(string, TcpScript)> Variants(string name, TcpScript script, string folder)
    {
        var random = new SeededRandom(1, name);
        for (int i = 0; i < VariantsOfEach; i++)
        {
            TcpScript variant = ScriptVariants.Change(script, random);
            string path = Path.Combine(folder, $"{name.Replace('/', '-')}-{i}.pkt");
            File.WriteAllText(path, variant.ToString());
            yield return (path, variant with { Path = path });
        }
    }

    private (ConcurrentBag<Difference> Differences, int Compared, int Passed) Compare(IEnumerable<(string Name, TcpScript Script)> scripts)
    {
        Packetdrill packetdrill = Packetdrill.Instance;
        var differences = new ConcurrentBag<Difference>();
        int compared = 0;
        int passed = 0;
        Parallel.ForEach(scripts, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, entry =>
        {
            ScriptResult here = ScriptRunner.Run(entry.Script, s_asPacketdrill);
            if (here.Verdict == ScriptVerdict.Unsupported)
            {
                return;
            }

            PacketdrillVerdict there = packetdrill.Run(entry.Script);
            Interlocked.Increment(ref compared);
            Interlocked.Add(ref passed, there.Passed ? 1 : 0);
            if (!IsSame(entry.Script, here, there))
            {
                var difference = new Difference(entry.Name, here, there);
                differences.Add(difference);
                output.WriteLine(difference.ToString());
                output.WriteLine(entry.Script.ToString());
            }
        });
        output.WriteLine($"{compared} scripts compared, {passed} pass, {differences.Count} differ.");
        return (differences, compared, passed);
    }

    private static bool IsSame(TcpScript script, ScriptResult here, PacketdrillVerdict there)
    {
        // packetdrill runs code blocks when all else is done, and its second thread judges a call that blocked when the first one rests: both may
        // find another mistake first.
        bool isJudgedLater = script.Events.Any(scriptEvent => scriptEvent.Line == here.Line && scriptEvent is CodeEvent or SystemCallEvent { End: not null });
        return there.Passed == (here.Verdict == ScriptVerdict.Pass) && (there.Passed || isJudgedLater || there.Line == here.Line);
    }

    /// <summary>A script with two verdicts.</summary>
    private sealed record Difference(string Name, ScriptResult Here, PacketdrillVerdict There)
    {
        public override string ToString() => $"{Name}\n  here:        {Here}\n  packetdrill: {(There.Passed ? "Pass" : $"{There.Line}: {There.Output}")}";
    }
}
