using System.Globalization;

namespace TcpShell.Scripting;

/// <summary>A script is not written in the packetdrill language. The message says where, what was expected, and what stands there.</summary>
public sealed class TcpScriptException : FormatException
{
    /// <summary>Makes the error.</summary>
    /// <param name="path">The script's file; null for a text without one.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="problem">What was expected, and what stands there instead.</param>
    public TcpScriptException(string? path, int line, int column, string problem)
        : base(string.Create(CultureInfo.InvariantCulture, $"{path ?? "script"}:{line}:{column}: {problem}"))
    {
        Path = path;
        Line = line;
        Column = column;
        Problem = problem;
    }

    /// <summary>The script's file; null for a text without one.</summary>
    public string? Path { get; }

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The column, from 1; a tab counts as one.</summary>
    public int Column { get; }

    /// <summary>What was expected, and what stands there instead.</summary>
    public string Problem { get; }

    /// <summary>The word that stands there, where it may be one that the script's author meant to be defined; else null.</summary>
    public string? Word { get; init; }
}
