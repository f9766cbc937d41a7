using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tables;

/// <summary>
/// Makes a segment again of what went to another process or machine: its octets, and what else is known of it. Only what ties it to its lab stays
/// behind: what the programs there called, which a script needs.
/// </summary>
public static class SegmentCopy
{
    /// <summary>Makes a segment.</summary>
    /// <param name="octets">Its octets from the IP header on.</param>
    /// <param name="property">Gives what a property of <see cref="SegmentRecord"/>, or one of its value's, had, converted to the type that is asked for; null if it had nothing.</param>
    /// <param name="stateChanges">The changes of state that its arrival caused.</param>
    /// <returns>The segment, or the ICMP error about one; null if the octets are neither.</returns>
    public static SegmentRecord? Make(byte[] octets, Func<string, Type, object?> property, IReadOnlyList<StateChange> stateChanges)
    {
        ArgumentNullException.ThrowIfNull(octets);
        ArgumentNullException.ThrowIfNull(property);
        ArgumentNullException.ThrowIfNull(stateChanges);
        DecodedPacket packet = PacketDecoder.Decode(octets, LinkType.Raw);
        bool isIcmp = packet.Status == PacketStatus.IcmpError;
        if (!isIcmp && (packet.Status is not (PacketStatus.Tcp or PacketStatus.Malformed) || packet.SegmentOctets.Length < TcpHeader.MinimumSize))
        {
            return null;
        }

        // Of the segment that an ICMP error is about only the ports and the sequence number are known.
        TcpSegment segment = isIcmp ? default : packet.Segment;
        uint sequenceNumber = packet.Segment.SequenceNumber.Value;
        T Value<T>(string name) => property(name, typeof(T)) is T value ? value : default!;
        string Text(string name) => Value<string>(name) ?? "";
        Timestamp Time(string name) => new(Value<long>($"{name}.Nanoseconds"));
        bool hasArrived = property("Arrived.Nanoseconds", typeof(long)) is not null;
        return new SegmentRecord
        {
            Number = Value<int>("Number"),
            File = Text("File"),
            Time = Time("Time"),
            Origin = property("Origin.UtcTicks", typeof(long)) is long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
            RelativeTime = Time("RelativeTime"),
            Arrived = hasArrived ? Time("Arrived") : null,
            From = Text("From"),
            To = Text("To"),
            Source = isIcmp ? new(packet.IcmpSource, 0) : packet.SourceEndpoint,
            Destination = isIcmp ? new(packet.IcmpDestination, packet.Segment.SourcePort) : packet.DestinationEndpoint,
            IcmpAbout = isIcmp ? packet.DestinationEndpoint : default,
            Icmp = isIcmp ? IcmpError.Of(packet) : null,
            Stream = Value<int>("Stream"),
            ConnectionId = Value<int>("ConnectionId"),
            Flags = segment.Flags,
            SequenceNumber = sequenceNumber,
            AcknowledgmentNumber = segment.AcknowledgmentNumber.Value,
            SequenceBase = unchecked(sequenceNumber - Value<uint>("RelativeSequenceNumber")),
            AcknowledgmentBase = unchecked(segment.AcknowledgmentNumber.Value - Value<uint>("RelativeAcknowledgmentNumber")),
            Window = segment.Window,
            ScaledWindow = Value<uint>("ScaledWindow"),
            UrgentPointer = segment.UrgentPointer,
            Length = Value<int>("Length"),
            TcpOptions = segment.Options,
            Payload = segment.Payload,
            Ttl = isIcmp ? PacketDecoder.TtlOf(octets) : packet.Ttl,
            Ecn = isIcmp ? default : packet.TrafficClass.ToEcn(),
            Problem = Text("Problem"),
            Fate = Value<PacketFate>("Fate"),
            FateText = Text("FateText"),
            Reason = property("Reason", typeof(TransmitReason)) is TransmitReason reason ? reason : null,
            Attempt = Value<int>("Attempt"),
            CopyOf = Value<int>("CopyOf"),
            Note = Text("Note"),
            Remark = Text("Remark"),
            Verdict = property("Verdict.Fate", typeof(SegmentFate)) is SegmentFate verdict ? new(verdict, Text("Verdict.Rfc"), Text("Verdict.Text")) : null,
            StateChanges = stateChanges,
            Bytes = octets,
            Absolute = Value<bool>("Absolute"),
        };
    }
}
