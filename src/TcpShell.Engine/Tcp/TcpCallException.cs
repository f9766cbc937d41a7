namespace TcpShell.Tcp;

/// <summary>Which error answers a user's call (the error texts of RFC 9293 3.10.1 to 3.10.6).</summary>
public enum TcpCallError
{
    /// <summary>error: connection already exists.</summary>
    ConnectionExists,

    /// <summary>error: connection does not exist.</summary>
    ConnectionDoesNotExist,

    /// <summary>error: connection closing.</summary>
    ConnectionClosing,

    /// <summary>error: remote socket unspecified.</summary>
    RemoteUnspecified,

    /// <summary>error: the remote or local address is none that a connection can have [MUST-46].</summary>
    InvalidAddress,

    /// <summary>error: connection reset.</summary>
    ConnectionReset,

    /// <summary>error: the port is taken.</summary>
    PortInUse,

    /// <summary>error: insufficient resources.</summary>
    InsufficientResources,

    /// <summary>The setting was fixed when the connection was made.</summary>
    SettingFixed,

    /// <summary>The host is down.</summary>
    HostDown,
}

/// <summary>A call that the state of the connection does not allow.</summary>
/// <param name="error">Which error.</param>
/// <param name="message">What is wrong, in words that help.</param>
public sealed class TcpCallException(TcpCallError error, string message) : InvalidOperationException(message)
{
    /// <summary>Which error.</summary>
    public TcpCallError Error { get; } = error;
}
