namespace TcpShell.Tcp.Recovery;

/// <summary>Where F-RTO stands (RFC 5682 2.1, 3.1): after a timeout the next two ACKs tell whether anything was lost at all.</summary>
internal enum ForwardRto
{
    /// <summary>Nothing to find out.</summary>
    Off,

    /// <summary>The oldest segment was sent again; the first ACK is awaited.</summary>
    FirstAck,

    /// <summary>That came and new data goes out instead of old; the second ACK is awaited.</summary>
    SecondAck,
}
