using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Sockets;

/// <summary>What a program holds under one descriptor: nothing yet, a listener, or a connection.</summary>
public sealed class TcpSocket
{
    internal TcpSocket(int descriptor, TcpSettings settings)
    {
        Descriptor = descriptor;
        Settings = settings;
    }

    /// <summary>Its number.</summary>
    public int Descriptor { get; }

    /// <summary>Where it is bound; port 0 if it is not.</summary>
    public Endpoint Local { get; internal set; }

    /// <summary>Its listener; null if it does not listen.</summary>
    public Listener? Listener { get; internal set; }

    /// <summary>Its connection; null if it has none.</summary>
    public HostedConnection? Connection { get; private set; }

    /// <summary>The settings that its connection, or its listener's connections, are made with.</summary>
    public TcpSettings Settings { get; internal set; }

    /// <summary>Whether calls on it fail with EAGAIN instead of waiting (O_NONBLOCK).</summary>
    public bool IsNonBlocking { get; set; }

    /// <summary>Whether its port may be bound while connections on it exist (SO_REUSEADDR).</summary>
    public bool ReusesAddress { get; set; }

    /// <summary>Whether each message that is received tells how much more can be (TCP_INQ).</summary>
    public bool TellsInQueue { get; internal set; }

    /// <summary>Whether MSG_ZEROCOPY may be used (SO_ZEROCOPY).</summary>
    public bool ZeroCopy { get; internal set; }

    /// <summary>How long close waits (SO_LINGER); zero makes it an abort; null for a plain close.</summary>
    public TimeSpan? Linger { get; set; }

    /// <summary>What SO_SNDBUF has fixed, in octets; null while the send buffer grows by itself, or has what the settings say.</summary>
    public int? FixedSendBuffer { get; internal set; }

    /// <summary>TCP_NOTSENT_LOWAT: octets not sent yet from which on it is not writable; 0 for what the host's settings say.</summary>
    public uint NotSentLowWater { get; internal set; }

    /// <summary>Whether nothing will be read any more.</summary>
    internal bool ReadIsShut { get; set; }

    /// <summary>Whether nothing will be written any more.</summary>
    internal bool WriteIsShut { get; set; }

    /// <summary>Whether connect was called and has not told its result.</summary>
    internal bool IsConnecting { get; set; }

    /// <summary>Whether the error of its connection was told already: it is told once.</summary>
    internal bool ErrorIsTold { get; set; }

    /// <summary>The error that the next call tells; it stays until it is told.</summary>
    internal Errno PendingError => ErrorIsTold || Connection is null ? Errno.None : ErrnoOf(Connection);

    /// <summary>Whether its connection is open in both directions, or half-closed, or on the way there.</summary>
    internal bool IsSynchronized => Connection?.State is >= TcpState.Established;

    /// <summary>What its data counts against its send buffer; null without a connection.</summary>
    internal SendBufferAccount? Account { get; private set; }

    /// <summary>Whether a program would write more than there was room for, and is to be told when there is (Linux's SOCK_NOSPACE).</summary>
    internal bool WantsSpace { get; set; }

    /// <summary>How often it became writable after that.</summary>
    internal int SpaceMade { get; private set; }

    internal void Take(HostedConnection connection, SocketSettings settings)
    {
        Connection = connection;
        Local = connection.Local;
        Account = new(settings, this, connection);
    }

    /// <summary>Whether a program that wants to write is worth waking. One that is not is noted down, to be told later.</summary>
    internal bool IsWritable()
    {
        Account!.Grow();
        bool isWritable = Account.IsWritable;
        SpaceMade += isWritable && WantsSpace ? 1 : 0;
        WantsSpace = !isWritable;
        Connection!.Tcp.UserWaits = WantsSpace;
        return isWritable;
    }

    internal Errno TakeError()
    {
        Errno error = PendingError;
        ErrorIsTold |= error != Errno.None;
        return error;
    }

    /// <summary><c>3 10.0.0.1:49152 -&gt; 10.0.0.2:80 Established</c>.</summary>
    public override string ToString() =>
        Connection is { } connection ? $"{Descriptor} {connection.Local} -> {connection.Remote} {connection.State}"
        : Listener is { } listener ? $"{Descriptor} {listener}"
        : $"{Descriptor} {Local}";

    private static Errno ErrnoOf(HostedConnection connection) => connection.Error switch
    {
        ConnectionError.None or ConnectionError.Aborted => Errno.None,
        ConnectionError.Refused => Errno.ECONNREFUSED,
        ConnectionError.Unreachable when connection.Tcp.LastIcmpError?.Kind == IcmpErrorKind.PortUnreachable => Errno.ECONNREFUSED,
        ConnectionError.Unreachable when connection.Tcp.LastIcmpError?.Kind == IcmpErrorKind.ProtocolUnreachable => Errno.ENOPROTOOPT,
        ConnectionError.Unreachable => Errno.EHOSTUNREACH,

        // A router that has said why nothing is answered is believed in the end.
        ConnectionError.TimedOut or ConnectionError.UserTimeout => connection.Tcp.LastIcmpError is null ? Errno.ETIMEDOUT : Errno.EHOSTUNREACH,
        ConnectionError.HostStopped => Errno.ENETDOWN,
        _ => Errno.ECONNRESET,
    };
}
