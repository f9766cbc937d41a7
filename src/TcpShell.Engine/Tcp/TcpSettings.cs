namespace TcpShell.Tcp;

/// <summary>
/// Everything in which one TCP may legally differ from another. A host has one record of them, a connection may have its own.
/// Records do not change; <c>with</c> makes a changed copy.
/// </summary>
public sealed record TcpSettings
{
    // Durations are added up and doubled; longer than this is as good as never, and TimeSpan must not overflow.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(36_500);

    /// <summary>What a current Linux host does where it and the RFCs differ: RTO of at least 200 ms, connection attempts given up after 127 s. The default.</summary>
    public static TcpSettings Linux { get; } = new();

    /// <summary>The numbers that the RFCs name: RTO of at least 1 s (6298), attempts for at least 180 s (9293 MUST-23), MSL 2 minutes.</summary>
    public static TcpSettings Rfc { get; } = new()
    {
        Profile = "rfc",
        MinimumRto = TimeSpan.FromSeconds(1),
        MaximumRto = TimeSpan.FromSeconds(60),
        SynRetries = 7, // 183 s [MUST-23]
        SynAckRetries = 7,
        R2 = 7,
        MaximumSegmentLifetime = TimeSpan.FromMinutes(2),
        ReceiveBufferSize = 65535,
        InitialWindowSegments = 4,
        Congestion = CongestionAlgorithm.Reno,
        HyStart = HyStartMode.Off,
        LossRecovery = LossRecovery.Rfc6675,
        DelayedAckTimeout = TimeSpan.FromMilliseconds(200),
        QuickAcks = 0,
    };

    /// <summary>The most octets that a buffer may have.</summary>
    internal const int LargestBuffer = 1 << 30;

    /// <summary>The profile that these settings began as: <c>linux</c> or <c>rfc</c>.</summary>
    public string Profile { get; init; } = "linux";

    /// <summary>Octets that wait for the user at most; the receive window is what is free of them. 1 to 2^30.</summary>
    public int ReceiveBufferSize { get; init; } = 6 * 1024 * 1024;

    /// <summary>Octets that wait for acknowledgment or for a first transmission at most; a SEND takes no more. 1 to 2^30.</summary>
    public int SendBufferSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// The MSS to announce, and with it the most octets of data, options counted in, that a segment of this end carries, whatever the peer
    /// announces (what TCP_MAXSEG does), but 28 at least; null announces what the MTU allows (MTU - 40 for IPv4, MTU - 60 for IPv6; RFC 9293
    /// MUST-67) and sends what the peer and the path allow (MUST-16).
    /// </summary>
    public int? MaximumSegmentSize { get; init; }

    /// <summary>Offer and accept window scaling (RFC 7323).</summary>
    public bool WindowScaling { get; init; } = true;

    /// <summary>The window scale to offer, 0 to 14, or less if the receive buffer is not two units large; null takes the least that offers all of the buffer.</summary>
    public int? WindowScale { get; init; }

    /// <summary>
    /// The order of a SYN's options with their padding, as packetdrill writes them: mss, sackOK, TS, wscale, each once, and nop as often as wanted. What is not
    /// offered is left out; the end is padded with zeros. Null is Linux's order: mss,sackOK,TS,nop,wscale, with no-operations where one of them is left out.
    /// </summary>
    public string? SynOptionLayout { get; init; }

    /// <summary>Take a RST anywhere in the window, as RFC 793 had it; otherwise only where RCV.NXT is, and anything else must be confirmed (RFC 5961 3.2).</summary>
    public bool AcceptResetInWindow { get; init; }

    /// <summary>
    /// Answer a SYN in the window of a synchronized connection with a RST and end the connection, as RFC 793 had it; otherwise with a challenge
    /// ACK (RFC 5961 4).
    /// </summary>
    public bool ResetOnSynInWindow { get; init; }

