using System.Globalization;

namespace TcpShell.Wire;

/// <summary>One field of a header, or a part of one.</summary>
/// <param name="Name">The field's name, as in RFC 9293.</param>
/// <param name="BitOffset">Where it starts, in bits from the start of the header.</param>
/// <param name="BitWidth">Its width in bits; 0 for a problem that takes no place of its own.</param>
/// <param name="Value">Its value as an unsigned number; null where it has more than 64 bits.</param>
/// <param name="Text">Its value for people.</param>
public sealed record HeaderField(string Name, int BitOffset, int BitWidth, ulong? Value, string Text)
{
    /// <summary>0 for a field, 1 for a part of the field before it: a single flag, the kind and length of an option.</summary>
    public int Level { get; init; }

    /// <summary>Whether this is no field but what is wrong at this place: <see cref="Text"/> says what.</summary>
    public bool IsProblem { get; init; }
}

/// <summary>Takes a TCP header apart: every field with its place, its width and its value (RFC 9293 3.1).</summary>
public static class HeaderDissector
{
    private const string ProblemName = "Problem";

    /// <summary>
    /// Takes a header of any length apart. The fields of level 0 stand side by side, without gap or overlap, from the first bit
    /// to the last one of the header; what is cut off or cannot be read is a problem field.
    /// </summary>
    /// <param name="segment">TCP header, with or without data behind it; any octets are allowed.</param>
    /// <returns>The fields in their order, each followed by its parts.</returns>
    public static IReadOnlyList<HeaderField> Dissect(ReadOnlySpan<byte> segment)
    {
        var fields = new Builder(segment);
        fields.AddNumber("Source Port", 16);
        fields.AddNumber("Destination Port", 16);
        fields.AddNumber("Sequence Number", 32);
        fields.AddNumber("Acknowledgment Number", 32);
        fields.AddDataOffset();
        fields.AddNumber("Reserved", 3);
        fields.AddFlags();
        fields.AddNumber("Window", 16);
        fields.AddChecksum();
        fields.AddNumber("Urgent Pointer", 16);
        fields.AddOptions();
        return fields.List;
    }

    private ref struct Builder(ReadOnlySpan<byte> segment)
    {
        private readonly ReadOnlySpan<byte> _segment = segment;
        private int _position;

        public List<HeaderField> List { get; } = new(32);

        private readonly bool HasProblem => List.Count > 0 && List[^1].IsProblem;

        public void AddNumber(string name, int width)
        {
            if (TryRead(width, out ulong value))
            {
                Add(name, width, value, value.ToString(CultureInfo.InvariantCulture));
            }
        }

        public void AddDataOffset()
        {
            if (TryRead(4, out ulong words))
            {
                Add("Data Offset", 4, words, string.Create(CultureInfo.InvariantCulture, $"{words} ({words * 4} octets)"));
            }
        }

        public void AddFlags()
        {
            const int Width = 9;
            if (!TryRead(Width, out ulong value))
            {
                return;
            }

            int start = _position;
            Add("Flags", Width, value, ((TcpFlags)value).ToWireshark());
            for (int bit = 0; bit < Width; bit++)
            {
                var flag = (TcpFlags)(1 << (Width - 1 - bit));
                bool isSet = ((TcpFlags)value).Has(flag);
                List.Add(new(flag.ToString(), start + bit, 1, isSet ? 1ul : 0, isSet ? "set" : "not set") { Level = 1 });
            }
        }

        public void AddChecksum()
        {
            if (TryRead(16, out ulong value))
            {
                Add("Checksum", 16, value, string.Create(CultureInfo.InvariantCulture, $"0x{value:x4}"));
            }
        }

        public void AddOptions()
        {
            if (HasProblem)
            {
                return;
            }

            int headerLength = new TcpHeader(_segment).Length;
            int end = Math.Min(headerLength, _segment.Length);
            if (headerLength < TcpHeader.MinimumSize)
            {
                AddProblem(0, $"TCP header length {headerLength} is below {TcpHeader.MinimumSize}.");
                return;
            }

            var reader = new TcpOptionReader(_segment[TcpHeader.OptionsOffset..end]);
            while (reader.MoveNext())
            {
                AddOption(reader.Kind, reader.Length, reader.Data);
            }

            AddRest(end, reader.Problem);
            if (headerLength > end)
            {
                AddProblem(0, $"TCP header length {headerLength} is above the {_segment.Length} octets that are there.");
            }
        }

        private void AddOption(TcpOptionKind kind, int length, ReadOnlySpan<byte> data)
        {
            int start = _position;
            string name = $"Option {NameOf(kind)}";
            Add(name, length * 8, length <= sizeof(ulong) ? ReadBits(start, length * 8) : null, TcpOption.Format(kind, data));
            if (length == 1)
            {
                return;
            }

            AddPart("Kind", start, 8);
            AddPart("Length", start + 8, 8);
            int valueStart = start + 16;
            foreach ((string partName, int width) in PartsOf(kind, data.Length))
            {
                AddPart(partName, valueStart, width);
                valueStart += width;
            }
        }

        // What is left of the header: padding after the end of the option list, or options that cannot be read.
        private void AddRest(int end, string? problem)
        {
            int width = (end * 8) - _position;
            if (problem != null)
            {
                AddProblem(width, problem);
            }
            else if (width > 0)
            {
                bool isZero = !_segment[(_position / 8)..end].ContainsAnyExcept((byte)0);
                ulong? value = width <= 64 ? ReadBits(_position, width) : null;
                Add("Padding", width, value, isZero ? "zeros" : $"{Hex(_position, width)}, not zeros (RFC 9293 MUST-69)");
            }
        }

        private readonly void AddPart(string name, int start, int width)
        {
            ulong? value = width <= 64 ? ReadBits(start, width) : null;
            string text = value?.ToString(CultureInfo.InvariantCulture) ?? Hex(start, width);
            List.Add(new(name, start, width, value, text) { Level = 1 });
        }

        private void Add(string name, int width, ulong? value, string text)
        {
            List.Add(new(name, _position, width, value, text));
            _position += width;
        }

        private void AddProblem(int width, string text)
        {
            ulong? value = width is > 0 and <= 64 ? ReadBits(_position, width) : null;
            List.Add(new(ProblemName, _position, width, value, text) { IsProblem = true });
            _position += width;
        }

        // Reads the next bits, or reports once that the header ends before them.
        private bool TryRead(int width, out ulong value)
        {
            value = 0;
            if (HasProblem)
            {
                return false;
            }

            int left = (_segment.Length * 8) - _position;
            if (left < width)
            {
                AddProblem(left, $"The header ends after {_segment.Length} octets; it has at least {TcpHeader.MinimumSize}.");
                return false;
            }

            value = ReadBits(_position, width);
            return true;
        }

        private readonly ulong ReadBits(int start, int width)
        {
            ulong value = 0;
            for (int bit = start; bit < start + width; bit++)
            {
                value = (value << 1) | (uint)((_segment[bit / 8] >> (7 - (bit % 8))) & 1);
            }

            return value;
        }

        private readonly string Hex(int start, int width) =>
            Convert.ToHexString(_segment.Slice(start / 8, width / 8)).ToLowerInvariant();
    }

