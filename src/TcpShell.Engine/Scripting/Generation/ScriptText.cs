using System.Text;

namespace TcpShell.Scripting.Generation;

/// <summary>A script in the making, with comments: its head, and what happens line by line.</summary>
internal sealed class ScriptText(bool absoluteTimes)
{
    private const int TimeWidth = 9;
    private const long LongestWait = 1_000_000_000L * 1_000_000;

    // Room is left for the head.
    private const int LongestText = TcpScript.MaximumLength - 10_000;

    private readonly List<string> _lines = [];
    private long _latest;
    private int _length;
    private bool _isFull;

    /// <summary>Whether there was more than a script can hold; what it has is the beginning.</summary>
    public bool IsFull => _isFull;

    /// <summary>Whether it expects a packet of the end under test.</summary>
    public bool ExpectsPackets { get; private set; }

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

    public void Add(long time, ScriptEvent scriptEvent, string comment, long slack = 0)
    {
        if (_isFull)
        {
            return;
        }

        if (time - _latest > LongestWait)
        {
            throw new ScriptGenerationException("Its times jump by more than a script can wait.");
        }

        // The first event has to be at 0.
        bool isAbsolute = absoluteTimes || _lines.Count == 0;
        TimeSpan end = TimeSpan.FromMicroseconds(isAbsolute ? time : time - _latest);
        TimeSpan start = end - TimeSpan.FromMicroseconds(slack);
        _latest = time;
        ScriptTimeKind kind = (isAbsolute, slack > 0) switch
        {
            (true, true) => ScriptTimeKind.AbsoluteRange,
            (true, false) => ScriptTimeKind.Absolute,
            (false, true) => ScriptTimeKind.RelativeRange,
            _ => ScriptTimeKind.Relative,
        };
        string when = new ScriptTime(kind, start, end).ToString();
        string line = $"{when.PadLeft(TimeWidth)} {scriptEvent.Text}{(comment == "" ? "" : $"  // {comment}")}";
        _length += line.Length + 1;
        _isFull = _length > LongestText;
        if (!_isFull)
        {
            _lines.Add(line);
            ExpectsPackets |= scriptEvent.Kind == ScriptEventKind.OutboundPacket;
        }
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
