namespace TcpShell.Sockets;

/// <summary>Options of a socket, under their names in POSIX and Linux.</summary>
public enum SocketOption
{
    /// <summary>SO_REUSEADDR: the port may be bound while connections on it exist.</summary>
    ReuseAddress,

    /// <summary>SO_SNDBUF: octets of the send buffer. On Linux twice of what is asked for is given, and reading it tells that.</summary>
    SendBuffer,

    /// <summary>SO_RCVBUF: octets of the receive buffer.</summary>
    ReceiveBuffer,

    /// <summary>SO_KEEPALIVE: an idle peer is probed.</summary>
    KeepAlive,

    /// <summary>SO_ERROR: the pending error, which reading it clears. It cannot be set.</summary>
    Error,

    /// <summary>TCP_NODELAY: short segments do not wait.</summary>
    NoDelay,

    /// <summary>TCP_CORK: segments that are not full wait until it is taken off, for one RTO at most.</summary>
    Cork,

    /// <summary>TCP_NOTSENT_LOWAT: octets not sent yet from which on the socket is not writable; an unsigned number, 0 for the host's.</summary>
    NotSentLowWater,

    /// <summary>TCP_INQ: each message that is received tells how much more can be.</summary>
    InQueue,

    /// <summary>SO_ZEROCOPY: MSG_ZEROCOPY may be used. It changes nothing here, where nobody sees how octets are copied.</summary>
    ZeroCopy,

    /// <summary>TCP_MAXSEG: the MSS. Before a connection is open, the one to announce; after that, the most octets of one segment.</summary>
    MaximumSegment,

    /// <summary>TCP_QUICKACK: data is acknowledged at once; off, the acknowledgment waits for company.</summary>
    QuickAck,

    /// <summary>TCP_KEEPIDLE: seconds until the first keep-alive probe.</summary>
    KeepAliveIdle,

    /// <summary>TCP_KEEPINTVL: seconds between keep-alive probes.</summary>
    KeepAliveInterval,

    /// <summary>TCP_KEEPCNT: unanswered keep-alive probes until the peer is taken for dead.</summary>
    KeepAliveProbes,

    /// <summary>TCP_SYNCNT: how often a SYN is sent again.</summary>
    SynRetries,

    /// <summary>TCP_USER_TIMEOUT: milliseconds that data may stay unacknowledged; 0 for no limit.</summary>
    UserTimeout,

    /// <summary>IP_TOS: the octet whose upper six bits are the differentiated services code point.</summary>
    TrafficClass,

    /// <summary>IP_TTL: time to live.</summary>
    TimeToLive,

    /// <summary>IP_MTU_DISCOVER: 0 (IP_PMTUDISC_DONT) heeds no ICMP error about packets that are too big.</summary>
    PathMtuDiscovery,
}