    private static string NameOf(TcpOptionKind kind) => kind switch
    {
        TcpOptionKind.EndOfList => "End of List",
        TcpOptionKind.NoOperation => "No-Operation",
        TcpOptionKind.MaximumSegmentSize => "Maximum Segment Size",
        TcpOptionKind.WindowScale => "Window Scale",
        TcpOptionKind.SackPermitted => "SACK Permitted",
        TcpOptionKind.Sack => "SACK",
        TcpOptionKind.Timestamps => "Timestamps",
        TcpOptionKind.Md5Signature => "MD5 Signature",
        TcpOptionKind.UserTimeout => "User Timeout",
        TcpOptionKind.AuthenticationOption => "TCP-AO",
        TcpOptionKind.FastOpenCookie => "Fast Open Cookie",
        _ => ((byte)kind).ToString(CultureInfo.InvariantCulture),
    };

    // The values behind kind and length, where the option is known and has its right length; else one part with all of them.
    private static (string Name, int Width)[] PartsOf(TcpOptionKind kind, int dataLength) => (kind, dataLength) switch
    {
        (_, 0) => [],
        (TcpOptionKind.MaximumSegmentSize, 2) => [("MSS", 16)],
        (TcpOptionKind.WindowScale, 1) => [("Shift Count", 8)],
        (TcpOptionKind.Timestamps, 8) => [("TSval", 32), ("TSecr", 32)],
        (TcpOptionKind.UserTimeout, 2) => [("Granularity", 1), ("User Timeout", 15)],
        (TcpOptionKind.AuthenticationOption, 2) => [("KeyID", 8), ("RNextKeyID", 8)],
        (TcpOptionKind.AuthenticationOption, > 2) => [("KeyID", 8), ("RNextKeyID", 8), ("MAC", (dataLength - 2) * 8)],
        (TcpOptionKind.Sack, 8 or 16 or 24 or 32) =>
            [.. Enumerable.Range(1, dataLength / 8).SelectMany<int, (string, int)>(n => [($"Left Edge {n}", 32), ($"Right Edge {n}", 32)])],
        _ => [("Data", dataLength * 8)],
    };
}
