using System.Text;

namespace TcpShell.Scripting;

/// <summary>An option at the top of a script: <c>--tolerance_usecs=10000</c>.</summary>
/// <param name="Name">Its name without the dashes.</param>
/// <param name="Value">Its value as written; null where it takes none.</param>
public sealed record ScriptOption(string Name, string? Value)
{
    /// <summary>As it is written in a script.</summary>
    public override string ToString() => Value is null ? $"--{Name}" : $"--{Name}={Value}";
}

/// <summary>
/// A script in the packetdrill language: what a program and the other end of a connection do at which time, and what the TCP under test
/// must answer.
/// </summary>
public sealed record TcpScript
{
    /// <summary>The most characters that a script may have.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>The file that it was read from; null for a text without one.</summary>
    public string? Path { get; init; }

    /// <summary>The options at its top, in their order.</summary>
    public required IReadOnlyList<ScriptOption> Options { get; init; }

    /// <summary>The command that stands before the first event; null if there is none.</summary>
    public string? InitialCommand { get; init; }

    /// <summary>What happens, in its order; at least one event.</summary>
    public required IReadOnlyList<ScriptEvent> Events { get; init; }

    /// <summary>The command that stands after the last event; null if there is none.</summary>
    public string? FinalCommand { get; init; }

    /// <summary>Reads a script.</summary>
    /// <param name="text">The script, at most <see cref="MaximumLength"/> characters.</param>
    /// <param name="path">The name of its file, for errors.</param>
    /// <param name="definitions">Words and what they stand for; they go before the script's own <c>--define</c>.</param>
    /// <exception cref="TcpScriptException">The text is no such script.</exception>
    /// <exception cref="ArgumentException">A word cannot be defined (<see cref="CanDefine"/>).</exception>
    public static TcpScript Parse(string text, string? path = null, IReadOnlyDictionary<string, string>? definitions = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (definitions?.Keys.FirstOrDefault(word => !CanDefine(word)) is { } wrong)
        {
            throw new ArgumentException($"'{wrong}' cannot be defined.", nameof(definitions));
        }

        return new ScriptParser(text, path, definitions).ParseScript();
    }

    /// <summary>Whether a word can be given another meaning: letters, digits and underscores, no number, and no word of the language itself.</summary>
    /// <param name="word">The word.</param>
    public static bool CanDefine(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return ScriptLexer.IsWord(word) && !ScriptWords.IsReserved(word);
    }

    /// <summary>The value of an option; the last one counts.</summary>
    /// <param name="name">The option's name without the dashes.</param>
    /// <returns>Its value, an empty text where it takes none, or null where the script does not have it.</returns>
    public string? FindOption(string name)
    {
        ScriptOption? option = Options.LastOrDefault(candidate => candidate.Name == name);
        return option is null ? null : option.Value ?? "";
    }

    /// <summary>The script in packetdrill's notation, one event a line. Comments are not kept, and definitions are carried out.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (ScriptOption option in Options)
        {
            text.Append(option).Append('\n');
        }

        if (InitialCommand is not null)
        {
            text.Append('`').Append(InitialCommand).Append("`\n");
        }

        foreach (ScriptEvent scriptEvent in Events)
        {
            text.Append(scriptEvent).Append('\n');
        }

        if (FinalCommand is not null)
        {
            text.Append('`').Append(FinalCommand).Append("`\n");
        }

        return text.ToString();
    }
}