    /// <summary>Offer and accept timestamps (RFC 7323).</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>
    /// Drop what carries no timestamp though timestamps were agreed on, as RFC 7323 3.2 recommends; Linux itself takes it.
    /// </summary>
    public bool RequireTimestamps { get; init; } = true;

    /// <summary>Offer and accept selective acknowledgment (RFC 2018).</summary>
    public bool SelectiveAcknowledgment { get; init; } = true;

    /// <summary>Hold a short segment while data is unacknowledged (RFC 9293 SHLD-7); false sends at once (MUST-17).</summary>
    public bool Nagle { get; init; } = true; // [MUST-17]

    /// <summary>Hold every segment that is not full, for one RTO at most; a FIN, urgent data or a PUSH let it go (TCP_CORK on Linux).</summary>
    public bool Cork { get; init; }

    /// <summary>The retransmission timeout before the first measurement: 1 s by RFC 6298, 3 s before it.</summary>
    public TimeSpan InitialRto { get; init; } = TimeSpan.FromSeconds(1); // [6298-1]

    /// <summary>The retransmission timeout's floor: 1 s by RFC 6298 (2.4), 200 ms on Linux.</summary>
    public TimeSpan MinimumRto { get; init; } = TimeSpan.FromMilliseconds(200); // [6298-4]

    /// <summary>The retransmission timeout's cap: at least 60 s by RFC 6298 (2.5), 120 s on Linux.</summary>
    public TimeSpan MaximumRto { get; init; } = TimeSpan.FromSeconds(120); // [6298-5]

