using TcpShell.Wire;

namespace TcpShell.Simulation.Impairments;

/// <summary>
/// Which packets an impairment is for: "the first SYN,ACK", "every third data segment", "from client", "one of a hundred".
/// What a packet is comes first; then the ones that fit are counted; then chance decides.
/// </summary>
public sealed record PacketSelector
{
    /// <summary>Only from this host (its name); null for all.</summary>
    public string? From { get; init; }

    /// <summary>Only to this host (its name); null for all.</summary>
    public string? To { get; init; }

    /// <summary>
    /// Only segments with exactly these control bits, PSH apart; null for all. FIN and RST alone also stand for FIN,ACK and RST,ACK,
    /// since a FIN without ACK is never seen; SYN alone is not SYN,ACK.
    /// </summary>
    public TcpFlags? Flags { get; init; }

    /// <summary>Only segments with data.</summary>
    public bool DataOnly { get; init; }

    /// <summary>The first so many that fit are spared.</summary>
    public int Skip { get; init; }

    /// <summary>Only every so-many-th that fits, counted after <see cref="Skip"/>; 1 for each.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Only so many times in all; null without end.</summary>
    public int? Count { get; init; }

    /// <summary>The probability that one is taken, 0 to 1.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Skip);
        ArgumentOutOfRangeException.ThrowIfLessThan(Every, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Count ?? 1, 1, nameof(Count));
        if (!(Probability >= 0 && Probability <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Probability), Probability, "A probability is 0 to 1.");
        }
    }

    /// <summary>Whether a packet fits by what it is.</summary>
    internal bool Fits(string from, string to, in DecodedPacket packet)
    {
        if ((From is not null && !From.Equals(from, StringComparison.OrdinalIgnoreCase))
            || (To is not null && !To.Equals(to, StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        if (Flags is null && !DataOnly)
        {
            return true;
        }

        return packet.Status == PacketStatus.Tcp
            && (Flags is not { } flags || packet.Segment.Flags.Fits(flags))
            && (!DataOnly || packet.Segment.Payload.Length > 0);
    }

    /// <summary>The rule in words: <c>SYN,ACK from server, first 1</c>.</summary>
    public override string ToString()
    {
        var what = new List<string>
        {
            Flags is { } flags ? flags.ToWireshark().Replace(" ", "", StringComparison.Ordinal) : DataOnly ? "data" : "packets",
        };
        if (From is not null)
        {
            what.Add($"from {From}");
        }

        if (To is not null)
        {
            what.Add($"to {To}");
        }

        var limits = new List<string> { string.Join(' ', what) };
        if (Skip > 0)
        {
            limits.Add($"after {Skip}");
        }

        if (Every > 1)
        {
            limits.Add($"every {Every}.");
        }

        if (Count is { } count)
        {
            limits.Add(count == 1 ? "once" : $"{count} times");
        }

        if (Probability < 1)
        {
            limits.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Probability * 100:0.###} %"));
        }

        return string.Join(", ", limits);
    }
}
