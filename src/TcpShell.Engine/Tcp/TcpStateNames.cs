namespace TcpShell.Tcp;

/// <summary>The names of the states: the RFC's, netstat's, and what other tools call them.</summary>
public static class TcpStateNames
{
    private static readonly Dictionary<string, TcpState> s_names = MakeNames();

    /// <summary>The RFC's name: <c>SYN-SENT</c>, <c>FIN-WAIT-1</c>.</summary>
    /// <param name="state">The state.</param>
    public static string ToRfc(this TcpState state) => Spell(state, '-');

    /// <summary>netstat's name on Linux: <c>SYN_SENT</c>, <c>SYN_RECV</c>, <c>FIN_WAIT1</c>, <c>CLOSE</c>.</summary>
    /// <param name="state">The state.</param>
    public static string ToNetstat(this TcpState state) => state switch
    {
        TcpState.Closed => "CLOSE",
        TcpState.SynReceived => "SYN_RECV",
        TcpState.FinWait1 => "FIN_WAIT1",
        TcpState.FinWait2 => "FIN_WAIT2",
        _ => Spell(state, '_'),
    };

    /// <summary>
    /// Reads a state as any tool writes it: <c>SynSent</c>, <c>SYN-SENT</c>, <c>SYN_SEND</c> (Windows), <c>SYN_RECV</c> (Linux),
    /// <c>SYN_RCVD</c> (BSD), <c>FIN_WAIT_2</c>, <c>ESTAB</c> and <c>UNCONN</c> (ss), <c>LISTENING</c>.
    /// </summary>
    /// <param name="text">The name; case, hyphens, underscores and spaces do not matter.</param>
    /// <param name="state">What was read.</param>
    /// <returns>Whether the text named a state.</returns>
    public static bool TryParse(string? text, out TcpState state) => s_names.TryGetValue(Normalize(text ?? ""), out state);

    private static Dictionary<string, TcpState> MakeNames()
    {
        var names = new Dictionary<string, TcpState>(StringComparer.Ordinal)
        {
            ["CLOSE"] = TcpState.Closed,
            ["UNCONN"] = TcpState.Closed,
            ["LISTENING"] = TcpState.Listen,
            ["SYNSEND"] = TcpState.SynSent,
            ["SYNRECV"] = TcpState.SynReceived,
            ["SYNRCVD"] = TcpState.SynReceived,
            ["ESTAB"] = TcpState.Established,
        };
        foreach (TcpState state in Enum.GetValues<TcpState>())
        {
            names[Normalize(state.ToString())] = state;
        }

        return names;
    }

    private static string Normalize(string text) =>
        text.Replace("-", "").Replace("_", "").Replace(" ", "").ToUpperInvariant();

    /// <summary>Sets the mark before each capital and digit but the first: SynSent becomes SYN-SENT, FinWait1 FIN-WAIT-1.</summary>
    private static string Spell(TcpState state, char mark)
    {
        string name = state.ToString();
        IEnumerable<string> letters = name.Select((letter, i) => i > 0 && !char.IsAsciiLetterLower(letter) ? $"{mark}{letter}" : $"{letter}");
        return string.Concat(letters).ToUpperInvariant();
    }
}
