using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Tracing;

/// <summary>
/// One TCP segment that somebody saw: in the trace of a simulated network, on an interface, in a capture file. It is the same type for
/// all of them; what a source cannot know is null or empty. Made by <see cref="SegmentRecorder"/>.
/// </summary>
/// <remarks>It keeps what was known when it was made: a segment that was on its way then stays so.</remarks>
public sealed class SegmentRecord
{
    /// <summary>The <see cref="Stream"/> of a segment that belongs to no conversation.</summary>
    public const int NoStream = -1;

    internal SegmentRecord()
    {
    }

    /// <summary>Its number in the trace or capture, from 1.</summary>
    public int Number { get; internal init; }

    /// <summary>The capture that it is from; several that were read as one are divided by semicolons. Empty for a lab's and a device's.</summary>
    public string File { get; internal init; } = "";

    /// <summary>When it was sent; in a capture, when it was seen.</summary>
    public Timestamp Time { get; internal init; }

    /// <summary>The moment that <see cref="Time"/> counts from; null for a capture, whose times count from 1970.</summary>
    public DateTimeOffset? Origin { get; internal init; }

    /// <summary>The time since the first segment of its trace or capture, as Wireshark shows it.</summary>
    public Timestamp RelativeTime { get; internal init; }

    /// <summary>When it arrived; null if it did not, or if nobody knows.</summary>
    public Timestamp? Arrived { get; internal init; }

    /// <summary>The host that sent it; empty in a capture.</summary>
    public string From { get; internal init; } = "";

    /// <summary>The host that it was sent to; empty in a capture.</summary>
    public string To { get; internal init; } = "";

    /// <summary>The sender's address and port.</summary>
    public Endpoint Source { get; internal init; }

    /// <summary>The receiver's address and port.</summary>
    public Endpoint Destination { get; internal init; }

    /// <summary>
    /// The number of its conversation, from 0, in the order of their first segments, as Wireshark's <c>tcp.stream</c>. A SYN with another
    /// initial sequence number begins a new one. In a capture <see cref="NoStream"/> for a segment whose header lies about its own length and whose ends
    /// have no conversation: it begins none.
    /// </summary>
    public int Stream { get; internal init; }

    /// <summary>The sender's connection in a simulated network; 0 where there is none.</summary>
    public int ConnectionId { get; internal init; }

    /// <summary>The control bits.</summary>
    public TcpFlags Flags { get; internal init; }

    /// <summary>The sequence number as it stands in the header.</summary>
    public uint SequenceNumber { get; internal init; }

    /// <summary>The acknowledgment number as it stands in the header; counts only with the ACK bit.</summary>
    public uint AcknowledgmentNumber { get; internal init; }

    /// <summary>
    /// The sequence number less the sender's initial one, as Wireshark counts it: 0 for the SYN, 1 for the first octet of data. Where no
    /// SYN was seen the first number seen counts as 1. What lies before the initial number is near 2^32.
    /// </summary>
    public uint RelativeSequenceNumber => unchecked(SequenceNumber - SequenceBase);

    /// <summary>The acknowledgment number less the receiver's initial sequence number; 0 without the ACK bit.</summary>
    public uint RelativeAcknowledgmentNumber => Flags.Has(TcpFlags.ACK) ? unchecked(AcknowledgmentNumber - AcknowledgmentBase) : 0;

    /// <summary>The window as it stands in the header, 0 to 65535.</summary>
    public ushort Window { get; internal init; }

    /// <summary>The window in octets: scaled as the SYNs agreed (RFC 7323 2), where they were seen; else the same as <see cref="Window"/>.</summary>
    public uint ScaledWindow { get; internal init; }

    /// <summary>The urgent pointer; counts only with the URG bit.</summary>
    public ushort UrgentPointer { get; internal init; }

    /// <summary>Octets of data that the segment had, though a capture may have cut them.</summary>
    public int Length { get; internal init; }

    /// <summary>The options in their order as Wireshark names them, padding left out: <c>MSS=1460</c>, <c>SACK_PERM</c>, <c>WS=128</c>.</summary>
    public IReadOnlyList<string> Options => SegmentText.Options(this, absolute: false);

    /// <summary>The options as values, and their octets.</summary>
    public TcpOptions TcpOptions { get; internal init; }

    /// <summary>The data, as much of them as was captured.</summary>
    public ReadOnlyMemory<byte> Payload { get; internal init; }

    /// <summary>Time to live, IPv6's hop limit.</summary>
    public byte Ttl { get; internal init; }

    /// <summary>What its IP header said of ECN when it was sent.</summary>
    public Ecn Ecn { get; internal init; }

