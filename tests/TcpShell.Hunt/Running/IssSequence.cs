using TcpShell.Wire;

namespace TcpShell.Hunt.Running;

/// <summary>
/// Chosen initial sequence numbers: the wanted one for the first connection between two end points, then ever larger ones, as it must be
/// for old duplicates to be told apart (RFC 9293 3.4.1).
/// </summary>
internal sealed class IssSequence(uint first)
{
    private const int Step = 1 << 24;

    private readonly Dictionary<(Endpoint Local, Endpoint Remote), SeqNumber> _last = [];

    public SeqNumber Next(Endpoint local, Endpoint remote)
    {
        SeqNumber next = _last.TryGetValue((local, remote), out SeqNumber last) ? last + Step : first;
        _last[(local, remote)] = next;
        return next;
    }
}
