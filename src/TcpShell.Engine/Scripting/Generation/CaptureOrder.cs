namespace TcpShell.Scripting.Generation;

/// <summary>
/// The packets of a capture in the order in which the seat sent them and looked at them, as near as the capture shows it: it may have been taken
/// far away, and a host looks at what came some time after it was captured.
/// </summary>
internal sealed class CaptureOrder
{
    // What a capturing host itself adds to a round trip; less than that needs no correction.
    private const long NoticeableMicroseconds = 2000;

    // No path is longer; and no request is repeated sooner.
    private const long LongestDistance = 1_000_000;
    private const long ShortestTimeout = 500_000;

    // Two full segments: a window that falls below is told again as soon as it opens, by any TCP.
    private const int NarrowWindow = 2 * 1460;

    public CaptureOrder(List<SeatPacket> packets)
    {
        if (packets.Count == 0)
        {
            Packets = packets;
            return;
        }

        Timestamp start = packets[0].Segment.Time;
        long latest = 0;
        foreach (SeatPacket packet in packets)
        {
            latest = Math.Max(latest, (packet.Segment.Time - start).Ticks / TimeSpan.TicksPerMicrosecond);
            packet.Time = latest;
        }

        packets = WithoutCopies(packets);
        long distance = DistanceOf(packets);
        if (distance >= NoticeableMicroseconds)
        {
            Correction = TimeSpan.FromMicroseconds(distance);
            MoveOutbound(packets, distance);
            packets = [.. packets.OrderBy(packet => packet.Time).ThenBy(packet => packet.IsInbound ? 0 : 1)];
        }

        Packets = WithoutUpdates(Joined(new LookingOrder(packets).Packets));
    }

    public IReadOnlyList<SeatPacket> Packets { get; }

    /// <summary>By how much outbound packets were moved because they were captured far from the seat.</summary>
    public TimeSpan Correction { get; }

    /// <summary>Frames that were captured twice.</summary>
    public int Copies { get; private set; }

    /// <summary>Segments that are part of the next one, as the seat's host had joined them.</summary>
    public int JoinedSegments { get; private set; }

    /// <summary>Segments of the seat that only told another window, though the one before was wide.</summary>
    public int Updates { get; private set; }

    /// <summary>SYNs that the seat did not answer.</summary>
    public int Unanswered { get; private set; }

    /// <summary>The round trip between the capturing point and the seat, by how long the seat seems to have thought about a SYN, or a SYN,ACK.</summary>
    private static long DistanceOf(List<SeatPacket> packets)
    {
        int answered = packets.FindIndex(packet => packet is { IsInbound: false, IsAck: true, IsReset: false, IsFin: false, Length: 0 });
        int asked = answered < 0 ? -1 : packets.FindLastIndex(answered, packet => packet.IsInbound && packet.IsSyn);
        long distance = asked < 0 ? 0 : packets[answered].Time - packets[asked].Time;
        return distance <= LongestDistance ? distance : 0;
    }

    /// <summary>Without what was captured twice, and without SYNs that the seat never answered: only the last of several reached it.</summary>
    private List<SeatPacket> WithoutCopies(List<SeatPacket> packets)
    {
        var kept = new List<SeatPacket>(packets.Count);
        foreach (SeatPacket packet in packets)
        {
            bool isCopy = kept.Count > 0 && kept[^1].IsInbound == packet.IsInbound && packet.Time - kept[^1].Time < NoticeableMicroseconds
                && packet.Segment.Bytes.Span.SequenceEqual(kept[^1].Segment.Bytes.Span);
            Copies += isCopy ? 1 : 0;
            if (!isCopy)
            {
                kept.Add(packet);
            }
        }

        int answered = kept.FindIndex(packet => packet is { IsInbound: false, IsSyn: true, IsAck: true });
        int asked = answered < 0 ? -1 : kept.FindLastIndex(answered, packet => packet.IsInbound && packet.IsSyn);
        int unanswered = asked <= 0 ? 0 : kept.RemoveAll(packet => packet.IsInbound && packet.IsSyn && packet.Time < kept[asked].Time - ShortestTimeout);
        Unanswered = unanswered;
        return kept;
    }

