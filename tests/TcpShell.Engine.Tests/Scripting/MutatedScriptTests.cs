using TcpShell.Scripting;
using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>Our own scripts with something broken in them: each gets a verdict or a parse error, after work that is bounded.</summary>
public class MutatedScriptTests
{
    private static readonly string[] s_scripts = [.. Directory
        .GetFiles(Path.Combine(Checkout.Root, "tests", "scripts"), "*.pkt", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(File.ReadAllText)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void OwnScripts_EachBrokenSomehow_EndWithAVerdictOrAnError(long seed)
    {
        var options = new ScriptRunOptions();
        var random = new SeededRandom(seed, "mutated scripts");
        var verdicts = new Dictionary<string, int>();
        foreach (string script in s_scripts)
        {
            string text = ScriptMutation.Mutate(script, random);
            string verdict;
            try
            {
                ScriptResult result = ScriptRunner.Run(TcpScript.Parse(text), options);
                verdict = $"{result.Verdict}";
                Assert.InRange(result.Steps, 0, options.StepLimit + 1);
                Assert.InRange(result.Duration, TimeSpan.Zero, options.TimeLimit);
                Assert.Equal(result.Verdict == ScriptVerdict.Pass, result.Reason.Length == 0);
            }
            catch (TcpScriptException problem)
            {
                verdict = "error";
                Assert.InRange(problem.Line, 1, text.Length);
                Assert.NotEmpty(problem.Problem);
            }

            verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
        }

        // Were all of them broken alike, little would be proven.
        Assert.Equal(["Fail", "Pass", "Unsupported", "error"], verdicts.Keys.Order(StringComparer.Ordinal));
        Assert.InRange(s_scripts.Length, 200, int.MaxValue);
        Assert.InRange(verdicts["Fail"], 20, int.MaxValue);
        Assert.InRange(verdicts["error"], 20, int.MaxValue);
    }
}
