namespace TcpShell.Sockets;

/// <summary>What a socket call returns.</summary>
/// <param name="Value">The call's value; -1 where it failed.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Waits">Whether the same call has to be made again later, where its caller is willing to wait.</param>
public readonly record struct SocketResult(int Value, Errno Error = Errno.None, bool Waits = false)
{
    /// <summary>Whether the call did what it was asked for.</summary>
    public bool Succeeded => Error == Errno.None;

    /// <summary>A failure.</summary>
    /// <param name="error">Why.</param>
    public static SocketResult Fail(Errno error) => new(-1, error);

    /// <summary>Not yet.</summary>
    /// <param name="error">What a caller is told who does not want to wait.</param>
    public static SocketResult Wait(Errno error) => new(-1, error, Waits: true);

    /// <summary>As strace shows it: <c>10</c>, <c>-1 EAGAIN</c>.</summary>
    public override string ToString() => Succeeded ? $"{Value}" : $"{Value} {Error}";
}

/// <summary>How data is sent (send, sendmsg).</summary>
[Flags]
public enum MessageFlags
{
    /// <summary>As usual.</summary>
    None = 0,

    /// <summary>MSG_OOB: the last octet is urgent.</summary>
    OutOfBand = 1,

    /// <summary>MSG_EOR: no segment carries the last octet together with what is written later.</summary>
    EndOfRecord = 2,

    /// <summary>MSG_MORE: more will follow soon; what does not fill a segment waits for it.</summary>
    More = 4,
}

/// <summary>What can be done with a socket without waiting (poll).</summary>
[Flags]
public enum SocketEvents
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Something can be read, or accepted, or the end of the stream is reached.</summary>
    POLLIN = 0x001,

    /// <summary>Urgent data is there.</summary>
    POLLPRI = 0x002,

    /// <summary>Something can be written.</summary>
    POLLOUT = 0x004,

    /// <summary>An error is pending.</summary>
    POLLERR = 0x008,

    /// <summary>Both directions are closed.</summary>
    POLLHUP = 0x010,

    /// <summary>The peer has closed its direction.</summary>
    POLLRDHUP = 0x2000,
}

/// <summary>Which direction a shutdown closes.</summary>
public enum SocketShutdown
{
    /// <summary>SHUT_RD: nothing will be read any more.</summary>
    Read = 0,

    /// <summary>SHUT_WR: nothing will be written any more; the peer gets a FIN.</summary>
    Write = 1,

    /// <summary>SHUT_RDWR: both.</summary>
    Both = 2,
}
