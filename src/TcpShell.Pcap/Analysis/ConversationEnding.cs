namespace TcpShell.Pcap.Analysis;

/// <summary>How a conversation ended, as far as the capture shows.</summary>
public enum ConversationEnding
{
    /// <summary>It did not: neither a FIN nor a reset was seen.</summary>
    Open,

    /// <summary>A SYN was seen and nothing ever came back.</summary>
    Unanswered,

    /// <summary>The SYN was answered with a reset and nothing else.</summary>
    Refused,

    /// <summary>Only the client sent a FIN.</summary>
    HalfClosedByClient,

    /// <summary>Only the server sent a FIN.</summary>
    HalfClosedByServer,

    /// <summary>Both ends sent a FIN, the client first.</summary>
    ClosedByClient,

    /// <summary>Both ends sent a FIN, the server first.</summary>
    ClosedByServer,

    /// <summary>The client reset the connection before both ends had closed.</summary>
    ResetByClient,

    /// <summary>The server reset the connection before both ends had closed.</summary>
    ResetByServer,
}

/// <summary>What tells a refusal from the reset of a connection of which the capture lacks the SYN,ACK.</summary>
internal static class Refusal
{
    /// <summary>Whether the client did nothing but ask, and the server nothing but reset.</summary>
    public static bool Is(long clientPackets, long clientSyns, long serverPackets, long serverResets) =>
        clientSyns > 0 && clientPackets == clientSyns && serverResets > 0 && serverPackets == serverResets;
}

/// <summary>What tells which end of a conversation is the client.</summary>
public enum RoleEvidence
{
    /// <summary>The client sent a SYN.</summary>
    Syn,

    /// <summary>The server sent a SYN,ACK; the SYN itself is not in the capture.</summary>
    SynAck,

    /// <summary>No handshake was seen. The end with a port below 1024 is taken for the server, the other has one above.</summary>
    WellKnownPort,

    /// <summary>No handshake was seen, and the ports do not tell: who sends first is taken for the client.</summary>
    FirstSender,
}

/// <summary>What of a whole TCP connection a capture holds, with Wireshark's bits (tcp.completeness).</summary>
[Flags]
public enum ConversationCompleteness
{
    /// <summary>Nothing of the following.</summary>
    None = 0,

    /// <summary>A SYN.</summary>
    Syn = 1,

    /// <summary>A SYN,ACK.</summary>
    SynAck = 2,

    /// <summary>A segment with ACK, without SYN and without data.</summary>
    Ack = 4,

    /// <summary>Data.</summary>
    Data = 8,

    /// <summary>A FIN (with ACK, as all of them should have).</summary>
    Fin = 16,

    /// <summary>A reset.</summary>
    Rst = 32,
}
