namespace TcpShell.Sockets;

/// <summary>What programs notice of a host's sockets beside TCP itself: how their send buffers are counted. Everything in which systems differ.</summary>
public sealed record SocketSettings
{
    /// <summary>How data counts against a send buffer.</summary>
    public SendBufferAccounting Accounting { get; init; }

    /// <summary>
    /// Octets that each buffer of data counts beside the data in it, with <see cref="SendBufferAccounting.Buffers"/>: 1280 on Linux, for an sk_buff
    /// with its head.
    /// </summary>
    public int BufferOverhead { get; init; }

    /// <summary>
    /// Segments that are handed to the interface together at least, where windows allow, and stay one buffer until they are acknowledged, with
    /// <see cref="SendBufferAccounting.Buffers"/>: Linux's tcp_min_tso_segs, 2.
    /// </summary>
    public int MinimumOffloadSegments { get; init; } = 2;

    /// <summary>
    /// Octets of a new connection's send buffer, which grows with cwnd up to <see cref="Tcp.TcpSettings.SendBufferSize"/>: the middle number of
    /// Linux's tcp_wmem. Null has the full size from the start.
    /// </summary>
    public int? InitialSendBuffer { get; init; }

    /// <summary>
    /// Whether a program makes its calls on what arrived before its host answers that, as programs of a lab do. Else the host answers first, as a
    /// kernel does whose programs have to be woken.
    /// </summary>
    public bool ProgramsActFirst { get; init; }

    /// <summary>How many octets are given for each one that SO_SNDBUF asks for: 2 on Linux.</summary>
    public int SendBufferFactor { get; init; } = 2;

    /// <summary>The least octets that SO_SNDBUF gives: 4608 on Linux.</summary>
    public int SmallestSendBuffer { get; init; } = 4608;

    /// <summary>
    /// Octets that were not sent yet, from which on a socket takes no more and is not writable, unless TCP_NOTSENT_LOWAT says something else for it:
    /// Linux's tcp_notsent_lowat.
    /// </summary>
    public uint NotSentLowWater { get; init; } = uint.MaxValue;

    /// <summary>Checks that the values can be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them cannot; the exception names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(BufferOverhead, nameof(BufferOverhead));
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumOffloadSegments, 1, nameof(MinimumOffloadSegments));
        ArgumentOutOfRangeException.ThrowIfLessThan(InitialSendBuffer ?? 1, 1, nameof(InitialSendBuffer));
        ArgumentOutOfRangeException.ThrowIfLessThan(SendBufferFactor, 1, nameof(SendBufferFactor));
        ArgumentOutOfRangeException.ThrowIfNegative(SmallestSendBuffer, nameof(SmallestSendBuffer));
    }
}

/// <summary>How data counts against a socket's send buffer.</summary>
public enum SendBufferAccounting
{
    /// <summary>Octet by octet: a write takes what is free.</summary>
    Octets,

    /// <summary>
    /// As on Linux: data lies in buffers, each of as many segments as the interface takes at once (segmentation offload). Overhead counts for each
    /// of them, and a write that has begun one fills it, though the send buffer be full by then.
    /// </summary>
    Buffers,
}
