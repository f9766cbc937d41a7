using TcpShell.Hosting;
using TcpShell.Packetdrill.Interop;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Packetdrill;

/// <summary>The program of a script: its descriptors, which the kernel of the real machine gives, and what it calls on them.</summary>
internal sealed class Program(Machine machine)
{
    private readonly Dictionary<int, int> _sockets = [];
    private readonly HashSet<int> _tellsReadable = [];

    private SocketTable Sockets => machine.Sockets;

    /// <summary>Whether a descriptor is one of this program's sockets.</summary>
    public bool Owns(int descriptor) => _sockets.ContainsKey(descriptor);

    /// <summary>The connection of a descriptor; null if it has none.</summary>
    public HostedConnection? Connection(int descriptor) => Sockets.Find(SocketOf(descriptor))?.Connection;

    public SocketResult Socket(bool isNonBlocking) => machine.Call(() => Name(Sockets.Socket(), isNonBlocking));

    public SocketResult Bind(int descriptor, Endpoint local) => machine.Call(() => Sockets.Bind(SocketOf(descriptor), local));

    public SocketResult Listen(int descriptor, int backlog) => machine.Call(() => Sockets.Listen(SocketOf(descriptor), backlog));

    public SocketResult Accept(int descriptor) => Call(descriptor, socket => Name(Sockets.Accept(socket), isNonBlocking: false));

    public SocketResult Connect(int descriptor, Endpoint remote) => Call(descriptor, socket => Sockets.Connect(socket, remote));

    public SocketResult Shutdown(int descriptor, SocketShutdown how) => machine.Call(() => Sockets.Shutdown(SocketOf(descriptor), how));

    public SocketResult Readable(int descriptor) => machine.Call(() => Sockets.Readable(SocketOf(descriptor)));

    public SocketResult Unacknowledged(int descriptor) => machine.Call(() => Sockets.Unacknowledged(SocketOf(descriptor)));

    public SocketResult Close(int descriptor)
    {
        SocketResult result = machine.Call(() => Sockets.Close(SocketOf(descriptor)));
        if (_sockets.Remove(descriptor))
        {
            LibC.Close(descriptor);
        }

        return result;
    }

    public bool IsNonBlocking(int descriptor) => Sockets.Find(SocketOf(descriptor)) is { IsNonBlocking: true };

    public SocketResult SetNonBlocking(int descriptor, bool isNonBlocking) =>
        machine.Call(() => Sockets.SetNonBlocking(SocketOf(descriptor), isNonBlocking));

    public SocketResult Read(int descriptor, byte[] buffer, MessageFlags flags) =>
        (flags & ~(MessageFlags.DontWait | MessageFlags.NoSignal)) != 0
            ? SocketResult.Fail(Errno.EOPNOTSUPP)
            : Call(descriptor, socket => Sockets.Read(socket, buffer), flags);

    /// <summary>Writes. A call that may block ends when all is taken.</summary>
    public SocketResult Write(int descriptor, byte[] data, MessageFlags flags)
    {
        const MessageFlags Known = MessageFlags.DontWait | MessageFlags.NoSignal | MessageFlags.OutOfBand | MessageFlags.EndOfRecord | MessageFlags.More | MessageFlags.ZeroCopy;
        if ((flags & ~Known) != 0)
        {
            return SocketResult.Fail(Errno.EOPNOTSUPP);
        }

        TcpShell.Sockets.MessageFlags how = (flags.HasFlag(MessageFlags.OutOfBand) ? TcpShell.Sockets.MessageFlags.OutOfBand : TcpShell.Sockets.MessageFlags.None)
            | (flags.HasFlag(MessageFlags.EndOfRecord) ? TcpShell.Sockets.MessageFlags.EndOfRecord : TcpShell.Sockets.MessageFlags.None)
            | (flags.HasFlag(MessageFlags.More) ? TcpShell.Sockets.MessageFlags.More : TcpShell.Sockets.MessageFlags.None);
        bool blocks = Blocks(descriptor, flags);
        bool blocked = false;
        int written = 0;
        return Call(
            descriptor,
            socket =>
            {
                const SocketEvents Woken = SocketEvents.POLLOUT | SocketEvents.POLLERR | SocketEvents.POLLHUP;
                if (blocked && (Sockets.Poll(socket) & Woken) == SocketEvents.None)
                {
                    return SocketResult.Wait(Errno.EAGAIN); // a little room does not wake who waits
                }

                SocketResult result = Sockets.Write(socket, data.AsSpan(written), how);
                written += result.Succeeded ? result.Value : 0;
                bool waits = result.Waits || (result.Succeeded && written < data.Length);
                blocked = waits;
                return waits && blocks ? SocketResult.Wait(Errno.EAGAIN) : written > 0 ? new(written) : result;
            },
            flags);
    }

