using TcpShell.Tracing;

namespace TcpShell.Pcap.Tables;

/// <summary>A segment as plain data: a line of a table of segments.</summary>
public sealed record SegmentData
{
    /// <summary>Its number in its capture, from 1.</summary>
    public int Number { get; init; }

    /// <summary>When it was captured.</summary>
    public Timestamp Time { get; init; }

    /// <summary>The number of its conversation, as Wireshark's tcp.stream; -1 if its header lies about its length and it belongs to none.</summary>
    public int Stream { get; init; }

    /// <summary>The sender's address.</summary>
    [From("Source.Address")]
    public string SourceAddress { get; init; } = "";

    /// <summary>The sender's port.</summary>
    [From("Source.Port")]
    public int SourcePort { get; init; }

    /// <summary>The receiver's address.</summary>
    [From("Destination.Address")]
    public string DestinationAddress { get; init; } = "";

    /// <summary>The receiver's port.</summary>
    [From("Destination.Port")]
    public int DestinationPort { get; init; }

    /// <summary>The control bits, in words.</summary>
    public string Flags { get; init; } = "";

    /// <summary>The sequence number as it stands in the header.</summary>
    public long SequenceNumber { get; init; }

    /// <summary>The acknowledgment number as it stands in the header.</summary>
    public long AcknowledgmentNumber { get; init; }

    /// <summary>The sequence number less the sender's initial one.</summary>
    public long RelativeSequenceNumber { get; init; }

    /// <summary>The acknowledgment number less the receiver's initial sequence number.</summary>
    public long RelativeAcknowledgmentNumber { get; init; }

    /// <summary>The window in octets, scaled where the SYNs were seen.</summary>
    public long ScaledWindow { get; init; }

    /// <summary>Octets of data.</summary>
    public int Length { get; init; }

    /// <summary>Time to live, IPv6's hop limit.</summary>
    public int Ttl { get; init; }

    /// <summary>What the analysis says of it, in Wireshark's words; empty where nothing is remarkable.</summary>
    public string Remark { get; init; } = "";

    /// <summary>What is wrong with its headers; empty if nothing is.</summary>
    public string Problem { get; init; } = "";

    /// <summary>The machine on which its capture was read.</summary>
    public string Host { get; init; } = "";

    /// <summary>The capture that it is from; several that were read as one are divided by semicolons.</summary>
    public string File { get; init; } = "";

    /// <summary>The same as plain data.</summary>
    /// <param name="segment">A segment.</param>
    public static SegmentData From(SegmentRecord segment) => PlainCopy<SegmentRecord, SegmentData>.Of(segment);
}
