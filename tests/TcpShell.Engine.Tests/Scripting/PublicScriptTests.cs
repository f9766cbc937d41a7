using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

public class PublicScriptTests
{
    [Fact]
    public void EveryPublicScript_Parsed_IsUnderstood()
    {
        IReadOnlyList<string> paths = PublicScripts.Paths;
        var problems = new List<string>();
        foreach (string path in paths)
        {
            try
            {
                PublicScripts.Parse(path);
            }
            catch (TcpScriptException problem)
            {
                problems.Add(problem.Message);
            }
        }

        Assert.Empty(problems);
        Assert.NotEmpty(paths);
    }

    [Fact]
    public void EveryPublicScript_PrintedAndParsedAgain_SaysTheSame()
    {
        foreach (string path in PublicScripts.Paths)
        {
            RoundTrip.Check(PublicScripts.Parse(path));
        }
    }

    [Fact]
    public void EveryPublicScript_Run_HasItsVerdict()
    {
        var drift = new List<string>();
        IReadOnlyDictionary<string, PublicVerdict> expected = PublicVerdict.All;
        var seen = new HashSet<string>();
        foreach (string path in PublicScripts.Paths.Where(path => path.Contains("/net/", StringComparison.Ordinal)))
        {
            string name = PublicScripts.NameOf(path);
            seen.Add(name);
            ScriptResult result = ScriptRunner.Run(PublicScripts.Parse(path));
            bool same = expected.TryGetValue(name, out PublicVerdict? verdict)
                && verdict.Verdict == result.Verdict
                && (result.Verdict != ScriptVerdict.Unsupported || result.Reason.StartsWith(verdict.Reason, StringComparison.Ordinal));
            if (!same)
            {
                drift.Add($"{name}: {verdict?.Verdict} expected, but {result}");
            }
        }

        drift.AddRange(expected.Keys.Where(name => !seen.Contains(name)).Select(name => $"{name}: is not in the folder"));
        Assert.Empty(drift);
    }

    [Fact]
    public void Verdicts_OfThePublicScripts_AreWhatIsAskedFor()
    {
        PublicVerdict[] all = [.. PublicVerdict.All.Values];

        Assert.Equal((54, 64, 26, 18), (Of("R1").Count, Of("R2").Count, Of("R3").Count, Of("X").Count));
        Assert.InRange(Of("R1").Count(row => row.Verdict is ScriptVerdict.Pass or ScriptVerdict.Suspect), 52, 54);
        Assert.InRange(Of("R3").Count(row => row.Verdict == ScriptVerdict.Pass), 12, 26);
        Assert.All(Of("R2"), row => Assert.Equal((ScriptVerdict.Unsupported, "TCP Fast Open"), (row.Verdict, row.Reason)));
        Assert.All(Of("X"), row => Assert.Equal(ScriptVerdict.Unsupported, row.Verdict));
        Assert.All(all, row => Assert.Equal(row.Verdict == ScriptVerdict.Pass, row.Reason.Length == 0));

        List<PublicVerdict> Of(string kind) => [.. all.Where(row => row.Class == kind)];
    }

    [Fact]
    public void Page_OnThePublicScripts_SaysWhatTheDataSay()
    {
        string page = File.ReadAllText(PublicVerdict.Page);
        foreach (string row in PublicVerdict.Rows())
        {
            Assert.Contains(row + "\n", page, StringComparison.Ordinal);
        }
    }
}
