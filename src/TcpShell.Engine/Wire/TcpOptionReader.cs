using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Walks over the option area of a TCP header, option by option (RFC 9293 3.1).</summary>
/// <remarks>
/// An option may start at any octet [MUST-64] and may be unknown [MUST-6]. The walk ends at an end-of-list option, at the end of
/// the area, or at an option whose length cannot be [MUST-7]: then <see cref="Problem"/> says why.
/// <code>
/// var reader = new TcpOptionReader(header.Options);
/// while (reader.MoveNext()) { ... reader.Kind, reader.Data ... }
/// </code>
/// </remarks>
public ref struct TcpOptionReader
{
    private readonly ReadOnlySpan<byte> _options;
    private int _next;

    /// <summary>Starts before the first option.</summary>
    /// <param name="options">The octets between the fixed header and the data.</param>
    public TcpOptionReader(ReadOnlySpan<byte> options) => _options = options;

    /// <summary>The current option's kind.</summary>
    public TcpOptionKind Kind { get; private set; }

    /// <summary>The current option's octets after kind and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Where the current option starts, in octets from the start of the area.</summary>
    public int Offset { get; private set; }

    /// <summary>Octets of the current option with kind and length.</summary>
    public readonly int Length => _next - Offset;

    /// <summary>Why the walk ended before the end of the area; null if it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Goes to the next option.</summary>
    /// <returns>Whether there is one.</returns>
    public bool MoveNext()
    {
        bool isAtEnd = _next > 0 && Kind == TcpOptionKind.EndOfList;
        if (isAtEnd || _next >= _options.Length || Problem != null)
        {
            return false;
        }

        Offset = _next;
        Kind = (TcpOptionKind)_options[_next];
        if (Kind is TcpOptionKind.EndOfList or TcpOptionKind.NoOperation) // [MUST-4]
        {
            Data = default;
            _next++;
            return true;
        }

        int room = _options.Length - _next;
        int length = room > 1 ? _options[_next + 1] : 0;
        Problem = room < 2 ? "The header ends between an option's kind and its length."
            : length < 2 ? "An option's length is below 2, so that it does not even hold its kind and length."
            : length > room ? "An option's length reaches past the end of the header."
            : null;
        if (Problem != null)
        {
            return false;
        }

        Data = _options.Slice(_next + 2, length - 2);
        _next += length;
        return true;
    }

    /// <summary>
    /// Reads all options. A known option of a wrong length is ignored like an unknown one, as Linux does; of an option that
    /// stands there twice the last one counts.
    /// </summary>
    /// <param name="wire">The octets between the fixed header and the data; the result keeps them as they are.</param>
    /// <returns>The options; where reading had to stop, those before that point, and why.</returns>
    public static TcpOptions Read(ReadOnlyMemory<byte> wire)
    {
        if (wire.IsEmpty)
        {
            return default;
        }

        ushort? maximumSegmentSize = null;
        byte? windowScale = null;
        bool sackPermitted = false;
        SackBlocks sack = default;
        TcpTimestamps? timestamps = null;
        ushort? userTimeout = null;
        var reader = new TcpOptionReader(wire.Span);
        while (reader.MoveNext())
        {
            ReadOnlySpan<byte> data = reader.Data;
            switch (reader.Kind, data.Length)
            {
                case (TcpOptionKind.MaximumSegmentSize, 2): // [MUST-4]
                    maximumSegmentSize = BinaryPrimitives.ReadUInt16BigEndian(data);
                    break;
                case (TcpOptionKind.WindowScale, 1):
                    windowScale = data[0];
                    break;
                case (TcpOptionKind.SackPermitted, 0):
                    sackPermitted = true;
                    break;
                case (TcpOptionKind.Sack, 8 or 16 or 24 or 32):
                    sack = ReadBlocks(data);
                    break;
                case (TcpOptionKind.Timestamps, 8):
                    timestamps = new(BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[4..]));
                    break;
                case (TcpOptionKind.UserTimeout, 2):
                    userTimeout = BinaryPrimitives.ReadUInt16BigEndian(data);
                    break;
            }
        }

        return new TcpOptions
        {
            MaximumSegmentSize = maximumSegmentSize,
            WindowScale = windowScale,
            SackPermitted = sackPermitted,
            Sack = sack,
            Timestamps = timestamps,
            UserTimeout = userTimeout,
            Wire = wire,
            Problem = reader.Problem,
        };
    }

    /// <summary>All options in their order, padding included; where there are no octets yet, as they would be written.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The options up to the first one that cannot be read.</returns>
    public static IEnumerable<TcpOption> Enumerate(TcpOptions options)
    {
        ReadOnlyMemory<byte> wire = options.Wire;
        if (wire.IsEmpty)
        {
            byte[] written = new byte[TcpOptionWriter.SizeOf(options)];
            TcpOptionWriter.Write(options, written);
            wire = written;
        }

        // A reader is a ref struct and cannot wait between two steps of an iterator: note where the options are, then hand them out.
        var found = new List<TcpOption>();
        var reader = new TcpOptionReader(wire.Span);
        while (reader.MoveNext())
        {
            found.Add(new TcpOption(reader.Kind, wire.Slice(reader.Offset + reader.Length - reader.Data.Length, reader.Data.Length)));
        }

        return found;
    }

    private static SackBlocks ReadBlocks(ReadOnlySpan<byte> data)
    {
        SackBlocks blocks = default;
        for (; data.Length >= 8; data = data[8..])
        {
            blocks.TryAdd(new(BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[4..])));
        }

        return blocks;
    }
}
