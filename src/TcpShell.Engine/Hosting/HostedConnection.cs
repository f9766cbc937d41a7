using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>
/// A connection of a host: what users hold in their hands. It shows the connection's control block as plain properties, always as
/// they are now; whoever wants to act on it does so through its network.
/// </summary>
public sealed class HostedConnection
{
    private readonly List<StateChange> _changes = [];

    internal HostedConnection(TcpHost owner, TcpConnection tcp, int id, ConnectionRole role, ITcpApplication application)
    {
        Owner = owner;
        Tcp = tcp;
        Id = id;
        Role = role;
        Application = application;
        History = new ConnectionHistory(this);
        if (owner.Calls is { } calls)
        {
            tcp.Called = call => calls.Add(this, call);
            calls.Add(this, new(RecordedCallKind.Open) { Settings = tcp.Settings });
        }
    }

    /// <summary>Its number in the network, from 1; 0 for a listener.</summary>
    public int Id { get; internal set; }

    /// <summary>The name of its host.</summary>
    public string Host => Owner.Name;

    /// <summary>This end.</summary>
    public Endpoint Local => Tcp.Local;

    /// <summary>The other end.</summary>
    public Endpoint Remote => Tcp.Remote;

    /// <summary>The state.</summary>
    public TcpState State => Tcp.State;

    /// <summary>Which part this end plays.</summary>
    public ConnectionRole Role { get; internal set; }

    /// <summary>Octets of data sent, each counted once.</summary>
    public long Sent => Tcp.Counters.BytesSent;

    /// <summary>Octets of data received in order.</summary>
    public long Received => Tcp.Counters.BytesReceived;

    /// <summary>SRTT; null before the first measurement.</summary>
    public TimeSpan? Rtt => Tcp.Rtt.Smoothed;

    /// <summary>Why it ended, if it did so with an error.</summary>
    public ConnectionError Error => Tcp.Error;

    /// <summary>The changes of state so far; a server's begin with its listener's.</summary>
    public IReadOnlyList<StateChange> StateChanges => Copy(_changes);

    /// <summary>How its windows and times went since it was opened.</summary>
    public ConnectionHistory History { get; }

    /// <summary>ISS.</summary>
    public SeqNumber Iss => Tcp.Snd.Iss;

    /// <summary>SND.UNA.</summary>
    public SeqNumber SndUna => Tcp.Snd.Una;

    /// <summary>SND.NXT.</summary>
    public SeqNumber SndNxt => Tcp.Snd.Nxt;

    /// <summary>SND.WND in octets, scaled.</summary>
    public uint SndWnd => Tcp.Snd.Wnd;

    /// <summary>SND.UP.</summary>
    public SeqNumber SndUp => Tcp.Snd.Up;

    /// <summary>SND.WL1.</summary>
    public SeqNumber SndWl1 => Tcp.Snd.Wl1;

    /// <summary>SND.WL2.</summary>
    public SeqNumber SndWl2 => Tcp.Snd.Wl2;

    /// <summary>IRS.</summary>
    public SeqNumber Irs => Tcp.Rcv.Irs;

    /// <summary>RCV.NXT.</summary>
    public SeqNumber RcvNxt => Tcp.Rcv.Nxt;

    /// <summary>RCV.WND in octets.</summary>
    public uint RcvWnd => Tcp.Rcv.Wnd;

    /// <summary>RCV.UP.</summary>
    public SeqNumber RcvUp => Tcp.Rcv.Up;

    /// <summary>The most octets of data in one segment of ours, options deducted.</summary>
    public int SendMss => Tcp.SendMaximumSegmentSize;

    /// <summary>The MSS that we announce.</summary>
    public int ReceiveMss => Tcp.ReceiveMaximumSegmentSize;

    /// <summary>The largest IP packet that is sent, in octets.</summary>
    public int PathMtu => Tcp.PathMtu;

    /// <summary>The last ICMP error about one of its segments; null if there was none.</summary>
    public IcmpError? LastIcmpError => Tcp.LastIcmpError;

    /// <summary>The shift of the peer's windows.</summary>
    public int SndScale => Tcp.Snd.WindowShift;

    /// <summary>The shift of our windows.</summary>
    public int RcvScale => Tcp.Rcv.WindowShift;

    /// <summary>Whether selective acknowledgment is in force.</summary>
    public bool SackInForce => Tcp.SelectiveAcknowledgmentInForce;

    /// <summary>Whether timestamps are in force.</summary>
    public bool TimestampsInForce => Tcp.TimestampsInForce;

    /// <summary>Whether window scaling is in force.</summary>
    public bool WindowScalingInForce => Tcp.WindowScalingInForce;

    /// <summary>The options of our SYN.</summary>
    public TcpOptions Offered => Tcp.OfferedOptions;

    /// <summary>The options of the peer's SYN.</summary>
    public TcpOptions Peer => Tcp.ReceivedOptions;

