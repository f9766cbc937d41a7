namespace TcpShell.Tcp;

/// <summary>What became of a segment that arrived.</summary>
public enum SegmentFate
{
    /// <summary>Processed to its end.</summary>
    Accepted,

    /// <summary>Dropped without an answer.</summary>
    Dropped,

    /// <summary>Dropped, and answered with an ACK.</summary>
    Acknowledged,

    /// <summary>Dropped, and answered with a challenge ACK (RFC 5961).</summary>
    Challenged,

    /// <summary>Dropped, and answered with a RST.</summary>
    Reset,
}

/// <summary>What became of a segment that arrived, and by which rule.</summary>
/// <param name="Fate">What became of it.</param>
/// <param name="Rfc">The rule: RFC and section; empty for an accepted segment.</param>
/// <param name="Text">Why, in one short sentence; empty for an accepted segment.</param>
public readonly record struct SegmentVerdict(SegmentFate Fate, string Rfc, string Text)
{
    /// <summary>The segment was processed to its end.</summary>
    public static SegmentVerdict Accepted { get; } = new(SegmentFate.Accepted, "", "");

    /// <summary><c>Challenged: A RST inside of the window ... (RFC 5961 4)</c>.</summary>
    public override string ToString() => Text.Length == 0 ? Fate.ToString() : $"{Fate}: {Text} (RFC {Rfc})";

    internal static SegmentVerdict Drop(string rfc, string text) => new(SegmentFate.Dropped, rfc, text);
}
