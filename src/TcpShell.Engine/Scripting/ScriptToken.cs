namespace TcpShell.Scripting;

/// <summary>Kinds of words that a script is made of.</summary>
internal enum ScriptTokenKind
{
    /// <summary>The end of the script.</summary>
    End,

    /// <summary>Letters, digits and underscores that are no number.</summary>
    Word,

    /// <summary>A decimal number without a point, perhaps negative.</summary>
    Integer,

    /// <summary>A number that starts with 0x.</summary>
    HexInteger,

    /// <summary>A decimal number with a point.</summary>
    Decimal,

    /// <summary>What stands between double quotes, escapes as written.</summary>
    String,

    /// <summary>What stands between back quotes: a command line.</summary>
    Command,

    /// <summary>What stands between %{ and }%.</summary>
    Code,

    /// <summary>The name behind two dashes.</summary>
    Option,

    /// <summary>An IPv4 or IPv6 address.</summary>
    Address,

    /// <summary>Three dots.</summary>
    Ellipsis,

    /// <summary>Any other character.</summary>
    Symbol,
}

/// <summary>One word of a script.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text without delimiters.</param>
/// <param name="Line">The line that it starts in, from 1.</param>
/// <param name="Column">The column that it starts in, from 1.</param>
internal readonly record struct ScriptToken(ScriptTokenKind Kind, string Text, int Line, int Column)
{
    private const int LongestShown = 40;

    /// <summary>Whether it is this symbol.</summary>
    public bool IsSymbol(char symbol) => Kind == ScriptTokenKind.Symbol && Text[0] == symbol;

    /// <summary>Whether it is this word.</summary>
    public bool IsWord(string word) => Kind == ScriptTokenKind.Word && Text == word;

    /// <summary>How an error names it.</summary>
    public override string ToString() => Kind switch
    {
        ScriptTokenKind.End => "the end of the script",
        ScriptTokenKind.String => $"the string \"{Shown}\"",
        ScriptTokenKind.Command => $"the command `{Shown}`",
        ScriptTokenKind.Code => "a code block",
        ScriptTokenKind.Option => $"--{Shown}",
        ScriptTokenKind.Ellipsis => "'...'",
        _ => $"'{Shown}'",
    };

    private string Shown => Text.Length <= LongestShown ? Text : Text[..LongestShown] + "...";
}
