using System.Globalization;

namespace TcpShell.Scripting;

/// <summary>
/// Evaluates the code blocks of scripts: the small part of Python that they are written in. Statements are <c>assert EXPRESSION</c>, assignments and
/// <c>print</c>; expressions have numbers, names, comparisons (also chained), arithmetic, bits, <c>and</c>, <c>or</c>, <c>not</c>.
/// </summary>
/// <remarks>Nothing is looped and nothing is called, so that a block ends after as many steps as it has words.</remarks>
internal sealed class ScriptCode
{
    private const int DeepestNesting = 32;
    private const int LongestShown = 60;

    private readonly Dictionary<string, long> _variables = new(StringComparer.Ordinal);
    private Func<string, long?> _lookup = _ => null;
    private ScriptCodeReader _reader = new("");
    private string _statement = "";
    private bool _isCheck;
    private int _depth;

    /// <summary>Runs a block. Variables that it sets are there for the next one.</summary>
    /// <param name="code">The block's text.</param>
    /// <param name="lookup">The value of a name; null where it has none.</param>
    /// <exception cref="ScriptFailure">An assertion does not hold.</exception>
    /// <exception cref="ScriptUnsupported">The block uses what is not known here.</exception>
    public void Run(string code, Func<string, long?> lookup)
    {
        _lookup = lookup;
        foreach (string statement in ScriptCodeReader.Statements(code))
        {
            _statement = statement;
            _reader = new ScriptCodeReader(statement);
            _depth = 0;
            Execute(statement);
        }
    }

    /// <summary>Goes through a block without judging: what it finds is not known here, whatever the values will be.</summary>
    /// <param name="code">The block's text.</param>
    /// <param name="isKnown">Whether a name has a value when the block is run.</param>
    /// <exception cref="ScriptUnsupported">The block uses what is not known here.</exception>
    public void Check(string code, Func<string, bool> isKnown)
    {
        _isCheck = true;
        Run(code, name => isKnown(name) ? 1 : null);
        _isCheck = false;
    }

    private void Execute(string statement)
    {
        if (_reader.TryTakeName("assert"))
        {
            var seen = new SortedDictionary<string, long>(StringComparer.Ordinal);
            Func<string, long?> lookup = _lookup;
            _lookup = name =>
            {
                long? value = lookup(name);
                if (value is not null)
                {
                    seen[name] = value.Value;
                }

                return value;
            };
            long holds = Evaluate(0);
            _lookup = lookup;
            if (holds == 0 && !_isCheck)
            {
                string values = string.Join(", ", seen.Select(pair => $"{pair.Key} = {pair.Value}"));
                throw new ScriptFailure(statement["assert".Length..].Trim(), values, "The assertion does not hold.");
            }

            // Behind a comma stands what Python would print; values are told here in any case.
            if (!_reader.AtEnd && !_reader.TryTake(","))
            {
                throw Unknown();
            }

            return;
        }

        if (_reader.TryTakeName("print"))
        {
            return;
        }

        Assign();
    }

    private void Assign()
    {
        string name = _reader.TakeName() ?? throw Unknown();
        bool adds = _reader.TryTake("+=");
        if (!adds && !_reader.TryTake("="))
        {
            throw Unknown();
        }

        long value = Evaluate(0);
        if (!_reader.AtEnd)
        {
            throw Unknown();
        }

        _variables[name] = adds ? unchecked(ValueOf(name) + value) : value;
    }

