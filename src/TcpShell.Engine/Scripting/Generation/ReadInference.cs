namespace TcpShell.Scripting.Generation;

/// <summary>When the program read what arrived, by what its TCP acknowledged and by how the window went on.</summary>
/// <remarks>
/// What is acknowledged was there to be read, and is taken for read unless the window says otherwise: where it shrinks while the acknowledgment
/// number grows, data lies in the buffer; where it opens again without a cause from outside, it was read at that moment.
/// </remarks>
internal sealed class ReadInference
{
    private readonly IReadOnlyList<SeatPacket> _packets;
    private readonly long _slack;
    private readonly bool _isExact;
    private readonly int _mss;
    private readonly List<int> _told = [1];
    private int _read = 1;

    public ReadInference(SeatTrace trace, StackTraits traits)
    {
        _packets = trace.Packets;
        _mss = traits.SendMss;
        _slack = Math.Min(2L * _mss, traits.LargestWindow / 4);

        _isExact = traits.WindowShift == 0;

        Reads = [];
        Infer();
    }

    /// <summary>Reads, each before or after a packet.</summary>
    public List<(int Packet, bool IsBefore, int Octets)> Reads { get; }

    /// <summary>Octets that arrived in order, were acknowledged and were not read before a packet.</summary>
    public int UnreadBefore(int packet)
    {
        int available = 1;
        for (int i = 0; i < packet; i++)
        {
            available = Math.Max(available, DataAcknowledgedBy(_packets[i]));
            available = _packets[i] is { IsInbound: true, HasData: true } arrived && arrived.Start <= available ? Math.Max(available, arrived.End) : available;
        }

        return available - 1 - Reads.Where(read => read.Packet < packet || (read.Packet == packet && read.IsBefore)).Sum(read => read.Octets);
    }

    private int Fin { get; set; } = int.MaxValue;

    private int DataAcknowledgedBy(SeatPacket packet) =>
        !packet.IsInbound && packet.IsAck && !packet.IsReset ? Math.Min(packet.Acknowledgment, Fin) : 0;

    private void Infer()
    {
        foreach (SeatPacket packet in _packets)
        {
            Fin = packet is { IsInbound: true, IsFin: true } ? Math.Min(Fin, packet.End) : Fin;
        }

        List<int> tellers = [.. Enumerable.Range(0, _packets.Count).Where(i => _packets[i] is { IsInbound: false, IsAck: true, IsReset: false, IsIcmp: false })];
        long largest = 0; // a stack whose buffer grows on the way has no one size: what is compared with is the largest window so far
        for (int k = 0; k < tellers.Count; k++)
        {
            SeatPacket packet = _packets[tellers[k]];
            largest = Math.Max(largest, packet.IsSyn ? 0 : packet.Segment.ScaledWindow);
            int acknowledged = DataAcknowledgedBy(packet);
            if (acknowledged > _told[^1])
            {
                _told.Add(acknowledged);
            }

            if (acknowledged <= _read)
            {
                continue;
            }

            SeatPacket? next = k + 1 < tellers.Count ? _packets[tellers[k + 1]] : null;
            int taken = next is null ? LeftAtTheEnd(packet, largest, acknowledged) : TakenBy(next, Math.Max(largest, next.Segment.ScaledWindow), acknowledged);
            if (taken > _read)
            {
                Place(tellers[k], k + 1 < tellers.Count ? tellers[k + 1] : -1, taken);
            }
        }
    }

    /// <summary>Up to where the program had read when a packet told its window.</summary>
    private int TakenBy(SeatPacket teller, long largest, int acknowledged)
    {
        long unread = largest - teller.Segment.ScaledWindow;
        int known = DataAcknowledgedBy(teller);
        if (unread <= _slack)
        {
            return acknowledged;
        }

        int taken = (int)Math.Clamp(known - unread, _read, acknowledged);
        if (_isExact)
        {
            return taken;
        }

        // Who reads takes all that is there; of a large window the scale hides how much exactly.
        int place = _told.BinarySearch((int)Math.Min(taken + _slack, acknowledged));
        return Math.Max(_read, _told[place >= 0 ? place : ~place - 1]);
    }

    // Nothing follows that would tell: it was read if the window was not on its way to close.
    private int LeftAtTheEnd(SeatPacket last, long largest, int acknowledged) =>
        largest - last.Segment.ScaledWindow <= Math.Max(_slack, largest / 2) ? acknowledged : _read;

    private void Place(int packet, int next, int taken)
    {
        int octets = taken - _read;
        SeatPacket before = _packets[packet];
        bool wasNarrow = before.Segment.ScaledWindow < _mss && !before.IsSyn;
        bool tellsOfOpening = next >= 0 && _packets[next].IsPureAck && _packets[next].Acknowledgment == before.Acknowledgment
            && _packets[next].Segment.ScaledWindow > before.Segment.ScaledWindow;
        _read = taken;
        if (tellsOfOpening && wasNarrow)
        {
            // A read opens the window at once, so it was made when that was told; if the peer asked, before it asked.
            bool wasAsked = next > 0 && _packets[next - 1].IsInbound && _packets[next - 1].Time == _packets[next].Time;
            Reads.Add((wasAsked ? next - 1 : next, true, octets));
            return;
        }

        int place = packet;
        while (place + 1 < _packets.Count && _packets[place + 1] is { IsInbound: false, IsFin: false, IsReset: false } same && same.Time == before.Time)
        {
            place++;
        }

        Reads.Add((place, false, octets));
    }
}
