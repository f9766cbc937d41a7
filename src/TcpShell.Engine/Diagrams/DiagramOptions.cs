namespace TcpShell.Diagrams;

/// <summary>How diagrams are drawn.</summary>
public sealed record DiagramOptions
{
    /// <summary>The least width that a text diagram can have, in columns.</summary>
    public const int MinimumWidth = 60;

    /// <summary>The defaults.</summary>
    public static DiagramOptions Default { get; } = new();

    /// <summary>Columns of a text diagram, at least <see cref="MinimumWidth"/>; more are taken only where many hosts need them.</summary>
    public int Width { get; init; } = 100;

    /// <summary>Whether text diagrams are drawn with ASCII characters alone, for terminals and files without box drawing.</summary>
    public bool Ascii { get; init; }

    /// <summary>Whether sequence numbers stand there as in the headers; else relative to the initial ones.</summary>
    public bool Absolute { get; init; }

    /// <summary>
    /// How many ordinary segments in a row (data and acknowledgments to which nothing happens) are drawn; of longer runs the first and the
    /// last ones stand for all. 0 draws every segment.
    /// </summary>
    public int FoldRunsOver { get; init; } = 20;

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, MinimumWidth);
        ArgumentOutOfRangeException.ThrowIfNegative(FoldRunsOver);
    }
}
