namespace TcpShell.Scripting.Generation;

/// <summary>A script that was made of a connection.</summary>
public sealed record GeneratedScript
{
    /// <summary>Which end it puts under test.</summary>
    public required ScriptSide Side { get; init; }

    /// <summary>The script with its comments.</summary>
    public required string Text { get; init; }

    /// <summary>Whether it expects any packet of the end under test. A script that does not says nothing of a TCP.</summary>
    public bool ExpectsPackets { get; init; }

    /// <summary>What the end under test shows of its TCP: to run the script on a TCP like it.</summary>
    public required ScriptProfile Profile { get; init; }

    /// <summary>What the script does not say as the segments did, a sentence each; they stand in its head as comments too.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The script as objects.</summary>
    public TcpScript Script => TcpScript.Parse(Text);

    /// <summary>The script with its comments.</summary>
    public override string ToString() => Text;
}
