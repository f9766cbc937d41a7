namespace TcpShell.Scripting;

/// <summary>Runs scripts: the TCP of this engine is under test, in virtual time. No command is run, no file and no network is touched.</summary>
public static class ScriptRunner
{
    // Scripts of google/packetdrill that fail on the Linux that they were written for, or fail there most of the time.
    private static readonly HashSet<string> s_suspects = new(StringComparer.Ordinal)
    {
        "ts_recent/invalid_ack.pkt", "cwnd_moderation/cwnd-moderation-ecn-enter-cwr-no-moderation-700.pkt",
        "fast_retransmit/fr-4pkt-fack-last-mss.pkt", "gro/gro-mss-option.pkt", "ioctl/ioctl-siocinq-fin.pkt", "shutdown/shutdown-rdwr-write-queue-close.pkt",
        "epoll/epoll_out_edge.pkt", "epoll/epoll_out_edge_default_notsent_lowat.pkt", "epoll/epoll_out_edge_notsent_lowat.pkt",
        "notsent_lowat/notsent-lowat-default.pkt", "server/client-ack-dropped-then-recovery-ms-timestamps.pkt",
    };

    /// <summary>Runs a script to its end, or to the first thing that is not as it asks for.</summary>
    /// <param name="script">The script.</param>
    /// <param name="options">How to run it; null for the defaults.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static ScriptResult Run(TcpScript script, ScriptRunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(script);
        options ??= ScriptRunOptions.Default;
        options.Cancellation.ThrowIfCancellationRequested();
        var run = new ScriptRun(script, options);
        try
        {
            run.Execute();
            return run.Result(ScriptVerdict.Pass, "");
        }
        catch (ScriptUnsupported unsupported)
        {
            return run.Result(ScriptVerdict.Unsupported, $"{unsupported.Construct} is not supported.");
        }
        catch (ScriptFailure failure)
        {
            ScriptResult result = run.Result(IsSuspect(script.Path) ? ScriptVerdict.Suspect : ScriptVerdict.Fail, failure.Reason);
            return result with { Expected = failure.Expected, Actual = failure.Actual };
        }
    }

    /// <summary>Whether a script is one that fails on the system that it was written for as well.</summary>
    private static bool IsSuspect(string? path)
    {
        string[] parts = path?.Split('/', '\\') ?? [];
        return parts.Length >= 2 && s_suspects.Contains($"{parts[^2]}/{parts[^1]}");
    }
}
