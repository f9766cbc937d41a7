using System.Globalization;
using System.Text;

namespace TcpShell.Scripting;

/// <summary>An argument of a system call, or its result: data, not yet understood.</summary>
public abstract record ScriptValue
{
    /// <summary>As it is written in a script.</summary>
    public sealed override string ToString()
    {
        var text = new StringBuilder();
        AppendTo(text);
        return text.ToString();
    }

    internal abstract void AppendTo(StringBuilder text);
}

/// <summary>Three dots: not stated, or whatever the call needs there.</summary>
public sealed record UnstatedValue : ScriptValue
{
    internal override void AppendTo(StringBuilder text) => text.Append("...");
}

/// <summary>A number.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsHexadecimal">Whether it is written with 0x.</param>
public sealed record IntegerValue(long Value, bool IsHexadecimal = false) : ScriptValue
{
    internal override void AppendTo(StringBuilder text)
    {
        if (IsHexadecimal)
        {
            text.Append(CultureInfo.InvariantCulture, $"0x{Value:x}");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{Value}");
        }
    }
}

/// <summary>A name: a constant such as SOL_TCP.</summary>
/// <param name="Name">The name.</param>
public sealed record SymbolValue(string Name) : ScriptValue
{
    internal override void AppendTo(StringBuilder text) => text.Append(Name);
}

/// <summary>A string.</summary>
/// <param name="Text">What stands between the quotes, escapes as written.</param>
/// <param name="IsTruncated">Whether three dots follow it: more may come.</param>
public sealed record StringValue(string Text, bool IsTruncated = false) : ScriptValue
{
    /// <summary>The octets that the string stands for, with <c>\n \t \r \f \v \xHH</c> and escaped characters carried out; other characters as UTF-8.</summary>
    public byte[] ToBytes()
    {
        var octets = new List<byte>(Text.Length);
        for (int i = 0; i < Text.Length; i++)
        {
            bool isEscape = Text[i] == '\\' && i + 1 < Text.Length;
            if (isEscape
                && Text[i + 1] == 'x'
                && i + 3 < Text.Length
                && byte.TryParse(Text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet))
            {
                octets.Add(octet);
                i += 3;
            }
            else if (isEscape)
            {
                octets.AddRange(Encoding.UTF8.GetBytes([Unescaped(Text[++i])]));
            }
            else
            {
                octets.AddRange(Encoding.UTF8.GetBytes([Text[i]]));
            }
        }

        return [.. octets];
    }

    internal override void AppendTo(StringBuilder text) => text.Append('"').Append(Text).Append('"').Append(IsTruncated ? "..." : "");

    private static char Unescaped(char letter) => letter switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'f' => '\f',
        'v' => '\v',
        _ => letter,
    };
}

/// <summary>Flags together: <c>O_RDWR|O_NONBLOCK</c>.</summary>
/// <param name="Items">At least two.</param>
public sealed record FlagsValue(IReadOnlyList<ScriptValue> Items) : ScriptValue
{
    internal override void AppendTo(StringBuilder text) => text.AppendJoin('|', Items);
}

/// <summary>Values in brackets: a pointer to one, or an array.</summary>
/// <param name="Items">The values.</param>
public sealed record ListValue(IReadOnlyList<ScriptValue> Items) : ScriptValue
{
    internal override void AppendTo(StringBuilder text) => text.Append('[').AppendJoin(", ", Items).Append(']');
}

/// <summary>Something with arguments: <c>htons(80)</c>, <c>inet_addr("10.0.0.1")</c>, <c>msg_iov(1)</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record FunctionValue(string Name, IReadOnlyList<ScriptValue> Arguments) : ScriptValue
{
    internal override void AppendTo(StringBuilder text) => text.Append(Name).Append('(').AppendJoin(", ", Arguments).Append(')');
}

/// <summary>A name and what it is: <c>events=POLLIN</c>, a field of a structure or an element of a list.</summary>
/// <param name="Target">The name, perhaps with an argument: <c>msg_iov(1)</c>.</param>
/// <param name="Value">What it is.</param>
public sealed record FieldValue(ScriptValue Target, ScriptValue Value) : ScriptValue
{
    internal override void AppendTo(StringBuilder text)
    {
        Target.AppendTo(text);
        text.Append('=');
        Value.AppendTo(text);
    }
}

/// <summary>Values in braces: a structure with named fields (pollfd, linger, msghdr, sockaddr), or without (iovec).</summary>
/// <param name="Items">The values.</param>
public sealed record StructureValue(IReadOnlyList<ScriptValue> Items) : ScriptValue
{
    /// <summary>The value of a named field.</summary>
    /// <param name="name">The field's name.</param>
    /// <returns>Its value; null if there is no such field.</returns>
    public ScriptValue? Find(string name)
    {
        foreach (ScriptValue item in Items)
        {
            if (item is FieldValue field && (field.Target is SymbolValue symbol ? symbol.Name : (field.Target as FunctionValue)?.Name) == name)
            {
                return field.Value;
            }
        }

        return null;
    }

    internal override void AppendTo(StringBuilder text) => text.Append('{').AppendJoin(", ", Items).Append('}');
}
