using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>Cuts a script into words. It reads on demand, because an option at the top of a script may define words that come later.</summary>
internal sealed class ScriptLexer
{
    private readonly string _text;
    private readonly string? _path;
    private readonly IReadOnlyDictionary<string, string> _definitions;
    private int _position;
    private int _line = 1;
    private int _lineStart;

    /// <summary>Makes a lexer that stands at the start of a script.</summary>
    public ScriptLexer(string text, string? path, IReadOnlyDictionary<string, string> definitions)
    {
        _text = text;
        _path = path;
        _definitions = definitions;
    }

    /// <summary>Whether defined words are replaced by what they stand for.</summary>
    public bool Substitutes { get; set; } = true;

    private char Current => Peek(0);

    private int Column => _position - _lineStart + 1;

    /// <summary>Whether a text is one word, and neither a number nor several words.</summary>
    public static bool IsWord(string text) =>
        text.All(IsWordCharacter) && new ScriptLexer(text, null, new Dictionary<string, string>()).Next().Kind == ScriptTokenKind.Word;

    /// <summary>Takes the next word; the end of the script again and again.</summary>
    /// <exception cref="TcpScriptException">A comment, string, command or code block has no end.</exception>
    public ScriptToken Next()
    {
        SkipSpaceAndComments();
        int line = _line;
        int column = Column;
        (ScriptTokenKind kind, string text) = Scan();
        return new(kind, text, line, column);
    }

    private (ScriptTokenKind Kind, string Text) Scan()
    {
        if (_position == _text.Length)
        {
            return (ScriptTokenKind.End, "");
        }

        switch (Current)
        {
            case '"':
                return (ScriptTokenKind.String, Quoted('"', "string"));
            case '`':
                return (ScriptTokenKind.Command, Quoted('`', "command"));
            case '%' when Peek(1) == '{':
                return (ScriptTokenKind.Code, Between("%{", "}%", "code block").Trim(' ', '\t'));
            case '.' when Peek(1) == '.' && Peek(2) == '.':
                return (ScriptTokenKind.Ellipsis, Take(3));
            case '-' when Peek(1) == '-' && IsWordCharacter(Peek(2)):
                _position += 2;
                return (ScriptTokenKind.Option, TakeWhile(IsWordCharacter));
        }

        if (TryTakeAddress(out string address))
        {
            return (ScriptTokenKind.Address, address);
        }

        if (TryTakeNumber(out ScriptTokenKind numberKind, out string number))
        {
            return (numberKind, number);
        }

        return IsWordCharacter(Current) ? Substituted(TakeWhile(IsWordCharacter)) : (ScriptTokenKind.Symbol, Take(1));
    }

