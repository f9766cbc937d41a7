using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

/// <summary>What Linux tells of a connection in its tcp_info, under the names that scripts use.</summary>
internal static class TcpInfo
{
    // Linux says so where slow start has no end yet.
    private const long InfiniteThreshold = 0x7fffffff;

    private static readonly Dictionary<string, long> s_constants = new(StringComparer.Ordinal)
    {
        ["TCP_ESTABLISHED"] = 1, ["TCP_SYN_SENT"] = 2, ["TCP_SYN_RECV"] = 3, ["TCP_FIN_WAIT1"] = 4, ["TCP_FIN_WAIT2"] = 5, ["TCP_TIME_WAIT"] = 6,
        ["TCP_CLOSE"] = 7, ["TCP_CLOSE_WAIT"] = 8, ["TCP_LAST_ACK"] = 9, ["TCP_LISTEN"] = 10, ["TCP_CLOSING"] = 11, ["TCP_CA_Open"] = 0,
        ["TCP_CA_Disorder"] = 1, ["TCP_CA_CWR"] = 2, ["TCP_CA_Recovery"] = 3, ["TCP_CA_Loss"] = 4, ["TCPI_OPT_TIMESTAMPS"] = 1, ["TCPI_OPT_SACK"] = 2,
        ["TCPI_OPT_WSCALE"] = 4, ["TCPI_OPT_ECN"] = 8, ["TCPI_OPT_ECN_SEEN"] = 16, ["TCPI_OPT_SYN_DATA"] = 32,
    };

    private static readonly Dictionary<string, Func<HostedConnection, Timestamp, long>> s_fields = new(StringComparer.Ordinal)
    {
        ["tcpi_state"] = (connection, _) => StateOf(connection.State),
        ["tcpi_options"] = (connection, _) => (connection.TimestampsInForce ? 1 : 0) | (connection.SackInForce ? 2 : 0) | (connection.WindowScalingInForce ? 4 : 0),
        ["tcpi_snd_wscale"] = (connection, _) => connection.SndScale,
        ["tcpi_rcv_wscale"] = (connection, _) => connection.RcvScale,
        ["tcpi_rto"] = (connection, _) => Microseconds(connection.Rto),
        ["tcpi_snd_mss"] = (connection, _) => connection.SendMss,
        ["tcpi_advmss"] = (connection, _) => connection.ReceiveMss,
        ["tcpi_rtt"] = (connection, _) => Microseconds(connection.Srtt ?? TimeSpan.Zero),
        ["tcpi_rttvar"] = (connection, _) => Microseconds(connection.RttVar ?? TimeSpan.Zero),
        ["tcpi_min_rtt"] = (connection, _) => Microseconds(connection.Tcp.Rtt.Minimum ?? TimeSpan.Zero),
        ["tcpi_backoff"] = (connection, _) => connection.Tcp.Rtt.Backoff,
        ["tcpi_snd_cwnd"] = (connection, _) => connection.Cwnd / connection.SendMss,
        ["tcpi_snd_ssthresh"] = (connection, _) => connection.Ssthresh == int.MaxValue ? InfiniteThreshold : connection.Ssthresh / connection.SendMss,
        ["tcpi_unacked"] = (connection, _) => connection.Unacknowledged.Count,
        ["tcpi_probes"] = (connection, _) => connection.Tcp.UnansweredProbes,
        ["tcpi_rcv_mss"] = (connection, _) => Math.Min(connection.Counters.LargestReceived, connection.ReceiveMss),
        ["tcpi_busy_time"] = (connection, now) => Microseconds(connection.Limits.Until(now).Busy),
        ["tcpi_rwnd_limited"] = (connection, now) => Microseconds(connection.Limits.Until(now).ReceiveWindow),
        ["tcpi_sndbuf_limited"] = (connection, now) => Microseconds(connection.Limits.Until(now).SendBuffer),
        ["tcpi_total_retrans"] = (connection, _) => connection.Retransmissions,
        ["tcpi_bytes_acked"] = (connection, _) => connection.Counters.BytesAcknowledged,
        ["tcpi_bytes_received"] = (connection, _) => connection.Counters.BytesReceived,
        ["tcpi_ca_state"] = (connection, _) => CongestionStateOf(connection.Tcp),
        ["tcpi_sacked"] = (connection, _) => connection.Tcp.Unacknowledged.Sacked,

        // Linux counts a lost segment until it is known to have arrived, though it may have been sent again.
        ["tcpi_lost"] = (connection, _) => connection.Tcp.Unacknowledged.Lost + connection.Tcp.Unacknowledged.Retransmitted,
        ["tcpi_retrans"] = (connection, _) => connection.Tcp.Unacknowledged.Retransmitted,
        ["tcpi_reordering"] = (connection, _) => connection.Tcp.Reordering,
        ["tcpi_reord_seen"] = (connection, _) => connection.Tcp.Reorderings,
        ["tcpi_delivered"] = (connection, _) => connection.Counters.Delivered,
        ["tcpi_bytes_sent"] = (connection, _) => connection.Counters.BytesSent + connection.Counters.BytesRetransmitted,
        ["tcpi_bytes_retrans"] = (connection, _) => connection.Counters.BytesRetransmitted,
        ["tcpi_segs_out"] = (connection, _) => connection.Counters.SegmentsSent,
        ["tcpi_segs_in"] = (connection, _) => connection.Counters.SegmentsReceived,
        ["tcpi_dsack_dups"] = (connection, _) => connection.Counters.DuplicateSacks,
        ["tcpi_pmtu"] = (connection, _) => connection.Tcp.PathMtu,
        ["tcpi_last_data_recv"] = (connection, now) => connection.Tcp.LastDataReceived is { } last ? (now - last).Ticks / TimeSpan.TicksPerMillisecond : 0,
        ["tcpi_notsent_bytes"] = (connection, _) => Math.Max(0, connection.SendQueue - (connection.SndNxt - connection.SndUna)),
    };

