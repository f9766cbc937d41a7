using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

public class PublicScriptTests
{
    // Scripts that fail, each for a reason that docs/packetdrill.md tells.
    private static readonly string[] s_failing =
    [
        "blocking/blocking-write", "inq/client", "user_timeout/user_timeout",
    ];

    // What the scripts of a folder ask for that is not there; the folders that are not named have nothing of that kind.
    private static readonly string[] s_unsupported =
    [
        "fastopen", "zerocopy", "timestamping", "eor", "epoll", "notsent_lowat", "mtu_probe", "nagle", "tcp_info", "syscall_bad_arg", "cubic", "gro",
        "md5", "mss", "sendfile", "slow_start", "splice", "user_timeout",
    ];

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
    public void EveryPublicTcpScript_Run_PassesOrIsExplained()
    {
        var unexplained = new List<string>();
        foreach (string path in PublicScripts.Paths.Where(path => path.Contains("/net/tcp/", StringComparison.Ordinal)))
        {
            ScriptResult result = ScriptRunner.Run(PublicScripts.Parse(path));
            string name = path[(path.IndexOf("/net/tcp/", StringComparison.Ordinal) + "/net/tcp/".Length)..^".pkt".Length];
            bool isKnown = result.Verdict switch
            {
                ScriptVerdict.Fail => s_failing.Contains(name),
                ScriptVerdict.Unsupported => s_unsupported.Contains(name.Split('/')[0]),

                // A script that passes must not be called failing any more.
                ScriptVerdict.Pass => !s_failing.Contains(name),
                _ => true,
            };
            if (!isKnown)
            {
                unexplained.Add(result.ToString());
            }
        }

        Assert.Empty(unexplained);
    }
}
