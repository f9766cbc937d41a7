using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

internal static class RoundTrip
{
    /// <summary>Prints a script, reads that, and compares: the same objects but for their lines, and the same text when printed again.</summary>
    public static void Check(TcpScript script)
    {
        string printed = script.ToString();
        TcpScript again = TcpScript.Parse(printed, script.Path);
        Assert.Equal(printed, again.ToString());
        Assert.Equal(script.Events.Count, again.Events.Count);
        for (int i = 0; i < script.Events.Count; i++)
        {
            Assert.Equivalent(script.Events[i] with { Line = 0 }, again.Events[i] with { Line = 0 }, strict: true);
        }

        Assert.Equivalent(script.Options, again.Options, strict: true);
    }
}
