using System.Globalization;

namespace TcpShell.Pcap.Tables;

/// <summary>What many conversations have in common: how much, how well, and what went wrong.</summary>
public sealed record ConversationSummary
{
    /// <summary>What the conversations share: an address, a port, an hour (UTC), or several of these with commas between them; empty for all of them.</summary>
    public string Group { get; init; } = "";

    /// <summary>Conversations.</summary>
    public long Conversations { get; init; }

    /// <summary>Segments; of a talker, those that it sent.</summary>
    public long Packets { get; init; }

    /// <summary>Octets of data, repeated ones included; of a talker, those that it sent.</summary>
    public long Bytes { get; init; }

    /// <summary>When the first began.</summary>
    public Timestamp Start { get; init; }

    /// <summary>When the last segment was seen.</summary>
    public Timestamp End { get; init; }

    /// <summary>Retransmissions of all kinds as Wireshark counts them.</summary>
    public long Retransmissions { get; init; }

    /// <summary>Retransmissions as a part of all segments, 0 to 1.</summary>
    public double RetransmissionRate => Packets == 0 ? 0 : (double)Retransmissions / Packets;

    /// <summary>How many handshakes' round trips were seen.</summary>
    public long RttCount { get; init; }

    /// <summary>The handshakes' round trip below which half of them lie; null if none was seen.</summary>
    public TimeSpan? RttMedian { get; init; }

    /// <summary>The same for 90 of a hundred.</summary>
    public TimeSpan? Rtt90 { get; init; }

    /// <summary>The same for 95 of a hundred.</summary>
    public TimeSpan? Rtt95 { get; init; }

    /// <summary>The same for 99 of a hundred.</summary>
    public TimeSpan? Rtt99 { get; init; }

    /// <summary>Conversations that failed: <see cref="Failures"/> says how.</summary>
    public long Failed { get; init; }

    /// <summary>The causes of failures, the most frequent first.</summary>
    public IReadOnlyList<FailureCount> Failures { get; init; } = [];

    /// <summary>The addresses that sent most, the first first.</summary>
    public IReadOnlyList<ConversationTalker> TopTalkers { get; init; } = [];

    /// <summary><c>12 conversations, 3400 bytes, 1 failed</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Conversations} conversations, {Bytes} bytes, {Failed} failed");
}

/// <summary>How many conversations failed in one way.</summary>
/// <param name="Cause">How: Unanswered, Refused, ResetByClient, ResetByServer.</param>
/// <param name="Count">Conversations.</param>
public sealed record FailureCount(string Cause, long Count)
{
    /// <summary><c>Refused 3</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cause} {Count}");
}

/// <summary>What one address sent in all its conversations.</summary>
/// <param name="Address">The address.</param>
/// <param name="Conversations">Conversations of which it is an end.</param>
/// <param name="Packets">Segments that it sent.</param>
/// <param name="Bytes">Octets of data that it sent.</param>
public sealed record ConversationTalker(string Address, long Conversations, long Packets, long Bytes)
{
    /// <summary><c>10.0.0.1 3400 bytes</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address} {Bytes} bytes");
}
