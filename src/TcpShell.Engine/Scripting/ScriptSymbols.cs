using TcpShell.Sockets;

namespace TcpShell.Scripting;

/// <summary>The constants of system calls that are understood, with Linux's numbers.</summary>
internal static class ScriptSymbols
{
    private static readonly Dictionary<string, long> s_values = new(StringComparer.Ordinal)
    {
        ["AF_UNSPEC"] = 0, ["AF_INET"] = 2, ["AF_INET6"] = 10, ["SOCK_STREAM"] = 1, ["SOCK_NONBLOCK"] = 0x800, ["IPPROTO_IP"] = 0, ["IPPROTO_TCP"] = 6,
        ["SOL_SOCKET"] = 1, ["SOL_TCP"] = 6, ["SOL_IP"] = 0, ["F_GETFL"] = 3, ["F_SETFL"] = 4, ["O_RDWR"] = 2, ["O_NONBLOCK"] = 0x800,
        ["SHUT_RD"] = 0, ["SHUT_WR"] = 1, ["SHUT_RDWR"] = 2, ["MSG_OOB"] = 1, ["MSG_DONTWAIT"] = 0x40, ["MSG_NOSIGNAL"] = 0x4000,
        ["MSG_EOR"] = 0x80, ["MSG_MORE"] = 0x8000, ["MSG_ZEROCOPY"] = 0x4000000, ["EPOLL_CTL_ADD"] = 1, ["EPOLL_CTL_DEL"] = 2, ["EPOLL_CTL_MOD"] = 3,
        ["EPOLLIN"] = (long)SocketEvents.POLLIN, ["EPOLLPRI"] = (long)SocketEvents.POLLPRI, ["EPOLLOUT"] = (long)SocketEvents.POLLOUT,
        ["EPOLLERR"] = (long)SocketEvents.POLLERR, ["EPOLLHUP"] = (long)SocketEvents.POLLHUP, ["EPOLLRDHUP"] = (long)SocketEvents.POLLRDHUP,
        ["EPOLLONESHOT"] = 1L << 30, ["EPOLLET"] = 1L << 31,
        ["SIOCINQ"] = 0x541b, ["FIONREAD"] = 0x541b, ["SIOCOUTQ"] = 0x5411, ["SO_LINGER"] = 13, ["IP_PMTUDISC_DONT"] = 0,
        ["IP_PMTUDISC_WANT"] = 1, ["IP_PMTUDISC_DO"] = 2, ["TCP_CM_INQ"] = 36, ["TCP_CONGESTION"] = 13,
        ["POLLIN"] = (long)SocketEvents.POLLIN, ["POLLPRI"] = (long)SocketEvents.POLLPRI, ["POLLOUT"] = (long)SocketEvents.POLLOUT,
        ["POLLERR"] = (long)SocketEvents.POLLERR, ["POLLHUP"] = (long)SocketEvents.POLLHUP, ["POLLRDHUP"] = (long)SocketEvents.POLLRDHUP,
    };

    private static readonly Dictionary<string, SocketOption> s_options = new(StringComparer.Ordinal)
    {
        ["SO_REUSEADDR"] = SocketOption.ReuseAddress, ["SO_SNDBUF"] = SocketOption.SendBuffer,
        ["SO_RCVBUF"] = SocketOption.ReceiveBuffer, ["SO_KEEPALIVE"] = SocketOption.KeepAlive,
        ["SO_ERROR"] = SocketOption.Error, ["TCP_NODELAY"] = SocketOption.NoDelay,
        ["TCP_QUICKACK"] = SocketOption.QuickAck,
        ["TCP_MAXSEG"] = SocketOption.MaximumSegment, ["TCP_KEEPIDLE"] = SocketOption.KeepAliveIdle,
        ["TCP_KEEPINTVL"] = SocketOption.KeepAliveInterval, ["TCP_KEEPCNT"] = SocketOption.KeepAliveProbes,
        ["TCP_SYNCNT"] = SocketOption.SynRetries, ["TCP_USER_TIMEOUT"] = SocketOption.UserTimeout,
        ["IP_TOS"] = SocketOption.TrafficClass, ["IP_TTL"] = SocketOption.TimeToLive,
        ["IP_MTU_DISCOVER"] = SocketOption.PathMtuDiscovery, ["TCP_CORK"] = SocketOption.Cork,
        ["TCP_NOTSENT_LOWAT"] = SocketOption.NotSentLowWater, ["TCP_INQ"] = SocketOption.InQueue,
        ["SO_ZEROCOPY"] = SocketOption.ZeroCopy,
    };

    /// <summary>The number of a constant.</summary>
    /// <exception cref="ScriptUnsupported">It is not one that is understood.</exception>
    public static long ValueOf(string name) =>
        s_values.TryGetValue(name, out long value) ? value : throw new ScriptUnsupported(name);

    /// <summary>Whether a name is understood, as a constant or as a socket option.</summary>
    public static bool IsKnown(string name) => s_values.ContainsKey(name) || s_options.ContainsKey(name);

    /// <summary>The socket option of a name.</summary>
    /// <exception cref="ScriptUnsupported">It is not one that is understood.</exception>
    public static SocketOption OptionOf(string name) =>
        s_options.TryGetValue(name, out SocketOption option) ? option : throw new ScriptUnsupported(name);
}