    /// <summary>The levels of Python's precedence, the loosest first.</summary>
    private static readonly string[][] s_operators =
    [
        ["or"], ["and"], ["not"], ["==", "!=", "<=", ">=", "<", ">"], ["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "//", "%"],
    ];

    private long Evaluate(int level)
    {
        const int Not = 2;
        const int Comparison = 3;
        if (level == s_operators.Length)
        {
            return EvaluateUnary();
        }

        if (level == Not)
        {
            return _reader.TryTakeName("not") ? Nested(() => Evaluate(Not) == 0 ? 1 : 0) : Evaluate(Not + 1);
        }

        long left = Evaluate(level + 1);
        if (level == Comparison)
        {
            return EvaluateComparison(left);
        }

        while (_reader.TakeOperator(s_operators[level]) is { } symbol)
        {
            long right = Evaluate(level + 1);
            left = _isCheck ? 1 : Apply(symbol, left, right);
        }

        return left;
    }

    /// <summary>A chain such as <c>9 &lt;= x &lt;= 11</c> holds where each of its links does.</summary>
    private long EvaluateComparison(long left)
    {
        const int Comparison = 3;
        bool any = false;
        bool all = true;
        while (_reader.TakeOperator(s_operators[Comparison]) is { } symbol)
        {
            long right = Evaluate(Comparison + 1);
            all &= symbol switch
            {
                "==" => left == right,
                "!=" => left != right,
                "<=" => left <= right,
                ">=" => left >= right,
                "<" => left < right,
                _ => left > right,
            };
            any = true;
            left = right;
        }

        return any ? (all ? 1 : 0) : left;
    }

    private long EvaluateUnary()
    {
        if (_reader.TryTake("-"))
        {
            return Nested(() => unchecked(-EvaluateUnary()));
        }

        if (_reader.TryTake("~"))
        {
            return Nested(() => ~EvaluateUnary());
        }

        if (_reader.TryTake("("))
        {
            long inner = Nested(() => Evaluate(0));
            return _reader.TryTake(")") ? inner : throw Unknown();
        }

        if (_reader.TakeInteger() is { } number)
        {
            return number;
        }

        string name = _reader.TakeName() ?? throw Unknown();
        return _reader.TryTake("(") ? throw Unknown() : ValueOf(name);
    }

    private long Nested(Func<long> evaluate)
    {
        if (++_depth > DeepestNesting)
        {
            throw new ScriptUnsupported($"a code block that nests more than {DeepestNesting} deep");
        }

        long value = evaluate();
        _depth--;
        return value;
    }

    private long ValueOf(string name) =>
        _variables.TryGetValue(name, out long value) ? value
        : _lookup(name) ?? throw new ScriptUnsupported($"{name} in a code block");

    private static long Apply(string symbol, long left, long right) => symbol switch
    {
        "or" => left != 0 ? left : right,
        "and" => left != 0 ? right : left,
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "<<" => right is >= 0 and < 64 ? left << (int)right : 0,
        ">>" => left >> (int)Math.Clamp(right, 0, 63),
        "+" => unchecked(left + right),
        "-" => unchecked(left - right),
        "*" => unchecked(left * right),
        _ when right is 0 or -1 => throw new ScriptUnsupported("a division by 0 or -1 in a code block"),
        "//" => FloorDivide(left, right),
        _ => left - (FloorDivide(left, right) * right),
    };

    private static long FloorDivide(long left, long right)
    {
        (long quotient, long remainder) = Math.DivRem(left, right);
        return remainder != 0 && (remainder < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private ScriptUnsupported Unknown() =>
        new($"'{(_statement.Length <= LongestShown ? _statement : _statement[..LongestShown] + "...")}' in a code block");
}

/// <summary>The words of one statement of a code block.</summary>
internal sealed class ScriptCodeReader(string text)
{
    private int _position;

    /// <summary>Whether nothing is left.</summary>
    public bool AtEnd => Skip() == text.Length;

    /// <summary>The statements of a block: lines and semicolons end them, except in strings, in parentheses and behind a backslash.</summary>
    public static List<string> Statements(string code)
    {
        var statements = new List<string>();
        var current = new System.Text.StringBuilder();
        char quote = '\0';
        int depth = 0;
        for (int i = 0; i <= code.Length; i++)
        {
            char character = i < code.Length ? code[i] : '\n';
            if (quote != '\0')
            {
                quote = character == quote ? '\0' : quote;
                current.Append(character);
                continue;
            }

            switch (character)
            {
                case '#':
                    while (i + 1 < code.Length && code[i + 1] != '\n')
                    {
                        i++;
                    }

                    break;
                case '\\' when i + 1 >= code.Length || code[i + 1] is '\n' or '\r':
                    i++;
                    current.Append(' ');
                    break;
                case '\n' or ';' when depth <= 0:
                    if (!string.IsNullOrWhiteSpace(current.ToString()))
                    {
                        statements.Add(current.ToString().Trim());
                    }

                    current.Clear();
                    break;
                default:
                    quote = character is '\'' or '"' ? character : '\0';
                    depth += character is '(' ? 1 : character is ')' ? -1 : 0;
                    current.Append(character);
                    break;
            }
        }

        if (!string.IsNullOrWhiteSpace(current.ToString()))
        {
            statements.Add(current.ToString().Trim());
        }

        return statements;
    }

    /// <summary>Takes this symbol if it comes next.</summary>
    public bool TryTake(string symbol)
    {
        bool isThere = string.CompareOrdinal(text, Skip(), symbol, 0, symbol.Length) == 0;
        _position += isThere ? symbol.Length : 0;
        return isThere;
    }

    /// <summary>Takes this word if it comes next.</summary>
    public bool TryTakeName(string name)
    {
        int start = Skip();
        if (TakeName() == name)
        {
            return true;
        }

        _position = start;
        return false;
    }

    /// <summary>Takes a name; null if none comes next.</summary>
    public string? TakeName()
    {
        int start = Skip();
        if (start == text.Length || char.IsAsciiDigit(text[start]))
        {
            return null;
        }

        while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] == '_'))
        {
            _position++;
        }

        return _position > start ? text[start.._position] : null;
    }

    /// <summary>Takes a number; null if none comes next, or one of more than 64 bits.</summary>
    public long? TakeInteger()
    {
        int start = Skip();
        int end = start;
        bool isHex = string.CompareOrdinal(text, start, "0x", 0, 2) == 0;
        end += isHex ? 2 : 0;
        int digits = end;
        while (end < text.Length && (isHex ? char.IsAsciiHexDigit(text[end]) : char.IsAsciiDigit(text[end])))
        {
            end++;
        }

        NumberStyles style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (!long.TryParse(text.AsSpan(digits, end - digits), style, CultureInfo.InvariantCulture, out long value))
        {
            return null;
        }

        _position = end;
        return value;
    }

    /// <summary>Takes one of these operators if one comes next; the longer ones have to stand before the shorter ones.</summary>
    public string? TakeOperator(string[] operators)
    {
        foreach (string symbol in operators)
        {
            bool isLonger = symbol is "<" or ">" && Peek(1) == symbol[0];
            if (!isLonger && (char.IsAsciiLetter(symbol[0]) ? TryTakeName(symbol) : TryTake(symbol)))
            {
                return symbol;
            }
        }

        return null;
    }

    private char Peek(int offset)
    {
        int at = Skip() + offset;
        return at < text.Length ? text[at] : '\0';
    }

    private int Skip()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }

        return _position;
    }
}
