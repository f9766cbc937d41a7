namespace TcpShell.Hunt.Invariants;

/// <summary>Something that must always be so is not.</summary>
/// <param name="invariant">Its name, by which failures are told apart.</param>
/// <param name="message">What is wrong, with its numbers.</param>
internal sealed class InvariantException(string invariant, string message) : Exception(message)
{
    public string Invariant { get; } = invariant;
}