    /// <summary>G of RFC 6298 2.3: the retransmission timeout is at least so far above the smoothed round-trip time. Linux acts as if it were 200 ms.</summary>
    public TimeSpan RtoGranularity { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How often an unanswered SYN is sent again: with 6 and 1 s the attempt fails after 127 s.</summary>
    public int SynRetries { get; init; } = 6;

    /// <summary>How often an unanswered SYN,ACK is sent again: with 5 and 1 s the request is forgotten after 63 s.</summary>
    public int SynAckRetries { get; init; } = 5;

    /// <summary>R1: retransmissions of one segment after which the user is told of a bad path (RFC 9293 3.8.3, SHLD-10).</summary>
    public int R1 { get; init; } = 3; // [SHLD-10]

    /// <summary>
    /// R2: retransmissions of one segment after which the connection is given up (RFC 9293 3.8.3, MUST-20); int.MaxValue for never. A user
    /// timeout takes its place once the connection is open.
    /// </summary>
    public int R2 { get; init; } = 15; // [MUST-21, SHLD-11]

    /// <summary>The user timeout: how long data may stay unacknowledged before the connection is given up (RFC 9293 3.10.8); null for no limit.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>
    /// Whether data that could not be sent yet, for a closed window or a full interface, counts for the user timeout only from the first probe on, as on
    /// Linux; otherwise it does from the SEND on, as RFC 9293 3.9.1.2 has it.
    /// </summary>
    public bool UserTimeoutFromProbe { get; init; }

    /// <summary>How soon data is tried again that the interface did not take, where nothing is in flight: 500 ms on Linux.</summary>
    public TimeSpan LocalCongestionInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>MSL: TIME-WAIT lasts twice as long. 2 minutes by RFC 9293, 30 s on Linux.</summary>
    public TimeSpan MaximumSegmentLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether an idle peer is probed (RFC 9293 3.8.4); off by default (MUST-25).</summary>
    public bool KeepAlive { get; init; }

    /// <summary>Idle time before the first keep-alive probe; at least 2 hours by default (MUST-28).</summary>
    public TimeSpan KeepAliveIdle { get; init; } = TimeSpan.FromHours(2); // [MUST-27, MUST-28]

    /// <summary>Time between unanswered keep-alive probes.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Unanswered keep-alive probes after which the peer is taken for dead.</summary>
    public int KeepAliveProbes { get; init; } = 9; // [MUST-29]

    /// <summary>Challenge ACKs that one connection sends at most within <see cref="ChallengeAckPeriod"/> (RFC 5961 7).</summary>
    public int ChallengeAckLimit { get; init; } = 10;

    /// <summary>The period of <see cref="ChallengeAckLimit"/>.</summary>
    public TimeSpan ChallengeAckPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The congestion control: CUBIC on Linux, Reno by RFC 5681.</summary>
    public CongestionAlgorithm Congestion { get; init; } = CongestionAlgorithm.Cubic;

    /// <summary>Whether slow start is left before a loss, when round-trip times grow: with HyStart++ (RFC 9406), or the older HyStart that Linux has.</summary>
    public HyStartMode HyStart { get; init; } = HyStartMode.PlusPlus;

    /// <summary>
    /// The most segments by which one ACK enlarges the window in slow start; null for what the RFCs say: 1 (RFC 5681), or 8 with HyStart++ where
    /// sending is not paced (RFC 9406 4.2). Linux counts all that is acknowledged.
    /// </summary>
    public int? SlowStartStep { get; init; }

    /// <summary>
    /// Whether slow start takes a window for used where more than half of it was in flight, as Linux does and RFC 7661 4.1 has it; otherwise a window
    /// grows only where all of it was used.
    /// </summary>
    public bool GrowHalfUsedWindow { get; init; }

    /// <summary>
    /// Whether the window grows by what an ACK tells to have arrived, as on Linux, rather than by all that it acknowledges (RFC 5681 3.1): what
    /// SACK blocks or duplicate ACKs have told before does not count again. On a path that is known to reorder SACK blocks alone make it grow.
    /// </summary>
    public bool GrowByDelivered { get; init; }

    /// <summary>
    /// Whether ssthresh becomes a part of the window, as on Linux, rather than of what was in flight (RFC 5681 3.1). RFC 9438 4.6 lets CUBIC do
    /// so where an unused window does not grow; here it never does.
    /// </summary>
    public bool ReduceFromWindow { get; init; }

    /// <summary>Whether a lost retransmission does not reduce the window once more, as on Linux; RFC 5681 4.3 has it do so.</summary>
    public bool ReduceOncePerRecovery { get; init; }

    /// <summary>How the window comes down while losses are repaired with SACK: PRR by RFC 6937, or by RFC 9937 as on Linux.</summary>
    public RateReduction RateReduction { get; init; } = RateReduction.Rfc6937;

    /// <summary>How losses are found where SACK is in force; without SACK it is NewReno (RFC 6582) always.</summary>
    public LossRecovery LossRecovery { get; init; } = LossRecovery.Rack;

    /// <summary>
    /// Whether without SACK every partial ACK of a recovery restarts the retransmission timer ("Slow-but-Steady", RFC 6582 4), as on Linux;
    /// otherwise only the first does ("Impatient", RFC 6582 3.2), so that many losses end in a timeout rather than in as many round trips.
    /// </summary>
    public bool SlowButSteady { get; init; }

    /// <summary>
    /// Whether RACK's round-trip time is, as on Linux, that of the highest sequence number that an ACK newly tells of, rather than of what was
    /// sent last of it (RFC 8985 6.2 step 2).
    /// </summary>
    public bool RackBySequence { get; init; }

    /// <summary>Probe for a lost tail before the retransmission timer fires (RFC 8985 7); only with <see cref="LossRecovery.Rack"/>.</summary>
    public bool TailLossProbe { get; init; } = true;

    /// <summary>
    /// The tick of the clock behind the reordering timer and the tail loss probe: they last whole ticks, and two more. Linux has 1, 4 or 10 ms;
    /// zero for a clock without ticks.
    /// </summary>
    public TimeSpan LossTimerTick { get; init; }

    /// <summary>Send a new segment for each of the first two duplicate ACKs (RFC 3042).</summary>
    public bool LimitedTransmit { get; init; } = true;

    /// <summary>Find out whether a retransmission timeout was spurious, and undo what it did (F-RTO, RFC 5682).</summary>
    public bool ForwardRto { get; init; } = true;

    /// <summary>Begin anew with the initial window after an idle time of more than one RTO (RFC 5681 4.1).</summary>
    public bool RestartAfterIdle { get; init; } = true;

    /// <summary>
    /// Whether a probe of a closed window carries an octet of new data, or the FIN (RFC 9293 3.8.6.1); otherwise it has an old sequence number and
    /// no data, as on Linux, which makes the peer acknowledge just as well (RFC 9293 3.10.7.4) but never slips in an octet.
    /// </summary>
    public bool ZeroWindowProbeData { get; init; } = true;

    /// <summary>Explicit congestion notification (RFC 3168).</summary>
    public EcnMode Ecn { get; init; } = EcnMode.Accept;

    /// <summary>The longest that an acknowledgment waits for company, less than 500 ms (RFC 9293 MUST-40); zero acknowledges at once. 40 ms on Linux.</summary>
    public TimeSpan DelayedAckTimeout { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>How many of the first data segments are acknowledged at once, so that the peer's slow start is not slowed: 16 on Linux.</summary>
    public int QuickAcks { get; init; } = 16;

    /// <summary>The differentiated services code point of all segments (RFC 2474), 0 to 63 (RFC 9293 MUST-48).</summary>
    public int Dscp { get; init; }

    /// <summary>Time to live, IPv6's hop limit, of all segments; 1 to 255 (RFC 9293 MUST-49).</summary>
    public int TimeToLive { get; init; } = 64;

    /// <summary>Learn from ICMP what the path carries (RFC 1191, RFC 8201); false keeps to the interface's MTU.</summary>
    public bool PathMtuDiscovery { get; init; } = true;

    /// <summary>No ICMP message makes the path's MTU smaller than this, in octets, 68 to 65535 (RFC 5927 7); for IPv6 it is 1280 at least.</summary>
    public int MinimumPathMtu { get; init; } = 552;

    /// <summary>Whether the user is told of soft errors (RFC 9293 SHLD-20).</summary>
    public bool ReportSoftErrors { get; init; } = true;

    /// <summary>Advertise the user timeout to the peer and adopt the peer's (RFC 5482).</summary>
    public bool UserTimeoutOption { get; init; }

    /// <summary>The shortest user timeout that a peer's option can bring about (RFC 5482 L_LIMIT).</summary>
    public TimeSpan UserTimeoutLowerLimit { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The longest user timeout that a peer's option can bring about (RFC 5482 U_LIMIT).</summary>
    public TimeSpan UserTimeoutUpperLimit { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Keep-alive probes carry one octet of garbage, for peers that answer no others (RFC 9293 MAY-6).</summary>
    public bool KeepAliveGarbage { get; init; }

    /// <summary>When requests are answered with SYN cookies (RFC 4987 3.6).</summary>
    public SynCookieMode SynCookies { get; init; } = SynCookieMode.WhenFull;

    /// <summary>Let a newer request reopen a connection from TIME-WAIT (RFC 9293 MAY-2, RFC 6191).</summary>
    public bool TimeWaitReuse { get; init; } = true;

    /// <summary>Ignore RSTs in TIME-WAIT (RFC 1337 F1), so that no old duplicate can end it early.</summary>
    public bool TimeWaitIgnoresReset { get; init; }

    /// <summary>The initial congestion window in segments: 10 by RFC 6928; up to 4 uses RFC 5681's bound for large segments.</summary>
    public int InitialWindowSegments { get; init; } = 10;

    /// <summary>
    /// TEACHING ONLY, never right: a two-way handshake, in which a SYN is believed at once and an unexpected SYN,ACK is not refused.
    /// It shows why three segments are needed (RFC 9293 3.5, old duplicates).
    /// </summary>
    public bool TwoWayHandshake { get; init; }

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot; the exception names it.</exception>
    public void Validate()
    {
        RequireBetween(ReceiveBufferSize, 1, LargestBuffer, nameof(ReceiveBufferSize));
        RequireBetween(SendBufferSize, 1, LargestBuffer, nameof(SendBufferSize));
        RequireBetween(MaximumSegmentSize ?? ushort.MaxValue, 1, ushort.MaxValue, nameof(MaximumSegmentSize));
        RequireBetween(WindowScale ?? 0, 0, 14, nameof(WindowScale));
        if (SynOptionLayout is not null && !SynLayout.IsComplete(SynOptionLayout))
        {
            throw new ArgumentOutOfRangeException(nameof(SynOptionLayout), SynOptionLayout, "A layout names mss, sackOK, TS and wscale once each, nop as often as wanted, and fits in 40 octets.");
        }

        RequirePositive(InitialRto, nameof(InitialRto));
        RequirePositive(MinimumRto, nameof(MinimumRto));
        RequirePositive(MaximumRto, nameof(MaximumRto));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumRto, MinimumRto, nameof(MaximumRto));
        RequireNotNegative(RtoGranularity, nameof(RtoGranularity));
        RequireNotNegative(LossTimerTick, nameof(LossTimerTick));
        RequireBetween(SlowStartStep ?? 1, 1, int.MaxValue, nameof(SlowStartStep));
        RequireBetween(SynRetries, 0, int.MaxValue, nameof(SynRetries));
        RequireBetween(SynAckRetries, 0, int.MaxValue, nameof(SynAckRetries));
        RequireBetween(R1, 1, int.MaxValue, nameof(R1));
        RequireBetween(R2, 1, int.MaxValue, nameof(R2));
        RequirePositive(UserTimeout ?? s_longest, nameof(UserTimeout));
        RequirePositive(LocalCongestionInterval, nameof(LocalCongestionInterval));
        RequirePositive(MaximumSegmentLifetime, nameof(MaximumSegmentLifetime));
        RequirePositive(KeepAliveIdle, nameof(KeepAliveIdle));
        RequirePositive(KeepAliveInterval, nameof(KeepAliveInterval));
        RequireBetween(KeepAliveProbes, 1, int.MaxValue, nameof(KeepAliveProbes));
        RequireBetween(ChallengeAckLimit, 0, int.MaxValue, nameof(ChallengeAckLimit));
        RequirePositive(ChallengeAckPeriod, nameof(ChallengeAckPeriod));
        RequireBetween(InitialWindowSegments, 1, 1000, nameof(InitialWindowSegments));
        RequireNotNegative(DelayedAckTimeout, nameof(DelayedAckTimeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(DelayedAckTimeout, TimeSpan.FromMilliseconds(500), nameof(DelayedAckTimeout)); // [MUST-40]
        RequireBetween(QuickAcks, 0, int.MaxValue, nameof(QuickAcks));
        RequireBetween(Dscp, 0, 63, nameof(Dscp));
        RequireBetween(TimeToLive, 1, 255, nameof(TimeToLive));
        RequireBetween(MinimumPathMtu, 68, ushort.MaxValue, nameof(MinimumPathMtu));
        RequirePositive(UserTimeoutLowerLimit, nameof(UserTimeoutLowerLimit));
        RequirePositive(UserTimeoutUpperLimit, nameof(UserTimeoutUpperLimit));
        ArgumentOutOfRangeException.ThrowIfLessThan(UserTimeoutUpperLimit, UserTimeoutLowerLimit, nameof(UserTimeoutUpperLimit));
    }

    /// <summary>The profile, with a star where settings differ from it.</summary>
    public override string ToString() => this == (Profile == Rfc.Profile ? Rfc : Linux) ? Profile : $"{Profile}*";

    private static void RequireBetween(int value, int least, int most, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }

    private static void RequireNotNegative(TimeSpan value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, s_longest, name);
    }

    private static void RequirePositive(TimeSpan value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, s_longest, name);
    }
}
