using TcpShell.Simulation.Impairments;
using TcpShell.Wire;

namespace TcpShell.Simulation;

/// <summary>What the impairments do to one packet, taken together.</summary>
internal struct PathEffects
{
    private string? _text;

    /// <summary>What loses it; null if nothing does.</summary>
    public Impairment? Loss { get; private set; }

    /// <summary>What changes its octets; null if nothing does.</summary>
    public Impairment? Corruption { get; private set; }

    /// <summary>The changed octets.</summary>
    public byte[]? CorruptedBytes { get; private set; }

    /// <summary>Whether it is marked as having met congestion.</summary>
    public bool IsMarked { get; private set; }

    /// <summary>What copies it; null if nothing does.</summary>
    public Impairment? Duplication { get; private set; }

    /// <summary>By how much it is late.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>All of it in words.</summary>
    public readonly string Text => _text ?? "";

    public void Apply(Impairment impairment, in DecodedPacket packet)
    {
        switch (impairment.Kind)
        {
            case ImpairmentKind.Drop or ImpairmentKind.Refuse:
                Loss = impairment;
                break;
            case ImpairmentKind.Corrupt:
                Corruption = impairment;
                CorruptedBytes = impairment.Corrupt(packet);
                Say($"corrupted by {impairment}");
                break;
            case ImpairmentKind.Duplicate:
                Duplication = impairment;
                Say($"duplicated by {impairment}");
                break;
            case ImpairmentKind.Delay:
                Delay += impairment.Delay;
                Say($"delayed by {impairment}");
                break;
            case ImpairmentKind.Reorder:
                Delay += impairment.Delay;
                Say($"held back by {impairment}");
                break;
            case ImpairmentKind.Mark:
                IsMarked = true;
                Say($"marked by {impairment}");
                break;
        }
    }

    /// <summary>The link is congested.</summary>
    /// <param name="threshold">How many packets wait at least when it marks.</param>
    public void MarkByLink(int threshold)
    {
        IsMarked = true;
        Say($"marked by the link ({threshold} packets or more wait)");
    }

    private void Say(string what) => _text = _text is null ? what : $"{_text}; {what}";
}
