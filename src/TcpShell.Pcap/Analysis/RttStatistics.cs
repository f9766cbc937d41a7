using System.Numerics;
using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Round trips that were measured between the capturing point and one end. Up to 64 are kept as they are; of more, how many fell into each
/// of some hundred ranges, so that quantiles are right to 4 % in a fixed amount of memory.
/// </summary>
public sealed class RttStatistics
{
    /// <summary>How many are kept as they are.</summary>
    internal const int ExactSamples = 64;

    private const int BucketsPerOctave = 16;
    private const int Octaves = 32;

    // In units of TimeSpan, 100 ns; saturating at seven minutes.
    private uint[]? _samples;
    private int[]? _buckets;
    private uint _last;
    private uint _minimum = uint.MaxValue;
    private uint _maximum;
    private ulong _sum;
    private ulong _differences;

    /// <summary>Starts with none.</summary>
    /// <param name="expected">How many are expected: room for so many is made at once.</param>
    internal RttStatistics(int expected = 16) => _samples = new uint[Math.Clamp(expected, 1, ExactSamples)];

    /// <summary>Samples taken.</summary>
    public long Count { get; private set; }

    /// <summary>The shortest.</summary>
    public TimeSpan Minimum => new(Count == 0 ? 0 : _minimum);

    /// <summary>The longest.</summary>
    public TimeSpan Maximum => new(_maximum);

    /// <summary>The arithmetic mean.</summary>
    public TimeSpan Mean => new(Count == 0 ? 0 : (long)(_sum / (ulong)Count));

    /// <summary>The median.</summary>
    public TimeSpan Median => Quantile(0.5);

    /// <summary>The mean difference between one sample and the next.</summary>
    public TimeSpan Jitter => new(Count < 2 ? 0 : (long)(_differences / (ulong)(Count - 1)));

    /// <summary>The sample below or at which the given part of all lies.</summary>
    /// <param name="part">0 to 1; 0.95 for the 95th percentile.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number.</exception>
    public TimeSpan Quantile(double part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, 1);
        if (Count == 0)
        {
            return TimeSpan.Zero;
        }

        long rank = Math.Max(0, (long)Math.Ceiling(part * Count) - 1);
        if (_buckets is null)
        {
            uint[] sorted = _samples.AsSpan(0, (int)Count).ToArray();
            Array.Sort(sorted);
            return new(sorted[rank]);
        }

        int bucket = 0;
        for (long below = _buckets[0]; below <= rank; below += _buckets[bucket])
        {
            bucket++;
        }

        return new(Math.Clamp(MiddleOf(bucket), _minimum, _maximum));
    }

    /// <summary><c>12 samples, 0.8/1.2/9.1 ms</c>: shortest, median, longest.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Count} samples, {Minimum.TotalMilliseconds:0.###}/{Median.TotalMilliseconds:0.###}/{Maximum.TotalMilliseconds:0.###} ms");

    /// <summary>Takes a sample.</summary>
    /// <param name="nanoseconds">The round trip; not negative.</param>
    internal void Add(long nanoseconds) => Add(SampleOf(nanoseconds));

    /// <summary>A round trip in the unit of samples, 100 ns.</summary>
    internal static uint SampleOf(long nanoseconds) => (uint)Math.Min((ulong)nanoseconds / 100, uint.MaxValue);

    /// <summary>Takes a sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Add(uint sample)
    {
        _differences += Count > 0 ? (ulong)Math.Abs((long)sample - _last) : 0;
        _last = sample;
        _minimum = Math.Min(_minimum, sample);
        _maximum = Math.Max(_maximum, sample);
        _sum += sample;
        Keep(sample);
        Count++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(uint sample)
    {
        if (_buckets is not null)
        {
            _buckets[BucketOf(sample)]++;
            return;
        }

        if (Count < ExactSamples)
        {
            KeepExactly(sample);
            return;
        }

        StartBuckets();
        _buckets![BucketOf(sample)]++;
    }

    private void StartBuckets()
    {
        _buckets = new int[Octaves * BucketsPerOctave];
        foreach (uint kept in _samples!)
        {
            _buckets[BucketOf(kept)]++;
        }

        _samples = null;
    }

    private void KeepExactly(uint sample)
    {
        if (Count == _samples!.Length)
        {
            Array.Resize(ref _samples, Math.Min(ExactSamples, 2 * _samples.Length));
        }

        _samples[Count] = sample;
    }

    // The upper bits: the octave, and the four bits below its first one.
    private static int BucketOf(uint sample)
    {
        int octave = BitOperations.Log2(sample | 1);
        uint fraction = octave >= 4 ? (sample >> (octave - 4)) & (BucketsPerOctave - 1) : (sample << (4 - octave)) & (BucketsPerOctave - 1);
        return (octave * BucketsPerOctave) + (int)fraction;
    }

    private static long MiddleOf(int bucket)
    {
        int octave = bucket / BucketsPerOctave;
        long start = ((1L << octave) * (BucketsPerOctave + (bucket % BucketsPerOctave))) / BucketsPerOctave;
        return start + ((1L << octave) / BucketsPerOctave / 2);
    }
}