    /// <summary>Waits until one of several sockets has something to tell.</summary>
    /// <param name="asked">Descriptors and what is asked about them.</param>
    /// <param name="told">What is so.</param>
    /// <param name="timeout">How long it waits; null for as long as it takes.</param>
    public SocketResult Poll(IReadOnlyList<(int Descriptor, SocketEvents Events)> asked, SocketEvents[] told, TimeSpan? timeout)
    {
        SocketResult Attempt()
        {
            int ready = 0;
            for (int i = 0; i < asked.Count; i++)
            {
                SocketEvents held = Sockets.Poll(SocketOf(asked[i].Descriptor)) ?? SocketEvents.None;
                told[i] = held & (asked[i].Events | SocketEvents.POLLERR | SocketEvents.POLLHUP);
                ready += told[i] == SocketEvents.None ? 0 : 1;
            }

            return ready > 0 ? new(ready) : SocketResult.Wait(Errno.EAGAIN);
        }

        SocketResult result = machine.Call(Attempt, timeout);
        return result.Waits ? new(0) : result;
    }

    public SocketResult CreateEpoll() => machine.Call(() => Name(Sockets.CreateEpoll(), isNonBlocking: false));

    public SocketResult ControlEpoll(int epoll, int operation, int descriptor, SocketEvents events, EpollMode mode, long data) =>
        machine.Call(() => Sockets.ControlEpoll(SocketOf(epoll), (EpollOperation)operation, SocketOf(descriptor), events, mode, data));

    /// <summary>Waits until one of the sockets has something to tell that a descriptor watches.</summary>
    public SocketResult WaitEpoll(int epoll, int most, out IReadOnlyList<EpollEvent> ready, TimeSpan? timeout)
    {
        IReadOnlyList<EpollEvent> told = [];
        SocketResult result = machine.Call(
            () => Sockets.WaitEpoll(SocketOf(epoll), most, out told) is { Succeeded: true, Value: 0 } ? SocketResult.Wait(Errno.EAGAIN) : new(told.Count),
            timeout);
        ready = told;
        return result.Waits ? new(0) : result;
    }

    public SocketResult SetOption(int descriptor, SocketOption option, int value) =>
        machine.Call(() => Sockets.SetOption(SocketOf(descriptor), option, value));

    public SocketResult GetOption(int descriptor, SocketOption option) => machine.Call(() => Sockets.GetOption(SocketOf(descriptor), option));

    public SocketResult SetLinger(int descriptor, TimeSpan? linger) => machine.Call(() => Sockets.SetLinger(SocketOf(descriptor), linger));

    public SocketResult SetCongestion(int descriptor, CongestionAlgorithm algorithm) => machine.Call(() =>
        Sockets.Find(SocketOf(descriptor)) is { } socket
            ? Sockets.Change(socket, socket.Settings with { Congestion = algorithm })
            : SocketResult.Fail(Errno.EBADF));

    /// <summary>Lets each message that is read tell how much more can be read (TCP_INQ).</summary>
    public SocketResult TellReadable(int descriptor, bool tells)
    {
        _ = tells ? _tellsReadable.Add(descriptor) : _tellsReadable.Remove(descriptor);
        return Owns(descriptor) ? new(0) : SocketResult.Fail(Errno.EBADF);
    }

    /// <summary>What a message that was read tells about what is left; null if it tells nothing. Where only the end of the stream is left, it is 1.</summary>
    public int? ReadableToTell(int descriptor)
    {
        if (!_tellsReadable.Contains(descriptor))
        {
            return null;
        }

        int left = Readable(descriptor).Value;
        return left == 0 && Connection(descriptor)?.Tcp.EndOfStream == true ? 1 : left;
    }

    private int SocketOf(int descriptor) => _sockets.GetValueOrDefault(descriptor, -1);

    private bool Blocks(int descriptor, MessageFlags flags) => !IsNonBlocking(descriptor) && !flags.HasFlag(MessageFlags.DontWait);

    private SocketResult Call(int descriptor, Func<int, SocketResult> call, MessageFlags flags = MessageFlags.None) =>
        Blocks(descriptor, flags)
            ? machine.Call(() => call(SocketOf(descriptor)), limit: null)
            : machine.Call<SocketResult>(() => call(SocketOf(descriptor)));

    /// <summary>Gives a new socket a descriptor that the kernel knows.</summary>
    private SocketResult Name(SocketResult socket, bool isNonBlocking)
    {
        if (!socket.Succeeded)
        {
            return socket;
        }

        int descriptor = LibC.NewDescriptor();
        _sockets[descriptor] = socket.Value;
        Sockets.SetNonBlocking(socket.Value, isNonBlocking);
        return new(descriptor);
    }
}
