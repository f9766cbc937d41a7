namespace TcpShell.Sockets;

/// <summary>What epoll_ctl does with a socket.</summary>
public enum EpollOperation
{
    /// <summary>EPOLL_CTL_ADD: watches it.</summary>
    Add = 1,

    /// <summary>EPOLL_CTL_DEL: watches it no more.</summary>
    Remove = 2,

    /// <summary>EPOLL_CTL_MOD: watches it for something else, or again after its one shot.</summary>
    Modify = 3,
}

/// <summary>When epoll_wait tells of a socket.</summary>
[Flags]
public enum EpollMode
{
    /// <summary>Always while something can be done with it.</summary>
    LevelTriggered = 0,

    /// <summary>EPOLLET: once for each time that something happens to it.</summary>
    EdgeTriggered = 1,

    /// <summary>EPOLLONESHOT: once, until it is modified.</summary>
    OneShot = 2,
}

/// <summary>What epoll_wait tells of a socket.</summary>
/// <param name="Events">What can be done with it without waiting.</param>
/// <param name="Data">What was given with it when it was added.</param>
public readonly record struct EpollEvent(SocketEvents Events, long Data);

/// <summary>The sockets that one epoll descriptor watches.</summary>
internal sealed class Epoll
{
    private readonly SortedDictionary<int, Watch> _watches = [];

    private sealed record Watch(TcpSocket Socket, SocketEvents Events, EpollMode Mode, long Data)
    {
        /// <summary>What had happened to the socket when it was last told of; null if it was not yet.</summary>
        public Happened? Told { get; set; }

        public bool IsSpent { get; set; }
    }

    /// <summary>Everything that makes an edge: data or connections that came, room that was made, states that changed.</summary>
    private readonly record struct Happened(long Received, int Accepted, int SpaceMade, Tcp.TcpState? State, bool Ended);

    public SocketResult Control(EpollOperation operation, TcpSocket socket, SocketEvents events, EpollMode mode, long data)
    {
        bool isThere = _watches.ContainsKey(socket.Descriptor);
        if (isThere == (operation == EpollOperation.Add))
        {
            return SocketResult.Fail(isThere ? Errno.EEXIST : Errno.ENOENT);
        }

        if (operation == EpollOperation.Remove)
        {
            _watches.Remove(socket.Descriptor);
        }
        else
        {
            _watches[socket.Descriptor] = new(socket, events | SocketEvents.POLLERR | SocketEvents.POLLHUP, mode, data);
        }

        return new(0);
    }

    public void Forget(int descriptor) => _watches.Remove(descriptor);

    /// <summary>What can be done with the sockets, so many of them at most.</summary>
    public List<EpollEvent> Ready(int most, Func<int, SocketEvents?> poll)
    {
        var ready = new List<EpollEvent>();
        foreach (Watch watch in _watches.Values)
        {
            // Asked first: a socket that is found to be without room is told of when it has some.
            SocketEvents events = (poll(watch.Socket.Descriptor) ?? SocketEvents.None) & watch.Events;
            Happened happened = HappenedTo(watch.Socket);
            bool isDue = !watch.IsSpent && (!watch.Mode.HasFlag(EpollMode.EdgeTriggered) || watch.Told != happened);
            if (isDue && ready.Count < most)
            {
                watch.Told = happened;
                if (events != SocketEvents.None)
                {
                    watch.IsSpent = watch.Mode.HasFlag(EpollMode.OneShot);
                    ready.Add(new(events, watch.Data));
                }
            }
        }

        return ready;
    }

    private static Happened HappenedTo(TcpSocket socket) => new(
        socket.Connection?.Received ?? 0,
        socket.Listener?.Accepted ?? 0,
        socket.SpaceMade,
        socket.Connection?.State,
        socket.Connection?.Tcp.EndOfStream ?? false);
}
