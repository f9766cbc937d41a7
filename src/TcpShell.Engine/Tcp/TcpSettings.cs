namespace TcpShell.Tcp;

/// <summary>Which congestion control a connection uses.</summary>
public enum CongestionAlgorithm
{
    /// <summary>Slow start, congestion avoidance, fast retransmit and fast recovery (RFC 5681).</summary>
    Reno,

    /// <summary>None at all, for lessons: only the peer's window limits what is in flight.</summary>
    None,
}

/// <summary>
/// Everything in which one TCP may legally differ from another. A host has one record of them, a connection may have its own.
/// Records do not change; <c>with</c> makes a changed copy.
/// </summary>
public sealed record TcpSettings
{
    /// <summary>What a current Linux host does where it and the RFCs differ: RTO of at least 200 ms, connection attempts given up after 127 s. The default.</summary>
    public static TcpSettings Linux { get; } = new();

    /// <summary>The numbers that the RFCs name: RTO of at least 1 s (6298), attempts for at least 180 s (9293 MUST-23), MSL 2 minutes.</summary>
    public static TcpSettings Rfc { get; } = new()
    {
        Profile = "rfc",
        MinimumRto = TimeSpan.FromSeconds(1),
        MaximumRto = TimeSpan.FromSeconds(60),
        SynRetries = 7,
        SynAckRetries = 7,
        R2 = 7,
        MaximumSegmentLifetime = TimeSpan.FromMinutes(2),
        ReceiveBufferSize = 65535,
        InitialWindowSegments = 4,
    };

    /// <summary>The profile that these settings began as: <c>linux</c> or <c>rfc</c>.</summary>
    public string Profile { get; init; } = "linux";

    /// <summary>Octets that wait for the user at most; the receive window is what is free of them. 1 to 2^30.</summary>
    public int ReceiveBufferSize { get; init; } = 6 * 1024 * 1024;

    /// <summary>Octets that wait for acknowledgment or for a first transmission at most; a SEND takes no more. 1 to 2^30.</summary>
    public int SendBufferSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>The MSS to announce; null derives it from the MTU (MTU - 40 for IPv4, MTU - 60 for IPv6; RFC 9293 MUST-67).</summary>
    public int? MaximumSegmentSize { get; init; }

    /// <summary>Offer and accept window scaling (RFC 7323).</summary>
    public bool WindowScaling { get; init; } = true;

    /// <summary>Offer and accept timestamps (RFC 7323).</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>Offer and accept selective acknowledgment (RFC 2018).</summary>
    public bool SelectiveAcknowledgment { get; init; } = true;

    /// <summary>Hold a short segment while data is unacknowledged (RFC 9293 SHLD-7); false sends at once (MUST-17).</summary>
    public bool Nagle { get; init; } = true;

    /// <summary>The retransmission timeout before the first measurement: 1 s by RFC 6298, 3 s before it.</summary>
    public TimeSpan InitialRto { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The retransmission timeout's floor: 1 s by RFC 6298 (2.4), 200 ms on Linux.</summary>
    public TimeSpan MinimumRto { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The retransmission timeout's cap: at least 60 s by RFC 6298 (2.5), 120 s on Linux.</summary>
    public TimeSpan MaximumRto { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often an unanswered SYN is sent again: with 6 and 1 s the attempt fails after 127 s.</summary>
    public int SynRetries { get; init; } = 6;

    /// <summary>How often an unanswered SYN,ACK is sent again: with 5 and 1 s the request is forgotten after 63 s.</summary>
    public int SynAckRetries { get; init; } = 5;

    /// <summary>R1: retransmissions of one segment after which the user is told of a bad path (RFC 9293 3.8.3, SHLD-10).</summary>
    public int R1 { get; init; } = 3;

    /// <summary>R2: retransmissions of one segment after which the connection is given up (RFC 9293 3.8.3, MUST-20); int.MaxValue for never.</summary>
    public int R2 { get; init; } = 15;

    /// <summary>The user timeout: how long data may stay unacknowledged before the connection is given up (RFC 9293 3.10.8); null for no limit.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>MSL: TIME-WAIT lasts twice as long. 2 minutes by RFC 9293, 30 s on Linux.</summary>
    public TimeSpan MaximumSegmentLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether an idle peer is probed (RFC 9293 3.8.4); off by default (MUST-25).</summary>
    public bool KeepAlive { get; init; }

    /// <summary>Idle time before the first keep-alive probe; at least 2 hours by default (MUST-28).</summary>
    public TimeSpan KeepAliveIdle { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Time between unanswered keep-alive probes.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Unanswered keep-alive probes after which the peer is taken for dead.</summary>
    public int KeepAliveProbes { get; init; } = 9;

    /// <summary>Challenge ACKs that one connection sends at most within <see cref="ChallengeAckPeriod"/> (RFC 5961 7).</summary>
    public int ChallengeAckLimit { get; init; } = 10;

    /// <summary>The period of <see cref="ChallengeAckLimit"/>.</summary>
    public TimeSpan ChallengeAckPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The congestion control.</summary>
    public CongestionAlgorithm Congestion { get; init; } = CongestionAlgorithm.Reno;

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
        const int LargestBuffer = 1 << 30;
        RequireBetween(ReceiveBufferSize, 1, LargestBuffer, nameof(ReceiveBufferSize));
        RequireBetween(SendBufferSize, 1, LargestBuffer, nameof(SendBufferSize));
        RequireBetween(MaximumSegmentSize ?? ushort.MaxValue, 1, ushort.MaxValue, nameof(MaximumSegmentSize));
        RequirePositive(InitialRto, nameof(InitialRto));
        RequirePositive(MinimumRto, nameof(MinimumRto));
        RequirePositive(MaximumRto, nameof(MaximumRto));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumRto, MinimumRto, nameof(MaximumRto));
        RequireBetween(SynRetries, 0, int.MaxValue, nameof(SynRetries));
        RequireBetween(SynAckRetries, 0, int.MaxValue, nameof(SynAckRetries));
        RequireBetween(R1, 1, int.MaxValue, nameof(R1));
        RequireBetween(R2, 1, int.MaxValue, nameof(R2));
        RequirePositive(UserTimeout ?? TimeSpan.MaxValue, nameof(UserTimeout));
        RequirePositive(MaximumSegmentLifetime, nameof(MaximumSegmentLifetime));
        RequirePositive(KeepAliveIdle, nameof(KeepAliveIdle));
        RequirePositive(KeepAliveInterval, nameof(KeepAliveInterval));
        RequireBetween(KeepAliveProbes, 1, int.MaxValue, nameof(KeepAliveProbes));
        RequireBetween(ChallengeAckLimit, 0, int.MaxValue, nameof(ChallengeAckLimit));
        RequirePositive(ChallengeAckPeriod, nameof(ChallengeAckPeriod));
        RequireBetween(InitialWindowSegments, 1, 1000, nameof(InitialWindowSegments));
    }

    /// <summary>The profile, with a star where settings differ from it.</summary>
    public override string ToString() => this == (Profile == Rfc.Profile ? Rfc : Linux) ? Profile : $"{Profile}*";

    private static void RequireBetween(int value, int least, int most, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }

    private static void RequirePositive(TimeSpan value, string name) =>
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero, name);
}
