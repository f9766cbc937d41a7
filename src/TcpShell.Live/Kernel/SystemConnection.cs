using System.Globalization;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Kernel;

/// <summary>
/// A TCP connection or listener of the operating system, as it was when it was looked at. The names are those of our own connections; what the
/// system does not tell is null. Linux tells most, Windows and macOS the end points and the state.
/// </summary>
public sealed record SystemConnection
{
    /// <summary>This end.</summary>
    public required Endpoint Local { get; init; }

    /// <summary>The other end; any, in LISTEN.</summary>
    public required Endpoint Remote { get; init; }

    /// <summary>The state.</summary>
    public required TcpState State { get; init; }

    /// <summary>The process that has the socket; null where it cannot be seen, or has none any more.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Its name.</summary>
    public string? ProcessName { get; init; }

    /// <summary>The user to whom the socket belongs, by number.</summary>
    public int? UserId { get; init; }

    /// <summary>Octets received in order that the user has not taken; of a listener, connections that wait to be accepted.</summary>
    public long? ReceiveQueue { get; init; }

    /// <summary>Octets given by the user that are not acknowledged; of a listener, its backlog.</summary>
    public long? SendQueue { get; init; }

    /// <summary>Which timer runs next, if one does.</summary>
    public TimerKind? Timer { get; init; }

    /// <summary>How long until it fires.</summary>
    public TimeSpan? TimerExpires { get; init; }

    /// <summary>Octets of data sent, each counted once.</summary>
    public long? Sent { get; init; }

    /// <summary>Octets of data received in order.</summary>
    public long? Received { get; init; }

    /// <summary>SRTT; null before the first measurement.</summary>
    public TimeSpan? Rtt { get; init; }

    /// <summary>RTTVAR.</summary>
    public TimeSpan? RttVar { get; init; }

    /// <summary>The shortest round-trip time that was measured.</summary>
    public TimeSpan? MinRtt { get; init; }

    /// <summary>RTO.</summary>
    public TimeSpan? Rto { get; init; }

    /// <summary>The most octets of data in one segment of this end.</summary>
    public int? SendMss { get; init; }

    /// <summary>The MSS that this end announced.</summary>
    public int? ReceiveMss { get; init; }

    /// <summary>The largest IP packet that is sent, in octets.</summary>
    public int? PathMtu { get; init; }

    /// <summary>SND.WND in octets, scaled.</summary>
    public long? SndWnd { get; init; }

    /// <summary>The shift of the peer's windows.</summary>
    public int? SndScale { get; init; }

    /// <summary>The shift of this end's windows.</summary>
    public int? RcvScale { get; init; }

    /// <summary>Whether timestamps are in force.</summary>
    public bool? TimestampsInForce { get; init; }

    /// <summary>Whether selective acknowledgment is in force.</summary>
    public bool? SackInForce { get; init; }

    /// <summary>Whether window scaling is in force.</summary>
    public bool? WindowScalingInForce { get; init; }

    /// <summary>Whether ECN is in force.</summary>
    public bool? EcnInForce { get; init; }

    /// <summary>The congestion control.</summary>
    public string? Congestion { get; init; }

    /// <summary>cwnd in octets.</summary>
    public long? Cwnd { get; init; }

    /// <summary>ssthresh in octets; null before the first congestion.</summary>
    public long? Ssthresh { get; init; }

    /// <summary>Segments that are not acknowledged.</summary>
    public int? Unacknowledged { get; init; }

    /// <summary>Segments that the peer holds beyond a gap.</summary>
    public int? Sacked { get; init; }

    /// <summary>Segments that are taken for lost.</summary>
    public int? Lost { get; init; }

    /// <summary>Segments that were sent again and are in flight.</summary>
    public int? Retransmitted { get; init; }

    /// <summary>Segments sent again since the beginning.</summary>
    public long? Retransmissions { get; init; }

    /// <summary>How far apart, in segments, the path was seen to reorder.</summary>
    public int? Reordering { get; init; }

    /// <summary>Octets per second that arrived at the peer lately.</summary>
    public long? DeliveryRate { get; init; }

    /// <summary>Octets per second at which segments leave at most; null where nothing holds them back.</summary>
    public long? PacingRate { get; init; }

    /// <summary>Whether the rate was bound by what the program gave, and not by the network.</summary>
    public bool? IsApplicationLimited { get; init; }

    /// <summary>Octets of data sent, repeated ones included.</summary>
    public long? BytesSent { get; init; }

    /// <summary>Octets of data sent again.</summary>
    public long? BytesRetransmitted { get; init; }

    /// <summary>Octets that the peer acknowledged, the SYN counted as one.</summary>
    public long? BytesAcknowledged { get; init; }

    /// <summary>Octets that were given and have not been sent once.</summary>
    public long? Unsent { get; init; }

    /// <summary>Segments sent.</summary>
    public long? SegmentsSent { get; init; }

    /// <summary>Segments received.</summary>
    public long? SegmentsReceived { get; init; }

    /// <summary>Segments with data sent.</summary>
    public long? DataSegmentsSent { get; init; }

    /// <summary>Segments with data received.</summary>
    public long? DataSegmentsReceived { get; init; }

    /// <summary>Segments that arrived at the peer, as its ACKs and SACKs tell.</summary>
    public long? Delivered { get; init; }

    /// <summary>Duplicates that the peer reported (D-SACK, RFC 2883).</summary>
    public long? DuplicatesReported { get; init; }

    /// <summary>Segments that were received out of order.</summary>
    public long? OutOfOrderReceived { get; init; }

    /// <summary>How often the RTO has been doubled since the last ACK.</summary>
    public int? Backoff { get; init; }

    /// <summary>How long an ACK waits for company at most.</summary>
    public TimeSpan? DelayedAckTimeout { get; init; }

    /// <summary>The largest segment that came lately, in octets, by which ACKs are delayed.</summary>
    public int? PeerSegmentSize { get; init; }

    /// <summary>How long ago data was sent.</summary>
    public TimeSpan? SinceDataSent { get; init; }

    /// <summary>How long ago data came.</summary>
    public TimeSpan? SinceDataReceived { get; init; }

    /// <summary>How long ago an ACK came.</summary>
    public TimeSpan? SinceAckReceived { get; init; }

    /// <summary>The round-trip time as the receiver sees it; null before the first measurement.</summary>
    public TimeSpan? ReceiveRtt { get; init; }

    /// <summary>Octets that the program takes in a round trip, by which the receive buffer grows.</summary>
    public long? ReceiveSpace { get; init; }

    /// <summary>The most octets of window that are told for now.</summary>
    public long? ReceiveSsthresh { get; init; }

    /// <summary>How long there was something to send.</summary>
    public TimeSpan? BusyTime { get; init; }

    /// <summary>The number of the socket's file.</summary>
    internal uint Inode { get; init; }

    /// <summary><c>127.0.0.1:22 -&gt; 127.0.0.1:50000 Established</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Local} -> {Remote} {State}");
}
