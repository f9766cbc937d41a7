using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Sockets;

/// <summary>
/// The socket calls of a program on a host, in its time: what programs know as socket, bind, listen, accept, connect, shutdown, close.
/// </summary>
/// <remarks>
/// No call waits. Where a blocking socket's call would, it returns with <see cref="SocketResult.Waits"/>; whoever drives time makes the same
/// call again when something has happened.
/// </remarks>
public sealed partial class SocketTable
{
    private const int FirstDescriptor = 3; // 0 to 2 are a program's standard streams

    private readonly SortedDictionary<int, TcpSocket> _sockets = [];
    private int _lowestFree = FirstDescriptor;
    private readonly TcpHost _host;
    private readonly Func<Timestamp> _clock;
    private readonly Action _settled;

    /// <summary>Makes an empty table.</summary>
    /// <param name="host">The host that the program runs on.</param>
    /// <param name="clock">Tells the time.</param>
    /// <param name="settled">Is called after each call that may have made the host want to send.</param>
    /// <param name="hostSettings">What the host's sockets have in common; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the settings cannot be.</exception>
    public SocketTable(TcpHost host, Func<Timestamp> clock, Action settled, SocketSettings? hostSettings = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(settled);
        _host = host;
        _clock = clock;
        _settled = settled;
        Defaults = host.Settings;
        HostSettings = hostSettings ?? new();
        HostSettings.Validate();
    }

    /// <summary>The settings that new sockets begin with: the host's, unless others are put here.</summary>
    public TcpSettings Defaults { get; set; }

    /// <summary>What the host's sockets have in common; a change counts for the connections that are made after it.</summary>
    public SocketSettings HostSettings { get; set; }

    /// <summary>The open sockets, in the order of their numbers.</summary>
    public IReadOnlyCollection<TcpSocket> Sockets => _sockets.Values;

    private Timestamp Now => _clock();

    /// <summary>The socket of a descriptor; null if there is none.</summary>
    /// <param name="descriptor">The descriptor.</param>
    public TcpSocket? Find(int descriptor) => _sockets.GetValueOrDefault(descriptor);

    /// <summary>Makes a TCP socket.</summary>
    /// <returns>The lowest descriptor from 3 on that is free.</returns>
    public SocketResult Socket() => new(Add(Defaults).Descriptor);

