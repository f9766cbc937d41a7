using System.Buffers.Binary;
using System.Security.Cryptography;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>
/// SYN cookies (RFC 4987 3.6, appendix A): what must be remembered of a request is put into the initial sequence number of the answer, and
/// the peer's ACK brings it back. So a request takes no memory before its sender has shown that it is really there.
/// </summary>
/// <remarks>
/// The number is 5 bits of a counter that steps every 64 s, 3 bits for the MSS and 24 bits of a keyed hash over both ends, the peer's number
/// and all that the cookie says [4987-6]. Where the request has timestamps, the low bits of ours carry its window scale, SACK and ECN as
/// well; without timestamps these are off [4987-4].
/// </remarks>
internal sealed class SynCookies
{
    // A cookie is taken for so many steps, the one in which it was made included: up to 4 minutes and a bit.
    private const int StepsTaken = 4;
    private const int CounterBits = 5;
    private const int HashBits = 24;
    private const int OptionBits = 6;
    private const int SackBit = 0x10;
    private const int EcnBit = 0x20;
    private const byte NoWindowScale = 15;
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(64);

    // Rounded down to one of these, so that no segment is larger than the peer can take: the least, the defaults of IPv4 and IPv6, and what
    // Ethernet, tunnels, PPPoE and jumbo frames leave.
    private static readonly ushort[] s_segmentSizes = [28, 256, 536, 1220, 1360, 1440, 1460, 8960];

    private readonly byte[] _secret;

    /// <summary>Keeps a secret.</summary>
    /// <param name="secret">Octets that nobody outside can guess.</param>
    public SynCookies(ReadOnlySpan<byte> secret) => _secret = secret.ToArray();

    /// <summary>How long a cookie can be taken at most.</summary>
    public static TimeSpan Lifetime => s_step * StepsTaken;

    /// <summary>The request as a cookie can remember it: with less than it asked for, where there is no room.</summary>
    /// <param name="syn">The request.</param>
    /// <param name="timestamps">Whether the answer will have timestamps if the request does.</param>
    public static TcpSegment Reduce(in TcpSegment syn, bool timestamps)
    {
        bool roomy = timestamps && syn.Options.Timestamps is not null;
        return syn with
        {
            Flags = roomy ? syn.Flags & (TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR) : TcpFlags.SYN,
            Options = new TcpOptions
            {
                MaximumSegmentSize = syn.Options.MaximumSegmentSize is { } size ? s_segmentSizes[SizeIndex(size)] : null,
                WindowScale = roomy && syn.Options.WindowScale is { } shift ? Math.Min(shift, (byte)14) : null,
                SackPermitted = roomy && syn.Options.SackPermitted,
                Timestamps = roomy ? syn.Options.Timestamps : null,
            },
            Payload = default,
        };
    }

    /// <summary>The initial sequence number for the answer to a request.</summary>
    /// <param name="local">This end.</param>
    /// <param name="remote">The other end.</param>
    /// <param name="syn">The request, reduced.</param>
    /// <param name="now">The time.</param>
    public SeqNumber Make(Endpoint local, Endpoint remote, in TcpSegment syn, Timestamp now)
    {
        long counter = Counter(now);
        int sizeIndex = SizeIndex(syn.Options.MaximumSegmentSize ?? DefaultSize(remote));
        uint hash = Hash(local, remote, syn.SequenceNumber, counter, sizeIndex, OptionsOf(syn));
        return new((uint)(counter & ((1 << CounterBits) - 1)) << (32 - CounterBits) | (uint)sizeIndex << HashBits | hash);
    }

    /// <summary>Puts what the cookie has no room for into the timestamp of the answer. It is not newer than the true one.</summary>
    /// <param name="answer">The SYN,ACK.</param>
    /// <param name="syn">The request, reduced.</param>
    public static TcpSegment Mark(in TcpSegment answer, in TcpSegment syn)
    {
        if (answer.Options.Timestamps is not { } timestamps)
        {
            return answer;
        }

        const uint Mask = (1 << OptionBits) - 1;
        uint value = (timestamps.Value & ~Mask) | OptionsOf(syn);
        value = unchecked((int)(value - timestamps.Value)) > 0 ? unchecked(value - Mask - 1) : value;
        return answer with { Options = answer.Options with { Timestamps = timestamps with { Value = value } } };
    }

