using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>One TCP connection, or as much of it as a capture holds: who, when, how much, in what states, and how it ended.</summary>
public sealed class TcpConversation
{
    /// <summary>The most changes of state that are kept; an ordinary connection has ten. Forged segments could make any number.</summary>
    public const int MaximumStateChanges = 100;

    private readonly List<StateChange> _stateChanges = [];
    private readonly SequenceAnalysis _analysis = new();
    private Timestamp _clientSyn;
    private TcpConversationSide? _firstToClose;
    private TcpConversationSide? _resetter;

    internal TcpConversation(int stream, TcpConversationSide client, TcpConversationSide server, RoleEvidence rolesFrom, Timestamp start)
    {
        Stream = stream;
        Client = client;
        Server = server;
        RolesFrom = rolesFrom;
        Start = start;
        End = start;
        ClientReplay = new StateReplay(this, "client", client, server);
        ServerReplay = new StateReplay(this, "server", server, client);
    }

    /// <summary>Its number, from 0 in the order of the first segments, as Wireshark's tcp.stream.</summary>
    public int Stream { get; }

    /// <summary>The end that opened the connection.</summary>
    public TcpConversationSide Client { get; }

    /// <summary>The end that was called.</summary>
    public TcpConversationSide Server { get; }

    /// <summary>What tells that the client is the client.</summary>
    public RoleEvidence RolesFrom { get; }

    /// <summary>When its first segment was captured.</summary>
    public Timestamp Start { get; }

    /// <summary>When its last segment so far was captured.</summary>
    public Timestamp End { get; private set; }

    /// <summary>From the first segment to the last.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>Segments of both ends.</summary>
    public long Packets => Client.Packets + Server.Packets;

    /// <summary>Octets of data of both ends, repeated ones included.</summary>
    public long Bytes => Client.Bytes + Server.Bytes;

    /// <summary>Segments of both ends of which all was seen before.</summary>
    public int Retransmissions => Client.Retransmissions + Server.Retransmissions;

    /// <summary>Segments of both ends with a wrong TCP checksum.</summary>
    public int BadChecksums => Client.BadChecksums + Server.BadChecksums;

    /// <summary>First fragments of IP packets that belong here. Fragments are not put together, so their data are not counted.</summary>
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
    public IReadOnlyList<StateChange> StateChanges => _stateChanges;

    /// <summary>From the client's last SYN to its acknowledgment of the server's: a round trip to both sides of the capturing point, as Wireshark's tcp.analysis.initial_rtt.</summary>
    public TimeSpan? HandshakeRtt { get; private set; }

    /// <summary>What of a whole connection was seen.</summary>
    public ConversationCompleteness Completeness { get; private set; }

    /// <summary>Whether the capture starts in the middle: the first segment is not a SYN, and states are inferred.</summary>
    public bool StartedMidStream => RolesFrom != RoleEvidence.Syn;

    /// <summary>Whether the capture ends in the middle: nothing has ended the conversation yet.</summary>
    public bool EndedMidStream => Ended is ConversationEnding.Open or ConversationEnding.HalfClosedByClient or ConversationEnding.HalfClosedByServer;

    /// <summary>How it ended.</summary>
    public ConversationEnding Ended
    {
        get
        {
            if (_resetter is not null)
            {
                bool isRefusal = Server.Syns == 0 && Client.Syns > 0;
                return _resetter == Client ? ConversationEnding.ResetByClient
                    : isRefusal ? ConversationEnding.Refused
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

    // A client that goes on after its SYN has got an answer; then only the capture lacks it.
    private bool IsUnanswered => Client.Packets > 0 && Client.Packets == Client.Syns && Server.Packets == 0;

    private StateReplay ClientReplay { get; }

    private StateReplay ServerReplay { get; }

    /// <summary><c>3: 10.0.0.1:49152 -&gt; 10.0.0.2:80, 12 packets, 3400 bytes, ClosedByClient</c>.</summary>
    public override string ToString() => $"{Stream}: {Client} -> {Server}, {Packets} packets, {Bytes} bytes, {Ended}";

    /// <summary>Takes a segment of one of the ends.</summary>
    internal void Add(Timestamp time, in DecodedPacket packet)
    {
        bool isClients = packet.SourceEndpoint == Client.Endpoint;
        TcpConversationSide sender = isClients ? Client : Server;
        TcpSegment segment = packet.Segment;
        int length = packet.SegmentLength;
        End = time > End ? time : End;
        sender.Count(packet);
        sender.Analysis.Add(_analysis.Add(isClients, segment, length, time, HandshakeRtt));
        NoteWindow(sender, segment);
        NoteHandshake(isClients, segment, time);
        NoteCompleteness(segment, length);
        if (segment.Flags.Has(TcpFlags.FIN))
        {
            _firstToClose ??= sender;
        }

        (StateReplay own, StateReplay other) = isClients ? (ClientReplay, ServerReplay) : (ServerReplay, ClientReplay);
        bool isReset = segment.Flags.Has(TcpFlags.RST) && other.IsAcceptableReset(segment);
        own.Sends(segment, length, time);
        other.Receives(segment, length, isReset, time);
        if (isReset && (Client.Fins == 0 || Server.Fins == 0))
        {
            _resetter ??= sender;
        }
    }

    /// <summary>Keeps a change of state.</summary>
    internal void Add(StateChange change)
    {
        if (_stateChanges.Count < MaximumStateChanges)
        {
            _stateChanges.Add(change);
        }
    }

    private void NoteWindow(TcpConversationSide sender, in TcpSegment segment)
    {
        // RFC 7323 2.2: windows of SYNs are not scaled, and the others only if both SYNs had the option.
        const int MaximumShift = 14;
        bool isScaled = !segment.Flags.Has(TcpFlags.SYN) && Client.WindowScale is not null && Server.WindowScale is not null;
        sender.Window = (long)segment.Window << (isScaled ? Math.Min((int)sender.WindowScale!.Value, MaximumShift) : 0);
    }

    private void NoteHandshake(bool isClients, in TcpSegment segment, Timestamp time)
    {
        if (!isClients || HandshakeRtt is not null || segment.Flags.Has(TcpFlags.RST) || RolesFrom != RoleEvidence.Syn)
        {
            return;
        }

        if (segment.Flags.Has(TcpFlags.SYN))
        {
            _clientSyn = time;
        }
        else if (Server.InitialSequenceNumber is { } isn && segment.Flags.Has(TcpFlags.ACK) && segment.AcknowledgmentNumber > isn)
        {
            HandshakeRtt = time - _clientSyn;
        }
    }

    private void NoteCompleteness(in TcpSegment segment, int length)
    {
        bool hasAck = segment.Flags.Has(TcpFlags.ACK);
        bool hasSyn = segment.Flags.Has(TcpFlags.SYN);
        Completeness |= (hasSyn ? (hasAck ? ConversationCompleteness.SynAck : ConversationCompleteness.Syn) : 0)
            | (hasAck && !hasSyn && length == 0 ? ConversationCompleteness.Ack : 0)
            | (length > 0 ? ConversationCompleteness.Data : 0)
            | (hasAck && segment.Flags.Has(TcpFlags.FIN) ? ConversationCompleteness.Fin : 0)
            | (segment.Flags.Has(TcpFlags.RST) ? ConversationCompleteness.Rst : 0);
    }
}
