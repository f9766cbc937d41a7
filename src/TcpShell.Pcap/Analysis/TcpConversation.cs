using System.Runtime.CompilerServices;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>One TCP connection, or as much of it as a capture holds: who, when, how much, in what states, and how it ended.</summary>
public sealed class TcpConversation
{
    private const int UsualStateChanges = 10;

    internal readonly FlowKey Key;
    internal readonly uint Hash;
    internal readonly AnalysisOptions Options;
    private readonly long _start;
    private long _end;
    private HandshakeTimes _handshake = new();
    private TcpConversationSide? _firstToClose;
    private TcpConversationSide? _resetter;
    private ReplayedChange[] _changes = [];
    private int _changeCount;
    private int _changesTaken;
    private StateChange[]? _stateChanges;
    private ZeekSummary _zeek;

    internal TcpConversation(in SegmentSummary first, AnalysisOptions options, out bool isFromClient)
    {
        Options = options;
        _start = _end = first.Time;
        FirstFrame = LastFrame = first.Frame;
        RolesFrom = FindRoles(first, out isFromClient);
        Key = new(first, isFromClient);

        // Where both ends are the same, this segment fits as the client's.
        Key.Fits(first, out isFromClient);
        Hash = first.Hash;
        Client = new(this);
        Server = new(this);
        if (RolesFrom == RoleEvidence.SynAck)
        {
            _zeek.NoteFlip(first.Time);
        }
    }

    /// <summary>Its number, from 0 in the order of the first segments, as Wireshark's tcp.stream.</summary>
    public int Stream { get; internal set; } = -1;

    /// <summary>The captures that it was read from, one as a rule; frames are numbered over all of them.</summary>
    public IReadOnlyList<string> Files { get; internal set; } = [];

    /// <summary>The end that opened the connection.</summary>
    public TcpConversationSide Client { get; }

    /// <summary>The end that was called.</summary>
    public TcpConversationSide Server { get; }

    /// <summary>What tells that the client is the client.</summary>
    public RoleEvidence RolesFrom { get; }

    /// <summary>When its first segment was captured.</summary>
    public Timestamp Start => new(_start);

    /// <summary>When its last segment so far was captured.</summary>
    public Timestamp End => new(_end);

    /// <summary>From the first segment to the last.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>The number of its first frame in the capture, from 1; 0 where the segments came without numbers.</summary>
    public long FirstFrame { get; }

    /// <summary>The number of its last frame so far.</summary>
    public long LastFrame { get; private set; }

    /// <summary>Segments of both ends.</summary>
    public long Packets => Client.Packets + Server.Packets;

    /// <summary>Octets of data of both ends, repeated ones included.</summary>
    public long Bytes => Client.Bytes + Server.Bytes;

    /// <summary>Octets per second of the client's stream, each counted once, over the whole duration; null where the conversation took no time.</summary>
    public double? ClientGoodput => GoodputOf(Client);

    /// <summary>Octets per second of the server's stream, each counted once, over the whole duration; null where the conversation took no time.</summary>
    public double? ServerGoodput => GoodputOf(Server);

    /// <summary>Retransmissions of both ends, of all kinds, as Wireshark counts them (tcp.analysis.retransmission).</summary>
    public int Retransmissions => Client.Retransmissions + Server.Retransmissions;

    /// <summary>Segments of both ends that bring nothing new.</summary>
    public int RepeatedSegments => Client.RepeatedSegments + Server.RepeatedSegments;

    /// <summary>Segments of both ends with a wrong TCP checksum; null if nobody asked.</summary>
    public int? BadChecksums => Client.BadChecksums + Server.BadChecksums;

    /// <summary>First fragments of IP packets that belong here. Their data is counted once all of the packet is there.</summary>
    public int Fragments { get; internal set; }

    /// <summary>Segments whose header lies about its own length; they count nowhere else.</summary>
    public int Malformed { get; internal set; }

    /// <summary>ICMP errors about segments of this conversation.</summary>
    public int IcmpErrors { get; internal set; }

    /// <summary>The client's state; null while nothing shows it.</summary>
    public TcpState? ClientState => Client.State;