    /// <summary>Reads the request back from the ACK of a cookie [4987-3].</summary>
    /// <param name="local">This end.</param>
    /// <param name="remote">The other end.</param>
    /// <param name="ack">The segment with the ACK.</param>
    /// <param name="now">The time.</param>
    /// <param name="syn">The request, reduced.</param>
    /// <returns>Whether the ACK is of a cookie that was made here, for these ends, and not too long ago.</returns>
    public bool TryRead(Endpoint local, Endpoint remote, in TcpSegment ack, Timestamp now, out TcpSegment syn)
    {
        syn = default;
        uint cookie = (ack.AcknowledgmentNumber - 1).Value;
        long counter = Counter(now);
        long age = AgeOf(cookie, counter);
        if (!IsTaken(age, counter))
        {
            return false;
        }

        int sizeIndex = (int)(cookie >> HashBits) & 7;
        bool roomy = ack.Options.Timestamps is not null;
        uint options = roomy ? ack.Options.Timestamps!.Value.EchoReply & ((1 << OptionBits) - 1) : NoWindowScale;
        SeqNumber sequence = ack.SequenceNumber - 1;
        if ((cookie & ((1 << HashBits) - 1)) != Hash(local, remote, sequence, counter - age, sizeIndex, options))
        {
            return false;
        }

        byte shift = (byte)(options & NoWindowScale);
        syn = new TcpSegment
        {
            SourcePort = ack.SourcePort,
            DestinationPort = ack.DestinationPort,
            SequenceNumber = sequence,
            Flags = (options & EcnBit) != 0 ? TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR : TcpFlags.SYN,
            Window = ack.Window,
            Options = new TcpOptions
            {
                MaximumSegmentSize = s_segmentSizes[sizeIndex],
                WindowScale = shift == NoWindowScale ? null : shift,
                SackPermitted = (options & SackBit) != 0,
                Timestamps = roomy ? ack.Options.Timestamps!.Value with { EchoReply = 0 } : null,
            },
        };
        return true;
    }

    /// <summary>Whether a number may be that of a cookie that is still taken, as far as can be seen without the request. One in eight of all numbers may.</summary>
    /// <param name="number">The initial sequence number that somebody has acknowledged.</param>
    /// <param name="now">The time.</param>
    public static bool CanBe(SeqNumber number, Timestamp now)
    {
        long counter = Counter(now);
        return IsTaken(AgeOf(number.Value, counter), counter);
    }

    private static long AgeOf(uint cookie, long counter) => (counter - (cookie >> (32 - CounterBits))) & ((1 << CounterBits) - 1);

    private static bool IsTaken(long age, long counter) => age < StepsTaken && age <= counter;

    private static uint OptionsOf(in TcpSegment syn) =>
        (syn.Options.WindowScale ?? NoWindowScale)
        | (syn.Options.SackPermitted ? (uint)SackBit : 0)
        | (syn.Flags.Has(TcpFlags.ECE | TcpFlags.CWR) ? (uint)EcnBit : 0);

    private static long Counter(Timestamp now) => now.Nanoseconds / (s_step.Ticks * TimeSpan.NanosecondsPerTick);

    private static ushort DefaultSize(Endpoint remote) => (ushort)(remote.Address.IsIPv6 ? 1220 : 536); // [MUST-15]

    private static int SizeIndex(ushort size)
    {
        int index = s_segmentSizes.Length - 1;
        while (index > 0 && s_segmentSizes[index] > size)
        {
            index--;
        }

        return index;
    }

    private uint Hash(Endpoint local, Endpoint remote, SeqNumber sequence, long counter, int sizeIndex, uint options)
    {
        Span<byte> input = stackalloc byte[16 + 2 + 16 + 2 + 4 + 8 + 2];
        input.Clear();
        local.Address.WriteTo(input);
        remote.Address.WriteTo(input[18..]);
        BinaryPrimitives.WriteUInt16BigEndian(input[16..], local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(input[34..], remote.Port);
        BinaryPrimitives.WriteUInt32BigEndian(input[36..], sequence.Value);
        BinaryPrimitives.WriteInt64BigEndian(input[40..], counter);
        input[48] = (byte)sizeIndex;
        input[49] = (byte)options;
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, input, digest);
        return BinaryPrimitives.ReadUInt32BigEndian(digest) >> (32 - HashBits);
    }
}
