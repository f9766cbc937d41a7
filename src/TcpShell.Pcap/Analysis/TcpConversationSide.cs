using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>What one end of a conversation sent, and the state that it is in as far as that can be told.</summary>
public sealed class TcpConversationSide
{
    private readonly SequenceRanges _octets = new();
    private SeqNumber? _fin;
    private long _highestOffset;

    internal TcpConversationSide(Endpoint endpoint) => Endpoint = endpoint;

    /// <summary>Its address and port.</summary>
    public Endpoint Endpoint { get; }

    /// <summary>Segments that it sent.</summary>
    public long Packets { get; private set; }

    /// <summary>Octets of data that it sent by the lengths in the IP headers, repeated ones included, captured or not.</summary>
    public long Bytes { get; private set; }

    /// <summary>Octets of its stream, each counted once.</summary>
    public long UniqueBytes { get; private set; }

    /// <summary>Segments with a SYN, a FIN or data of which all was seen before. Keep-alive probes are none.</summary>
    public int Retransmissions { get; private set; }

    /// <summary>What was remarkable about its segments, as Wireshark sees it.</summary>
    public AnalysisCounts Analysis { get; } = new();

    /// <summary>Segments with SYN, with or without ACK.</summary>
    public int Syns { get; private set; }

    /// <summary>Segments with FIN.</summary>
    public int Fins { get; private set; }

    /// <summary>Segments with RST.</summary>
    public int Resets { get; private set; }

    /// <summary>Segments with a wrong TCP checksum. They count in everything else: mostly the network card puts the checksum in after the capture.</summary>
    public int BadChecksums { get; private set; }

    /// <summary>The sequence number of its SYN; null if no SYN was seen.</summary>
    public SeqNumber? InitialSequenceNumber { get; private set; }

    /// <summary>The MSS option of its SYN in octets; null if there was none.</summary>
    public ushort? MaximumSegmentSize { get; private set; }

    /// <summary>The window scale option of its SYN, a shift count; null if there was none.</summary>
    public byte? WindowScale { get; private set; }

    /// <summary>Whether its SYN had SACK permitted.</summary>
    public bool SackPermitted { get; private set; }

    /// <summary>Whether its SYN had timestamps.</summary>
    public bool Timestamps { get; private set; }

    /// <summary>The window that it told last, in octets; scaled if both SYNs were seen and allow it.</summary>
    public long Window { get; internal set; }

    /// <summary>Its state; null while nothing shows it, as that of a host that never answered.</summary>
    public TcpState? State { get; internal set; }

    /// <summary>Whether the state was inferred from the middle of a connection, so that <see cref="TcpConversation.StateChanges"/> does not show its way from the start.</summary>
    public bool IsStateInferred { get; internal set; }

    /// <summary>The number from which its sequence numbers count: its SYN's, or the one before the first that was seen.</summary>
    internal SeqNumber? Base { get; private set; }

    /// <summary>The sequence number after the highest that it sent.</summary>
    internal SeqNumber Highest { get; private set; }

    /// <summary>The highest acknowledgment that it sent; null if it sent none.</summary>
    internal SeqNumber? Acknowledged { get; private set; }

    /// <summary>The endpoint: <c>10.0.0.1:49152</c>.</summary>
    public override string ToString() => Endpoint.ToString();

    /// <summary>Counts a segment that this end sent.</summary>
    internal void Count(in DecodedPacket packet)
    {
        TcpSegment segment = packet.Segment;
        int length = packet.SegmentLength;
        Packets++;
        Bytes += length;
        BadChecksums += packet.TcpChecksumValid == false ? 1 : 0;
        Syns += segment.Flags.Has(TcpFlags.SYN) ? 1 : 0;
        Fins += segment.Flags.Has(TcpFlags.FIN) ? 1 : 0;
        Resets += segment.Flags.Has(TcpFlags.RST) ? 1 : 0;
        if (segment.Flags.Has(TcpFlags.ACK) && !segment.Flags.Has(TcpFlags.RST))
        {
            Acknowledged = Acknowledged is { } before ? SeqNumber.Max(before, segment.AcknowledgmentNumber) : segment.AcknowledgmentNumber;
        }

        bool hasSyn = segment.Flags.Has(TcpFlags.SYN);
        if (Base is null)
        {
            Base = hasSyn ? segment.SequenceNumber : segment.SequenceNumber - 1;
            Highest = Base.Value + 1;
            _highestOffset = 1;
        }

        if (segment.Flags.Has(TcpFlags.RST))
        {
            // What a reset carries is a text about the reason, not a part of the stream (RFC 9293 3.10.7.4).
            return;
        }

        bool isKeepAlive = Packets > 1 && length <= 1 && !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN) && segment.SequenceNumber == Highest - 1;
        bool isNew = CountSyn(segment) | CountData(segment, length) | CountFin(segment, length);
        bool takesSequenceSpace = length > 0 || segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN);
        Retransmissions += takesSequenceSpace && !isNew && !isKeepAlive ? 1 : 0;
    }

    /// <summary>The sequence number after a segment's last octet, of the data that the IP length tells.</summary>
    internal static SeqNumber EndOf(in TcpSegment segment, int length) =>
        segment.SequenceNumber + length + (segment.Flags.Has(TcpFlags.SYN) ? 1 : 0) + (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0);

    private bool CountSyn(in TcpSegment segment)
    {
        if (!segment.Flags.Has(TcpFlags.SYN))
        {
            return false;
        }

        TcpOptions options = segment.Options;
        MaximumSegmentSize ??= options.MaximumSegmentSize;
        WindowScale ??= options.WindowScale;
        SackPermitted |= options.SackPermitted;
        Timestamps |= options.Timestamps is not null;
        bool isNew = InitialSequenceNumber is null;
        InitialSequenceNumber ??= segment.SequenceNumber;
        return isNew;
    }

    private bool CountData(in TcpSegment segment, int length)
    {
        SeqNumber end = EndOf(segment, length);
        long endOffset = _highestOffset + (end - Highest);
        if (end > Highest)
        {
            Highest = end;
            _highestOffset = endOffset;
        }

        long dataEnd = endOffset - (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0);
        long added = _octets.Add(dataEnd - length, dataEnd);
        UniqueBytes += added;
        return added > 0;
    }

    private bool CountFin(in TcpSegment segment, int length)
    {
        if (!segment.Flags.Has(TcpFlags.FIN))
        {
            return false;
        }

        SeqNumber end = EndOf(segment, length);
        bool isNew = _fin != end;
        _fin = end;
        return isNew;
    }
}
