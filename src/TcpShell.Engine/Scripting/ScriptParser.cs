using System.Globalization;
using System.Text;

namespace TcpShell.Scripting;

// A recursive descent over the words of a script: one word of look-ahead is enough for the whole language. This part has the shape of the
// script and the times of its events; the others have packets, TCP options, and system calls.
internal sealed partial class ScriptParser
{
    private readonly Dictionary<string, string> _definitions;
    private readonly IReadOnlyDictionary<string, string> _given;
    private readonly ScriptLexer _lexer;
    private readonly string? _path;
    private ScriptToken _current;

    public ScriptParser(string text, string? path, IReadOnlyDictionary<string, string>? definitions)
    {
        _path = path;
        _given = definitions ?? new Dictionary<string, string>();
        _definitions = new Dictionary<string, string>(_given, StringComparer.Ordinal);
        _lexer = new ScriptLexer(text, path, _definitions);
        if (text.Length > TcpScript.MaximumLength)
        {
            throw new TcpScriptException(path, 1, 1, $"a script has at most {TcpScript.MaximumLength} characters, and this one has more.");
        }

        _current = _lexer.Next();
    }

    public TcpScript ParseScript()
    {
        List<ScriptOption> options = ParseOptions();
        string? initialCommand = TryTake(ScriptTokenKind.Command, out ScriptToken initial) ? initial.Text : null;
        List<ScriptEvent> events = ParseEvents();
        string? finalCommand = TryTake(ScriptTokenKind.Command, out ScriptToken final) ? final.Text : null;
        if (_current.Kind != ScriptTokenKind.End)
        {
            throw Expected("the time of an event (0.1, +0.1, 1~2, *) or the end of the script");
        }

        return new TcpScript
        {
            Path = _path,
            Options = options,
            InitialCommand = initialCommand,
            Events = events,
            FinalCommand = finalCommand,
        };
    }

    private List<ScriptOption> ParseOptions()
    {
        var options = new List<ScriptOption>();
        while (_current.Kind == ScriptTokenKind.Option)
        {
            ScriptToken name = _current;
            if (!ScriptWords.TryGetOption(name.Text, out bool hasValue))
            {
                throw Wrong(name, $"there is no option --{name.Text}.");
            }

            string? value = null;
            Advance();
            if (hasValue)
            {
                // A word that is defined twice must not be replaced in its second definition.
                _lexer.Substitutes = name.Text != "define";
                Take('=');
                value = ParseOptionValue();
                _lexer.Substitutes = true;
            }

            options.Add(new ScriptOption(name.Text, value));
            if (name.Text == "define")
            {
                Define(name, value!);
            }
        }

        return options;
    }

    private string ParseOptionValue()
    {
        ScriptToken value = _current;
        switch (value.Kind)
        {
            case ScriptTokenKind.Integer or ScriptTokenKind.Decimal or ScriptTokenKind.HexInteger or ScriptTokenKind.Address:
                Advance();
                return value.Text;
            case ScriptTokenKind.String:
                Advance();
                return $"\"{value.Text}\"";
            case ScriptTokenKind.Word:
                Advance();
                return ParseWordValue(value.Text);
            default:
                throw Expected("the value of the option");
        }
    }

    /// <summary>A word, perhaps with others behind dashes or commas (<c>ipv4-mapped-ipv6</c>), or a definition (<c>CC="reno"</c>).</summary>
    private string ParseWordValue(string first)
    {
        var value = new StringBuilder(first);
        while (_current.IsSymbol('-') || _current.IsSymbol(','))
        {
            value.Append(_current.Text);
            Advance();
            value.Append(TakeKind(ScriptTokenKind.Word, "a word").Text);
        }

        if (!_current.IsSymbol('='))
        {
            return value.ToString();
        }

        Advance();
        ScriptToken meaning = _current;
        string quote = meaning.Kind switch
        {
            ScriptTokenKind.Word or ScriptTokenKind.Integer or ScriptTokenKind.HexInteger or ScriptTokenKind.Address => "",
            ScriptTokenKind.String => "\"",
            ScriptTokenKind.Command => "`",
            _ => throw Expected("what the word shall stand for"),
        };
        Advance();
        return $"{value}={quote}{meaning.Text}{quote}";
    }

    private void Define(ScriptToken option, string value)
    {
        int equals = value.IndexOf('=');
        if (equals <= 0)
        {
            throw Wrong(option, $"expected --define=WORD=VALUE, but found --define={value}.");
        }

        string word = value[..equals];
        if (!_given.ContainsKey(word))
        {
            _definitions[word] = value[(equals + 1)..];
        }
    }

    private List<ScriptEvent> ParseEvents()
    {
        var events = new List<ScriptEvent>();
        while (_current.Kind is ScriptTokenKind.Integer or ScriptTokenKind.Decimal || _current.IsSymbol('+') || _current.IsSymbol('*'))
        {
            ScriptToken start = _current;
            ScriptTime time = ParseTime();
            CheckOrder(start, time, events);
            ScriptEvent next = ParseAction() with { Time = time, Line = start.Line };
            if (!time.IsExact && next.Kind != ScriptEventKind.OutboundPacket)
            {
                throw Wrong(start, $"the time {time} is only for outbound packets; anything else happens at one time.");
            }

            events.Add(next);
        }

        return events.Count > 0 ? events : throw Expected("the time of the first event, which is 0");
    }

