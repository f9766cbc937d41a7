using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>One connection as one of its ends saw it: what that end sent and what reached it, in its order and in its time.</summary>
internal sealed class SeatTrace
{
    // What a capturing host itself adds to a round trip; less than that needs no correction.
    private const long NoticeableMicroseconds = 2000;

    // No path is longer; and no request is repeated sooner.
    private const long LongestDistance = 1_000_000;
    private const long ShortestTimeout = 500_000;

    // How long a host may take to look at what came.
    private const long LongestLook = 10_000;

    public SeatTrace(IReadOnlyList<SegmentRecord> segments, ScriptSide side)
    {
        SegmentRecord opening = segments.FirstOrDefault(IsSyn)
            ?? throw new ScriptGenerationException("The start of the connection is missing: there is no SYN.");
        (Endpoint client, Endpoint server) = opening.Flags.Has(TcpFlags.ACK) ? (opening.Destination, opening.Source) : (opening.Source, opening.Destination);
        (Local, Remote) = side == ScriptSide.Client ? (client, server) : (server, client);
        Side = side;
        IsOfThisEngine = segments.Any(segment => segment.Reason is not null);
        Numbers = new SeatNumbers(InitialNumber(segments, Local, Remote), InitialNumber(segments, Remote, Local));
        List<SeatPacket> packets = [];
        foreach (SegmentRecord segment in segments)
        {
            if (Belongs(segment) is { } isInbound)
            {
                packets.Add(new SeatPacket(segment, isInbound, Numbers));
            }
        }

        Packets = IsOfThisEngine ? InOrderOfTheHost(packets) : InOrderOfTheCapture(packets);
        RequireBeginning();
        long start = Packets[0].Time;
        foreach (SeatPacket packet in Packets)
        {
            packet.Time -= start;
        }
    }

    /// <summary>Which end is under test.</summary>
    public ScriptSide Side { get; }

    public Endpoint Local { get; }

    public Endpoint Remote { get; }

    /// <summary>What counts as 0 of each direction's numbers.</summary>
    public SeatNumbers Numbers { get; }

    /// <summary>Whether the segments come from a simulated network or a script's run: with the reasons for which they were sent.</summary>
    public bool IsOfThisEngine { get; }

    public IReadOnlyList<SeatPacket> Packets { get; }

    /// <summary>By how much outbound packets were moved because they were captured far from the seat.</summary>
    public TimeSpan Correction { get; private set; }

    /// <summary>What reached the seat damaged and cannot stand in a script.</summary>
    public int Damaged { get; private set; }

    /// <summary>Frames that were captured twice.</summary>
    public int Copies { get; private set; }

    /// <summary>Segments that are part of the next one, as the seat's host had joined them.</summary>
    public int JoinedSegments { get; private set; }

    /// <summary>SYNs that the seat did not answer.</summary>
    public int Unanswered { get; private set; }

    /// <summary>The first SYN of the seat; null if it sent none.</summary>
    public SeatPacket? LocalSyn => Packets.FirstOrDefault(packet => !packet.IsInbound && packet.IsSyn);

    /// <summary>The first SYN of the other end that reached the seat.</summary>
    public SeatPacket? RemoteSyn => Packets.FirstOrDefault(packet => packet.IsInbound && packet.IsSyn);

    /// <summary>Whether the seat opens the connection itself.</summary>
    public bool IsActive => LocalSyn is { IsAck: false };

    private static bool IsSyn(SegmentRecord segment) => segment.Icmp is null && segment.Flags.Has(TcpFlags.SYN) && !segment.Flags.Has(TcpFlags.RST);

