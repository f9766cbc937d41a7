using System.Diagnostics;
using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>The scripts under tests/scripts: what each proves stands in its first line.</summary>
public class OwnScriptTests
{
    public static TheoryData<string> Scripts => new(OwnScripts.Names);

    [Theory]
    [MemberData(nameof(Scripts))]
    public void OwnScript_Run_Passes(string script) => Assert.Equal("Pass", Run(script).ToString());

    [Fact]
    public void OwnScripts_All_SayWhatTheyProveAndAreReadBack()
    {
        foreach (string script in Scripts.Select(row => row.Data))
        {
            string text = File.ReadAllText(OwnScripts.PathOf(script));
            Assert.Matches("^// [A-Za-z].+[.]\n", text);
            RoundTrip.Check(TcpScript.Parse(text, script));
        }
    }

    [Fact]
    public void OwnScripts_All_TakeTenMillisecondsAtMostInTheMedian()
    {
        string[] scripts = [.. Scripts.Select(row => row.Data)];
        Run(scripts[0]);
        long[] times = [.. scripts.Select(script =>
        {
            long start = Stopwatch.GetTimestamp();
            Run(script);
            return Stopwatch.GetElapsedTime(start).Ticks;
        }).Order()];

        Assert.True(scripts.Length >= 150, $"There are {scripts.Length} scripts.");
        Assert.InRange(TimeSpan.FromTicks(times[times.Length / 2]), TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
    }

    private static ScriptResult Run(string script) =>
        ScriptRunner.Run(TcpScript.Parse(File.ReadAllText(OwnScripts.PathOf(script)), script));
}
