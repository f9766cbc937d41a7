using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

public class PublicScriptTests
{
    // Scripts that fail, each for a reason that docs/packetdrill.md tells.
    private static readonly string[] s_failing =
    [
        "blocking/blocking-write", "cubic/cubic-hystart-delay-rtt-jumps-upward", "cubic/cubic-rto-ss-ca-cwnd-bump",
        "cwnd_moderation/cwnd-moderation-ecn-enter-cwr-no-moderation-700", "fast_recovery/prr-ss-30pkt-lost-1_4-11_16",
        "fast_recovery/prr-ss-ack-below-snd_una-cubic", "fast_retransmit/fr-4pkt-fack-last-mss", "inq/client",
        "limited_transmit/limited-transmit-no-sack", "limited_transmit/limited-transmit-sack", "mss/mss-setsockopt-tcp_maxseg-client",
        "sack/sack-shift-sacked-2-6-8-3-9-nofack", "slow_start/slow-start-after-win-update", "user_timeout/user_timeout",
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
