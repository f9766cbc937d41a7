using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Lays out the options of a TCP header.</summary>
/// <remarks>
/// The order is Linux's: <c>mss,sackOK,TS,nop,wscale</c> on a SYN, <c>nop,nop,TS,nop,nop,sack</c> on other segments, so that
/// every option's values stand on word boundaries. What the properties say is written; whether a SYN carries them is the caller's business.
/// </remarks>
public static class TcpOptionWriter
{
    private const int BlockSize = 8;

    /// <summary>Octets that the options will take, a multiple of 4.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException"><see cref="TcpOptions.Wire"/> has more than 40 octets.</exception>
    public static int SizeOf(in TcpOptions options)
    {
        if (!options.Wire.IsEmpty)
        {
            int length = options.Wire.Length;
            return length <= TcpOptions.MaximumSize
                ? (length + 3) & ~3
                : throw new ArgumentException($"A TCP header has room for {TcpOptions.MaximumSize} octets of options, not {length}.", nameof(options));
        }

        int size = SizeWithoutSack(options);
        int blocks = CountFittingBlocks(options, size);
        return blocks == 0 ? size : size + 4 + (blocks * BlockSize);
    }

    /// <summary>
    /// Writes the options: <see cref="TcpOptions.Wire"/> as it is, if it is not empty, padded with zeros to a whole word
    /// [MUST-69]; else what the properties say, with as many SACK blocks as still fit.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="destination">At least <see cref="SizeOf"/> octets.</param>
    /// <returns>Octets written: 0 to 40, a multiple of 4.</returns>
    /// <exception cref="ArgumentException">
    /// The destination is too short, or <see cref="TcpOptions.Wire"/> has more than 40 octets.
    /// </exception>
    public static int Write(in TcpOptions options, Span<byte> destination)
    {
        int size = SizeOf(options);
        if (destination.Length < size)
        {
            throw new ArgumentException($"The options take {size} octets; there are {destination.Length}.", nameof(destination));
        }

        if (!options.Wire.IsEmpty)
        {
            options.Wire.Span.CopyTo(destination);
            destination[options.Wire.Length..size].Fill((byte)TcpOptionKind.EndOfList);
            return size;
        }

        Span<byte> rest = destination;
        if (options.MaximumSegmentSize is ushort maximumSegmentSize)
        {
            Put16(ref rest, TcpOptionKind.MaximumSegmentSize, maximumSegmentSize);
        }

        // SACK permitted takes the place of the padding before the timestamps, or brings its own.
        if (options.SackPermitted && options.Timestamps == null)
        {
            PutNoOperations(ref rest, 2);
        }

        if (options.SackPermitted)
        {
            PutKind(ref rest, TcpOptionKind.SackPermitted, 2);
        }

        if (options.Timestamps is TcpTimestamps timestamps)
        {
            PutNoOperations(ref rest, options.SackPermitted ? 0 : 2);
            PutKind(ref rest, TcpOptionKind.Timestamps, 10);
            Put32(ref rest, timestamps.Value);
            Put32(ref rest, timestamps.EchoReply);
        }

        if (options.WindowScale is byte windowScale)
        {
            PutNoOperations(ref rest, 1);
            PutKind(ref rest, TcpOptionKind.WindowScale, 3);
            rest[0] = windowScale;
            rest = rest[1..];
        }

        if (options.UserTimeout is ushort userTimeout)
        {
            Put16(ref rest, TcpOptionKind.UserTimeout, userTimeout);
        }

        int blocks = CountFittingBlocks(options, SizeWithoutSack(options));
        if (blocks > 0)
        {
            PutNoOperations(ref rest, 2);
            PutKind(ref rest, TcpOptionKind.Sack, 2 + (blocks * BlockSize));
            for (int i = 0; i < blocks; i++)
            {
                Put32(ref rest, options.Sack[i].Left.Value);
                Put32(ref rest, options.Sack[i].Right.Value);
            }
        }

        return size;
    }

    private static int SizeWithoutSack(in TcpOptions options) =>
        (options.MaximumSegmentSize == null ? 0 : 4)
        + (options.Timestamps != null ? 12 : options.SackPermitted ? 4 : 0)
        + (options.WindowScale == null ? 0 : 4)
        + (options.UserTimeout == null ? 0 : 4);

    private static int CountFittingBlocks(in TcpOptions options, int size) =>
        Math.Min(options.Sack.Count, (TcpOptions.MaximumSize - size - 4) / BlockSize);

    private static void PutNoOperations(ref Span<byte> rest, int count)
    {
        rest[..count].Fill((byte)TcpOptionKind.NoOperation);
        rest = rest[count..];
    }

    // Every option but the two of one octet has a length [MUST-68].
    private static void PutKind(ref Span<byte> rest, TcpOptionKind kind, int length)
    {
        rest[0] = (byte)kind;
        rest[1] = (byte)length;
        rest = rest[2..];
    }

    private static void Put16(ref Span<byte> rest, TcpOptionKind kind, ushort value)
    {
        PutKind(ref rest, kind, 4);
        BinaryPrimitives.WriteUInt16BigEndian(rest, value);
        rest = rest[2..];
    }

    private static void Put32(ref Span<byte> rest, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(rest, value);
        rest = rest[4..];
    }
}
