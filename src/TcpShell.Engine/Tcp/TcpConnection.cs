using TcpShell.Tcp.Congestion;
using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// One TCP connection (RFC 9293) as a machine without input and output of its own: no clock, no thread, no socket.
/// </summary>
/// <remarks>
/// Segments go in by <see cref="SegmentArrives"/>, the user's calls by <see cref="OpenActive"/> and its kin, time by
/// <see cref="HandleTimeout"/>. After each of them poll, until there is nothing left: <see cref="TryPollTransmit"/> for segments to
/// send and <see cref="TryPollEvent"/> for what the user is told; then <see cref="PollTimeout"/> for when to come back.
/// Polling without need does no harm. The same calls give the same segments, always.
/// </remarks>
public sealed partial class TcpConnection
{
    private readonly Queue<ConnectionEvent> _events = new();
    private readonly SendBuffer _sendBuffer;
    private readonly Reassembler _reassembler;
    private readonly ICongestionControl _congestion;
    private readonly int _mtu;
    private readonly uint _timestampOffset;
    private bool _passive;
    private bool _finQueued;
    private bool _endOfStreamTold;
    private bool _ended;

    /// <summary>Makes a connection in CLOSED.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="local">This end; the address may be unspecified while it listens.</param>
    /// <param name="mtu">The largest IP packet that the interface carries, in octets; at least 68.</param>
    /// <param name="timestampOffset">Where its timestamp clock starts (RFC 7323 5.4).</param>
    public TcpConnection(TcpSettings settings, Endpoint local, int mtu = 1500, uint timestampOffset = 0)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(mtu, 68);
        Settings = settings;
        Local = local;
        _mtu = PathMtu = mtu;
        _timestampOffset = timestampOffset;
        _sendBuffer = new SendBuffer(settings.SendBufferSize);
        _reassembler = new Reassembler(settings.ReceiveBufferSize);
        Rtt = new RttEstimator(settings);
        _congestion = settings.Congestion switch
        {
            CongestionAlgorithm.None => new NoCongestionControl(),
            CongestionAlgorithm.Reno => new Reno(settings),
            _ => new Cubic(settings), // [9438-10]
        };
    }

    /// <summary>Its settings; <see cref="ChangeSettings"/> changes them.</summary>
    public TcpSettings Settings { get; private set; }

    /// <summary>This end.</summary>
    public Endpoint Local { get; private set; }

    /// <summary>The other end; unspecified while it listens.</summary>
    public Endpoint Remote { get; private set; }

    /// <summary>The state.</summary>
    public TcpState State { get; private set; }

    /// <summary>Why the connection ended, if it did so with an error.</summary>
    public ConnectionError Error { get; private set; }

    /// <summary>The send sequence variables.</summary>
    public SendSequenceSpace Snd { get; } = new();

    /// <summary>The receive sequence variables.</summary>
    public ReceiveSequenceSpace Rcv { get; } = new();

    /// <summary>The timers.</summary>
    public TimerTable Timers { get; } = new();

    /// <summary>Round-trip times and the retransmission timeout.</summary>
    public RttEstimator Rtt { get; }

    /// <summary>What was sent and is not acknowledged.</summary>
    public RetransmissionQueue Unacknowledged { get; } = new();

    /// <summary>What was counted.</summary>
    public ConnectionCounters Counters { get; } = new();

    /// <summary>What held the sender back, and for how long.</summary>
    public SendLimits Limits { get; } = new();

    /// <summary>cwnd in octets.</summary>
    public int CongestionWindow => _congestion.Window;

    /// <summary>ssthresh in octets.</summary>
    public int SlowStartThreshold => _congestion.SlowStartThreshold;

    /// <summary>Whether the connection was opened passively; remembered for SYN-RECEIVED [MUST-11].</summary>
    public bool IsPassive => _passive;

    /// <summary>The octet of DSCP and ECN in the IP header of the last segment that arrived [MAY-9].</summary>
    public byte ReceivedTrafficClass { get; private set; }

    /// <summary>When data last arrived in order; until it does, when the connection was established. Null before that.</summary>
    public Timestamp? LastDataReceived { get; private set; }

    /// <summary>Octets that the user can receive now.</summary>
    public int Available => _reassembler.Available;

    /// <summary>Octets that wait beyond a gap.</summary>
    public int OutOfOrder => _reassembler.OutOfOrder;

    /// <summary>Octets given by the user that are not acknowledged.</summary>
    public int SendQueue => _sendBuffer.Count;

    /// <summary>Octets that <see cref="Send"/> would take now.</summary>
    public int SendSpace => _sendBuffer.Free;

    /// <summary>Whether the user waits for room to send more, as far as it is known outside of the connection; it counts in <see cref="Limits"/>.</summary>
    public bool UserWaits { get; set; }

    /// <summary>Whether the peer has closed and everything it sent was received by the user.</summary>
    public bool EndOfStream => _finReceived && Available == 0 && Error == ConnectionError.None;

    /// <summary>
    /// Whether nothing is left to be received, and nothing can come any more: the end of the stream, or a connection that was closed in another way.
    /// That it is closed does not say so alone: what an orderly close leaves behind can still be received, even if a RST has ended TIME-WAIT.
    /// </summary>
    public bool ReceivingIsOver => EndOfStream || (State == TcpState.Closed && Available == 0);

    /// <summary>
    /// Octets up to the end of the urgent data that the user has not received yet, whether they have arrived or not; 0 where nothing is
    /// urgent [MUST-33].
    /// </summary>
    public int UrgentOctets => Math.Max(0, Rcv.Up - UserNext);

    /// <summary>When the connection next wants <see cref="HandleTimeout"/>; null if no timer runs.</summary>
    public Timestamp? PollTimeout() => Timers.Next;

    /// <summary>Takes the next thing that the user is told.</summary>
    /// <param name="connectionEvent">What happened.</param>
    /// <returns>Whether there was something.</returns>
    public bool TryPollEvent(out ConnectionEvent connectionEvent) => _events.TryDequeue(out connectionEvent);

    /// <summary>The host stops or crashes: the connection is forgotten without a word to the peer.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cause">What happened to the host, for the reader of the state change.</param>
    public void HostStops(Timestamp now, string cause)
    {
        if (State != TcpState.Closed)
        {
            Fail(ConnectionError.HostStopped, TransitionEvent.HostStops, cause, now);
        }

        _replies.Clear();
        _abortPending = false;
        _abortPlaces.Clear();
    }

    /// <summary>The one place where the state changes: checks the edge against the table and tells why.</summary>
    private void SetState(TcpState next, TransitionEvent what, string cause, Timestamp now)
    {
        TcpTransition edge = TcpTransitions.Find(State, what, next)
            ?? throw new InvalidOperationException($"There is no edge {State} -> {next} for {what}.");
        var change = new StateChange
        {
            Time = now,
            Local = Local,
            Remote = Remote,
            From = State,
            To = next,
            Event = what,
            Cause = cause,
            Rfc = edge.Rfc,
            Explanation = edge.Explanation,
        };
        State = next;
        _events.Enqueue(new(now, ConnectionEventKind.StateChanged, change));
        switch (next)
        {
            case TcpState.Closed:
                _ended = true;
                Timers.StopAll();
                Unacknowledged.Clear();
                _sendBuffer.Clear();
                break;
            case TcpState.Established:
                LastDataReceived = now;
                break;
            case TcpState.TimeWait:
                Timers.StopAll();
                Timers.Set(TimerKind.TimeWait, now + (2 * Settings.MaximumSegmentLifetime)); // [MUST-13]
                break;
        }
    }

    /// <summary>Ends the connection with an error; what was not received yet is lost, as the RFC's flushing of all queues asks.</summary>
    private void Fail(ConnectionError error, TransitionEvent what, string cause, Timestamp now)
    {
        Error = error;
        SetState(TcpState.Closed, what, cause, now);
        _reassembler.Clear();
        ForgetPendingAcks();
        _events.Enqueue(new(now, ConnectionEventKind.Failed, Error: error));
    }

    private void Tell(ConnectionEventKind kind, Timestamp now) => _events.Enqueue(new(now, kind));

    /// <summary>The number of the octet that the user receives next.</summary>
    private SeqNumber UserNext => Rcv.Nxt - Available - (_finReceived ? 1 : 0);

    /// <summary>A number of the peer's as readers count: 0 is its SYN.</summary>
    private uint FromPeer(SeqNumber number) => unchecked(number.Value - Rcv.Irs.Value);

    /// <summary>A number of ours as readers count: 0 is our SYN.</summary>
    private uint FromUs(SeqNumber number) => unchecked(number.Value - Snd.Iss.Value);

    /// <summary>The state in which both ends have sent a SYN and seen the other's, or later.</summary>
    private static bool IsSynchronized(TcpState state) => state >= TcpState.Established;
}
