using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>
/// When the seat looked at what reached it. A packet is captured before its host has looked at it, and several may come at the same moment; what
/// the host sends meanwhile tells by its acknowledgment, its SACK blocks and its echoed timestamp how far it had come. Its order it keeps.
/// </summary>
internal sealed class LookingOrder
{
    // How long a host may take to look at what came; and as many blocks tell of everything.
    private const long LongestLook = 10_000;
    private const int MostBlocks = 3;

    private readonly List<SeatPacket> _ordered;
    private readonly Queue<SeatPacket> _waiting = new();
    private readonly ReceivedRanges _received = new();
    private readonly bool _tellsOfAll;
    private int _told;

    public LookingOrder(List<SeatPacket> packets)
    {
        _ordered = new(packets.Count);
        _tellsOfAll = packets.Where(packet => packet.IsSyn).Take(2).All(packet => packet.Segment.TcpOptions.SackPermitted);
        foreach (SeatPacket packet in packets)
        {
            if (packet.IsInbound)
            {
                _waiting.Enqueue(packet);
                continue;
            }

            bool tells = packet.IsAck && !packet.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST);
            LookAtAll(next => tells && (IsUnseen(next, packet) || IsBehindCause(next, packet)), packet.Time);
            _told = Math.Max(_told, packet.Acknowledgment);
            _ordered.Add(packet);
        }

        LookAtAll(_ => false, long.MaxValue);
    }

    public List<SeatPacket> Packets => _ordered;

    /// <summary>Lets the host look at what waits, up to the first packet that it has not seen.</summary>
    private void LookAtAll(Func<SeatPacket, bool> isUnseen, long time)
    {
        while (_waiting.TryPeek(out SeatPacket? next))
        {
            bool isOverdue = time - next.Time > LongestLook;
            if (!isOverdue && !next.IsReset && !next.IsIcmp && isUnseen(next))
            {
                return;
            }

            _waiting.Dequeue();
            _received.Add(next.Start, next.EndWithFin);

            // It comes after what was sent before.
            next.Time = Math.Max(next.Time, _ordered.Count > 0 ? _ordered[^1].Time : 0);
            _ordered.Add(next);
        }
    }

    /// <summary>Whether a packet would tell something else if the host had seen another one.</summary>
    private bool IsUnseen(SeatPacket inbound, SeatPacket outbound)
    {
        int next = _received.NextAfter(inbound.Start, inbound.EndWithFin);
        if (next > _received.Next && next > outbound.Acknowledgment)
        {
            return true;
        }

        bool isBeyondGap = inbound.HasData && inbound.Start > _received.Next;
        if (isBeyondGap && _tellsOfAll && outbound.Acknowledgment <= inbound.Start)
        {
            SackBlock[] blocks = outbound.Segment.TcpOptions.Sack.ToArray();
            SeqNumber start = new(inbound.Segment.SequenceNumber);
            return blocks.Length < MostBlocks && !blocks.Any(block => block.Left <= start && start + inbound.Length <= block.Right);
        }

        return inbound.IsPureAck && inbound.Start == outbound.Acknowledgment
            && inbound.Segment.TcpOptions.Timestamps is { } told && outbound.Segment.TcpOptions.Timestamps is { } echo
            && unchecked((int)(told.Value - echo.EchoReply)) > 0;
    }

    /// <summary>Of what comes at one moment, an answer with data follows at once on what it answers, and the rest comes after it.</summary>
    private bool IsBehindCause(SeatPacket inbound, SeatPacket outbound) =>
        outbound.HasData && inbound.IsPureAck && inbound.Time == outbound.Time && outbound.Acknowledgment > _told && _received.Next == outbound.Acknowledgment;

    /// <summary>What of the other end's numbers has been received.</summary>
    private sealed class ReceivedRanges
    {
        private readonly SortedDictionary<int, int> _beyond = [];

        /// <summary>The number that is expected next.</summary>
        public int Next { get; private set; } = 1;

        /// <summary>What would be expected next after some more.</summary>
        public int NextAfter(int start, int end)
        {
            int next = start <= Next ? Math.Max(Next, end) : Next;
            foreach ((int from, int to) in _beyond)
            {
                if (from > next)
                {
                    break;
                }

                next = Math.Max(next, to);
            }

            return next;
        }

        public void Add(int start, int end)
        {
            if (end <= Next || end <= start)
            {
                return;
            }

            _beyond[start] = Math.Max(end, _beyond.GetValueOrDefault(start, end));
            Next = NextAfter(Next, Next);
            foreach (int passed in _beyond.Keys.TakeWhile(from => from <= Next).ToArray())
            {
                _beyond.Remove(passed);
            }
        }
    }
}
