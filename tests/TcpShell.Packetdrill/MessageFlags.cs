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

    /// <summary>MSG_EOR.</summary>
    EndOfRecord = 0x80,

    /// <summary>MSG_NOSIGNAL.</summary>
    NoSignal = 0x4000,

    /// <summary>MSG_MORE.</summary>
    More = 0x8000,

    /// <summary>MSG_ZEROCOPY, which changes nothing here.</summary>
    ZeroCopy = 0x4000000,
}
