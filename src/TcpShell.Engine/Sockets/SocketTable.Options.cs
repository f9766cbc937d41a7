using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Sockets;

// setsockopt and getsockopt.
public sealed partial class SocketTable
{
    /// <summary>Sets an option.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="option">The option.</param>
    /// <param name="value">Its value; for switches, 0 is off.</param>
    /// <returns>EINVAL for a value that cannot be; ENOPROTOOPT for an option that cannot be set, or not while there is a connection.</returns>
    public SocketResult SetOption(int descriptor, SocketOption option, int value)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (TrySetOwn(socket, option, value))
        {
            return new(0);
        }

        if (!IsTaken(option, value))
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        if (SettingsWith(socket.Settings, option, value) is not { } settings)
        {
            return SocketResult.Fail(Errno.ENOPROTOOPT);
        }

        if (option == SocketOption.QuickAck && value != 0)
        {
            // It begins anew, also where it was in force and has been used up.
            Change(socket, socket.Settings with { QuickAcks = 0 });
        }

        try
        {
            settings.Validate();
        }
        catch (ArgumentOutOfRangeException)
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        SocketResult result = Change(socket, settings);
        if (option == SocketOption.NoDelay && value != 0 && result.Succeeded && socket.Connection is { } connection)
        {
            // Nobody waits who wants no delay, not even behind a cork.
            connection.Tcp.Push();
            _host.Touch(connection, Now);
            _settled();
        }