    private static uint InitialNumber(IReadOnlyList<SegmentRecord> segments, Endpoint from, Endpoint to)
    {
        if (segments.FirstOrDefault(segment => IsSyn(segment) && segment.Source == from) is { } syn)
        {
            return syn.SequenceNumber;
        }

        // Whose SYN was not captured is known by what the other end acknowledges; who only refuses has no number.
        SegmentRecord? answer = segments.FirstOrDefault(
            segment => segment.Icmp is null && segment.Source == to && segment.Flags.Has(TcpFlags.ACK) && segment.AcknowledgmentNumber != 0);
        return answer is null ? 0 : answer.AcknowledgmentNumber - 1;
    }

    /// <summary>Whether a segment reached the seat (true), left it (false), or neither.</summary>
    private bool? Belongs(SegmentRecord segment)
    {
        if (segment.Icmp is not null)
        {
            return segment.Destination == Local && segment.IcmpAbout == Remote && segment.Arrived is not null ? true : null;
        }

        if (segment.Source == Local && segment.Destination == Remote)
        {
            // What was forged in the seat's name, and copies that the network made, did not come from it.
            return segment.Reason == TransmitReason.Crafted || segment.CopyOf != 0 ? null : false;
        }

        if (segment.Source != Remote || segment.Destination != Local)
        {
            return null;
        }

        bool isDamaged = segment.Fate == PacketFate.Corrupted || segment.Problem.Length > 0 && segment.Problem != segment.TcpOptions.Problem;
        Damaged += isDamaged ? 1 : 0;
        return !isDamaged && (segment.Fate == PacketFate.Unknown || (segment.Fate == PacketFate.Delivered && segment.Arrived is not null)) ? true : null;
    }

    private static List<SeatPacket> InOrderOfTheHost(List<SeatPacket> packets)
    {
        // A host knows when it sent and when it got what; at the same moment it has seen what it acknowledges and nothing beyond.
        Timestamp TimeOf(SeatPacket packet) => packet.IsInbound ? packet.Segment.Arrived!.Value : packet.Segment.Time;
        if (packets.Count == 0)
        {
            return packets;
        }

        Timestamp start = packets.Min(TimeOf);
        var ordered = new List<SeatPacket>(packets.Count);
        foreach (SeatPacket packet in packets)
        {
            packet.Time = (TimeOf(packet) - start).Ticks / TimeSpan.TicksPerMicrosecond;
        }

        int received = 1;
        long edge = 1;
        void Add(SeatPacket packet)
        {
            ordered.Add(packet);
            edge = packet is { IsInbound: false, IsAck: true, IsReset: false } ? Math.Max(edge, packet.WindowEdge) : edge;
        }

        foreach (IGrouping<Timestamp, SeatPacket> moment in packets.GroupBy(TimeOf).OrderBy(moment => moment.Key))
        {
            var outbound = new Queue<SeatPacket>(moment.Where(packet => !packet.IsInbound).OrderBy(packet => packet.Segment.Number));
            foreach (SeatPacket inbound in moment.Where(packet => packet.IsInbound).OrderBy(packet => packet.Segment.Number))
            {
                bool advances = inbound.Segment.Verdict is not { Fate: not SegmentFate.Accepted }
                    && inbound.Start <= received && inbound.EndWithFin > received && inbound.Start < edge && !inbound.IsReset && !inbound.IsIcmp;
                while (advances && outbound.TryPeek(out SeatPacket? earlier) && earlier.IsAck && earlier.Acknowledgment < Math.Min(inbound.EndWithFin, edge))
                {
                    Add(outbound.Dequeue());
                }

                received = advances ? inbound.EndWithFin : received;
                Add(inbound);
            }

            foreach (SeatPacket rest in outbound)
            {
                Add(rest);
            }
        }

        return ordered;
    }

    private List<SeatPacket> InOrderOfTheCapture(List<SeatPacket> packets)
    {
        if (packets.Count == 0)
        {
            return packets;
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
        if (distance < NoticeableMicroseconds)
        {
            return Joined(AfterWhatDidNotKnow(packets));
        }

        Correction = TimeSpan.FromMicroseconds(distance);
        MoveOutbound(packets, distance);
        List<SeatPacket> ordered = [.. packets.OrderBy(packet => packet.Time).ThenBy(packet => packet.IsInbound ? 0 : 1)];
        return Joined(AfterWhatDidNotKnow(ordered));
    }

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

                continue;
            }

