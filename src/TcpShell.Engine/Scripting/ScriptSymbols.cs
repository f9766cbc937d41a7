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
        ["SIOCINQ"] = 0x541b, ["FIONREAD"] = 0x541b, ["SIOCOUTQ"] = 0x5411, ["SO_LINGER"] = 13, ["TCP_CONGESTION"] = 13,
        ["POLLIN"] = (long)SocketEvents.POLLIN, ["POLLPRI"] = (long)SocketEvents.POLLPRI, ["POLLOUT"] = (long)SocketEvents.POLLOUT,
        ["POLLERR"] = (long)SocketEvents.POLLERR, ["POLLHUP"] = (long)SocketEvents.POLLHUP, ["POLLRDHUP"] = (long)SocketEvents.POLLRDHUP,
    };

    private static readonly Dictionary<string, (string Level, SocketOption Option)> s_options = new(StringComparer.Ordinal)
    {
        ["SO_REUSEADDR"] = ("SOL_SOCKET", SocketOption.ReuseAddress), ["SO_SNDBUF"] = ("SOL_SOCKET", SocketOption.SendBuffer),
        ["SO_RCVBUF"] = ("SOL_SOCKET", SocketOption.ReceiveBuffer), ["SO_KEEPALIVE"] = ("SOL_SOCKET", SocketOption.KeepAlive),
        ["SO_ERROR"] = ("SOL_SOCKET", SocketOption.Error), ["TCP_NODELAY"] = ("SOL_TCP", SocketOption.NoDelay),
        ["TCP_MAXSEG"] = ("SOL_TCP", SocketOption.MaximumSegment), ["TCP_KEEPIDLE"] = ("SOL_TCP", SocketOption.KeepAliveIdle),
        ["TCP_KEEPINTVL"] = ("SOL_TCP", SocketOption.KeepAliveInterval), ["TCP_KEEPCNT"] = ("SOL_TCP", SocketOption.KeepAliveProbes),
        ["TCP_SYNCNT"] = ("SOL_TCP", SocketOption.SynRetries), ["TCP_USER_TIMEOUT"] = ("SOL_TCP", SocketOption.UserTimeout),
        ["IP_TOS"] = ("SOL_IP", SocketOption.TrafficClass), ["IP_TTL"] = ("SOL_IP", SocketOption.TimeToLive),
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
        s_options.TryGetValue(name, out (string Level, SocketOption Option) entry) ? entry.Option : throw new ScriptUnsupported(name);
}
