using TcpShell.Tcp;

namespace TcpShell.Scripting.Generation;

/// <summary>Settings of a connection that a program can change by socket options.</summary>
internal static class SocketOptions
{
    /// <summary>The calls that make settings of others, as far as there are options for what differs.</summary>
    public static IEnumerable<SystemCallEvent> Between(TcpSettings before, TcpSettings after, int descriptor)
    {
        if (before.Nagle != after.Nagle)
        {
            yield return Tcp("TCP_NODELAY", after.Nagle ? 0 : 1);
        }

        if (before.Cork != after.Cork)
        {
            yield return Tcp("TCP_CORK", after.Cork ? 1 : 0);
        }

        if (before.QuickAcks != after.QuickAcks)
        {
            yield return Tcp("TCP_QUICKACK", after.QuickAcks > 0 ? 1 : 0);
        }

        if (before.UserTimeout != after.UserTimeout)
        {
            yield return Tcp("TCP_USER_TIMEOUT", (int)(after.UserTimeout?.TotalMilliseconds ?? 0));
        }

        if (before.KeepAlive != after.KeepAlive)
        {
            yield return Calls.SetOption(descriptor, "SOL_SOCKET", "SO_KEEPALIVE", after.KeepAlive ? 1 : 0);
        }

        if (before.KeepAliveIdle != after.KeepAliveIdle)
        {
            yield return Tcp("TCP_KEEPIDLE", (int)after.KeepAliveIdle.TotalSeconds);
        }

        if (before.KeepAliveInterval != after.KeepAliveInterval)
        {
            yield return Tcp("TCP_KEEPINTVL", (int)after.KeepAliveInterval.TotalSeconds);
        }

        if (before.KeepAliveProbes != after.KeepAliveProbes)
        {
            yield return Tcp("TCP_KEEPCNT", after.KeepAliveProbes);
        }

        SystemCallEvent Tcp(string option, int value) => Calls.SetOption(descriptor, "SOL_TCP", option, value);
    }

    /// <summary>The calls that make settings of the usual ones.</summary>
    public static IEnumerable<SystemCallEvent> Of(TcpSettings settings, int descriptor) => Between(TcpSettings.Linux, settings, descriptor);

    /// <summary>Whether two settings differ in something that no socket option changes.</summary>
    public static bool DifferOtherwise(TcpSettings before, TcpSettings after) => after != before with
    {
        Nagle = after.Nagle,
        Cork = after.Cork,
        QuickAcks = after.QuickAcks,
        UserTimeout = after.UserTimeout,
        KeepAlive = after.KeepAlive,
        KeepAliveIdle = after.KeepAliveIdle,
        KeepAliveInterval = after.KeepAliveInterval,
        KeepAliveProbes = after.KeepAliveProbes,
    };
}
