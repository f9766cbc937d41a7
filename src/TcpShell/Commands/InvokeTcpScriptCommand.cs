using System.Collections;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Scripting;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Runs scripts in the packetdrill language on this module's TCP, in virtual time, and gives a verdict for each.</summary>
/// <remarks>
/// <para>A script says what a program and the other end of a connection do at which time, and what the TCP under test must answer. It needs no root and no network, and a wait of minutes takes no time. Command lines in a script are never run: settings of the kernel become settings of the TCP, others make the script Unsupported.</para>
/// <para>Verdicts: Pass; Fail, with line, expectation and what came instead; Unsupported, with the construct that cannot be done here; Suspect, for public scripts that fail on Linux as well; Invalid, where there is no script to run: a text that is none, a file that cannot be read, a path that leads to none. That is an error as well.</para>
/// <para>For automation: -ErrorOnFail makes a failure an error. pwsh -File ends with 0 all the same unless errors end the script: add -ErrorAction Stop, or exit with a number of your own.</para>
/// <para>PSH is compared only with -StrictPush, because stacks that send several segments as one set it in places of their own.</para>
/// </remarks>
/// <example>
/// <para>One script</para>
/// <code>@'
/// 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
/// +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
/// +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
/// +0 > S 0:0(0) &lt;mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8&gt;
/// +1 > S 0:0(0) &lt;mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale 8&gt;
/// '@ | Set-Content syn.pkt
/// Invoke-TcpScript syn.pkt</code>
/// <para>Passes: an unanswered SYN is sent again after a second.</para>
/// </example>
/// <example>
/// <para>What is wrong, and the packets</para>
/// <code>'0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 connect(3, ..., ...) = 0' | Set-Content wrong.pkt
/// $result = Invoke-TcpScript wrong.pkt -Trace
/// "$result"
/// $result.Segments | Format-Table Time, Info</code>
/// <para>Fails: a blocking connect does not return at once. The SYN is in the trace.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "TcpScript", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ScriptResult))]
public sealed class InvokeTcpScriptCommand : FileCmdlet
{
    private readonly Queue<Task<Outcome>> _running = new();
    private readonly ProgressClock _progress = new();
    private ScriptRunOptions _options = ScriptRunOptions.Default;
    private Dictionary<string, string> _definitions = [];
    private int _done;
    private int _passed;

    /// <summary>Files with scripts, or folders, in which all .pkt files are run, those of their subfolders as well; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = null!;

    /// <summary>Files or folders, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = null!;

    /// <summary>What the TCP under test is like: linux, rfc, lab (as labs are unless told otherwise), or the path of a JSON file with Name and Settings.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ScriptProfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string Profile { get; set; } = "linux";

    /// <summary>Words of the scripts and what they stand for, a number or a text; they go before the scripts' own --define.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Define { get; set; } = new Dictionary<string, string>();

    /// <summary>Keeps the packets: in Segments of each result.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>The most virtual time that a script may take.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = ScriptRunOptions.Default.TimeLimit;

    /// <summary>How many scripts are run at once; as many as there are processors by default.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int? ThrottleLimit { get; set; }

    /// <summary>Compares PSH as well.</summary>
    [Parameter]
    public SwitchParameter StrictPush { get; set; }

    /// <summary>Does not compare windows that scripts state.</summary>
    [Parameter]
    public SwitchParameter IgnoreWindow { get; set; }

    /// <summary>Does not compare echoed timestamps, as packetdrill itself does not.</summary>
    [Parameter]
    public SwitchParameter IgnoreTimestampEcho { get; set; }

    /// <summary>Makes a script that fails an error too, so that automation counts it, or stops at it with -ErrorAction Stop.</summary>
    [Parameter]
    public SwitchParameter ErrorOnFail { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _definitions = ScriptFile.Definitions(this, Define);
        _options = new ScriptRunOptions
        {
            Profile = FindProfile(),
            StrictPush = StrictPush,
            CompareWindow = !IgnoreWindow,
            CompareTimestampEcho = !IgnoreTimestampEcho,
            TimeLimit = Timeout,
            KeepTrace = Trace,
            Cancellation = CancelToken,
        };
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string file in ResolveFiles(ParameterSetName == PathSet ? Path : LiteralPath, "*.pkt", Refuse))
        {
            Enqueue(Task.Run(() => Run(file)));
        }

        // Has a result as well, at its place: a path that leads nowhere must not look like a pass.
        void Refuse(string path, ErrorRecord error) => Enqueue(Task.FromResult(new Outcome(ScriptResult.Invalid(path, error.Exception.Message), error)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (_running.Count > 0)
        {
            WriteNext();
        }

        _progress.End(this);
    }

    private ScriptProfile FindProfile()
    {
        if (ScriptProfile.Find(Profile) is { } known)
        {
            return known;
        }

        string file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Profile);
        try
        {
            return ScriptProfile.Parse(File.ReadAllText(file));
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or FormatException)
        {
            ThrowTerminatingError(ErrorRecords.ProfileNotFound(failed, Profile));
            throw; // not reached: the line before has thrown
        }
    }

    private Outcome Run(string file)
    {
        try
        {
            return new(ScriptRunner.Run(TcpScript.Parse(ScriptFile.Read(file), file, _definitions), _options));
        }
        catch (TcpScriptException wrong)
        {
            return new(ScriptResult.Invalid(file, $"Column {wrong.Column}: {wrong.Problem}", wrong.Line), ErrorRecords.ScriptNotUnderstood(wrong, file));
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return new(ScriptResult.Invalid(file, failed.Message), ErrorRecords.FileNotReadable(failed, file));
        }
    }

    private void Enqueue(Task<Outcome> run)
    {
        ThrowIfStopping();
        _running.Enqueue(run);
        if (_running.Count >= (ThrottleLimit ?? Environment.ProcessorCount))
        {
            WriteNext();
        }
    }

    /// <summary>Waits for the oldest run, so that results come in the order of the files.</summary>
    private void WriteNext()
    {
        (ScriptResult result, ErrorRecord? error) = Await(_running.Dequeue());
        _done++;
        _passed += result.Verdict == ScriptVerdict.Pass ? 1 : 0;
        WriteObject(result);
        error ??= ErrorOnFail && result.Verdict == ScriptVerdict.Fail ? ErrorRecords.ScriptFailed(result) : null;
        if (error is not null)
        {
            WriteError(error);
        }

        if (_progress.IsDue)
        {
            _progress.Show(this, "Running scripts", $"{_done} done, {_passed} passed");
        }
    }

    private Outcome Await(Task<Outcome> run)
    {
        try
        {
            // A file may be a pipe that nobody writes to: even then Ctrl-C ends the waiting.
            return run.WaitAsync(CancelToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private sealed record Outcome(ScriptResult Result, ErrorRecord? Error = null);
}
