namespace TcpShell.Exploration;

/// <summary>What an exploration chooses between.</summary>
public enum ExplorationStepKind
{
    /// <summary>A user does something.</summary>
    Call,

    /// <summary>A packet arrives.</summary>
    Deliver,

    /// <summary>A timer fires.</summary>
    Timer,

    /// <summary>A packet is lost: a fault.</summary>
    Lose,

    /// <summary>A packet is doubled; the copy comes after what is on its way already: a fault.</summary>
    Duplicate,

    /// <summary>A packet is held back, and arrives whenever it likes: a fault.</summary>
    Delay,
}

/// <summary>One step on the way to a counterexample.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Time">The virtual time after it.</param>
/// <param name="Kind">What happens.</param>
/// <param name="IsFault">Whether the network, or a user's patience, does something bad here.</param>
/// <param name="Text">What happens, in words: <c>deliver packet 2 (SYN,ACK, server -> client)</c>.</param>
public sealed record ExplorationStep(int Number, Timestamp Time, ExplorationStepKind Kind, bool IsFault, string Text)
{
    /// <summary><c>3 lose packet 2 (SYN,ACK, server -> client)</c>.</summary>
    public override string ToString() => $"{Number} {Text}";
}