    private void SkipSpaceAndComments()
    {
        while (_position < _text.Length)
        {
            if (char.IsWhiteSpace(Current))
            {
                Advance(1);
            }
            else if (Current == '/' && Peek(1) == '/')
            {
                int end = _text.IndexOf('\n', _position);
                _position = end < 0 ? _text.Length : end;
            }
            else if (Current == '/' && Peek(1) == '*')
            {
                Between("/*", "*/", "comment");
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>
    /// A dotted quad, or groups of hexadecimal digits with <c>::</c> or seven colons among them. One colon alone is a range of sequence numbers.
    /// </summary>
    private bool TryTakeAddress(out string address)
    {
        address = "";
        if (!char.IsAsciiHexDigit(Current) && !(Current == ':' && Peek(1) == ':'))
        {
            return false;
        }

        const int LongestAddress = 45; // eight groups of four digits, the last two as a dotted quad
        int length = 0;
        while (length <= LongestAddress && (char.IsAsciiHexDigit(Peek(length)) || Peek(length) is ':' or '.'))
        {
            length++;
        }

        ReadOnlySpan<char> run = _text.AsSpan(_position, length);
        bool looksLikeAddress = run.Count(':') == 7 || run.Contains("::", StringComparison.Ordinal) || (run.Count('.') == 3 && !run.TrimEnd(':').Contains(':'));
        if (!looksLikeAddress || IsWordCharacter(Peek(length)))
        {
            return false;
        }

        // In "ipv6 a > b::1:" the last colon is not part of the address.
        for (int end = length; end > 1; end--)
        {
            if (IpAddress.TryParse(run[..end].ToString(), out _))
            {
                address = Take(end);
                return true;
            }
        }

        return false;
    }

    private bool TryTakeNumber(out ScriptTokenKind kind, out string number)
    {
        kind = default;
        number = "";
        int start = Current == '-' ? 1 : 0;
        int digits = Count(start, char.IsAsciiDigit);
        int fraction = Peek(start + digits) == '.' ? Count(start + digits + 1, char.IsAsciiDigit) : 0;
        if (fraction > 0)
        {
            kind = ScriptTokenKind.Decimal;
            number = Take(start + digits + 1 + fraction);
            return true;
        }

        if (start == 0 && Current == '0' && Peek(1) == 'x' && Count(2, char.IsAsciiHexDigit) is > 0 and int hex && !IsWordCharacter(Peek(2 + hex)))
        {
            kind = ScriptTokenKind.HexInteger;
            number = Take(2 + hex);
            return true;
        }

        // Digits that letters follow are a word: the cookie of a Fast Open option is written so.
        if (digits == 0 || (start == 0 && IsWordCharacter(Peek(digits))))
        {
            return false;
        }

        kind = ScriptTokenKind.Integer;
        number = Take(start + digits);
        return true;
    }

    private (ScriptTokenKind Kind, string Text) Substituted(string word)
    {
        if (!Substitutes || ScriptWords.IsReserved(word) || !_definitions.TryGetValue(word, out string? value))
        {
            return (ScriptTokenKind.Word, word);
        }

        if (value.Length >= 2 && value[0] is '"' or '`' && value[^1] == value[0])
        {
            return (value[0] == '"' ? ScriptTokenKind.String : ScriptTokenKind.Command, value[1..^1]);
        }

        if (value.StartsWith("0x", StringComparison.Ordinal)
            && long.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _))
        {
            return (ScriptTokenKind.HexInteger, value);
        }

        bool isNumber = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        return (isNumber ? ScriptTokenKind.Integer : ScriptTokenKind.Word, value);
    }

    private string Quoted(char quote, string what)
    {
        int end = _position + 1;
        while (end < _text.Length && _text[end] != quote)
        {
            end += _text[end] == '\\' ? 2 : 1;
        }

        if (end >= _text.Length)
        {
            throw Unfinished(what, quote.ToString());
        }

        string inside = _text[(_position + 1)..end];
        Advance(end + 1 - _position);
        return inside;
    }

    private string Between(string open, string close, string what)
    {
        int start = _position + open.Length;
        int end = _text.IndexOf(close, start, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Unfinished(what, close);
        }

        string inside = _text[start..end];
        Advance(end + close.Length - _position);
        return inside;
    }

    private TcpScriptException Unfinished(string what, string close) =>
        new(_path, _line, Column, $"this {what} has no end: {close} is missing.");

    private char Peek(int offset) => _position + offset < _text.Length ? _text[_position + offset] : '\0';

    private int Count(int offset, Func<char, bool> wanted)
    {
        int count = 0;
        while (wanted(Peek(offset + count)))
        {
            count++;
        }

        return count;
    }

    private string TakeWhile(Func<char, bool> wanted) => Take(Count(0, wanted));

    private string Take(int length)
    {
        string taken = _text.Substring(_position, length);
        Advance(length);
        return taken;
    }

    private void Advance(int length)
    {
        for (int end = _position + length; _position < end; _position++)
        {
            if (_text[_position] == '\n')
            {
                _line++;
                _lineStart = _position + 1;
            }
        }
    }

    private static bool IsWordCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';
}
