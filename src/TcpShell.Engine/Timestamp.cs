using System.Globalization;

namespace TcpShell;

/// <summary>
/// A point in time: nanoseconds since the origin of its source. The origin of a simulated network is its start; the origin of a
/// capture file is 1970-01-01 UTC; the origin of a real interface is the moment it was opened.
/// </summary>
/// <remarks>Differences are <see cref="TimeSpan"/>s, whose resolution is 100 ns.</remarks>
public readonly struct Timestamp : IEquatable<Timestamp>, IComparable<Timestamp>, IComparable
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Makes a point in time.</summary>
    /// <param name="nanoseconds">Nanoseconds since the origin; may be negative.</param>
    public Timestamp(long nanoseconds) => Nanoseconds = nanoseconds;

    /// <summary>Nanoseconds since the origin.</summary>
    public long Nanoseconds { get; }

    /// <summary>Seconds since the origin, rounded to what a double holds.</summary>
    public double TotalSeconds => Nanoseconds / 1e9;

    /// <summary>The origin itself.</summary>
    public static Timestamp Zero => default;

    /// <summary>The last point in time that can be named, some 292 years after the origin.</summary>
    public static Timestamp MaxValue => new(long.MaxValue);

    /// <summary>The point in time that many seconds after the origin.</summary>
    /// <param name="seconds">Seconds, rounded to the nearest nanosecond.</param>
    public static Timestamp FromSeconds(double seconds) => new((long)Math.Round(seconds * 1e9));

    /// <summary>The time since the origin.</summary>
    public TimeSpan ToTimeSpan() => new(Nanoseconds / NanosecondsPerTick);

    /// <summary>A later (or, with a negative duration, an earlier) point in time; stops at <see cref="MaxValue"/>.</summary>
    /// <param name="time">Where to start.</param>
    /// <param name="duration">How far to go.</param>
    public static Timestamp operator +(Timestamp time, TimeSpan duration)
    {
        Int128 sum = (Int128)time.Nanoseconds + ((Int128)duration.Ticks * NanosecondsPerTick);
        return new((long)Int128.Clamp(sum, long.MinValue, long.MaxValue));
    }

    /// <summary>An earlier point in time.</summary>
    /// <param name="time">Where to start.</param>
    /// <param name="duration">How far to go back.</param>
    public static Timestamp operator -(Timestamp time, TimeSpan duration) => time + duration.Negate();

    /// <summary>The time from <paramref name="right"/> to <paramref name="left"/>.</summary>
    /// <param name="left">The later point.</param>
    /// <param name="right">The earlier point.</param>
    public static TimeSpan operator -(Timestamp left, Timestamp right) => new((left.Nanoseconds - right.Nanoseconds) / NanosecondsPerTick);

    /// <summary>Earlier than.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(Timestamp left, Timestamp right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Later than.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(Timestamp left, Timestamp right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Not later than.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Not earlier than.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Nanoseconds >= right.Nanoseconds;

    /// <summary>The same point in time.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(Timestamp left, Timestamp right) => left.Nanoseconds == right.Nanoseconds;

    /// <summary>Another point in time.</summary>
    /// <param name="left">One point.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(Timestamp left, Timestamp right) => left.Nanoseconds != right.Nanoseconds;

    /// <inheritdoc/>
    public bool Equals(Timestamp other) => Nanoseconds == other.Nanoseconds;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Timestamp other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Nanoseconds.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(Timestamp other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Timestamp other => CompareTo(other),
        _ => throw new ArgumentException($"A {obj.GetType().Name} cannot be compared with a Timestamp.", nameof(obj)),
    };

    /// <summary>Seconds with six decimals, as Wireshark shows them; nine where the time is not whole microseconds.</summary>
    public override string ToString()
    {
        (long seconds, long fraction) = Math.DivRem(Math.Abs(Nanoseconds), 1_000_000_000);
        string sign = Nanoseconds < 0 ? "-" : "";
        return fraction % 1000 == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{fraction / 1000:D6}")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{fraction:D9}");
    }
}