    /// <summary>The server's state; null while nothing shows it.</summary>
    public TcpState? ServerState => Server.State;

    /// <summary>The changes of state of both ends, in their order; see the remarks of <see cref="ConversationTracker"/> for how they are found.</summary>
    public IReadOnlyList<StateChange> StateChanges
    {
        get
        {
            if (_stateChanges?.Length != _changeCount)
            {
                _stateChanges = Array.ConvertAll(_changes[.._changeCount], change => change.Tell(this));
            }

            return _stateChanges;
        }
    }

    /// <summary>How many more changes of state there were than <see cref="StateChanges"/> has.</summary>
    public int DroppedStateChanges { get; private set; }

    /// <summary>From the client's last SYN to its acknowledgment of the server's: a round trip to both sides of the capturing point, as Wireshark's tcp.analysis.initial_rtt.</summary>
    public TimeSpan? HandshakeRtt => _handshake.Rtt >= 0 ? new(_handshake.Rtt / 100) : null;

    /// <summary>The server's part of <see cref="HandshakeRtt"/>: from the client's last SYN to the server's answer.</summary>
    public TimeSpan? ServerRtt => _handshake.ServerRtt >= 0 ? new(_handshake.ServerRtt / 100) : null;

    /// <summary>What of a whole connection was seen.</summary>
    public ConversationCompleteness Completeness { get; private set; }

    /// <summary>The history as Zeek's conn.log has it; the client is the originator.</summary>
    public string ZeekHistory => _zeek.History;

    /// <summary>When the segment of each letter of <see cref="ZeekHistory"/> was captured: nanoseconds since <see cref="Start"/>, divided by semicolons. By them <see cref="Tables.ConversationMerge"/> makes one history of two directions.</summary>
    public string ZeekHistoryTimes => _zeek.TimesSince(_start);

    /// <summary>conn_state as Zeek's conn.log has it: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR or OTH.</summary>
    public string ZeekState => ZeekSummary.ConnectionState(this);

    /// <summary>Whether the capture starts in the middle: the first segment is not a SYN, and states are inferred.</summary>
    public bool StartedMidStream => RolesFrom != RoleEvidence.Syn;

    /// <summary>Whether the capture ends in the middle: nothing has ended the conversation yet.</summary>
    public bool EndedMidStream => Ended is ConversationEnding.Open or ConversationEnding.HalfClosedByClient or ConversationEnding.HalfClosedByServer;

    /// <summary>Why the analysis let go of it.</summary>
    public ReleaseReason Released { get; internal set; }

    /// <summary>How it ended.</summary>
    public ConversationEnding Ended
    {
        get
        {
            if (_resetter is not null)
            {
                return _resetter == Client ? ConversationEnding.ResetByClient
                    : Refusal.Is(Client.Packets, Client.Syns, Server.Packets, Server.Resets) ? ConversationEnding.Refused
                    : ConversationEnding.ResetByServer;
            }

            if (_firstToClose is null)
            {
                return IsUnanswered ? ConversationEnding.Unanswered : ConversationEnding.Open;
            }

            return (_firstToClose == Client, Client.Fins > 0 && Server.Fins > 0) switch
            {
                (true, true) => ConversationEnding.ClosedByClient,
                (false, true) => ConversationEnding.ClosedByServer,
                (true, false) => ConversationEnding.HalfClosedByClient,
                (false, false) => ConversationEnding.HalfClosedByServer,
            };
        }
    }

    /// <summary>Whether both ends have closed, or one has reset: nothing more is to be expected.</summary>
    internal bool IsOver => _resetter is not null || (_firstToClose is not null && Client.Fins > 0 && Server.Fins > 0);

    /// <summary>Whether it waits to come out already.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>Whether a filter leaves it out: it has a number and nothing else.</summary>
    internal bool IsSkipped { get; set; }

    /// <summary>The frame at which it came out, or the last of all where that was no frame's doing.</summary>
    internal long ReleaseFrame { get; set; } = long.MaxValue;

    internal long EndTime => _end;

    /// <summary>Whether both ends are open and the handshake is behind them: then the usual segment changes neither.</summary>
    internal bool IsSteady { get; private set; }

