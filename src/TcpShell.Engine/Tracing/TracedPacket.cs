using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Tracing;

/// <summary>One packet as it was sent, what became of it and why it was sent: the raw material of segment lists, diagrams and captures.</summary>
public sealed class TracedPacket
{
    // One word each, so that whoever looks while packets arrive sees all of it or nothing.
    private long _arrived = long.MinValue;
    private object? _verdict;

    /// <summary>Its number in the trace, from 1, in the order of sending.</summary>
    public required int Number { get; init; }

    /// <summary>When it was sent.</summary>
    public required Timestamp Sent { get; init; }

    /// <summary>When it arrived; null if it did not (yet).</summary>
    public Timestamp? Arrived
    {
        get => _arrived == long.MinValue ? null : new Timestamp(_arrived);
        internal set => _arrived = value?.Nanoseconds ?? long.MinValue;
    }

    /// <summary>How long it waited between the interface that gave it and here; zero for a packet that came from no interface.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>The host that sent it; the address, where no host has it.</summary>
    public required string From { get; init; }

    /// <summary>The host that it was sent to; the address, where no host has it.</summary>
    public required string To { get; init; }

    /// <summary>The octets as sent, from the IP header on.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The octets as they arrived; the same as <see cref="Bytes"/> unless they were changed on the way.</summary>
    public ReadOnlyMemory<byte> ArrivedBytes { get; internal set; }

    /// <summary>The number of the packet that the network made this one a copy of; 0 if a host sent it.</summary>
    public int CopyOf { get; init; }

    /// <summary>What became of it.</summary>
    public PacketFate Fate { get; internal set; }

    /// <summary>What became of it, in words: <c>dropped by impairment 1 (drop SYN,ACK, first 1)</c>; empty for an uneventful way.</summary>
    public string FateText { get; internal set; } = "";

    /// <summary>Why it was sent; null where somebody sent it whose reasons are not known here.</summary>
    public required TransmitReason? Reason { get; init; }

    /// <summary>1 for the first transmission, 2 for the first retransmission, and so on.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>More on why it was sent; empty where the reason says it all.</summary>
    public string Note { get; init; } = "";

    /// <summary>The sender's connection; 0 for a packet that no connection sent.</summary>
    public int ConnectionId { get; init; }

    /// <summary>What the receiver did with it; null before it arrives.</summary>
    public SegmentVerdict? Verdict
    {
        get => (SegmentVerdict?)_verdict;
        internal set => _verdict = value;
    }

    /// <summary>The changes of state that its arrival caused.</summary>
    public IReadOnlyList<StateChange> StateChanges { get; internal set; } = [];

    /// <summary>The trace that it is in; null for none.</summary>
    internal PacketTrace? Trace { get; set; }

    /// <summary>Its place in the order of all that happened in its trace, when it was sent.</summary>
    internal long SentOrder { get; set; }

    /// <summary>The same when it arrived.</summary>
    internal long ArrivedOrder { get; set; }

    /// <summary>The packet as its headers say, as sent.</summary>
    public DecodedPacket Decode() => PacketDecoder.Decode(Bytes, LinkType.Raw);
}
