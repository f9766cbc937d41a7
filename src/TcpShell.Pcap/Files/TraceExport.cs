using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>Writes what went over a simulated network as a capture file.</summary>
public static class TraceExport
{
    /// <summary>
    /// Writes packets to a pcapng file, with comments that say why each was sent, what became of it, and which state it changed.
    /// </summary>
    /// <param name="packets">The packets, in the order of sending.</param>
    /// <param name="writer">The file.</param>
    /// <param name="host">
    /// The host on which the capture is taken: its packets when they leave, the others' when they arrive, as tcpdump on that host sees
    /// them. Null for a capture on the wire: every packet that a host sent, when it left, lost or not.
    /// </param>
    /// <param name="network">The network's name, which becomes the interface's.</param>
    /// <returns>Packets written.</returns>
    public static int Write(IEnumerable<TracedPacket> packets, PcapNgWriter writer, string? host = null, string network = "lab")
    {
        ArgumentNullException.ThrowIfNull(packets);
        ArgumentNullException.ThrowIfNull(writer);
        int interfaceId = writer.AddInterface(host is null ? network : $"{network}-{host}", LinkType.Raw);
        int count = 0;
        foreach ((Timestamp time, TracedPacket packet, bool arrives) in Seen(packets, host))
        {
            string comment = Comment(packet);
            ReadOnlyMemory<byte> bytes = arrives ? packet.ArrivedBytes : packet.Bytes;
            writer.Write(interfaceId, ToFileTime(time), bytes.Span, comment: comment.Length > 0 ? comment : null);
            count++;
        }

        return count;
    }

    /// <summary>The time of a lab as a capture file counts it, from 1970.</summary>
    /// <param name="time">Time since the lab's start.</param>
    public static Timestamp ToFileTime(Timestamp time) =>
        new((SimulatedNetwork.Epoch - DateTimeOffset.UnixEpoch).Ticks * 100 + time.Nanoseconds);

    /// <summary>What a capture says of a packet beside its octets; empty for first transmissions that just arrived.</summary>
    /// <param name="packet">The packet.</param>
    public static string Comment(TracedPacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var lines = new List<string>();
        if (packet.Reason is TransmitReason.RetransmissionTimeout or TransmitReason.FastRetransmit or TransmitReason.ZeroWindowProbe
            or TransmitReason.KeepAliveProbe or TransmitReason.ChallengeAck or TransmitReason.Reset or TransmitReason.Crafted or TransmitReason.PeerRetransmitted)
        {
            lines.Add(packet.Note.Length > 0 ? $"sent: {packet.Reason}, {packet.Note}" : $"sent: {packet.Reason}");
        }

        if (packet.FateText.Length > 0)
        {
            lines.Add($"fate: {packet.FateText}");
        }

        if (packet.Verdict is { Fate: not SegmentFate.Accepted } verdict)
        {
            lines.Add($"receiver: {verdict.Fate}: {verdict.Text} (RFC {verdict.Rfc})");
        }

        foreach (StateChange change in packet.StateChanges)
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
            .SelectMany(packet => new (Timestamp? Time, TracedPacket Packet, bool Arrives)[]
            {
                (Is(packet.From) && packet.CopyOf == 0 ? packet.Sent : null, packet, false),
                (Is(packet.To) && packet.Fate is PacketFate.Delivered or PacketFate.Corrupted ? packet.Arrived : null, packet, true),
            })
            .Where(seen => seen.Time is not null)
            .Select(seen => (Time: seen.Time!.Value, seen.Packet, seen.Arrives))

            // What arrives at a moment is seen before what is sent in answer to it at the same moment.
            .OrderBy(seen => seen.Time)
            .ThenBy(seen => seen.Arrives ? 0 : 1);
    }
}