    private bool IsHandshakeDue => _handshake.Rtt < 0 && RolesFrom == RoleEvidence.Syn;

    // A client that goes on after its SYN has got an answer; then only the capture lacks it.
    private bool IsUnanswered => Client.Packets > 0 && Client.Packets == Client.Syns && Server.Packets == 0;

    /// <summary><c>3: 10.0.0.1:49152 -&gt; 10.0.0.2:80, 12 packets, 3400 bytes, ClosedByClient</c>.</summary>
    public override string ToString() => $"{Stream}: {Client} -> {Server}, {Packets} packets, {Bytes} bytes, {Ended}";

    /// <summary>Whether a SYN begins another connection between the same ends.</summary>
    internal bool IsReusedBy(in SegmentSummary segment, bool isClients)
    {
        TcpConversationSide sender = isClients ? Client : Server;
        return (segment.Flags & (TcpFlags.SYN | TcpFlags.ACK)) == TcpFlags.SYN && sender.Base is { } known && known != segment.SequenceNumber;
    }

    /// <summary>Takes a segment of one of the ends.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isClients">Whether the client sent it.</param>
    /// <param name="extra">What is remarkable already.</param>
    /// <param name="ackRtt">The round trip that it tells, in nanoseconds; -1 if none.</param>
    /// <returns>What is remarkable.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal TcpAnalysisFlags Add(in SegmentSummary segment, bool isClients, TcpAnalysisFlags extra, out long ackRtt)
    {
        (TcpConversationSide sender, TcpConversationSide receiver) = isClients ? (Client, Server) : (Server, Client);
        _end = Math.Max(_end, segment.Time);
        LastFrame = segment.Frame;
        if (IsSteady && sender.IsUsual(segment, receiver.Wireshark))
        {
            sender.AddUsual(segment);
            ackRtt = receiver.NoteAcknowledged(segment);
            if (segment.Length > 0)
            {
                sender.NoteSent(segment, isRepeated: false);
            }

            return TcpAnalysisFlags.None;
        }

        int repeatedBefore = sender.RepeatedSegments;
        sender.Count(segment);
        TcpAnalysisFlags flags = extra | SequenceAnalysis.Add(ref sender.Wireshark, ref receiver.Wireshark, segment, _handshake.Rtt);
        if (segment.Checksum >= ChecksumVerdict.Bad)
        {
            flags |= segment.Checksum == ChecksumVerdict.Bad ? TcpAnalysisFlags.BadChecksum : TcpAnalysisFlags.OffloadedChecksum;
        }

        if (flags != TcpAnalysisFlags.None)
        {
            sender.Note(segment, flags, Options.MaximumListedSegments);
            if ((flags & TcpAnalysisFlags.AckedUnseenSegment) != 0)
            {
                _zeek.NoteGap(ref receiver.Zeek, !isClients, segment.Time);
            }
        }

        bool isPlain = (segment.Flags & (TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)) == 0;
        _zeek.Note(ref sender.Zeek, ref receiver.Zeek, isClients, segment, sender.RepeatedSegments != repeatedBefore);
        NoteCompleteness(segment, isPlain);
        if (IsHandshakeDue)
        {
            _handshake.Note(isClients, segment, Server.InitialSequenceNumber);
        }

        ackRtt = segment.Has(TcpFlags.ACK) ? receiver.NoteAcknowledged(segment) : -1;
        if (segment.Length > 0 || (segment.Flags & (TcpFlags.SYN | TcpFlags.FIN)) != 0)
        {
            // A keep-alive repeats an octet as well, but everybody knows what its answer answers.
            const TcpAnalysisFlags Repeated = TcpAnalysisFlags.Retransmission | TcpAnalysisFlags.OutOfOrder;
            sender.NoteSent(segment, (flags & Repeated) != 0);
        }

        // Between two open ends plain segments change nothing.
        if (!isPlain || _firstToClose is not null || Client.State != TcpState.Established || Server.State != TcpState.Established)
        {
            Replay(segment, isClients, sender);
        }

        IsSteady = !Options.TakesLongWay && Client.State == TcpState.Established && Server.State == TcpState.Established && _firstToClose is null && !IsHandshakeDue;
        return flags;
    }

