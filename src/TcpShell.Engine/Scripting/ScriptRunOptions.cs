namespace TcpShell.Scripting;

/// <summary>How a script is run.</summary>
public sealed record ScriptRunOptions
{
    /// <summary>The options that are meant where none are given.</summary>
    public static ScriptRunOptions Default { get; } = new();

    /// <summary>What the TCP under test is like.</summary>
    public ScriptProfile Profile { get; init; } = ScriptProfile.Linux;

    /// <summary>
    /// Whether PSH must be set where the script has it, and nowhere else. Off by default: stacks that send several segments as one set it in
    /// the middle of what was written.
    /// </summary>
    public bool StrictPush { get; init; }

    /// <summary>Whether the window must be the one that the script states.</summary>
    public bool CompareWindow { get; init; } = true;

    /// <summary>Whether timestamps must be echoed as the script states, which packetdrill itself never looks at.</summary>
    public bool CompareTimestampEcho { get; init; } = true;

    /// <summary>Whether all packets are kept for <see cref="ScriptResult.Trace"/>.</summary>
    public bool KeepTrace { get; init; } = true;

    /// <summary>The most virtual time that a script may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The most steps (packets, timers) that a script may take.</summary>
    public int StepLimit { get; init; } = 200_000;

    /// <summary>Ends the run.</summary>
    public CancellationToken Cancellation { get; init; }
}
