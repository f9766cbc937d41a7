namespace TcpShell.Scripting.Generation;

/// <summary>An end of a connection: the one that a script puts under test. The script plays the other one.</summary>
public enum ScriptSide
{
    /// <summary>The end that opened the connection.</summary>
    Client,

    /// <summary>The end that was called.</summary>
    Server,
}

/// <summary>How a script is made of a connection.</summary>
public sealed record ScriptGenerationOptions
{
    /// <summary>The options that are meant where none are given.</summary>
    public static ScriptGenerationOptions Default { get; } = new();

    /// <summary>Which end is under test.</summary>
    public ScriptSide Side { get; init; }

    /// <summary>Whether times count from the start of the script, instead of from the event before.</summary>
    public bool AbsoluteTimes { get; init; }

    /// <summary>
    /// How far an event may be from its time; null leaves packetdrill's 4 ms to a trace of this engine, and gives 10 ms to a capture, whose host
    /// had other things to do as well.
    /// </summary>
    public TimeSpan? Tolerance { get; init; }

    /// <summary>Whether the windows that the end under test told are stated. Else only a closed one is: how far windows open is a stack's own business.</summary>
    public bool StateWindows { get; init; }

    /// <summary>Where the segments come from, for the script's first line.</summary>
    public string Origin { get; init; } = "";
}

/// <summary>Segments cannot be made a script; the message says why.</summary>
/// <param name="message">Why.</param>
public sealed class ScriptGenerationException(string message) : Exception(message);
