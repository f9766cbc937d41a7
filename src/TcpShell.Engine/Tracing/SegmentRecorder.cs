using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Tracing;

/// <summary>
/// Makes <see cref="SegmentRecord"/>s of packets, in their order. It remembers of each conversation what relative numbers and scaled
/// windows need: a few dozen octets, however long the conversation is.
/// </summary>
public sealed class SegmentRecorder
{
    private readonly ConversationTable _conversations;
    private readonly string _file;
    private int _lastNumber;
    private Timestamp? _first;
    private DateTimeOffset? _origin;

    /// <summary>Makes a recorder that has seen nothing yet.</summary>
    /// <param name="conversations">
    /// How many conversations it remembers at least, before it forgets those that were silent for longest: for watching without end. One that
    /// speaks again gets a new number, and its relative numbers start anew. All, unless given.
    /// </param>
    /// <param name="file">The capture that the packets are from; empty if from none.</param>
    public SegmentRecorder(int conversations = int.MaxValue, string file = "")
    {
        _conversations = new(conversations);
        _file = file;
    }

    /// <summary>Makes records of the TCP segments of a trace, and of ICMP errors about them; whatever else went over the network is left out.</summary>
    /// <param name="packets">The packets, in the order of sending.</param>
    /// <param name="origin">The moment of their time zero, if it is a real one.</param>
    public static IEnumerable<SegmentRecord> Record(IEnumerable<TracedPacket> packets, DateTimeOffset? origin = null)
    {
        ArgumentNullException.ThrowIfNull(packets);
        var recorder = new SegmentRecorder { _origin = origin };
        return packets.Select(recorder.Record).OfType<SegmentRecord>();
    }

    /// <summary>Makes a record of a packet that a simulated network carried.</summary>
    /// <param name="packet">The packet, not sent before the one recorded last.</param>
    /// <returns>The record; null if it is neither a TCP segment nor an ICMP error about one.</returns>
    public SegmentRecord? Record(TracedPacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        DecodedPacket decoded = packet.Decode();
        _lastNumber = packet.Number;
        if (decoded.Status == PacketStatus.IcmpError)
        {
            return MakeIcmp(decoded, packet);
        }

        return HasTcpHeader(decoded) ? Make(decoded, packet.Bytes, decoded.SegmentLength, packet.Sent, packet.Note, packet) : null;
    }

    /// <summary>Makes a record of a captured packet. Its octets are copied: the frame's memory may be used again.</summary>
    /// <param name="packet">The packet, not captured before the one recorded last.</param>
    /// <param name="time">When it was captured.</param>
    /// <param name="comment">What the capture says of it.</param>
    /// <param name="number">Its number in the capture; 0 counts on from the record before.</param>
    /// <param name="remark">What an analysis says of it.</param>
    /// <param name="stream">The number of its conversation; null counts them here.</param>
    /// <returns>The record; null if it is no TCP segment.</returns>
    public SegmentRecord? Record(in DecodedPacket packet, Timestamp time, string comment = "", int number = 0, string remark = "", int? stream = null)
    {
        ArgumentNullException.ThrowIfNull(remark);
        ArgumentNullException.ThrowIfNull(comment);
        _lastNumber = number > 0 ? number : _lastNumber + 1;
        if (!HasTcpHeader(packet))
        {
            return null;
        }

        ReadOnlyMemory<byte> bytes = packet.Frame[packet.IpOffset..(packet.TcpOffset + packet.SegmentOctets.Length)].ToArray();
        return Make(PacketDecoder.Decode(bytes, LinkType.Raw), bytes, packet.SegmentLength, time, comment, trace: null, remark, stream);
    }

    /// <summary>Passes over a captured segment that nobody wants: times and numbers count on as if it had been recorded.</summary>
    /// <param name="time">When it was captured.</param>
    /// <param name="number">Its number in the capture.</param>
    public void Skip(Timestamp time, int number)
    {
        _lastNumber = number;
        _first ??= time;
    }

    private Timestamp SinceFirst(Timestamp time)
    {
        _first ??= time;
        return new(time.Nanoseconds - _first.Value.Nanoseconds);
    }

