using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tables;

/// <summary>
/// Makes a segment again of what went to another process or machine: its octets, and what else is known of it. What its receiver in a lab did with
/// it, its verdict and the changes of state, stays behind.
/// </summary>
public static class SegmentCopy
{
    /// <summary>Makes a segment.</summary>
    /// <param name="octets">Its octets from the IP header on.</param>
    /// <param name="property">Gives what a property of <see cref="SegmentRecord"/> had, converted to the type that is asked for; null if it had nothing.</param>
    /// <returns>The segment; null if the octets are none.</returns>
    public static SegmentRecord? Make(byte[] octets, Func<string, Type, object?> property)
    {
        ArgumentNullException.ThrowIfNull(octets);
        ArgumentNullException.ThrowIfNull(property);
        DecodedPacket packet = PacketDecoder.Decode(octets, LinkType.Raw);
        if (packet.Status is not (PacketStatus.Tcp or PacketStatus.Malformed) || packet.SegmentOctets.Length < TcpHeader.MinimumSize)
        {
            return null;
        }

        TcpSegment segment = packet.Segment;
        T Value<T>(string name) => property(name, typeof(T)) is T value ? value : default!;
        string Text(string name) => Value<string>(name) ?? "";
        Timestamp Time(string name) => new(Value<long>($"{name}.Nanoseconds"));
        bool hasArrived = property("Arrived.Nanoseconds", typeof(long)) is not null;
        return new SegmentRecord
        {
            Number = Value<int>("Number"),
            File = Text("File"),
            Time = Time("Time"),
            RelativeTime = Time("RelativeTime"),
            Arrived = hasArrived ? Time("Arrived") : null,
            From = Text("From"),
            To = Text("To"),
            Source = packet.SourceEndpoint,
            Destination = packet.DestinationEndpoint,
            Stream = Value<int>("Stream"),
            ConnectionId = Value<int>("ConnectionId"),
            Flags = segment.Flags,
            SequenceNumber = segment.SequenceNumber.Value,
            AcknowledgmentNumber = segment.AcknowledgmentNumber.Value,
            SequenceBase = unchecked(segment.SequenceNumber.Value - Value<uint>("RelativeSequenceNumber")),
            AcknowledgmentBase = unchecked(segment.AcknowledgmentNumber.Value - Value<uint>("RelativeAcknowledgmentNumber")),
            Window = segment.Window,
            ScaledWindow = Value<uint>("ScaledWindow"),
            UrgentPointer = segment.UrgentPointer,
            Length = Value<int>("Length"),
            TcpOptions = segment.Options,
            Payload = segment.Payload,
            Ttl = packet.Ttl,
            Ecn = packet.TrafficClass.ToEcn(),
            Problem = Text("Problem"),
            Fate = Value<PacketFate>("Fate"),
            FateText = Text("FateText"),
            Reason = property("Reason", typeof(TransmitReason)) is TransmitReason reason ? reason : null,
            Attempt = Value<int>("Attempt"),
            CopyOf = Value<int>("CopyOf"),
            Note = Text("Note"),
            Remark = Text("Remark"),
            Bytes = octets,
            Absolute = Value<bool>("Absolute"),
        };
    }
}
