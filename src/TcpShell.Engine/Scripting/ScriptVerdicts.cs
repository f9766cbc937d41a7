namespace TcpShell.Scripting;

/// <summary>What became of a script.</summary>
public enum ScriptVerdict
{
    /// <summary>The TCP under test did all that the script asks for.</summary>
    Pass,

    /// <summary>It did not.</summary>
    Fail,

    /// <summary>The script asks for something that cannot be done here; its result says what.</summary>
    Unsupported,

    /// <summary>It did not, but the script is on the list of those that fail on the system that they were written for.</summary>
    Suspect,

    /// <summary>Nothing was run: there is no such file, it cannot be read, or it is no script.</summary>
    Invalid,
}

/// <summary>The TCP under test did not do what a script asks for.</summary>
internal sealed class ScriptFailure(string expected, string actual, string reason) : Exception(reason)
{
    /// <summary>What the script asks for.</summary>
    public string Expected { get; } = expected;

    /// <summary>What came instead.</summary>
    public string Actual { get; } = actual;

    /// <summary>What is wrong, in one sentence.</summary>
    public string Reason => Message;
}

/// <summary>A script uses what is not supported here.</summary>
internal sealed class ScriptUnsupported(string construct) : Exception(construct)
{
    /// <summary>What it uses.</summary>
    public string Construct => Message;
}
