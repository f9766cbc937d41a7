namespace TcpShell.Tcp;

/// <summary>A user's call on a connection that was carried out (RFC 9293 3.10), for whoever keeps a record of them.</summary>
/// <param name="Kind">Which call.</param>
internal readonly record struct RecordedCall(RecordedCallKind Kind)
{
    /// <summary>Octets taken by a SEND, or handed over by a RECEIVE.</summary>
    public int Octets { get; init; }

    /// <summary>Whether the last octet is urgent.</summary>
    public bool Urgent { get; init; }

    /// <summary>Whether the octets are pushed; else more follows.</summary>
    public bool Push { get; init; }

    /// <summary>Whether a record ends with them.</summary>
    public bool EndOfRecord { get; init; }

    /// <summary>The settings, of OPEN and of a change.</summary>
    public TcpSettings? Settings { get; init; }
}

/// <summary>The calls that are recorded.</summary>
internal enum RecordedCallKind
{
    Open,
    Send,
    Push,
    Receive,
    EndReceiving,
    Close,
    Abort,
    ChangeSettings,
}