    /// <summary>Whether the TCP checksum of <see cref="Bytes"/> is right; null where that cannot be judged. Calculated when asked for.</summary>
    public bool? ChecksumValid => Decode().TcpChecksumValid;

    /// <summary>What is wrong with its headers, as a sentence; empty if nothing is.</summary>
    public string Problem { get; internal init; } = "";

    /// <summary>What became of it.</summary>
    public PacketFate Fate { get; internal init; } = PacketFate.Unknown;

    /// <summary>What became of it, in words; empty for an uneventful way.</summary>
    public string FateText { get; internal init; } = "";

    /// <summary>Why it was sent; null in a capture.</summary>
    public TransmitReason? Reason { get; internal init; }

    /// <summary>1 for the first transmission, 2 for the first retransmission, and so on; 0 in a capture.</summary>
    public int Attempt { get; internal init; }

    /// <summary>The number of the segment that the network made this one a copy of; 0 if a host sent it, or in a capture.</summary>
    public int CopyOf { get; internal init; }

    /// <summary>More on why it was sent; in a capture, the packet's comment.</summary>
    public string Note { get; internal init; } = "";

    /// <summary>What an analysis says of it, in Wireshark's words: <c>[TCP Retransmission]</c>; empty where nothing is remarkable, or nobody looked.</summary>
    public string Remark { get; internal init; } = "";

    /// <summary>What the receiver did with it; null before it arrives, or where nobody knows.</summary>
    public SegmentVerdict? Verdict { get; internal init; }

    /// <summary>The changes of state that its arrival caused.</summary>
    public IReadOnlyList<StateChange> StateChanges { get; internal init; } = [];

    /// <summary>
    /// What it says, where it is no segment but an ICMP error about one: its source is the router, with port 0, its destination the end that
    /// had sent the segment, and its sequence number the segment's. Only a simulated network's trace has them; null for a segment.
    /// </summary>
    public IcmpError? Icmp { get; internal init; }

    /// <summary>The octets from the IP header to the end of the segment, as sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; internal init; }

    /// <summary>Whether <see cref="Info"/> shows sequence numbers as they stand in the header; else it counts them from the initial ones.</summary>
    public bool Absolute { get; set; }

    /// <summary>Wireshark's info column: <c>49152 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM WS=128</c>.</summary>
    public string Info => ToInfo(Absolute);

    /// <summary>The end that the segment was sent to, of which an ICMP error tells.</summary>
    internal Endpoint IcmpAbout { get; init; }

    /// <summary>What its IP header said of ECN when it arrived.</summary>
    internal Ecn ArrivedEcn { get; init; }

    /// <summary>The trace that it is of; null in a capture.</summary>
    internal PacketTrace? Trace { get; init; }

    /// <summary>Its place in the order of all that happened in its trace, when it was sent; 0 in a capture.</summary>
    internal long SentOrder { get; init; }

    /// <summary>The same when it arrived; 0 if it did not.</summary>
    internal long ArrivedOrder { get; init; }

    internal uint SequenceBase { get; init; }

    internal uint AcknowledgmentBase { get; init; }

    /// <summary>Wireshark's info column.</summary>
    /// <param name="absolute">Whether sequence numbers stand there as in the header.</param>
    public string ToInfo(bool absolute) => Remark.Length > 0 ? $"{Remark} {SegmentText.ToInfo(this, absolute)}" : SegmentText.ToInfo(this, absolute);

    /// <summary>
    /// tcpdump's line without the time: <c>IP 10.0.0.1.49152 &gt; 10.0.0.2.80: Flags [S], seq 0, win 64240, options [mss 1460], length 0</c>.
    /// The window is not scaled.
    /// </summary>
    /// <param name="absolute">Whether sequence numbers stand there as in the header (<c>tcpdump -S</c>).</param>
    public string ToTcpdump(bool absolute = false) => SegmentText.ToTcpdump(this, absolute);

    /// <summary>Takes the TCP header apart: every field with its place, its width and its value.</summary>
    public IReadOnlyList<HeaderField> Dissect() => HeaderDissector.Dissect(Decode().SegmentOctets.Span);

    /// <summary>The packet as its headers say.</summary>
    public DecodedPacket Decode() => PacketDecoder.Decode(Bytes, LinkType.Raw);

    /// <summary>Number, time, addresses and info: <c>1 0.000000 10.0.0.1 → 10.0.0.2 49152 → 80 [SYN] Seq=0 Win=64240 Len=0</c>.</summary>
    public override string ToString() => $"{Number} {Time} {Source.Address} → {Destination.Address} {Info}";
}
