using System.Globalization;

namespace TcpShell.Wire;

/// <summary>
/// A sequence number: a point on a circle of 2^32 (RFC 9293 3.4). "Before" and "after" mean the shorter way round.
/// </summary>
/// <remarks>It has no total order, so it is not comparable in the .NET sense and cannot be sorted.</remarks>
public readonly struct SeqNumber : IEquatable<SeqNumber>
{
    /// <summary>Makes a sequence number.</summary>
    /// <param name="value">0 to 2^32 - 1.</param>
    public SeqNumber(uint value) => Value = value;

    /// <summary>The number as it stands in the header.</summary>
    public uint Value { get; }

    /// <summary>Moves forward, or back where <paramref name="count"/> is negative, round the circle.</summary>
    /// <param name="number">Where to start.</param>
    /// <param name="count">Octets.</param>
    public static SeqNumber operator +(SeqNumber number, int count) => new(unchecked(number.Value + (uint)count));

    /// <summary>Moves back round the circle.</summary>
    /// <param name="number">Where to start.</param>
    /// <param name="count">Octets.</param>
    public static SeqNumber operator -(SeqNumber number, int count) => new(unchecked(number.Value - (uint)count));

    /// <summary>The signed distance from <paramref name="right"/> to <paramref name="left"/>, -2^31 to 2^31 - 1.</summary>
    /// <param name="left">Where the distance ends.</param>
    /// <param name="right">Where it starts.</param>
    public static int operator -(SeqNumber left, SeqNumber right) => unchecked((int)(left.Value - right.Value));

    /// <summary>Before, round the circle.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(SeqNumber left, SeqNumber right) => left - right < 0;

    /// <summary>After, round the circle.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(SeqNumber left, SeqNumber right) => left - right > 0;

    /// <summary>Not after, round the circle.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(SeqNumber left, SeqNumber right) => left - right <= 0;

    /// <summary>Not before, round the circle.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(SeqNumber left, SeqNumber right) => left - right >= 0;

    /// <summary>The same number.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(SeqNumber left, SeqNumber right) => left.Value == right.Value;

    /// <summary>Another number.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(SeqNumber left, SeqNumber right) => left.Value != right.Value;

    /// <summary>Whether this number lies in [<paramref name="first"/>, <paramref name="first"/> + <paramref name="length"/>).</summary>
    /// <param name="first">The left edge, which is inside.</param>
    /// <param name="length">Octets from the left edge to the right edge, which is outside; 0 to 2^32 - 1.</param>
    public bool IsInWindow(SeqNumber first, uint length) => unchecked(Value - first.Value) < length;

    /// <summary>The later of two numbers.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static SeqNumber Max(SeqNumber left, SeqNumber right) => left >= right ? left : right;

    /// <summary>The earlier of two numbers.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">The other.</param>
    public static SeqNumber Min(SeqNumber left, SeqNumber right) => left <= right ? left : right;

    /// <summary>Reads a decimal number.</summary>
    /// <param name="text">0 to 4294967295.</param>
    /// <exception cref="FormatException">The text is no such number.</exception>
    public static SeqNumber Parse(string text) =>
        uint.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out uint value)
            ? new(value)
            : throw new FormatException($"'{text}' is not a sequence number (0 to 4294967295).");

    /// <summary>A plain number is a sequence number.</summary>
    /// <param name="value">0 to 2^32 - 1.</param>
    public static implicit operator SeqNumber(uint value) => new(value);

    /// <inheritdoc/>
    public bool Equals(SeqNumber other) => Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SeqNumber other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Value;

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