    /// <summary>Moves what the seat sent to when it sent it, but not before what it answers.</summary>
    private static void MoveOutbound(List<SeatPacket> packets, long distance)
    {
        var ends = new List<int>();
        var times = new List<long>();
        var told = new Dictionary<uint, long>();
        long earliest = long.MinValue;
        foreach (SeatPacket packet in packets)
        {
            if (packet.IsInbound)
            {
                if (ends.Count == 0 || packet.EndWithFin > ends[^1])
                {
                    ends.Add(packet.EndWithFin);
                    times.Add(packet.Time);
                }

                if (packet.Segment.TcpOptions.Timestamps is { } timestamps)
                {
                    told.TryAdd(timestamps.Value, packet.Time);
                }

                continue;
            }

            int cause = packet.IsAck ? ends.BinarySearch(packet.Acknowledgment) : ends.Count;
            cause = cause < 0 ? ~cause : cause;
            long causedAt = cause < ends.Count ? times[cause] : long.MinValue;
            uint? echo = packet.Segment.TcpOptions.Timestamps?.EchoReply;
            causedAt = echo is { } value && told.TryGetValue(value, out long toldAt) ? Math.Max(causedAt, toldAt) : causedAt;
            earliest = Math.Max(earliest, Math.Max(packet.Time - distance, causedAt));
            packet.Time = earliest;
        }
    }

    /// <summary>
    /// Segments that came at once and were acknowledged with one ACK were one for the TCP: the host had joined them (as Linux's GRO does), or it counts
    /// octets and not segments. A TCP that sees them one by one acknowledges every second, and a FIN at once.
    /// </summary>
    private List<SeatPacket> Joined(List<SeatPacket> packets)
    {
        var joined = new List<SeatPacket>(packets.Count);
        for (int i = 0; i < packets.Count; i++)
        {
            int end = i;
            while (end + 1 < packets.Count && Continues(packets[end], packets[end + 1]) && packets[end + 1].End - packets[i].Start <= ushort.MaxValue)
            {
                end++;
            }

            // An ACK that is still missing at the end says nothing; two are acknowledged at once anyway.
            SeatPacket? answer = end + 1 < packets.Count && packets[end + 1] is { IsInbound: false } next && next.Acknowledgment >= packets[end].EndWithFin ? next : null;
            bool isOne = answer is not null && (end >= i + 2 || (end == i + 1 && (packets[end].IsFin || answer.Time - packets[end].Time > NoticeableMicroseconds)));
            joined.Add(packets[i]);
            for (int k = i + 1; k <= end; k++)
            {
                if (isOne)
                {
                    packets[i].Join(packets[k]);
                    JoinedSegments++;
                }
                else
                {
                    joined.Add(packets[k]);
                }
            }

            i = end;
        }

        return joined;
    }

    /// <summary>Without what the seat sent only to tell a window: when it does that is its own business, as long as the one before was wide enough.</summary>
    private List<SeatPacket> WithoutUpdates(List<SeatPacket> packets)
    {
        SeatPacket? before = null;
        bool hasCause = true;
        var kept = new List<SeatPacket>(packets.Count);
        foreach (SeatPacket packet in packets)
        {
            if (packet.IsInbound)
            {
                hasCause |= !packet.IsPureAck || packet.IsIcmp;
                kept.Add(packet);
                continue;
            }

            bool isRepeated = before is { IsAck: true, IsSyn: false } && packet.IsPureAck && packet.Acknowledgment == before.Acknowledgment && packet.Start == before.EndWithFin;
            bool isUpdate = isRepeated && !hasCause && packet.Segment.TcpOptions.Sack.Count == 0 && before!.Segment.ScaledWindow > NarrowWindow;
            if (isUpdate)
            {
                Updates++;
            }
            else
            {
                kept.Add(packet);
                (before, hasCause) = (packet, false);
            }
        }

        return kept;
    }

    private static bool Continues(SeatPacket packet, SeatPacket next) =>
        packet is { IsInbound: true, HasData: true, IsSyn: false, IsFin: false } && next is { IsInbound: true, IsSyn: false, IsReset: false } && (next.HasData || next.IsFin)
        && next.Start == packet.End && next.Acknowledgment == packet.Acknowledgment && next.Time - packet.Time <= NoticeableMicroseconds;
}
