using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>The scripts under tests/scripts: what each proves stands in its first line.</summary>
public class OwnScriptTests
{
    public static TheoryData<string> Scripts => new(OwnScripts.Names);

    public static TheoryData<string> ClassicScripts =>
        new(Directory.GetFiles(OwnScripts.ClassicFolder, "*.pkt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Scripts))]
    public void OwnScript_Run_Passes(string script) => Assert.Equal("Pass", Run(script).ToString());

    [Theory]
    [MemberData(nameof(Scripts))]
    public void OwnScript_ThatIsComparedWithPush_PassesAsPacketdrillWouldHaveIt(string script) =>
        Assert.Equal("Pass", Run(script, new() { StrictPush = true }).ToString());

    [Theory]
    [MemberData(nameof(ClassicScripts))]
    public void ClassicScript_RunWithTheProfileOfOldStacksOnly_Passes(string script)
    {
        TcpScript parsed = TcpScript.Parse(File.ReadAllText(Path.Combine(OwnScripts.ClassicFolder, script)), script);
        ScriptProfile classic = ScriptProfile.Parse(File.ReadAllText(Path.Combine(OwnScripts.ClassicFolder, "profile.json")));

        Assert.Equal("Pass", ScriptRunner.Run(parsed, new() { Profile = classic }).ToString());
        Assert.Equal(ScriptVerdict.Fail, ScriptRunner.Run(parsed).Verdict);
    }

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
    public void OwnScripts_All_AreManyAndSoonOver()
    {
        string[] scripts = [.. Scripts.Select(row => row.Data)];

        // How long that takes is measured in benchmarks/ScriptSpeed; here only what it takes.
        Assert.True(scripts.Length >= 200, $"There are {scripts.Length} scripts.");
        Assert.All(scripts, script => Assert.InRange(Run(script).Steps, 0, 1000));
    }

    private static ScriptResult Run(string script, ScriptRunOptions? options = null) =>
        ScriptRunner.Run(TcpScript.Parse(File.ReadAllText(OwnScripts.PathOf(script)), script), options);
}
