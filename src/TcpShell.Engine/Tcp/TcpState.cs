namespace TcpShell.Tcp;

/// <summary>The states of a connection (RFC 9293 3.3.2), in the order of their table there.</summary>
public enum TcpState
{
    /// <summary>No connection at all.</summary>
    Closed,

    /// <summary>Waiting for a connection request from any remote end point.</summary>
    Listen,

    /// <summary>A connection request was sent; waiting for a matching one.</summary>
    SynSent,

    /// <summary>A connection request was received and answered; waiting for its acknowledgment.</summary>
    SynReceived,

    /// <summary>The connection is open; data can go both ways.</summary>
    Established,

    /// <summary>This end has closed; its FIN is not acknowledged yet.</summary>
    FinWait1,

    /// <summary>This end has closed and its FIN is acknowledged; waiting for the peer's FIN.</summary>
    FinWait2,

    /// <summary>The peer has closed; waiting for the local user to close.</summary>
    CloseWait,

    /// <summary>Both ends closed at once; waiting for the acknowledgment of this end's FIN.</summary>
    Closing,

    /// <summary>The peer closed first, then this end; waiting for the acknowledgment of its FIN.</summary>
    LastAck,

    /// <summary>Waiting for 2 MSL, until nothing of the connection can be in the network any more.</summary>
    TimeWait,
}