            int cause = packet.IsAck ? ends.BinarySearch(packet.Acknowledgment) : ends.Count;
            cause = cause < 0 ? ~cause : cause;
            long causedAt = cause < ends.Count ? times[cause] : long.MinValue;
            earliest = Math.Max(earliest, Math.Max(packet.Time - distance, causedAt));
            packet.Time = earliest;
        }
    }

    /// <summary>
    /// A packet is captured before its host has looked at it: what the host sent in between does not acknowledge it. Then it comes after that.
    /// </summary>
    private static List<SeatPacket> AfterWhatDidNotKnow(List<SeatPacket> packets)
    {
        for (int i = 1; i < packets.Count; i++)
        {
            SeatPacket outbound = packets[i];
            if (outbound.IsInbound || !outbound.IsAck || outbound.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST))
            {
                continue;
            }

            for (int k = i - 1; k >= 0 && packets[k] is { IsInbound: true } inbound && outbound.Time - inbound.Time <= LongestLook; k--)
            {
                bool isNotAcknowledged = inbound.Start <= outbound.Acknowledgment && inbound.EndWithFin > outbound.Acknowledgment && inbound.EndWithFin > inbound.Start;
                bool isNotEchoed = inbound.IsPureAck && inbound.Start == outbound.Acknowledgment
                    && inbound.Segment.TcpOptions.Timestamps is { } told && outbound.Segment.TcpOptions.Timestamps is { } echo
                    && unchecked((int)(told.Value - echo.EchoReply)) > 0;
                if ((isNotAcknowledged || isNotEchoed) && !inbound.IsReset)
                {
                    packets.RemoveAt(k);
                    packets.Insert(i, inbound);
                    inbound.Time = outbound.Time;
                    i--;
                }
            }
        }

        return packets;
    }

    /// <summary>
    /// Three segments or more that came at once and were acknowledged with one ACK were one for the TCP: the host had joined them (as Linux's GRO
    /// does). A TCP that sees them one by one acknowledges every second.
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

            // An ACK that is still missing at the end says nothing.
            bool isOne = end >= i + 2 && end + 1 < packets.Count && packets[end + 1] is { IsInbound: false } answer && answer.Acknowledgment >= packets[end].End;
            for (int k = i; isOne && k < end; k++)
            {
                packets[k + 1].Join(packets[k]);
                JoinedSegments++;
            }

            joined.AddRange(isOne ? [packets[end]] : packets[i..(end + 1)]);
            i = end;
        }

        return joined;
    }

    private static bool Continues(SeatPacket packet, SeatPacket next) =>
        packet is { IsInbound: true, HasData: true, IsSyn: false, IsFin: false } && next is { IsInbound: true, HasData: true, IsSyn: false }
        && next.Start == packet.End && next.Acknowledgment == packet.Acknowledgment && next.Time - packet.Time <= NoticeableMicroseconds;

    private void RequireBeginning()
    {
        if (Packets.Count == 0 || (LocalSyn is null && RemoteSyn is null))
        {
            throw new ScriptGenerationException($"No SYN left the {Side.ToString().ToLowerInvariant()}, and none reached it.");
        }

        // An answer to a SYN that nobody saw leave is only well-formed where it is refused.
        bool hasNoRequest = LocalSyn is null && RemoteSyn is { IsAck: true } && Packets.Any(packet => packet is { IsInbound: false, IsReset: false });
        if (hasNoRequest || (!IsActive && Packets[0] is { IsInbound: false }))
        {
            throw new ScriptGenerationException("The start of the connection is missing: the first segment is an answer.");
        }
    }
}
