namespace TcpShell.Sockets;

// epoll_create, epoll_ctl, epoll_wait.
public sealed partial class SocketTable
{
    private readonly SortedDictionary<int, Epoll> _epolls = [];

    /// <summary>Makes a descriptor that watches sockets (epoll_create).</summary>
    /// <returns>The lowest descriptor from 3 on that is free.</returns>
    public SocketResult CreateEpoll()
    {
        int descriptor = FreeDescriptor();
        _epolls.Add(descriptor, new Epoll());
        return new(descriptor);
    }

    /// <summary>Says for what a socket is watched (epoll_ctl).</summary>
    /// <param name="epoll">The descriptor that watches.</param>
    /// <param name="operation">Whether the socket is added, modified or removed.</param>
    /// <param name="descriptor">The socket.</param>
    /// <param name="events">What it is watched for; errors and hang-ups are told in any case.</param>
    /// <param name="mode">When it is told of.</param>
    /// <param name="data">What is told with it.</param>
    /// <returns>EEXIST for a socket that is watched already, ENOENT for one that is not.</returns>
    public SocketResult ControlEpoll(int epoll, EpollOperation operation, int descriptor, SocketEvents events, EpollMode mode, long data) =>
        _epolls.TryGetValue(epoll, out Epoll? watching) && Find(descriptor) is { } socket
            ? watching.Control(operation, socket, events, mode, data)
            : SocketResult.Fail(_sockets.ContainsKey(epoll) ? Errno.EINVAL : Errno.EBADF);

    /// <summary>What can be done with the watched sockets without waiting (epoll_wait).</summary>
    /// <param name="epoll">The descriptor that watches.</param>
    /// <param name="most">How many sockets are told of at most.</param>
    /// <param name="ready">The sockets, in the order of their descriptors.</param>
    /// <returns>How many sockets there are; 0 where a program would wait.</returns>
    public SocketResult WaitEpoll(int epoll, int most, out IReadOnlyList<EpollEvent> ready)
    {
        if (!_epolls.TryGetValue(epoll, out Epoll? watching))
        {
            ready = [];
            return SocketResult.Fail(_sockets.ContainsKey(epoll) ? Errno.EINVAL : Errno.EBADF);
        }

        ready = watching.Ready(most, Poll);
        return new(ready.Count);
    }

    private void ForgetWatched(int descriptor)
    {
        foreach (Epoll epoll in _epolls.Values)
        {
            epoll.Forget(descriptor);
        }
    }
}
