namespace TcpShell.Wire;

/// <summary>
/// One TCP segment as values, without the addresses around it (RFC 9293 3.1). The names SEG.SEQ, SEG.ACK, SEG.LEN and SEG.WND of
/// 3.10 are <see cref="SequenceNumber"/>, <see cref="AcknowledgmentNumber"/>, <see cref="Length"/> and <see cref="Window"/>.
/// </summary>
public readonly struct TcpSegment
{
    /// <summary>The sender's port.</summary>
    public ushort SourcePort { get; init; }

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort { get; init; }

    /// <summary>SEG.SEQ: the number of the first octet, or of the SYN.</summary>
    public SeqNumber SequenceNumber { get; init; }

    /// <summary>SEG.ACK: the next octet that the sender expects; counts only with the ACK bit.</summary>
    public SeqNumber AcknowledgmentNumber { get; init; }

    /// <summary>The control bits.</summary>
    public TcpFlags Flags { get; init; }

    /// <summary>The reserved bits between data offset and flags, 0 to 7; sent as 0 by the engine and ignored on receipt [U-20].</summary>
    public byte ReservedBits { get; init; }

    /// <summary>SEG.WND as it stands in the header, not scaled.</summary>
    public ushort Window { get; init; }

    /// <summary>SEG.UP: offset from the sequence number to the octet after the urgent data; counts only with the URG bit.</summary>
    public ushort UrgentPointer { get; init; }

    /// <summary>The options.</summary>
    public TcpOptions Options { get; init; }

    /// <summary>The data.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>SEG.LEN: octets of sequence space that the segment takes, SYN and FIN counted as one each.</summary>
    public int Length => Payload.Length + (Flags.Has(TcpFlags.SYN) ? 1 : 0) + (Flags.Has(TcpFlags.FIN) ? 1 : 0);

    /// <summary>The sequence number after the segment's last octet.</summary>
    public SeqNumber End => SequenceNumber + Length;

    /// <summary>tcpdump's line without times and addresses: <c>S. seq 0:0 ack 1 win 65535 length 0</c>, with raw numbers.</summary>
    public override string ToString()
    {
        string ack = Flags.Has(TcpFlags.ACK) ? $" ack {AcknowledgmentNumber}" : "";
        return $"{Flags.ToTcpdump()} seq {SequenceNumber}:{SequenceNumber + Payload.Length}{ack} win {Window} length {Payload.Length}";
    }
}
