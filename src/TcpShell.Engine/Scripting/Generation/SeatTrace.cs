using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>One connection as one of its ends saw it: what that end sent and what reached it, in its order and in its time.</summary>
internal sealed class SeatTrace
{
    private readonly HashSet<int> _connections = [];
    private readonly Timestamp _start;

    public SeatTrace(IReadOnlyList<SegmentRecord> segments, ScriptSide side)
    {
        SegmentRecord opening = segments.FirstOrDefault(IsSyn)
            ?? throw new ScriptGenerationException("The start of the connection is missing: there is no SYN.");
        (Endpoint client, Endpoint server) = opening.Flags.Has(TcpFlags.ACK) ? (opening.Destination, opening.Source) : (opening.Source, opening.Destination);
        (Local, Remote) = side == ScriptSide.Client ? (client, server) : (server, client);
        Side = side;
        Numbers = new SeatNumbers(InitialNumber(segments, Local, Remote), InitialNumber(segments, Remote, Local));
        List<SeatPacket> packets = [];
        foreach (SegmentRecord segment in segments)
        {
            if (Belongs(segment) is { } isInbound)
            {
                packets.Add(new SeatPacket(segment, isInbound, Numbers));
            }
        }

        IsOfThisEngine = segments.Any(segment => segment.Reason is not null) && !packets.Exists(packet => !packet.IsInbound && packet.Segment.Reason is null);
        _start = packets.Select(MomentOf).DefaultIfEmpty().Min();
        if (!IsOfThisEngine)
        {
            LeaveOutDamaged(packets);
        }

        Capture = IsOfThisEngine ? null : new CaptureOrder(packets);
        Packets = Capture?.Packets ?? InOrderOfTheHost(packets);
        RequireBeginning();
        long start = Packets[0].Time;
        foreach (SeatPacket packet in Packets)
        {
            packet.Time -= start;
        }

        if (IsOfThisEngine)
        {
            TakeCalls();
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

    /// <summary>What the seat's program called after it had opened the connection; null where that has to be inferred.</summary>
    public IReadOnlyList<NotedCall>? Calls { get; private set; }

    /// <summary>The settings that its connection was made with; null where they have to be inferred.</summary>
    public TcpSettings? Settings { get; private set; }

    /// <summary>What was done to the order of a capture; null where the order is known.</summary>
    public CaptureOrder? Capture { get; }

    /// <summary>What reached the seat damaged and cannot stand in a script.</summary>
    public int Damaged { get; private set; }

    /// <summary>The first SYN of the seat; null if it sent none.</summary>
    public SeatPacket? LocalSyn => Packets.FirstOrDefault(packet => !packet.IsInbound && packet.IsSyn);

    /// <summary>The first SYN of the other end that reached the seat.</summary>
    public SeatPacket? RemoteSyn => Packets.FirstOrDefault(packet => packet.IsInbound && packet.IsSyn);

    /// <summary>Whether the seat opens the connection itself.</summary>
    public bool IsActive => LocalSyn is { IsAck: false };

    /// <summary>A time in microseconds since the first packet.</summary>
    public long TimeOf(Timestamp time) => (time - _start).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Whether a change of state opens the seat's connection.</summary>
    public bool IsOpening(StateChange change) => change.To == TcpState.Established && _connections.Contains(change.ConnectionId);

    /// <summary>
    /// Leaves out what arrived with a wrong checksum, if its data went again. Else it was no damage: where an interface calculates checksums, captures
    /// have none.
    /// </summary>
    private void LeaveOutDamaged(List<SeatPacket> packets)
    {
        HashSet<SeatPacket> damaged = [.. packets.Where(packet => packet.IsInbound && packet.Segment.ChecksumValid == false)];
        ILookup<int, SeatPacket> whole = packets.Where(packet => packet.IsInbound && !damaged.Contains(packet)).ToLookup(packet => packet.Start);
        List<SeatPacket> withData = [.. damaged.Where(packet => packet.EndWithFin > packet.Start)];
        bool wentAgain = withData.Count > 0 && withData.TrueForAll(packet => whole[packet.Start].Any(again => again.EndWithFin > again.Start));
        if (wentAgain && !damaged.Any(packet => packet.IsSyn))
        {
            Damaged += packets.RemoveAll(damaged.Contains);
        }
    }

    private static Timestamp MomentOf(SeatPacket packet) => packet.IsInbound ? packet.Segment.Arrived ?? packet.Segment.Time : packet.Segment.Time;

    private void TakeCalls()
    {
        _connections.UnionWith(Packets.Where(packet => !packet.IsInbound && packet.Segment.ConnectionId != 0).Select(packet => packet.Segment.ConnectionId));
        if (_connections.Count > 0 && Packets[0].Segment.Trace is null)
        {
            throw new ScriptGenerationException("The segments came from another process, and what the lab's program called stayed there: make the script there, or of a capture.");
        }

        List<NotedCall> calls = Packets[0].Segment.Trace?.CallsOf(_connections) ?? [];
        Settings = calls.Find(noted => noted.Call.Kind == RecordedCallKind.Open).Call.Settings ?? TcpSettings.Linux;
        if (_connections.Count > 0 && calls.TrueForAll(noted => noted.Call.Kind != RecordedCallKind.Open))
        {
            throw new ScriptGenerationException("The start of the connection is forgotten: what its program called is not known any more.");
        }

        Calls = [.. calls.Where(noted => noted.Call.Kind != RecordedCallKind.Open)];
    }

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

    /// <summary>A host of this engine knows when it sent and when it got what, and in which order.</summary>
    private List<SeatPacket> InOrderOfTheHost(List<SeatPacket> packets)
    {
        List<SeatPacket> ordered = [.. packets.OrderBy(packet => packet.Order)];
        ordered.ForEach(packet => packet.Time = TimeOf(MomentOf(packet)));
        return ordered;
    }

    /// <summary>Whether the seat acknowledges what never reached it, as far as was captured: the capture has lost it, or has one direction only.</summary>
    private bool AcknowledgesWhatIsMissing
    {
        get
        {
            int arrived = Packets.Where(packet => packet.IsInbound && !packet.IsReset && !packet.IsIcmp).Select(packet => packet.EndWithFin).DefaultIfEmpty().Max();
            return Packets.Any(packet => packet is { IsInbound: false, IsAck: true, IsReset: false } && packet.Acknowledgment > arrived);
        }
    }

    private void RequireBeginning()
    {
        if (Packets.Count == 0 || (LocalSyn is null && RemoteSyn is null))
        {
            throw new ScriptGenerationException($"No SYN left the {Side.ToString().ToLowerInvariant()}, and none reached it.");
        }

        if (Capture is not null && AcknowledgesWhatIsMissing)
        {
            throw new ScriptGenerationException($"The capture is not whole: the {Side.ToString().ToLowerInvariant()} acknowledges what is not in it.");
        }

        // An answer to a SYN that nobody saw leave is only well-formed where it is refused.
        bool hasNoRequest = LocalSyn is null && RemoteSyn is { IsAck: true } && Packets.Any(packet => packet is { IsInbound: false, IsReset: false });
        if (hasNoRequest || (!IsActive && Packets[0] is { IsInbound: false }))
        {
            throw new ScriptGenerationException("The start of the connection is missing: the first segment is an answer.");
        }
    }
}
