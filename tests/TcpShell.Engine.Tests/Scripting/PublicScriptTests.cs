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
}