    /// <summary>Octets given by the user that are not acknowledged.</summary>
    public int SendQueue => Tcp.SendQueue;

    /// <summary>Octets received in order that the user has not taken.</summary>
    public int ReceiveQueue => Tcp.Available;

    /// <summary>Octets that wait beyond a gap.</summary>
    public int OutOfOrder => Tcp.OutOfOrder;

    /// <summary>The segments that wait for an acknowledgment.</summary>
    public IReadOnlyList<SentSegment> Unacknowledged => Copy(Tcp.Unacknowledged.Segments);

    /// <summary>The timers that run, with their deadlines.</summary>
    public IReadOnlyList<KeyValuePair<TimerKind, Timestamp>> Timers => Copy(Tcp.Timers.Running());

    /// <summary>RTO.</summary>
    public TimeSpan Rto => Tcp.Rtt.Rto;

    /// <summary>SRTT; null before the first measurement.</summary>
    public TimeSpan? Srtt => Tcp.Rtt.Smoothed;

    /// <summary>RTTVAR; null before the first measurement.</summary>
    public TimeSpan? RttVar => Tcp.Rtt.Variation;

    /// <summary>cwnd in octets.</summary>
    public int Cwnd => Tcp.CongestionWindow;

    /// <summary>ssthresh in octets.</summary>
    public int Ssthresh => Tcp.SlowStartThreshold;

    /// <summary>Octets in flight.</summary>
    public int InFlight => Tcp.Unacknowledged.InFlight;

    /// <summary>Segments that are taken for lost and wait to be sent again.</summary>
    public int Lost => Tcp.Unacknowledged.Lost;

    /// <summary>Segments that the peer holds beyond a gap.</summary>
    public int Sacked => Tcp.Unacknowledged.Sacked;

    /// <summary>Segments that were sent again and are in flight.</summary>
    public int Retransmitted => Tcp.Unacknowledged.Retransmitted;

    /// <summary>How far apart, in segments, the path was seen to reorder; 3 at least.</summary>
    public int Reordering => Tcp.Reordering;

    /// <summary>Segments of ours that the peer has told to have arrived.</summary>
    public long Delivered => Tcp.Counters.Delivered;

    /// <summary>Where loss recovery stands.</summary>
    public RecoveryPhase RecoveryPhase => Tcp.RecoveryPhase;

    /// <summary>What held the sender back, and for how long.</summary>
    public SendLimits Limits => Tcp.Limits;

    /// <summary>Segments sent again.</summary>
    public long Retransmissions => Tcp.Counters.Retransmissions;

    /// <summary>Everything that was counted.</summary>
    public ConnectionCounters Counters => Tcp.Counters;

    /// <summary>Its settings.</summary>
    public TcpSettings Settings => Tcp.Settings;

    /// <summary>What the host does with it by itself.</summary>
    public ITcpApplication Application { get; }

    /// <summary>Its host.</summary>
    public TcpHost Owner { get; }

    /// <summary>The network that its host is in; null outside of one.</summary>
    public TcpNetwork? Network => Owner.Network;

    /// <summary>The machine itself. Calls on it are seen by the network when it is pumped next.</summary>
    public TcpConnection Tcp { get; }

    /// <summary>Whether these are the two ends of the connection, in either order.</summary>
    /// <param name="one">One end.</param>
    /// <param name="other">The other end.</param>
    public bool Joins(Endpoint one, Endpoint other) => (one == Local && other == Remote) || (one == Remote && other == Local);

    /// <summary>Whether a segment belongs to the connection, in either direction, or an ICMP error is about one that does.</summary>
    /// <param name="segment">The record.</param>
    public bool Joins(SegmentRecord segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return Joins(segment.Icmp is null ? segment.Source : segment.IcmpAbout, segment.Destination);
    }

    // When the host looks at its timers, the next time on top: it plans only ever what is earlier than that.
    internal Stack<Timestamp> Scheduled { get; } = new();

    internal bool IsDirty { get; set; }

    internal Listener? Listener { get; init; }

    /// <summary>Whether the host keeps it among its <see cref="TcpHost.ClosedConnections"/> once it is closed. Probes of ports are nobody's to look back at.</summary>
    public bool IsRemembered { get; set; } = true;

    /// <summary>The connection in TIME-WAIT that this one was asked for on top of; it ends when this one is open, and is back if that fails.</summary>
    internal HostedConnection? Predecessor { get; set; }

    internal void Record(StateChange change) => _changes.Add(change);

    // Lists are copied while nothing changes them: where time is real, packets come whenever they like.
    internal T[] Copy<T>(IEnumerable<T> list)
    {
        using NetworkHold hold = Network?.Hold() ?? default;
        return [.. list];
    }

    /// <summary><c>1 10.0.0.1:49152 -&gt; 10.0.0.2:80 Established</c>.</summary>
    public override string ToString() => $"{Id} {Local} -> {Remote} {State}";
}
