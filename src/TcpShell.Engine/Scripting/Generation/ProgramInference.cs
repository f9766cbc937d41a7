using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>What the program gave its TCP to send, and how it ended, as far as its segments tell.</summary>
internal sealed class ProgramInference
{
    // How soon after its cause a segment of another stack leaves.
    private const long Prompt = 2000;

    // How long after it a segment is still the answer to another one. A FIN is acknowledged at once here, whatever other stacks do.
    private const long ShortAnswer = 10_000;
    private const long LongestAnswer = 500_000;

    private readonly SeatTrace _trace;
    private readonly StackTraits _traits;
    private readonly IReadOnlyList<SeatPacket> _packets;
    private readonly List<Write> _writes = [];
    private int _sent = 1;
    private int _acknowledged = 1;
    private long _windowEdge;
    private int _lastOpening = -1;
    private int _lastDataIndex = -1;
    private int _probedFrom = -1;
    private bool _wasReset;
    private int _peerSyn = -1;
    private int _received = 1;
    private int _sentWithFin = 1;

    public ProgramInference(SeatTrace trace, StackTraits traits)
    {
        _trace = trace;
        _traits = traits;
        _packets = trace.Packets;
        for (int i = 0; i < _packets.Count; i++)
        {
            Look(i);
        }
    }

    /// <summary>One write call.</summary>
    /// <param name="Packet">The packet that it makes leave, or after which it waits.</param>
    /// <param name="Start">Its first octet.</param>
    /// <param name="End">The octet after its last.</param>
    public sealed record Write(int Packet, int Start, int End)
    {
        /// <summary>Whether it is made after an inbound packet, and waits; else it is made right before what it sends.</summary>
        public bool Waits { get; init; }

        /// <summary>Whether its last octet is urgent.</summary>
        public bool IsUrgent { get; init; }

        /// <summary>Whether more was announced, so that its tail waits: the FIN went in the same segment.</summary>
        public bool HasMore { get; init; }
    }

    public IReadOnlyList<Write> Writes => _writes;

    /// <summary>Whether short segments went while others were not acknowledged (TCP_NODELAY).</summary>
    public bool SendsAtOnce { get; private set; }

    /// <summary>The packet before which the program closes its direction; null if it does not.</summary>
    public int? ClosesBefore { get; private set; }

    /// <summary>The index of the write right after which it closes; -1 if it closes when the FIN goes.</summary>
    public int ClosesAfter { get; private set; } = -1;

    /// <summary>The packet before which the program aborts; null if it does not.</summary>
    public int? AbortsBefore { get; private set; }

    /// <summary>The inbound packet that completes the handshake of a passive open; null if none does.</summary>
    public int? EstablishedBy { get; private set; }

    /// <summary>The inbound packet before which a connection is closed that is not open yet; null if it is not.</summary>
    public int? ClosesUnopenedBefore { get; private set; }

    private bool IsSynchronized => _trace.IsActive ? _peerSyn >= 0 : _trace.LocalSyn is not null;

    private bool IsOpen => (_trace.IsActive ? _peerSyn >= 0 : EstablishedBy is not null) && !_wasReset;

    /// <summary>
    /// The inbound packet right before an outbound one that carries its acknowledgment as well as data or a FIN, so that the program seems to have
    /// called before the acknowledgment was due.
    /// </summary>
    /// <param name="packet">The outbound packet.</param>
    public int? AnsweredBy(int packet)
    {
        if (packet == 0 || _packets[packet - 1] is not { IsInbound: true, IsReset: false, IsSyn: false } cause)
        {
            return null;
        }

        SeatPacket answer = _packets[packet];
        bool fillsGap = answer.Acknowledgment > cause.EndWithFin && cause.Start == Told(packet) && LayBeyond(packet - 1, answer.Acknowledgment);
        bool carriesBoth = cause.EndWithFin > cause.Start && (answer.Acknowledgment == cause.EndWithFin || fillsGap) && (answer.HasData || answer.IsFin);
        long delay = answer.Time - cause.Time;
        return carriesBoth && delay <= (cause.IsFin ? LongestAnswer : ShortAnswer) ? packet - 1 : null;
    }

    /// <summary>Whether data up to a number had come before a packet that fills the gap below it.</summary>
    private bool LayBeyond(int packet, int end)
    {
        int earlier = packet - 1;
        while (earlier >= 0 && !(_packets[earlier].IsInbound && _packets[earlier].HasData && _packets[earlier].EndWithFin == end))
        {
            earlier--;
        }

        return earlier >= 0;
    }

    /// <summary>What the seat had acknowledged before a packet.</summary>
    private int Told(int packet)
    {
        int before = packet - 1;
        while (before >= 0 && (_packets[before].IsInbound || !_packets[before].IsAck))
        {
            before--;
        }

        return before < 0 ? 0 : _packets[before].Acknowledgment;
    }

    private void Look(int index)
    {
        SeatPacket packet = _packets[index];
        if (packet.IsIcmp)
        {
            return;
        }

        if (packet.IsInbound)
        {
            LookAtInbound(index, packet);
        }
        else if (packet.IsReset)
        {
            LookAtReset(index, packet);
        }
        else
        {
            LookAtOutbound(index, packet);
        }
    }

