using TcpShell.Tcp;

namespace TcpShell.Transformation;

/// <summary>Makes a <see cref="TcpState"/> of its name in any spelling: <c>SynSent</c>, <c>SYN-SENT</c>, <c>SYN_SEND</c>, <c>SYN_RECV</c>.</summary>
public sealed class TcpStateAttribute : TextTransformationAttribute<TcpState>
{
    /// <inheritdoc/>
    public override string Accepted => $"a state of a connection; the states are {string.Join(", ", Enum.GetNames<TcpState>())}";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out TcpState result) => TcpStateNames.TryParse(text, out result);
}
