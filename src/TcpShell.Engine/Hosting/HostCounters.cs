namespace TcpShell.Hosting;

/// <summary>What a host has counted since it was made.</summary>
public sealed class HostCounters
{
    /// <summary>Packets that arrived.</summary>
    public long PacketsReceived { get; internal set; }

    /// <summary>Packets dropped because a checksum was wrong [MUST-3].</summary>
    public long BadChecksums { get; internal set; }

    /// <summary>Packets dropped because their headers cannot be.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Packets dropped for another reason than these: not TCP, not for this host.</summary>
    public long NotForUs { get; internal set; }

    /// <summary>ICMP errors that arrived, whether they counted or not.</summary>
    public long IcmpErrors { get; internal set; }

    /// <summary>Segments that belonged to no connection and no listener.</summary>
    public long NoConnection { get; internal set; }

    /// <summary>RSTs sent because of them.</summary>
    public long ResetsSent { get; internal set; }
}