    /// <summary>Gives a socket its own end.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="local">Address and port; the unspecified address stands for all, port 0 for any.</param>
    public SocketResult Bind(int descriptor, Endpoint local)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Local.Port != 0 || socket.Connection is not null || socket.Listener is not null)
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        if (!local.Address.IsUnspecified && !_host.Owns(local.Address))
        {
            return SocketResult.Fail(Errno.EADDRNOTAVAIL);
        }

        // Linux lets a port be bound again while its former connections linger, if both ask for it; never while somebody listens on it.
        bool isTaken = local.Port != 0
            && (_host.Listeners.Any(listener => listener.Local.Port == local.Port)
                || (!socket.ReusesAddress && _host.Connections.Any(connection => connection.Local.Port == local.Port)));
        if (isTaken)
        {
            return SocketResult.Fail(Errno.EADDRINUSE);
        }

        socket.Local = local;
        return new(0);
    }

    /// <summary>Lets a bound socket take connection requests.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="backlog">How many may be half-open at once; less than 1 counts as 1.</param>
    public SocketResult Listen(int descriptor, int backlog)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Connection is not null)
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        if (socket.Listener is not null)
        {
            return new(0);
        }

        if (socket.Local.Port == 0)
        {
            return SocketResult.Fail(Errno.EDESTADDRREQ);
        }

        return Call(() =>
        {
            socket.Listener = _host.Listen(socket.Local, Now, Applications.Manual, Math.Max(1, backlog), socket.Settings);
            return new(0);
        });
    }

    /// <summary>Takes the next connection of a listener.</summary>
    /// <param name="descriptor">The listening socket.</param>
    /// <returns>The descriptor of the connection; EAGAIN, and waits, while there is none.</returns>
    public SocketResult Accept(int descriptor)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Listener is not { } listener)
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        if (!listener.TryAccept(out HostedConnection? connection))
        {
            return SocketResult.Wait(Errno.EAGAIN);
        }

        TcpSocket accepted = Add(socket.Settings);
        accepted.FixedSendBuffer = socket.FixedSendBuffer;
        accepted.NotSentLowWater = socket.NotSentLowWater;
        accepted.Take(connection!, HostSettings);
        return new(accepted.Descriptor);
    }

    /// <summary>Opens a connection. Called again, it tells how far that is.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="remote">The other end.</param>
    /// <returns>0 when it is open; EINPROGRESS, then EALREADY, and waits, while it is being opened; else why it could not be.</returns>
    public SocketResult Connect(int descriptor, Endpoint remote)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Listener is not null)
        {
            return SocketResult.Fail(Errno.EISCONN);
        }

        if (socket.Connection is null)
        {
            return Call(() =>
            {
                socket.Take(_host.Connect(remote, Now, socket.Local, socket.Settings), HostSettings);
                socket.IsConnecting = true;
                return SocketResult.Wait(Errno.EINPROGRESS);
            });
        }

        if (socket.Connection.State is TcpState.SynSent or TcpState.SynReceived)
        {
            return SocketResult.Wait(Errno.EALREADY);
        }

        bool isResult = socket.IsConnecting;
        socket.IsConnecting = false;
        if (socket.TakeError() is not Errno.None and Errno error)
        {
            return SocketResult.Fail(error);
        }

        return isResult && socket.IsSynchronized ? new(0) : SocketResult.Fail(socket.IsSynchronized ? Errno.EISCONN : Errno.ECONNABORTED);
    }

    /// <summary>Closes one direction of a connection, or both. What is queued still goes out.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="how">Which direction.</param>
    public SocketResult Shutdown(int descriptor, SocketShutdown how)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Connection is not { } connection || connection.State == TcpState.Closed)
        {
            return SocketResult.Fail(Errno.ENOTCONN);
        }

        socket.ReadIsShut |= how != SocketShutdown.Write;
        if (how == SocketShutdown.Read || socket.WriteIsShut)
        {
            return new(0);
        }

        socket.WriteIsShut = true;
        return Call(() =>
        {
            connection.Tcp.Close(Now);
            _host.Touch(connection, Now);
            return new(0);
        });
    }

    /// <summary>
    /// Gives a descriptor back. Its connection is closed, or aborted where data was not read [MAY-1, SHLD-3] or where it lingers for no time.
    /// </summary>
    /// <param name="descriptor">The socket.</param>
    public SocketResult Close(int descriptor)
    {
        _lowestFree = descriptor < _lowestFree && descriptor >= FirstDescriptor ? descriptor : _lowestFree;
        if (!_sockets.Remove(descriptor, out TcpSocket? socket))
        {
            return _epolls.Remove(descriptor) ? new(0) : SocketResult.Fail(Errno.EBADF);
        }

        ForgetWatched(descriptor);

        return Call(() =>
        {
            if (socket.Listener is { } listener)
            {
                CloseListener(listener);
            }
            else if (socket.Connection is { } connection && connection.State != TcpState.Closed)
            {
                CloseConnection(connection, socket.WriteIsShut, socket.Linger == TimeSpan.Zero);
            }

            return new(0);
        });
    }

    private int FreeDescriptor()
    {
        while (_sockets.ContainsKey(_lowestFree) || _epolls.ContainsKey(_lowestFree))
        {
            _lowestFree++;
        }

        return _lowestFree;
    }

    private TcpSocket Add(TcpSettings settings)
    {
        int descriptor = FreeDescriptor();
        var socket = new TcpSocket(descriptor, settings);
        _sockets.Add(descriptor, socket);
        return socket;
    }

    private void CloseListener(Listener listener)
    {
        foreach (HostedConnection connection in _host.Connections.ToArray())
        {
            if (connection.Role == ConnectionRole.Server && connection.State == TcpState.SynReceived && connection.Local.Port == listener.Local.Port)
            {
                Abort(connection);
            }
        }

        while (listener.TryAccept(out HostedConnection? waiting))
        {
            Abort(waiting!);
        }

        listener.Control.Tcp.Close(Now);
        _host.Touch(listener.Control, Now);
    }

    private void CloseConnection(HostedConnection connection, bool writeIsShut, bool abort)
    {
        if (abort || connection.ReceiveQueue > 0)
        {
            Abort(connection);
            return;
        }

        connection.Tcp.EndReceiving();
        if (!writeIsShut)
        {
            connection.Tcp.Close(Now);
            _host.Touch(connection, Now);
        }
    }

    private void Abort(HostedConnection connection)
    {
        if (connection.State != TcpState.Closed)
        {
            connection.Tcp.Abort(Now);
            _host.Touch(connection, Now);
        }
    }

    /// <summary>Makes a call on the host; what it refuses becomes an error number.</summary>
    private SocketResult Call(Func<SocketResult> call)
    {
        try
        {
            return call();
        }
        catch (TcpCallException refused)
        {
            return SocketResult.Fail(ErrnoOf(refused.Error));
        }
        finally
        {
            _settled();
        }
    }

    private static Errno ErrnoOf(TcpCallError error) => error switch
    {
        TcpCallError.ConnectionExists => Errno.EISCONN,
        TcpCallError.ConnectionDoesNotExist => Errno.ENOTCONN,
        TcpCallError.ConnectionClosing => Errno.EPIPE,
        TcpCallError.ConnectionReset => Errno.ECONNRESET,
        TcpCallError.RemoteUnspecified => Errno.EDESTADDRREQ,
        TcpCallError.InvalidAddress => Errno.EADDRNOTAVAIL,
        TcpCallError.PortInUse => Errno.EADDRINUSE,
        TcpCallError.InsufficientResources => Errno.ENOBUFS,
        TcpCallError.HostDown => Errno.ENETDOWN,
        TcpCallError.SettingFixed => Errno.ENOPROTOOPT,
        _ => Errno.EINVAL,
    };
}
