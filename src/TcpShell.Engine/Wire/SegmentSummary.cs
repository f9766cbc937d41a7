using System.Runtime.CompilerServices;

namespace TcpShell.Wire;

/// <summary>
/// What of a captured TCP segment an analysis of millions needs, as plain numbers: no slices, no objects, and valid after the frame's
/// memory has been used again. <see cref="SegmentReader"/> fills it.
/// </summary>
internal struct SegmentSummary
{
    /// <summary>The sender's address: <see cref="SourceHigh"/> is 0 for IPv4.</summary>
    public ulong SourceHigh;

    /// <summary>The lower 64 bits of the sender's address, or IPv4's 32.</summary>
    public ulong SourceLow;

    /// <summary>The upper 64 bits of the receiver's address.</summary>
    public ulong DestinationHigh;

    /// <summary>The lower 64 bits of the receiver's address, or IPv4's 32.</summary>
    public ulong DestinationLow;

    /// <summary>When it was captured, nanoseconds since 1970.</summary>
    public long Time;

    /// <summary>The frame's number in its file, from 1.</summary>
    public long Frame;

    /// <summary>SEG.SEQ.</summary>
    public uint SequenceNumber;

    /// <summary>SEG.ACK; counts only with the ACK bit.</summary>
    public uint AcknowledgmentNumber;

    /// <summary>Octets of data as the IP length says, captured or not.</summary>
    public int Length;

    /// <summary>TSval of the timestamps option.</summary>
    public uint TimestampValue;

    /// <summary>TSecr of the timestamps option.</summary>
    public uint TimestampEcho;

    /// <summary>The octets that a D-SACK block reports (RFC 2883), its left edge.</summary>
    public uint DuplicateLeft;

    /// <summary>The block's right edge.</summary>
    public uint DuplicateRight;

    /// <summary>A hash of both ends, the same for both directions; whoever sorts segments into conversations puts it there.</summary>
    public uint Hash;

    /// <summary>The sender's port.</summary>
    public ushort SourcePort;

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort;

    /// <summary>The control bits.</summary>
    public TcpFlags Flags;

    /// <summary>SEG.WND, not scaled.</summary>
    public ushort Window;

    /// <summary>MSS of a SYN, where <see cref="Options"/> says that it is there.</summary>
    public ushort MaximumSegmentSize;

    /// <summary>Shift count of a SYN, where <see cref="Options"/> says that it is there.</summary>
    public byte WindowScale;

    /// <summary>The options that are there.</summary>
    public SegmentOptions Options;

    /// <summary>Whether the addresses are IPv6's.</summary>
    public bool IsIPv6;

    /// <summary>What the frame is: a segment, or something about the conversation with these ends.</summary>
    public PacketStatus Kind;

    /// <summary>What was found out about the checksum; nothing unless asked for.</summary>
    public ChecksumVerdict Checksum;

    /// <summary>Whether an option is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(SegmentOptions option) => (Options & option) != 0;

    /// <summary>Whether all of the control bits are set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(TcpFlags flag) => (Flags & flag) == flag;

    /// <summary>The sequence number after the last octet, SYN and FIN counted.</summary>
    public readonly uint End =>
        unchecked(SequenceNumber + (uint)Length + (((uint)Flags >> 1) & 1) + ((uint)Flags & 1));

    /// <summary>The sender with its port.</summary>
    public readonly Endpoint Source => new(IpAddress.FromNumber(SourceHigh, SourceLow, IsIPv6), SourcePort);

    /// <summary>The receiver with its port.</summary>
    public readonly Endpoint Destination => new(IpAddress.FromNumber(DestinationHigh, DestinationLow, IsIPv6), DestinationPort);
}

/// <summary>Options of a segment that an analysis asks for.</summary>
[Flags]
internal enum SegmentOptions : byte
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>Maximum segment size, on a SYN.</summary>
    MaximumSegmentSize = 1,

    /// <summary>Window scale, on a SYN.</summary>
    WindowScale = 2,

    /// <summary>SACK permitted.</summary>
    SackPermitted = 4,

    /// <summary>Timestamps.</summary>
    Timestamps = 8,

    /// <summary>SACK blocks.</summary>
    Sack = 16,

    /// <summary>The first SACK block reports octets that came twice (RFC 2883).</summary>
    DuplicateSack = 32,
}

/// <summary>What is known of a TCP checksum.</summary>
internal enum ChecksumVerdict : byte
{
    /// <summary>Nobody asked, or it cannot be judged.</summary>
    Unknown,

    /// <summary>It is right.</summary>
    Good,

    /// <summary>It is wrong.</summary>
    Bad,

    /// <summary>It is the pseudo-header's sum alone: the network card was to put in the rest, after the capture.</summary>
    Offloaded,
}
