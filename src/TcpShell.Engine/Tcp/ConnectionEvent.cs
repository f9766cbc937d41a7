using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>Why a connection is no more, or was never made.</summary>
public enum ConnectionError
{
    /// <summary>No error: it lives, or both ends have closed it.</summary>
    None,

    /// <summary>The peer refused it with a RST.</summary>
    Refused,

    /// <summary>The peer reset it.</summary>
    Reset,

    /// <summary>The peer did not answer.</summary>
    TimedOut,

    /// <summary>The user's own time limit passed.</summary>
    UserTimeout,

    /// <summary>The local user aborted it.</summary>
    Aborted,

    /// <summary>The host that it lived on stopped.</summary>
    HostStopped,

    /// <summary>An ICMP error says that the peer cannot be reached; <see cref="TcpConnection.LastIcmpError"/> says why.</summary>
    Unreachable,
}

/// <summary>Something that a connection tells its user.</summary>
public enum ConnectionEventKind
{
    /// <summary>The state changed; <see cref="ConnectionEvent.Change"/> says how.</summary>
    StateChanged,

    /// <summary>Octets can be received that could not before.</summary>
    DataAvailable,

    /// <summary>Octets can be sent that had no room before.</summary>
    SpaceAvailable,

    /// <summary>The peer closed: after what is available nothing will come [MUST-12].</summary>
    EndOfStream,

    /// <summary>Urgent data is announced, or more of it [MUST-32].</summary>
    Urgent,

    /// <summary>R1 is passed: the path seems bad, the connection goes on trying [MUST-20, SHLD-9].</summary>
    BadPath,

    /// <summary>The peer has told its user timeout, or another one than before (RFC 5482 [5482-3]).</summary>
    PeerUserTimeout,

    /// <summary>An ICMP error arrived that ends nothing; <see cref="TcpConnection.LastIcmpError"/> says which [MUST-47, SHLD-25].</summary>
    SoftError,

    /// <summary>The connection ended with an error, as after an abort of the peer [MUST-12]; <see cref="ConnectionEvent.Error"/> says which.</summary>
    Failed,
}

/// <summary>Something that a connection tells its user (RFC 9293 3.9.1, 3.10).</summary>
/// <param name="Time">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Change">The change of state, for <see cref="ConnectionEventKind.StateChanged"/>.</param>
/// <param name="Error">The error, for <see cref="ConnectionEventKind.Failed"/>.</param>
public readonly record struct ConnectionEvent(Timestamp Time, ConnectionEventKind Kind, StateChange? Change = null, ConnectionError Error = ConnectionError.None);
