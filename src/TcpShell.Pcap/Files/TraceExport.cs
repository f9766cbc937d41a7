using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>What went over a simulated network, as a <see cref="CaptureFile"/> keeps it.</summary>
public static class TraceExport
{
    /// <summary>The frames that a capture has, in its order.</summary>
    /// <param name="packets">The packets, in the order of sending.</param>
    /// <param name="host">
    /// The host on which the capture is taken: its packets when they leave, the others' when they arrive, as tcpdump on that host sees
    /// them. Null for a capture on the wire: every packet that a host sent, when it left, lost or not.
    /// </param>
    /// <param name="origin">The moment of the network's time zero; null for a lab's.</param>
    public static IEnumerable<Frame> Frames(IEnumerable<TracedPacket> packets, string? host, DateTimeOffset? origin = null)
    {
        ArgumentNullException.ThrowIfNull(packets);
        foreach ((Timestamp time, TracedPacket packet, bool arrives) in Seen(packets, host))
        {
            yield return new Frame(ToFileTime(time, origin), arrives ? packet.ArrivedBytes : packet.Bytes, Comment(packet));
        }
    }

    /// <summary>The time of a lab as a capture file counts it, from 1970.</summary>
    /// <param name="time">Time since the lab's start.</param>
    /// <param name="origin">The moment of time zero; null for a lab's.</param>
    public static Timestamp ToFileTime(Timestamp time, DateTimeOffset? origin = null) =>
        new(((origin ?? SimulatedNetwork.Epoch) - DateTimeOffset.UnixEpoch).Ticks * 100 + time.Nanoseconds);

    /// <summary>The time of a segment record as a capture file counts it: what was read from a capture keeps its time.</summary>
    /// <param name="segment">The segment.</param>
    public static Timestamp ToFileTime(SegmentRecord segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return segment.Fate == PacketFate.Unknown && segment.Origin is null ? segment.Time : ToFileTime(segment.Time, segment.Origin);
    }

    /// <summary>What a capture says of a packet beside its octets; empty for first transmissions that just arrived.</summary>
    /// <param name="packet">The packet.</param>
    public static string Comment(TracedPacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        return Comment(packet.Reason, packet.Note, packet.FateText, packet.Verdict, packet.StateChanges);
    }

    /// <summary>What a capture says of a segment beside its octets; for one that was read from a capture, what that said.</summary>
    /// <param name="segment">The segment.</param>
    public static string Comment(SegmentRecord segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return segment.Reason is { } reason
            ? Comment(reason, segment.Note, segment.FateText, segment.Verdict, segment.StateChanges)
            : segment.Note;
    }

    private static string Comment(TransmitReason? reason, string note, string fate, SegmentVerdict? verdict, IReadOnlyList<StateChange> changes)
    {
        var lines = new List<string>();
        if (reason is not (null or TransmitReason.Open or TransmitReason.Data or TransmitReason.Close or TransmitReason.Acknowledgment or TransmitReason.WindowUpdate))
        {
            lines.Add(note.Length > 0 ? $"sent: {reason}, {note}" : $"sent: {reason}");
        }

        if (fate.Length > 0)
        {
            lines.Add($"fate: {fate}");
        }

        if (verdict is { Fate: not SegmentFate.Accepted } judged)
        {
            lines.Add($"receiver: {judged.Fate}: {judged.Text} (RFC {judged.Rfc})");
        }

        foreach (StateChange change in changes)
        {
            lines.Add($"state: {change.Host} {change.From} -> {change.To}: {change.Cause} (RFC {change.Rfc})");
        }

        return string.Join('\n', lines);
    }

    private static IEnumerable<(Timestamp Time, TracedPacket Packet, bool Arrives)> Seen(IEnumerable<TracedPacket> packets, string? host)
    {
        if (host is null)
        {
            return packets.Where(packet => packet.CopyOf == 0).Select(packet => (packet.Sent, packet, false));
        }

        bool Is(string name) => name.Equals(host, StringComparison.OrdinalIgnoreCase);
        return packets
            .SelectMany(packet => new (Timestamp? Time, long Order, TracedPacket Packet, bool Arrives)[]
            {
                (Is(packet.From) && packet.CopyOf == 0 ? packet.Sent : null, packet.SentOrder, packet, false),
                (Is(packet.To) && packet.Fate is PacketFate.Delivered or PacketFate.Corrupted ? packet.Arrived : null, packet.ArrivedOrder, packet, true),
            })
            .Where(seen => seen.Time is not null)
            .OrderBy(seen => seen.Time)

            // Many may come at one moment, each with its answer.
            .ThenBy(seen => seen.Order)
            .Select(seen => (seen.Time!.Value, seen.Packet, seen.Arrives));
    }

    /// <summary>One frame of a capture.</summary>
    /// <param name="Time">When it was seen, from 1970.</param>
    /// <param name="Bytes">The octets from the IP header on.</param>
    /// <param name="Comment">What is said of it; empty for nothing.</param>
    public readonly record struct Frame(Timestamp Time, ReadOnlyMemory<byte> Bytes, string Comment);
}
