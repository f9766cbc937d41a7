using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>One segment that was sent and is not acknowledged yet. SYN, FIN and data stand here; a pure ACK never does.</summary>
public sealed class SentSegment
{
    /// <summary>Its first sequence number.</summary>
    public SeqNumber SequenceNumber { get; internal set; }

    /// <summary>Octets of sequence space, SYN and FIN counted.</summary>
    public int Length { get; internal set; }

    /// <summary>The number after its last one.</summary>
    public SeqNumber End => SequenceNumber + Length;

    /// <summary>SYN or FIN, where it carries one.</summary>
    public TcpFlags Flags { get; internal set; }

    /// <summary>When it was first sent.</summary>
    public Timestamp FirstSent { get; internal init; }

    /// <summary>When it was last sent.</summary>
    public Timestamp LastSent { get; internal set; }

    /// <summary>How often it was sent.</summary>
    public int Transmissions { get; internal set; } = 1;

    /// <summary>Whether the peer has told by SACK that it holds it; it may still drop it, so it is kept until it is acknowledged (RFC 2018 8).</summary>
    public bool Sacked { get; internal set; }

    /// <summary>Whether it is taken for lost and waits to be sent again; it does not count as in flight then.</summary>
    public bool Lost { get; internal set; }

    /// <summary>Why it was taken for lost.</summary>
    public TransmitReason LostBy => Cause switch
    {
        LossCause.Timeout or LossCause.WindowReopened => TransmitReason.RetransmissionTimeout,
        LossCause.PacketTooBig => TransmitReason.PathMtuDiscovery,
        _ => TransmitReason.FastRetransmit,
    };

    /// <summary>Whether the user ended a record with its last octet: it is never sent again together with what follows it.</summary>
    internal bool EndsRecord { get; set; }

    /// <summary>What made it lost.</summary>
    internal LossCause Cause { get; set; }

    /// <summary>How long before something that has arrived it was sent; with <see cref="LossCause.Rack"/>.</summary>
    internal TimeSpan SentBefore { get; set; }

    /// <summary>The number of its last transmission: a finer clock than <see cref="LastSent"/>, for segments that were sent at one moment.</summary>
    internal long Order { get; set; }

    /// <summary>How many copies of it count as in flight: 2 where it was sent again without being taken for lost [6675-3].</summary>
    internal int Copies { get; set; }

    /// <summary>The segment in flight that was sent last before it.</summary>
    internal SentSegment? SentEarlier { get; set; }

    /// <summary>The segment in flight that was sent first after it.</summary>
    internal SentSegment? SentLater { get; set; }
}
