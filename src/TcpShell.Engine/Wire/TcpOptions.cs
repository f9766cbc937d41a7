using System.Runtime.CompilerServices;

namespace TcpShell.Wire;

/// <summary>Option kinds that this code knows by name (IANA, TCP Option Kind Numbers).</summary>
public enum TcpOptionKind : byte
{
    /// <summary>End of the option list (RFC 9293 3.1); one octet.</summary>
    EndOfList = 0,

    /// <summary>No operation, padding between options; one octet.</summary>
    NoOperation = 1,

    /// <summary>Maximum segment size (RFC 9293 3.7.1), on SYN only; 4 octets.</summary>
    MaximumSegmentSize = 2,

    /// <summary>Window scale (RFC 7323 2), on SYN only; 3 octets.</summary>
    WindowScale = 3,

    /// <summary>SACK permitted (RFC 2018), on SYN only; 2 octets.</summary>
    SackPermitted = 4,

    /// <summary>Selective acknowledgment (RFC 2018); 2 + 8 n octets.</summary>
    Sack = 5,

    /// <summary>Timestamps (RFC 7323 3); 10 octets.</summary>
    Timestamps = 8,

    /// <summary>MD5 signature (RFC 2385), carried but not checked; 18 octets.</summary>
    Md5Signature = 19,

    /// <summary>User timeout (RFC 5482); 4 octets.</summary>
    UserTimeout = 28,

    /// <summary>TCP-AO (RFC 5925), carried but not checked.</summary>
    AuthenticationOption = 29,

    /// <summary>Fast Open cookie (RFC 7413); 2 or 6 to 18 octets.</summary>
    FastOpenCookie = 34,
}

/// <summary>The timestamps option (RFC 7323 3).</summary>
/// <param name="Value">TSval: the sender's timestamp clock.</param>
/// <param name="EchoReply">TSecr: the last timestamp taken from the peer; counts only beside an ACK.</param>
public readonly record struct TcpTimestamps(uint Value, uint EchoReply);

/// <summary>One block of a SACK option (RFC 2018): octets that arrived above the acknowledgment number.</summary>
/// <param name="Left">The first octet of the block.</param>
/// <param name="Right">The octet after the block's last.</param>
public readonly record struct SackBlock(SeqNumber Left, SeqNumber Right)
{
    /// <summary>Octets in the block; negative where the edges are the wrong way round.</summary>
    public int Length => Right - Left;
}

/// <summary>Up to four SACK blocks, kept in place: more do not fit in a header.</summary>
public struct SackBlocks
{
    /// <summary>The most that fits: 2 + 4 * 8 of 40 octets of options.</summary>
    public const int Capacity = 4;

    private Blocks _blocks;

    /// <summary>Blocks held, 0 to 4.</summary>
    public int Count { get; private set; }

    /// <summary>One of the blocks.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public readonly SackBlock this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _blocks[index];
        }
    }

    /// <summary>Adds a block.</summary>
    /// <param name="block">The block.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryAdd(SackBlock block)
    {
        if (Count == Capacity)
        {
            return false;
        }

        _blocks[Count++] = block;
        return true;
    }

    /// <summary>The blocks in their order on the wire.</summary>
    public readonly SackBlock[] ToArray() => _blocks[..Count].ToArray();

    [InlineArray(Capacity)]
    private struct Blocks
    {
        private SackBlock _first;
    }
}

/// <summary>
/// The options of one segment. What the engine understands stands in the properties; <see cref="Wire"/> holds the octets as they
/// came, with everything unknown, so that nothing that was received is lost.
/// </summary>
/// <remarks>
/// Made with properties and no <see cref="Wire"/>, the octets are laid out when the segment is written by <see cref="TcpOptionWriter"/>.
/// Made with <see cref="Wire"/>, those octets are written as they are, legal or not.
/// </remarks>
public readonly struct TcpOptions
{
    /// <summary>The most octets that options can take: a data offset of 15 words less the 20 octets of the fixed header.</summary>
    public const int MaximumSize = 40;

    /// <summary>MSS: the largest payload that the sender of this segment can receive; null if the option is missing.</summary>
    public ushort? MaximumSegmentSize { get; init; }

    /// <summary>The shift count of the sender's windows as it stands in the option (above 14 it counts as 14); null if the option is missing.</summary>
    public byte? WindowScale { get; init; }

    /// <summary>Whether SACK permitted is there.</summary>
    public bool SackPermitted { get; init; }

    /// <summary>The timestamps; null if the option is missing.</summary>
    public TcpTimestamps? Timestamps { get; init; }

    /// <summary>The SACK blocks in their order.</summary>
    public SackBlocks Sack { get; init; }

    /// <summary>The user timeout option's 16 bits (RFC 5482): granularity bit and 15 bits of value; null if the option is missing.</summary>
    public ushort? UserTimeout { get; init; }

    /// <summary>The octets of the option area as received, or as they shall be written; empty where the properties say it all.</summary>
    public ReadOnlyMemory<byte> Wire { get; init; }

    /// <summary>Why reading stopped before the end of the option area; null if it did not. What stood before it counts (RFC 9293 MUST-7).</summary>
    public string? Problem { get; init; }

    /// <summary>As in Wireshark's info column: <c>MSS=1460 SACK_PERM WS=256</c>; padding is left out.</summary>
    public override string ToString() => string.Join(
        ' ',
        TcpOptionReader.Enumerate(this).Where(option => option.Kind is not (TcpOptionKind.EndOfList or TcpOptionKind.NoOperation)));
}
