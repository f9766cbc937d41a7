namespace TcpShell.Scripting;

/// <summary>Runs scripts: the TCP of this engine is under test, in virtual time. No command is run, no file and no network is touched.</summary>
public static class ScriptRunner
{
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
            return run.Result(ScriptVerdict.Unsupported, $"{ScriptSubjects.Explain(unsupported.Construct)} is not supported.");
        }
        catch (ScriptFailure failure)
        {
            ScriptResult result = run.Result(options.Profile.Suspects(script.Path) ? ScriptVerdict.Suspect : ScriptVerdict.Fail, failure.Reason);
            return result with { Expected = failure.Expected, Actual = failure.Actual };
        }
    }
}