    /// <summary>Whether a name is known here; other names can only be a script's own.</summary>
    public static bool IsKnown(string name) => s_constants.ContainsKey(name) || s_fields.ContainsKey(name);

    /// <summary>The value of a name.</summary>
    /// <param name="connection">The connection that is asked about; null where there is none.</param>
    /// <param name="name">The name.</param>
    /// <param name="now">The time.</param>
    /// <returns>Its value; null where it is not known here.</returns>
    public static long? Find(HostedConnection? connection, string name, Timestamp now)
    {
        if (s_constants.TryGetValue(name, out long constant))
        {
            return constant;
        }

        if (connection is null)
        {
            return name == "tcpi_state" ? s_constants["TCP_CLOSE"] : null;
        }

        return s_fields.TryGetValue(name, out Func<HostedConnection, Timestamp, long>? field) ? field(connection, now) : null;
    }

    private static long CongestionStateOf(TcpConnection connection) => connection.RecoveryPhase switch
    {
        RecoveryPhase.Recovery => s_constants["TCP_CA_Recovery"],
        RecoveryPhase.Loss => s_constants["TCP_CA_Loss"],
        _ when connection.IsReducedByEcho => s_constants["TCP_CA_CWR"],
        _ => s_constants[connection.Unacknowledged.Sacked > 0 ? "TCP_CA_Disorder" : "TCP_CA_Open"],
    };

    private static long StateOf(TcpState state) => s_constants[state switch
    {
        TcpState.Listen => "TCP_LISTEN",
        TcpState.SynSent => "TCP_SYN_SENT",
        TcpState.SynReceived => "TCP_SYN_RECV",
        TcpState.Established => "TCP_ESTABLISHED",
        TcpState.FinWait1 => "TCP_FIN_WAIT1",
        TcpState.FinWait2 => "TCP_FIN_WAIT2",
        TcpState.CloseWait => "TCP_CLOSE_WAIT",
        TcpState.Closing => "TCP_CLOSING",
        TcpState.LastAck => "TCP_LAST_ACK",
        TcpState.TimeWait => "TCP_TIME_WAIT",
        _ => "TCP_CLOSE",
    }];

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