    private void CheckOrder(ScriptToken start, ScriptTime time, List<ScriptEvent> before)
    {
        if (time.End < time.Start)
        {
            throw Wrong(start, $"the time range {time} ends before it starts.");
        }

        if (before.Count == 0 && (time.Start != TimeSpan.Zero || time.Kind == ScriptTimeKind.Any))
        {
            throw Wrong(start, $"the first event is at time 0, not {time}.");
        }

        if (before.Count > 0 && time.Kind == ScriptTimeKind.Absolute && before[^1].Time is { Kind: ScriptTimeKind.Absolute } last && time.Start < last.Start)
        {
            throw Wrong(start, $"the time {time} is before that of the event before, {last}.");
        }
    }

    private ScriptTime ParseTime()
    {
        if (_current.IsSymbol('*'))
        {
            Advance();
            return new ScriptTime(ScriptTimeKind.Any, TimeSpan.Zero, TimeSpan.Zero);
        }

        bool isRelative = TryTake('+');
        TimeSpan start = TakeSeconds();
        if (!TryTake('~'))
        {
            return new ScriptTime(isRelative ? ScriptTimeKind.Relative : ScriptTimeKind.Absolute, start, start);
        }

        if (isRelative)
        {
            Take('+');
        }

        return new ScriptTime(isRelative ? ScriptTimeKind.RelativeRange : ScriptTimeKind.AbsoluteRange, start, TakeSeconds());
    }

    private ScriptEvent ParseAction()
    {
        ScriptToken first = _current;
        switch (first.Kind)
        {
            case ScriptTokenKind.Symbol when first.Text is "<" or ">":
                return ParsePacket();
            case ScriptTokenKind.Word or ScriptTokenKind.Ellipsis:
                return ParseSystemCall();
            case ScriptTokenKind.Code:
                Advance();
                return new CodeEvent { Time = default, Code = first.Text };
            case ScriptTokenKind.Command:
                Advance();
                return new CommandEvent { Time = default, Command = first.Text };
            default:
                throw Expected("a packet (< or >), a system call, %{ code }% or a `command`");
        }
    }

    private TimeSpan TakeSeconds()
    {
        const decimal LongestSeconds = 1_000_000_000;
        ScriptToken number = _current;
        if (number.Kind is not (ScriptTokenKind.Integer or ScriptTokenKind.Decimal))
        {
            throw Expected("a time in seconds");
        }

        if (!decimal.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal seconds) || seconds is < 0 or > LongestSeconds)
        {
            throw Wrong(number, $"expected a time from 0 to {LongestSeconds} seconds, but found {number}.");
        }

        Advance();
        return TimeSpan.FromMicroseconds((long)(seconds * 1_000_000));
    }

    /// <summary>Takes a decimal number.</summary>
    /// <param name="what">What it is, for errors.</param>
    /// <param name="maximum">The largest that it may be; the smallest is 0.</param>
    private uint TakeNumber(string what, uint maximum = uint.MaxValue)
    {
        if (_current.Kind != ScriptTokenKind.Integer)
        {
            throw Expected(what);
        }

        return TakeBounded(what, NumberStyles.AllowLeadingSign, _current.Text, maximum);
    }

    /// <summary>Takes a number that is written with 0x.</summary>
    private uint TakeHexNumber(string what, uint maximum)
    {
        if (_current.Kind != ScriptTokenKind.HexInteger)
        {
            throw Expected($"{what}, written with 0x");
        }

        return TakeBounded(what, NumberStyles.AllowHexSpecifier, _current.Text.AsSpan(2), maximum);
    }

    private uint TakeBounded(string what, NumberStyles style, ReadOnlySpan<char> digits, uint maximum)
    {
        if (!long.TryParse(digits, style, CultureInfo.InvariantCulture, out long value) || value < 0 || value > maximum)
        {
            throw Wrong(_current, $"expected {what} from 0 to {maximum}, but found {_current}.");
        }

        Advance();
        return (uint)value;
    }

    private ScriptToken TakeKind(ScriptTokenKind kind, string what) => TryTake(kind, out ScriptToken token) ? token : throw Expected(what);

    private void Take(char symbol)
    {
        if (!TryTake(symbol))
        {
            throw Expected($"'{symbol}'");
        }
    }

    private void TakeWord(string word)
    {
        if (!TryTakeWord(word))
        {
            throw Expected($"'{word}'");
        }
    }

    private bool TryTake(char symbol)
    {
        bool isThere = _current.IsSymbol(symbol);
        if (isThere)
        {
            Advance();
        }

        return isThere;
    }

    private bool TryTakeWord(string word)
    {
        bool isThere = _current.IsWord(word);
        if (isThere)
        {
            Advance();
        }

        return isThere;
    }

    private bool TryTake(ScriptTokenKind kind, out ScriptToken token)
    {
        token = _current;
        if (token.Kind != kind)
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Advance() => _current = _lexer.Next();

    private TcpScriptException Expected(string what) => Wrong(_current, $"expected {what}, but found {_current}.");

    private TcpScriptException Wrong(ScriptToken token, string problem) => new(_path, token.Line, token.Column, problem)
    {
        Word = token.Kind == ScriptTokenKind.Word && !ScriptWords.IsReserved(token.Text) ? token.Text : null,
    };
}
