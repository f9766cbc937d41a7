namespace TcpShell.Tcp;

/// <summary>Where loss recovery stands.</summary>
public enum RecoveryPhase
{
    /// <summary>Nothing is known to be lost.</summary>
    Open,

    /// <summary>Fast recovery (RFC 5681 3.2): a loss was found from ACKs and is being repaired.</summary>
    Recovery,

    /// <summary>The retransmission timer fired, and what was sent before is not yet all acknowledged.</summary>
    Loss,
}
