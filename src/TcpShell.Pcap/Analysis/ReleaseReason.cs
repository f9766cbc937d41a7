namespace TcpShell.Pcap.Analysis;

/// <summary>Why an analysis let go of a conversation.</summary>
public enum ReleaseReason
{
    /// <summary>It has not, yet.</summary>
    None,

    /// <summary>It was closed or reset, and quiet since.</summary>
    Closed,

    /// <summary>Another connection between the same ends began.</summary>
    PortsReused,

    /// <summary>Nothing came for the idle timeout.</summary>
    Idle,

    /// <summary>Too many conversations were open.</summary>
    Evicted,

    /// <summary>The capture ended.</summary>
    EndOfCapture,
}