    private void LookAtInbound(int index, SeatPacket packet)
    {
        if (packet.IsReset)
        {
            // Only a reset with the very next number ends a connection (RFC 5961 3.2); an open one is refused by what acknowledges its SYN.
            _wasReset |= IsSynchronized ? packet.Start == _received : packet.IsAck && packet.Acknowledgment == 1;
            return;
        }

        _peerSyn = packet.IsSyn && _peerSyn < 0 ? index : _peerSyn;
        _received = packet.Start <= _received ? Math.Max(_received, packet.EndWithFin) : _received;
        if (!packet.IsAck)
        {
            return;
        }

        bool completes = !packet.IsSyn && packet.Acknowledgment >= 1 && packet.Acknowledgment <= _sentWithFin && packet.Start <= _received && packet.EndWithFin >= 1;
        EstablishedBy ??= completes && !_trace.IsActive && !_wasReset && _trace.LocalSyn is not null ? index : null;
        _lastOpening = index;
        _windowEdge = packet.Acknowledgment >= _acknowledged ? packet.WindowEdge : _windowEdge;
        _acknowledged = Math.Max(_acknowledged, Math.Min(packet.Acknowledgment, _sent));
    }

    private void LookAtOutbound(int index, SeatPacket packet)
    {
        if (packet.HasData && packet.End > _sent && !packet.IsSyn)
        {
            LookAtNewData(index, packet);
        }

        bool probesWithoutData = packet.IsPureAck && packet.Start == _sent - 1 && _windowEdge <= _sent && _sent == _acknowledged;
        _probedFrom = probesWithoutData && _probedFrom < 0 ? _lastOpening : _probedFrom;
        _sentWithFin = Math.Max(_sentWithFin, packet.EndWithFin);
        if (packet.IsFin && ClosesBefore is null)
        {
            // A FIN that shares its segment with data was asked for while the data waited: for an acknowledgment, or for the FIN (Nagle).
            bool wasReleased = _lastOpening >= 0 && packet.Time - _packets[_lastOpening].Time <= Prompt;
            ClosesBefore = index;
            ClosesAfter = packet.HasData && _writes.Count > 0 && (wasReleased || _writes[^1].Packet == index) ? _writes.Count - 1 : -1;
        }
    }

    private void LookAtNewData(int index, SeatPacket packet)
    {
        bool hasFlight = _sent > _acknowledged;
        bool isShort = packet.Length % _traits.SendMss != 0;
        bool continues = _writes.Count > 0 && Continues(packet, hasFlight);
        bool isUrgent = packet.Flags.Has(TcpFlags.URG) && packet.Segment.UrgentPointer > 0;
        if (continues && !_writes[^1].IsUrgent)
        {
            _writes[^1] = _writes[^1] with { End = packet.End };
        }
        else if (!continues || packet.End > _writes[^1].End)
        {
            int start = _writes.Count == 0 ? _sent : Math.Max(_sent, _writes[^1].End);

            // What leaves into a closed window is a probe: it was written before, and waited. So was what probes without data asked for.
            bool isProbe = _lastOpening >= 0 && _windowEdge <= _sent && _sent == _acknowledged;
            int waitedFrom = _probedFrom >= 0 ? _probedFrom : isProbe ? _lastOpening : -1;
            _writes.Add(new(waitedFrom >= 0 ? waitedFrom : index, start, packet.End) { Waits = waitedFrom >= 0 });
            _probedFrom = -1;
        }

        if (isUrgent)
        {
            int urgentEnd = Math.Max(_writes[^1].Start + 1, packet.Start + packet.Segment.UrgentPointer);
            _writes[^1] = _writes[^1] with { IsUrgent = true, End = Math.Max(urgentEnd, _writes[^1].Start + 1) };
        }

        bool goesAtOnce = _writes[^1].Packet == index;
        bool fillsTheWindow = packet.End >= _windowEdge;
        SendsAtOnce |= isShort && (hasFlight || packet.Length > _traits.SendMss) && !packet.IsFin && !fillsTheWindow && !packet.Flags.Has(TcpFlags.URG);
        if (packet.IsFin && goesAtOnce && (!hasFlight || !isShort))
        {
            _writes[^1] = _writes[^1] with { HasMore = true };
        }

        _sent = packet.End;
        _lastDataIndex = index;
    }

    /// <summary>Whether data belongs to the write before. Without PSH more was waiting.</summary>
    private bool Continues(SeatPacket packet, bool hasFlight)
    {
        SeatPacket before = _packets[_lastDataIndex];
        bool wasPushed = before.Flags.Has(TcpFlags.PSH);
        bool inBurst = packet.Time - before.Time <= Prompt && _lastOpening < _lastDataIndex;
        bool isClocked = _lastOpening >= 0 && packet.Time - _packets[_lastOpening].Time <= Prompt && !_packets[_lastOpening].HasData;
        bool isBlocked = _windowEdge < packet.Start + Math.Min(packet.Length, _traits.SendMss);
        bool wasFull = before.Length >= _traits.SendMss;
        return wasPushed ? wasFull && (inBurst || (isClocked && hasFlight)) : inBurst || isClocked || isBlocked;
    }

    private void LookAtReset(int index, SeatPacket packet)
    {
        // Who has no connection, or none any more, answers with a reset without a call.
        SeatPacket? cause = index > 0 ? _packets[index - 1] : null;
        bool isAnswer = cause is { IsInbound: true } && packet.Time - cause.Time <= Prompt && !packet.IsAck;
        bool isRefusal = _trace.IsActive && !packet.IsAck && cause is { IsInbound: true, IsSyn: true, IsAck: true, Acknowledgment: 1 } && _peerSyn == index - 1;
        if (isRefusal && packet.Time - cause!.Time <= LongestAnswer)
        {
            ClosesUnopenedBefore = _peerSyn; // a request that was given up is not known any more when its answer comes
        }
        else if (AbortsBefore is null && IsOpen && !isAnswer)
        {
            AbortsBefore = index;
        }
    }
}
