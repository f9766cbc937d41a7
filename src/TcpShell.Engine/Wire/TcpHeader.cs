using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>A view of the octets of a TCP segment as the header that they hold (RFC 9293 3.1). Nothing is copied.</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+---------------+---------------+
/// |          source port          |       destination port        |  0
/// +-------------------------------+-------------------------------+
/// |                        sequence number                        |  4
/// +---------------------------------------------------------------+
/// |                     acknowledgment number                     |  8
/// +-------+-----+-+-+-+-+-+-+-+-+-+-------------------------------+
/// | data  | re- |A|C|E|U|A|P|R|S|F|                               |
/// | offset|serv.|E|W|C|R|C|S|S|Y|I|            window             | 12
/// |       |     | |R|E|G|K|H|T|N|N|                               |
/// +-------+-----+-+-+-+-+-+-+-+-+-+-------------------------------+
/// |           checksum            |        urgent pointer         | 16
/// +-------------------------------+-------------------------------+
/// |             options, 0 to 40 octets, padded with 0            | 20
/// +---------------------------------------------------------------+
/// </code>
/// </remarks>
public readonly ref struct TcpHeader
{
    /// <summary>Octets of the fixed part, a data offset of 5 words.</summary>
    public const int MinimumSize = 20;

    /// <summary>The most octets that a header can have, a data offset of 15 words.</summary>
    public const int MaximumSize = MinimumSize + TcpOptions.MaximumSize;

    /// <summary>Where the source port stands, in octets.</summary>
    public const int SourcePortOffset = 0;

    /// <summary>Where the destination port stands, in octets.</summary>
    public const int DestinationPortOffset = 2;

    /// <summary>Where the sequence number stands, in octets.</summary>
    public const int SequenceNumberOffset = 4;

    /// <summary>Where the acknowledgment number stands, in octets.</summary>
    public const int AcknowledgmentNumberOffset = 8;

    /// <summary>Where data offset (4 bits), reserved bits (3) and flags (9) stand, in octets.</summary>
    public const int DataOffsetOffset = 12;

    /// <summary>Where the window stands, in octets.</summary>
    public const int WindowOffset = 14;

    /// <summary>Where the checksum stands, in octets.</summary>
    public const int ChecksumOffset = 16;

    /// <summary>Where the urgent pointer stands, in octets.</summary>
    public const int UrgentPointerOffset = 18;

    /// <summary>Where the options start, in octets.</summary>
    public const int OptionsOffset = MinimumSize;

    internal const int FlagsMask = 0x1ff;

    private readonly ReadOnlySpan<byte> _octets;

    // Takes any octets of at least the fixed header; the data offset is the caller's business.
    internal TcpHeader(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The sender's port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_octets[SourcePortOffset..]);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_octets[DestinationPortOffset..]);

    /// <summary>The number of the first octet of the data, or of the SYN.</summary>
    public SeqNumber SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(_octets[SequenceNumberOffset..]);

    /// <summary>The next octet that the sender expects; counts only with the ACK bit.</summary>
    public SeqNumber AcknowledgmentNumber => BinaryPrimitives.ReadUInt32BigEndian(_octets[AcknowledgmentNumberOffset..]);

    /// <summary>The length of the header in words of 4 octets, 5 to 15 in a legal header.</summary>
    public int DataOffset => _octets[DataOffsetOffset] >> 4;

    /// <summary>The length of the header in octets, 20 to 60 in a legal header.</summary>
    public int Length => DataOffset * 4;

    /// <summary>The three reserved bits.</summary>
    public byte ReservedBits => (byte)((_octets[DataOffsetOffset] >> 1) & 0x7);

    /// <summary>The control bits.</summary>
    public TcpFlags Flags => (TcpFlags)(BinaryPrimitives.ReadUInt16BigEndian(_octets[DataOffsetOffset..]) & FlagsMask);

    /// <summary>The window, not scaled.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_octets[WindowOffset..]);

    /// <summary>The checksum as it was sent.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_octets[ChecksumOffset..]);

    /// <summary>The urgent pointer; counts only with the URG bit.</summary>
    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_octets[UrgentPointerOffset..]);

    /// <summary>The octets of the options with their padding, 0 to 40.</summary>
    public ReadOnlySpan<byte> Options => _octets[OptionsOffset..Length];

    /// <summary>The octets after the header.</summary>
    public ReadOnlySpan<byte> Payload => _octets[Length..];

    /// <summary>Looks at the octets of a segment as a header.</summary>
    /// <param name="segment">Header and data.</param>
    /// <param name="header">The view; not to be used where the method returns false.</param>
    /// <param name="problem">Why it is no header: cut below 20 octets, or with a data offset below 5 or past the end.</param>
    /// <returns>Whether the octets start with a whole header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> segment, out TcpHeader header, out DecodeProblem problem)
    {
        header = new TcpHeader(segment);
        problem = segment.Length < MinimumSize ? DecodeProblem.TcpHeaderCut
            : header.Length < MinimumSize ? DecodeProblem.TcpHeaderLengthTooSmall
            : header.Length > segment.Length ? DecodeProblem.TcpHeaderLengthTooLarge
            : DecodeProblem.None;
        return problem == DecodeProblem.None;
    }

    // The values of the header; the memory holds the same octets as this view, options and payload become slices of it.
    internal TcpSegment ToSegment(ReadOnlyMemory<byte> options, ReadOnlyMemory<byte> payload) => new()
    {
        SourcePort = SourcePort,
        DestinationPort = DestinationPort,
        SequenceNumber = SequenceNumber,
        AcknowledgmentNumber = AcknowledgmentNumber,
        ReservedBits = ReservedBits,
        Flags = Flags,
        Window = Window,
        UrgentPointer = UrgentPointer,
        Options = TcpOptionReader.Read(options), // of any segment [MUST-5]
        Payload = payload,
    };
}