    // A header with lengths that cannot be still has ports, numbers and flags; it was sent, so it is shown.
    private static bool HasTcpHeader(in DecodedPacket packet) =>
        packet.Status == PacketStatus.Tcp
        || (packet.Status == PacketStatus.Malformed && packet.Protocol == IpProtocol.Tcp && packet.SegmentOctets.Length >= TcpHeader.MinimumSize);

    private static Ecn EcnAtArrival(in DecodedPacket packet, TracedPacket? trace)
    {
        bool isTheSame = trace is null || trace.ArrivedBytes.Equals(trace.Bytes) || trace.ArrivedBytes.IsEmpty;
        return (isTheSame ? packet.TrafficClass : PacketDecoder.Decode(trace!.ArrivedBytes, LinkType.Raw).TrafficClass).ToEcn();
    }

    private SegmentRecord MakeIcmp(in DecodedPacket packet, TracedPacket trace)
    {
        ConversationView conversation = _conversations.View(packet.SourceEndpoint, packet.DestinationEndpoint);
        return new SegmentRecord
        {
            Number = trace.Number,
            Time = trace.Sent,
            Origin = _origin,
            RelativeTime = SinceFirst(trace.Sent),
            Arrived = trace.Arrived,
            From = trace.From,
            To = trace.To,
            Source = new(packet.IcmpSource, 0),
            Destination = new(packet.IcmpDestination, packet.Segment.SourcePort),
            IcmpAbout = packet.DestinationEndpoint,
            Icmp = IcmpError.Of(packet),
            Stream = conversation.Stream,
            SequenceNumber = packet.Segment.SequenceNumber.Value,
            SequenceBase = conversation.SequenceBase,
            Ttl = PacketDecoder.TtlOf(trace.Bytes.Span),
            Fate = trace.Fate,
            FateText = trace.FateText,
            Reason = trace.Reason,
            Attempt = trace.Attempt,
            CopyOf = trace.CopyOf,
            Note = trace.Note,
            Verdict = trace.Verdict,
            StateChanges = trace.StateChanges,
            Bytes = trace.Bytes,
            Trace = trace.Trace,
            SentOrder = trace.SentOrder,
            ArrivedOrder = trace.ArrivedOrder,
        };
    }

    private SegmentRecord Make(in DecodedPacket packet, ReadOnlyMemory<byte> bytes, int length, Timestamp time, string note, TracedPacket? trace, string remark = "", int? stream = null)
    {
        TcpSegment segment = packet.Segment;
        ConversationView conversation = _conversations.Note(packet, isCrafted: trace?.Reason == TransmitReason.Crafted);
        return new SegmentRecord
        {
            Number = _lastNumber,
            File = _file,
            Time = time,
            Origin = _origin,
            RelativeTime = SinceFirst(time),
            Arrived = trace?.Arrived,
            From = trace?.From ?? "",
            To = trace?.To ?? "",
            Source = packet.SourceEndpoint,
            Destination = packet.DestinationEndpoint,
            Stream = stream ?? conversation.Stream,
            Remark = remark,
            ConnectionId = trace?.ConnectionId ?? 0,
            Flags = segment.Flags,
            SequenceNumber = segment.SequenceNumber.Value,
            AcknowledgmentNumber = segment.AcknowledgmentNumber.Value,
            SequenceBase = conversation.SequenceBase,
            AcknowledgmentBase = conversation.AcknowledgmentBase,
            Window = segment.Window,
            ScaledWindow = (uint)segment.Window << conversation.WindowShift,
            UrgentPointer = segment.UrgentPointer,
            Length = length,
            TcpOptions = segment.Options,
            Payload = segment.Payload,
            Ttl = packet.Ttl,
            Ecn = packet.TrafficClass.ToEcn(),
            Problem = packet.ProblemText ?? segment.Options.Problem ?? "",
            Fate = trace?.Fate ?? PacketFate.Unknown,
            FateText = trace?.FateText ?? "",
            Reason = trace?.Reason,
            Attempt = trace?.Attempt ?? 0,
            CopyOf = trace?.CopyOf ?? 0,
            Note = note,
            Verdict = trace?.Verdict,
            StateChanges = trace?.StateChanges ?? [],
            Bytes = bytes,
            ArrivedEcn = EcnAtArrival(packet, trace),
            Trace = trace?.Trace,
            SentOrder = trace?.SentOrder ?? 0,
            ArrivedOrder = trace?.ArrivedOrder ?? 0,
        };
    }
}