    /// <summary>Takes a segment of a conversation that is left out: no more than tells it from the next one on the same ports.</summary>
    internal void Skip(in SegmentSummary segment, bool isClients)
    {
        (isClients ? Client : Server).NoteStart(segment);
        _end = Math.Max(_end, segment.Time);
    }

    /// <summary>The changes of state that were not taken yet.</summary>
    internal StateChange[] TakeNewStateChanges()
    {
        if (_changesTaken == _changeCount)
        {
            return [];
        }

        StateChange[] news = Array.ConvertAll(_changes[_changesTaken.._changeCount], change => change.Tell(this));
        _changesTaken = _changeCount;
        return news;
    }

    /// <summary>Keeps a change of state.</summary>
    internal void Add(in ReplayedChange change)
    {
        if (_changeCount >= Options.MaximumStateChanges)
        {
            DroppedStateChanges++;
            return;
        }

        if (_changeCount == _changes.Length)
        {
            Array.Resize(ref _changes, Math.Min(Options.MaximumStateChanges, Math.Max(UsualStateChanges, 2 * _changeCount)));
        }

        _changes[_changeCount++] = change;
    }

    private static RoleEvidence FindRoles(in SegmentSummary first, out bool isFromClient)
    {
        const int WellKnownPorts = 1024;
        bool isWellKnown = first.SourcePort < WellKnownPorts != first.DestinationPort < WellKnownPorts;
        RoleEvidence evidence = first.Has(TcpFlags.SYN) ? (first.Has(TcpFlags.ACK) ? RoleEvidence.SynAck : RoleEvidence.Syn)
            : isWellKnown ? RoleEvidence.WellKnownPort
            : RoleEvidence.FirstSender;
        isFromClient = evidence switch
        {
            RoleEvidence.SynAck => false,
            RoleEvidence.WellKnownPort => first.DestinationPort < WellKnownPorts,
            _ => true,
        };
        return evidence;
    }

    private void Replay(in SegmentSummary segment, bool isClients, TcpConversationSide sender)
    {
        if (segment.Has(TcpFlags.FIN))
        {
            _firstToClose ??= sender;
        }

        if (segment.Has(TcpFlags.SYN))
        {
            TcpConversationSide.AgreeOnScale(Client, Server);
        }

        var own = new StateReplay(this, isClients, segment.Time);
        var other = new StateReplay(this, !isClients, segment.Time);
        bool isReset = segment.Has(TcpFlags.RST) && other.IsAcceptableReset(segment);
        bool isOfOldConnection = isReset && own.ResetsOldConnection(segment);
        own.Sends(segment);
        other.Receives(segment, isReset);
        if (isOfOldConnection)
        {
            (isClients ? Server : Client).ExpectNewStart();
        }
        else if (isReset && (Client.Fins == 0 || Server.Fins == 0))
        {
            _resetter ??= sender;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteCompleteness(in SegmentSummary segment, bool isPlain)
    {
        if (isPlain && segment.Has(TcpFlags.ACK))
        {
            Completeness |= segment.Length > 0 ? ConversationCompleteness.Data : ConversationCompleteness.Ack;
            return;
        }

        bool hasAck = segment.Has(TcpFlags.ACK);
        bool hasSyn = segment.Has(TcpFlags.SYN);
        Completeness |= (hasSyn ? (hasAck ? ConversationCompleteness.SynAck : ConversationCompleteness.Syn) : 0)
            | (hasAck && !hasSyn && segment.Length == 0 ? ConversationCompleteness.Ack : 0)
            | (segment.Length > 0 ? ConversationCompleteness.Data : 0)
            | (hasAck && segment.Has(TcpFlags.FIN) ? ConversationCompleteness.Fin : 0)
            | (segment.Has(TcpFlags.RST) ? ConversationCompleteness.Rst : 0);
    }

    private double? GoodputOf(TcpConversationSide side) => Duration > TimeSpan.Zero ? side.UniqueBytes / Duration.TotalSeconds : null;
}
