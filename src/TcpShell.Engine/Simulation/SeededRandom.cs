using System.Numerics;

namespace TcpShell.Simulation;

/// <summary>
/// Random numbers that are the same on every machine and .NET version: xoshiro256** (Blackman and Vigna), seeded through SplitMix64.
/// Each purpose takes a stream of its own, so that one more draw here changes nothing there.
/// </summary>
public sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>Begins a stream.</summary>
    /// <param name="seed">The lab's seed.</param>
    /// <param name="purpose">What the stream is for; another purpose gives an unrelated stream.</param>
    public SeededRandom(long seed, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        ulong state = (ulong)seed ^ Hash(purpose);
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>The next number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>The next whole number in [0, <paramref name="exclusive"/>).</summary>
    /// <param name="exclusive">At least 1.</param>
    public int Next(int exclusive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusive, 1);
        return (int)(((UInt128)NextUInt64() * (uint)exclusive) >> 64);
    }

    /// <summary>
    /// Whether something of the given probability happens. Always draws, so that the stream does not depend on the probability.
    /// </summary>
    /// <param name="probability">0 to 1.</param>
    public bool Happens(double probability) => NextDouble() < probability;

    /// <summary>Fills octets.</summary>
    /// <param name="destination">The octets.</param>
    public void Fill(Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (byte)NextUInt64();
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>FNV-1a over the characters; string.GetHashCode differs from process to process.</summary>
    private static ulong Hash(string text)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 0x100000001B3;
        }

        return hash;
    }
}
