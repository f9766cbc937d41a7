using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Sockets;

// read, write, and what can be done without waiting.
public sealed partial class SocketTable
{
    /// <summary>Reads what has arrived (read, recv).</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="destination">Where to put it.</param>
    /// <returns>Octets read; 0 at the end of the stream; EAGAIN, and waits, while nothing is there.</returns>
    public SocketResult Read(int descriptor, Span<byte> destination)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.Connection is not { } connection)
        {
            return SocketResult.Fail(Errno.ENOTCONN);
        }

        if (connection.ReceiveQueue > 0 && destination.Length > 0)
        {
            int count = connection.Tcp.Receive(destination, Now);
            _host.Touch(connection, Now);
            _settled();
            return new(count);
        }

        if (socket.TakeError() is not Errno.None and Errno error)
        {
            return SocketResult.Fail(error);
        }

        bool atEnd = socket.ReadIsShut || connection.State == TcpState.Closed || connection.Tcp.EndOfStream;
        return atEnd || destination.IsEmpty ? new(0) : SocketResult.Wait(Errno.EAGAIN);
    }

    /// <summary>Gives octets to be sent (write, send).</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="data">The octets.</param>
    /// <param name="flags">How they are sent.</param>
    /// <returns>Octets taken, perhaps fewer than given; EAGAIN, and waits, while there is no room or no connection yet.</returns>
    public SocketResult Write(int descriptor, ReadOnlySpan<byte> data, MessageFlags flags = MessageFlags.None)
    {
        if (Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        if (socket.TakeError() is not Errno.None and Errno error)
        {
            return SocketResult.Fail(error);
        }

        if (socket.WriteIsShut || socket.Connection?.State is null or not (TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait))
        {
            return SocketResult.Fail(Errno.EPIPE);
        }

        HostedConnection connection = socket.Connection;
        if (connection.State is TcpState.SynSent or TcpState.SynReceived)
        {
            return SocketResult.Wait(Errno.EAGAIN);
        }

        int taken = Give(socket, data, flags);
        if (taken < data.Length)
        {
            socket.WantsSpace = connection.Tcp.UserWaits = true;
            connection.Tcp.Push();
            _host.Touch(connection, Now);
            _settled();
        }

        return taken > 0 || data.IsEmpty ? new(taken) : SocketResult.Wait(Errno.EAGAIN);
    }

    /// <summary>Gives data to the connection, piece by piece as the send buffer has room; what can be sent is sent in between.</summary>
    private int Give(TcpSocket socket, ReadOnlySpan<byte> data, MessageFlags flags)
    {
        HostedConnection connection = socket.Connection!;
        SendBufferAccount account = socket.Account!;
        int taken = 0;
        while (taken < data.Length && account.Room is > 0 and int room)
        {
            ReadOnlySpan<byte> piece = data.Slice(taken, Math.Min(room, data.Length - taken));
            bool isLast = taken + piece.Length == data.Length;
            bool urgent = isLast && flags.HasFlag(MessageFlags.OutOfBand);
            bool endsRecord = isLast && flags.HasFlag(MessageFlags.EndOfRecord);
            int count = connection.Tcp.Send(piece, Now, urgent, push: isLast && !flags.HasFlag(MessageFlags.More), endsRecord);
            account.Add(count, endsRecord);
            taken += count;
            _host.Touch(connection, Now);
            _settled();
            if (count < piece.Length || connection.State is not (TcpState.Established or TcpState.CloseWait))
            {
                break;
            }
        }

        return taken;
    }

    /// <summary>What can be done with a socket without waiting (poll).</summary>
    /// <param name="descriptor">The socket.</param>
    /// <returns>The events that hold now, whether somebody asked for them or not; null if there is no such socket.</returns>
    public SocketEvents? Poll(int descriptor)
    {
        if (Find(descriptor) is not { } socket)
        {
            return null;
        }

        if (socket.Listener is { } listener)
        {
            return listener.Waiting > 0 ? SocketEvents.POLLIN : SocketEvents.None;
        }

        if (socket.Connection is not { } connection || connection.State == TcpState.Closed)
        {
            // A socket without a connection can do everything without waiting: every call fails at once.
            SocketEvents error = socket.PendingError != Errno.None ? SocketEvents.POLLERR : SocketEvents.None;
            SocketEvents ended = socket.Connection is null ? SocketEvents.None : SocketEvents.POLLIN | SocketEvents.POLLRDHUP;
            return SocketEvents.POLLOUT | SocketEvents.POLLHUP | error | ended;
        }

        if (connection.State is TcpState.SynSent or TcpState.SynReceived)
        {
            return SocketEvents.None;
        }

        SocketEvents events = SocketEvents.None;
        bool peerClosed = socket.ReadIsShut
            || connection.State is TcpState.CloseWait or TcpState.LastAck or TcpState.Closing or TcpState.TimeWait;
        events |= connection.ReceiveQueue > 0 || peerClosed ? SocketEvents.POLLIN : SocketEvents.None;
        events |= peerClosed ? SocketEvents.POLLRDHUP : SocketEvents.None;
        events |= connection.Tcp.UrgentOctets > 0 ? SocketEvents.POLLPRI : SocketEvents.None;
        events |= peerClosed && socket.WriteIsShut ? SocketEvents.POLLHUP : SocketEvents.None;

        // After a shutdown a write fails at once, and needs no room for that.
        return events | (socket.WriteIsShut || socket.IsWritable() ? SocketEvents.POLLOUT : SocketEvents.None);
    }
}