        return result;
    }

    /// <summary>Options that the socket itself has, and not its connection.</summary>
    private bool TrySetOwn(TcpSocket socket, SocketOption option, int value)
    {
        switch (option)
        {
            case SocketOption.ReuseAddress:
                socket.ReusesAddress = value != 0;
                return true;
            case SocketOption.SendBuffer:
                socket.FixedSendBuffer = (int)Math.Clamp((long)HostSettings.SendBufferFactor * value, HostSettings.SmallestSendBuffer, int.MaxValue);
                return true;
            case SocketOption.NotSentLowWater:
                socket.NotSentLowWater = unchecked((uint)value);
                return true;
            case SocketOption.InQueue:
                socket.TellsInQueue = value != 0;
                return true;
            case SocketOption.ZeroCopy:
                socket.ZeroCopy = value != 0;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Makes close wait, or abort.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="linger">Zero makes close an abort; null restores a plain close.</param>
    public SocketResult SetLinger(int descriptor, TimeSpan? linger)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        socket.Linger = linger;
        return new(0);
    }

    /// <summary>Makes calls on a socket fail with EAGAIN instead of waiting, or wait again (O_NONBLOCK).</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="isNonBlocking">Whether they fail.</param>
    public SocketResult SetNonBlocking(int descriptor, bool isNonBlocking)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        socket.IsNonBlocking = isNonBlocking;
        return new(0);
    }

    /// <summary>Reads an option.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="option">The option.</param>
    /// <returns>Its value.</returns>
    public SocketResult GetOption(int descriptor, SocketOption option)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        TcpSettings settings = socket.Settings;
        HostedConnection? connection = socket.Connection;
        return new(option switch
        {
            SocketOption.ReuseAddress => socket.ReusesAddress ? 1 : 0,
            SocketOption.SendBuffer => socket.Account?.Limit ?? socket.FixedSendBuffer ?? HostSettings.InitialSendBuffer ?? settings.SendBufferSize,
            SocketOption.NotSentLowWater => unchecked((int)socket.NotSentLowWater),
            SocketOption.InQueue => socket.TellsInQueue ? 1 : 0,
            SocketOption.ZeroCopy => socket.ZeroCopy ? 1 : 0,
            SocketOption.Cork => settings.Cork ? 1 : 0,
            SocketOption.ReceiveBuffer => settings.ReceiveBufferSize,
            SocketOption.KeepAlive => settings.KeepAlive ? 1 : 0,
            SocketOption.Error => (int)socket.TakeError(),
            SocketOption.NoDelay => settings.Nagle ? 0 : 1,
            SocketOption.QuickAck => settings.QuickAcks > 0 ? 1 : 0,
            SocketOption.MaximumSegment when connection is { State: >= TcpState.Established } =>
                Math.Min(connection.SendMss, settings.MaximumSegmentSize ?? int.MaxValue),
            SocketOption.MaximumSegment => settings.MaximumSegmentSize ?? DefaultMss,
            SocketOption.KeepAliveIdle => (int)settings.KeepAliveIdle.TotalSeconds,
            SocketOption.KeepAliveInterval => (int)settings.KeepAliveInterval.TotalSeconds,
            SocketOption.KeepAliveProbes => settings.KeepAliveProbes,
            SocketOption.SynRetries => settings.SynRetries,
            SocketOption.UserTimeout => (int)(settings.UserTimeout?.TotalMilliseconds ?? 0),
            SocketOption.TrafficClass => settings.Dscp << 2,
            SocketOption.PathMtuDiscovery => settings.PathMtuDiscovery ? 1 : 0,
            _ => settings.TimeToLive,
        });
    }

    /// <summary>Octets that can be read now (SIOCINQ).</summary>
    /// <param name="descriptor">The socket.</param>
    /// <returns>The octets.</returns>
    public SocketResult Readable(int descriptor) => Count(descriptor, connection => connection.ReceiveQueue);

    /// <summary>Octets that were written and are not acknowledged (SIOCOUTQ).</summary>
    /// <param name="descriptor">The socket.</param>
    public SocketResult Unacknowledged(int descriptor) => Count(descriptor, connection => connection.SendQueue);

    /// <summary>Gives a socket other settings: for what it will do, and for the connection that it has.</summary>
    internal SocketResult Change(TcpSocket socket, TcpSettings settings)
    {
        if (settings == socket.Settings)
        {
            return new(0);
        }

        HostedConnection? connection = socket.Connection ?? socket.Listener?.Control;
        return Call(() =>
        {
            if (connection is { State: not TcpState.Closed })
            {
                connection.Tcp.ChangeSettings(settings, Now);
                _host.Touch(connection, Now);
            }

            socket.Settings = settings;
            return new(0);
        });
    }

    // RFC 9293 3.7.1: what a TCP assumes of its peer until it is told.
    private const int DefaultMss = 536;

    private SocketResult Count(int descriptor, Func<HostedConnection, int> count) =>
        Find(descriptor) is not { } socket ? SocketResult.Fail(Errno.EBADF)
        : socket.Listener is not null ? SocketResult.Fail(Errno.EINVAL)
        : new(socket.Connection is { } connection ? count(connection) : 0);

    /// <summary>Whether Linux takes a value: narrower than what settings may be.</summary>
    private static bool IsTaken(SocketOption option, int value) => option switch
    {
        SocketOption.KeepAliveIdle or SocketOption.KeepAliveInterval => value is >= 1 and <= 32767,
        SocketOption.KeepAliveProbes or SocketOption.SynRetries => value is >= 1 and <= 127,
        SocketOption.MaximumSegment => value is 0 or (>= 88 and <= 32767),
        SocketOption.UserTimeout => value >= 0,
        _ => true,
    };

    /// <summary>Settings with an option that belongs to the connection; null for one that belongs to the socket.</summary>
    internal static TcpSettings? SettingsWith(TcpSettings settings, SocketOption option, int value) => option switch
    {
        SocketOption.ReceiveBuffer => settings with { ReceiveBufferSize = value },
        SocketOption.KeepAlive => settings with { KeepAlive = value != 0 },
        SocketOption.NoDelay => settings with { Nagle = value == 0 },
        SocketOption.QuickAck => settings with { QuickAcks = value == 0 ? 0 : TcpSettings.Linux.QuickAcks },
        SocketOption.Cork => settings with { Cork = value != 0 },
        SocketOption.MaximumSegment => settings with { MaximumSegmentSize = value == 0 ? null : value },
        SocketOption.KeepAliveIdle => settings with { KeepAliveIdle = TimeSpan.FromSeconds(value) },
        SocketOption.KeepAliveInterval => settings with { KeepAliveInterval = TimeSpan.FromSeconds(value) },
        SocketOption.KeepAliveProbes => settings with { KeepAliveProbes = value },
        SocketOption.SynRetries => settings with { SynRetries = value },
        SocketOption.UserTimeout => settings with { UserTimeout = value == 0 ? null : TimeSpan.FromMilliseconds(value) },
        SocketOption.TrafficClass => settings with { Dscp = value >> 2 },
        SocketOption.TimeToLive => settings with { TimeToLive = value },
        SocketOption.PathMtuDiscovery => settings with { PathMtuDiscovery = value != 0 },
        _ => null,
    };
}
