namespace TcpShell.Sockets;

/// <summary>Why a socket call failed: POSIX's names with Linux's numbers.</summary>
public enum Errno
{
    /// <summary>It did not fail.</summary>
    None = 0,

    /// <summary>There is nothing of that name.</summary>
    ENOENT = 2,

    /// <summary>It is there already.</summary>
    EEXIST = 17,

    /// <summary>It would have to wait.</summary>
    EAGAIN = 11,

    /// <summary>There is no such descriptor.</summary>
    EBADF = 9,

    /// <summary>An argument cannot be.</summary>
    EINVAL = 22,

    /// <summary>This end can send no more.</summary>
    EPIPE = 32,

    /// <summary>An address is needed.</summary>
    EDESTADDRREQ = 89,

    /// <summary>There is no such option, or not with this value.</summary>
    ENOPROTOOPT = 92,

    /// <summary>The socket cannot do that.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The port is taken.</summary>
    EADDRINUSE = 98,

    /// <summary>The address is none of this host's.</summary>
    EADDRNOTAVAIL = 99,

    /// <summary>The host is down.</summary>
    ENETDOWN = 100,

    /// <summary>The connection was aborted on this side.</summary>
    ECONNABORTED = 103,

    /// <summary>The peer reset the connection.</summary>
    ECONNRESET = 104,

    /// <summary>Nothing is left to do it with.</summary>
    ENOBUFS = 105,

    /// <summary>There is a connection already.</summary>
    EISCONN = 106,

    /// <summary>There is no connection.</summary>
    ENOTCONN = 107,

    /// <summary>The peer did not answer.</summary>
    ETIMEDOUT = 110,

    /// <summary>The peer refused the connection.</summary>
    ECONNREFUSED = 111,

    /// <summary>There is no way to the peer.</summary>
    EHOSTUNREACH = 113,

    /// <summary>The connection is being opened already.</summary>
    EALREADY = 114,

    /// <summary>The connection is being opened.</summary>
    EINPROGRESS = 115,
}
