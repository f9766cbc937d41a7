using System.Text;

namespace TcpShell.Scripting;

/// <summary>Kinds of events.</summary>
public enum ScriptEventKind
{
    /// <summary>A packet comes from the other end.</summary>
    InboundPacket,

    /// <summary>A packet must leave the TCP under test.</summary>
    OutboundPacket,

    /// <summary>The program under test makes a system call.</summary>
    SystemCall,

    /// <summary>Assertions about the connection.</summary>
    Code,

    /// <summary>A command line.</summary>
    Command,
}

/// <summary>Something that happens, or must happen, at a time.</summary>
public abstract record ScriptEvent
{
    /// <summary>When.</summary>
    public required ScriptTime Time { get; init; }

    /// <summary>The line of the script where it starts, from 1.</summary>
    public int Line { get; init; }

    /// <summary>What kind of event it is.</summary>
    public abstract ScriptEventKind Kind { get; }

    /// <summary>The event without its time, in packetdrill's notation.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            AppendTo(text);
            return text.ToString();
        }
    }

    /// <summary>The event in packetdrill's notation.</summary>
    public sealed override string ToString()
    {
        // The end of a blocking call follows the time with nothing but three dots between them.
        var text = new StringBuilder();
        AppendTo(text.Append(Time).Append(' '));
        return text.ToString();
    }

    internal abstract void AppendTo(StringBuilder text);
}

/// <summary>A system call of the program under test, with the result that it must have.</summary>
public sealed record SystemCallEvent : ScriptEvent
{
    /// <inheritdoc/>
    public override ScriptEventKind Kind => ScriptEventKind.SystemCall;

    /// <summary>When a blocking call must return, counted from where <see cref="ScriptEvent.Time"/> counts from; null for a call that must not block.</summary>
    public TimeSpan? End { get; init; }

    /// <summary>The call's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is called with.</summary>
    public required IReadOnlyList<ScriptValue> Arguments { get; init; }

    /// <summary>What it must return.</summary>
    public required ScriptValue Result { get; init; }

    /// <summary>The name of the error that it must fail with; null if none is stated.</summary>
    public string? Errno { get; init; }

    /// <summary>What the author notes in parentheses behind the result, which has to be there where an error is; null for nothing.</summary>
    public string? Note { get; init; }

    internal override void AppendTo(StringBuilder text)
    {
        if (End is { } end)
        {
            text.Append("... ").Append(ScriptTime.Format(end)).Append(' ');
        }

        text.Append(Name).Append('(').AppendJoin(", ", Arguments).Append(") = ").Append(Result);
        if (Errno is not null)
        {
            text.Append(' ').Append(Errno);
        }

        if ((Note ?? Errno) is { } note)
        {
            text.Append(" (").Append(note).Append(')'); // behind an error packetdrill insists on words
        }
    }
}

/// <summary>Assertions about the connection, between <c>%{</c> and <c>}%</c>.</summary>
public sealed record CodeEvent : ScriptEvent
{
    /// <inheritdoc/>
    public override ScriptEventKind Kind => ScriptEventKind.Code;

    /// <summary>The code, as it is written.</summary>
    public required string Code { get; init; }

    internal override void AppendTo(StringBuilder text) => text.Append("%{ ").Append(Code).Append(" }%");
}

/// <summary>A command line, between back quotes. It is data: nothing here ever runs it.</summary>
public sealed record CommandEvent : ScriptEvent
{
    /// <inheritdoc/>
    public override ScriptEventKind Kind => ScriptEventKind.Command;

    /// <summary>The command line, as it is written.</summary>
    public required string Command { get; init; }

    internal override void AppendTo(StringBuilder text) => text.Append('`').Append(Command).Append('`');
}
