using TcpShell.Tcp;

namespace TcpShell.Scripting.Generation;

/// <summary>
/// Whether the seat acknowledged data at once or waited for company: TCP_QUICKACK tells a TCP which of both to do. Here it is found where it must
/// have changed.
/// </summary>
internal static class AcknowledgmentMode
{
    // The acknowledgments that a TCP gives at once when a peer begins.
    private const int QuickAtFirst = 16;
    private const int SegmentsPerAck = 2;
    private const int DefaultMss = 536;
    private const long Prompt = 4000;
    private const long Tolerated = 10_000;
    private const long LongestDelay = 500_000;
    private const long ShortestTimeout = 150_000;

    /// <summary>The inbound packets before which the mode changes, with the mode.</summary>
    public static IEnumerable<(int Packet, bool IsQuick)> Changes(SeatTrace trace, StackTraits traits, ProgramInference program)
    {
        long usual = (long)(traits.DelayedAck ?? TcpSettings.Linux.DelayedAckTimeout).TotalMicroseconds;
        IReadOnlyList<SeatPacket> packets = trace.Packets;
        bool isQuick = true;
        int quickLeft = QuickAtFirst;
        int waiting = 0;
        int received = 1;
        long lastArrived = 0;
        int fullSize = trace.LocalSyn?.Segment.TcpOptions.MaximumSegmentSize ?? DefaultMss;
        for (int i = 0; i < packets.Count; i++)
        {
            SeatPacket packet = packets[i];
            if (!packet.IsInbound)
            {
                waiting = packet.IsAck ? 0 : waiting;
                continue;
            }

            if (!packet.HasData || packet.IsSyn)
            {
                continue;
            }

            if (packet.Start > received || packet.End <= received)
            {
                quickLeft = QuickAtFirst; // trouble is told of at once, and so is what follows
                lastArrived = packet.Time;
                continue;
            }

            bool beginsAnew = packet.Time - lastArrived > ShortestTimeout;
            lastArrived = packet.Time;
            received = packet.EndWithFin;
            waiting++;
            bool isAnswered = i + 1 < packets.Count && program.AnsweredBy(i + 1) == i;
            if (isAnswered || packet.IsFin || waiting >= SegmentsPerAck || packet.Length >= SegmentsPerAck * fullSize || AnsweredAtOnce(packets, i, usual) is not { } atOnce)
            {
                continue; // it is acknowledged at once in any mode, or nobody knows
            }

            // After a pause of one retransmission timeout it begins anew; how long that is only the TCP knows.
            bool isSo = isQuick && quickLeft > 0;
            bool isUnsure = isQuick && quickLeft <= 0 && beginsAnew;
            quickLeft -= isSo ? 1 : 0;
            if (isUnsure || atOnce != isSo)
            {
                isQuick = atOnce;
                quickLeft = QuickAtFirst - 1;
                yield return (i, atOnce);
            }
        }
    }

    /// <summary>
    /// When the seat acknowledged an inbound packet alone: how long it waited, in microseconds. In a script it may do so earlier, as this is a stack's
    /// own business (RFC 9293 3.8.6.3).
    /// </summary>
    public static IEnumerable<(int Packet, long Delay)> Delays(SeatTrace trace)
    {
        for (int i = 0; i + 1 < trace.Packets.Count; i++)
        {
            SeatPacket arrived = trace.Packets[i];
            SeatPacket answer = trace.Packets[i + 1];
            bool isAlone = arrived.IsInbound && arrived.EndWithFin > arrived.Start && !arrived.IsSyn && answer is { IsInbound: false, IsPureAck: true };
            if (isAlone && answer.Acknowledgment == arrived.EndWithFin && answer.Time - arrived.Time <= LongestDelay)
            {
                yield return (i + 1, answer.Time - arrived.Time);
            }
        }
    }

    /// <summary>Whether an acknowledgment of its own followed at once; null where that cannot be told.</summary>
    private static bool? AnsweredAtOnce(IReadOnlyList<SeatPacket> packets, int index, long usual)
    {
        SeatPacket arrived = packets[index];
        for (int i = index + 1; i < packets.Count; i++)
        {
            SeatPacket packet = packets[i];
            long delay = packet.Time - arrived.Time;
            if (packet.IsInbound)
            {
                if (packet.HasData && packet.Start == arrived.End)
                {
                    return false; // the next one came first
                }

                continue;
            }

            if (!packet.IsAck || packet.IsReset || packet.Acknowledgment < arrived.End)
            {
                continue;
            }

            // One that comes next may come earlier: then only what is nearer to the usual delay than to none was delayed.
            return packet.IsPureAck && delay <= (i == index + 1 ? Math.Max(Prompt, usual - Tolerated) : Prompt);
        }

        return null;
    }
}
