namespace TcpShell.Packetdrill;

/// <summary>Flags of send and recv that are known, with Linux's numbers.</summary>
[Flags]
internal enum MessageFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MSG_OOB.</summary>
    OutOfBand = 1,

    /// <summary>MSG_DONTWAIT.</summary>
    DontWait = 0x40,

    /// <summary>MSG_NOSIGNAL.</summary>
    NoSignal = 0x4000,
}
