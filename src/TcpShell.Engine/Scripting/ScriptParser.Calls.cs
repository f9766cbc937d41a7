using System.Globalization;
using System.Text;

namespace TcpShell.Scripting;

// System calls and their arguments.
internal sealed partial class ScriptParser
{
    // Real scripts nest five deep: a control message in a list in a msghdr.
    private const int DeepestNesting = 32;

    private int _depth;

    private SystemCallEvent ParseSystemCall()
    {
        TimeSpan? end = TryTake(ScriptTokenKind.Ellipsis, out _) ? TakeSeconds() : null;
        ScriptToken name = TakeKind(ScriptTokenKind.Word, "the name of a system call");
        Take('(');
        List<ScriptValue> arguments = ParseValues(')');
        Take('=');
        ScriptValue result = ParseValue();
        string? errno = TryTake(ScriptTokenKind.Word, out ScriptToken error) ? error.Text : null;
        if (errno is not null && !_current.IsSymbol('('))
        {
            throw Expected($"what {errno} means, in parentheses");
        }

        return new SystemCallEvent
        {
            Time = default,
            End = end,
            Name = name.Text,
            Arguments = arguments,
            Result = result,
            Errno = errno,
            Note = ParseNote(),
        };
    }

    /// <summary>Words in parentheses behind a result; what they say does not matter.</summary>
    private string? ParseNote()
    {
        if (!TryTake('('))
        {
            return null;
        }

        var words = new List<string>();
        while (!_current.IsSymbol(')'))
        {
            if (_current.Kind is not (ScriptTokenKind.Word or ScriptTokenKind.Integer))
            {
                throw Expected("a word, or ')' at the end of the note");
            }

            words.Add(_current.Text);
            Advance();
        }

        Advance();
        return string.Join(' ', words);
    }

    /// <summary>Values with commas between them, up to and with the closing symbol.</summary>
    private List<ScriptValue> ParseValues(char close)
    {
        var values = new List<ScriptValue>();
        if (TryTake(close))
        {
            return values;
        }

        do
        {
            values.Add(ParseValue());
        }
        while (TryTake(','));
        if (!TryTake(close))
        {
            throw Expected($"',' or '{close}'");
        }

        return values;
    }

    private ScriptValue ParseValue()
    {
        if (++_depth > DeepestNesting)
        {
            throw Wrong(_current, $"values nest more than {DeepestNesting} deep here.");
        }

        ScriptValue value = ParseSingle();
        if (value is SymbolValue or FunctionValue && TryTake('='))
        {
            value = new FieldValue(value, ParseValue());
        }
        else if (_current.IsSymbol('|'))
        {
            var items = new List<ScriptValue> { value };
            while (TryTake('|'))
            {
                items.Add(ParseSingle());
            }

            value = new FlagsValue(items);
        }

        _depth--;
        return value;
    }

    private ScriptValue ParseSingle()
    {
        ScriptToken first = _current;
        Advance();
        switch (first.Kind)
        {
            case ScriptTokenKind.Ellipsis:
                return new UnstatedValue();
            case ScriptTokenKind.Integer:
                return new IntegerValue(ParseInteger(first, NumberStyles.AllowLeadingSign, first.Text));
            case ScriptTokenKind.HexInteger:
                return new IntegerValue(ParseInteger(first, NumberStyles.AllowHexSpecifier, first.Text.AsSpan(2)), IsHexadecimal: true);
            case ScriptTokenKind.Word:
                return TryTake('(') ? new FunctionValue(first.Text, ParseValues(')')) : new SymbolValue(first.Text);
            case ScriptTokenKind.String:
                return ParseString(first.Text);
            case ScriptTokenKind.Symbol when first.Text == "[":
                return new ListValue(ParseValues(']'));
            case ScriptTokenKind.Symbol when first.Text == "{":
                return new StructureValue(ParseValues('}'));
            default:
                throw Wrong(first, $"expected a value (number, name, string, ..., [list] or {{structure}}), but found {first}.");
        }
    }

    private StringValue ParseString(string first)
    {
        // Strings side by side are one.
        var text = new StringBuilder(first);
        while (TryTake(ScriptTokenKind.String, out ScriptToken more))
        {
            text.Append(more.Text);
        }

        return new StringValue(text.ToString(), TryTake(ScriptTokenKind.Ellipsis, out _));
    }

    private long ParseInteger(ScriptToken token, NumberStyles style, ReadOnlySpan<char> digits) =>
        long.TryParse(digits, style, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Wrong(token, $"expected a number of 64 bits, but found {token}.");
}
