using System.Text;

namespace TcpShell.Scripting.Generation;

/// <summary>A script in the making, with comments: its head, and what happens line by line.</summary>
internal sealed class ScriptText(bool absoluteTimes)
{
    private const int TimeWidth = 9;

    private readonly List<string> _lines = [];
    private long _latest;

    /// <summary>Sentences for its first lines.</summary>
    public List<string> Head { get; } = [];

    public List<string> Options { get; } = [];

    /// <summary>The command before the first event.</summary>
    public string? Command { get; set; }

    public void Add(long time, IEnumerable<ScriptEvent> events)
    {
        foreach (ScriptEvent scriptEvent in events)
        {
            Add(time, scriptEvent, "");
        }
    }

    public void Add(long time, ScriptEvent scriptEvent, string comment)
    {
        // The first event has to be at 0.
        bool isAbsolute = absoluteTimes || _lines.Count == 0;
        TimeSpan at = TimeSpan.FromMicroseconds(isAbsolute ? time : time - _latest);
        _latest = time;
        string when = new ScriptTime(isAbsolute ? ScriptTimeKind.Absolute : ScriptTimeKind.Relative, at, at).ToString();
        _lines.Add($"{when.PadLeft(TimeWidth)} {scriptEvent.Text}{(comment == "" ? "" : $"  // {comment}")}");
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (string sentence in Head)
        {
            text.Append("// ").Append(sentence.ReplaceLineEndings(" ")).Append('\n');
        }

        text.Append('\n');
        foreach (string option in Options)
        {
            text.Append(option).Append('\n');
        }

        if (Command is not null)
        {
            text.Append('`').Append(Command).Append("`\n");
        }

        foreach (string line in _lines)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}
