using System.Globalization;

namespace TcpShell.Text;

/// <summary>Bit rates as people write them: <c>10mbit</c>, <c>1gbit</c>, <c>64kbit</c>, <c>10Mbit/s</c>, <c>100Mbps</c>.</summary>
/// <remarks>Always bits and powers of ten, as links are sold. Bytes (<c>10MB/s</c>) are refused: the case of one letter would be a factor of eight.</remarks>
public static class BandwidthText
{
    /// <summary>Reads a rate: a number with bit, kbit, mbit or gbit, <c>/s</c> or not; bps, kbps, Mbps, Gbps; or a bare number of bits per second.</summary>
    /// <param name="text">The rate.</param>
    /// <param name="bitsPerSecond">Bits per second, from 1.</param>
    /// <returns>Whether the text was a rate of at least one bit per second.</returns>
    public static bool TryParse(string? text, out long bitsPerSecond)
    {
        bitsPerSecond = 0;
        return Quantity.TrySplit(text, out decimal number, out string unit)
            && BitsOf(unit) is { } bits
            && Quantity.TryScale(number, bits, out bitsPerSecond)
            && bitsPerSecond > 0;
    }

    /// <summary>Writes a rate: <c>10 Mbit/s</c>, <c>64 kbit/s</c>, <c>9600 bit/s</c>. It can be read back.</summary>
    /// <param name="bitsPerSecond">Bits per second, from 1.</param>
    public static string Format(long bitsPerSecond)
    {
        (decimal factor, string unit) = bitsPerSecond switch
        {
            >= 1_000_000_000 => (1e9m, "Gbit/s"),
            >= 1_000_000 => (1e6m, "Mbit/s"),
            >= 10_000 => (1e3m, "kbit/s"),
            _ => (1m, "bit/s"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / factor:0.#########} {unit}");
    }

    private static decimal? BitsOf(string unit)
    {
        string name = unit.ToLowerInvariant();
        return (name.EndsWith("/s", StringComparison.Ordinal) ? name[..^2] : name) switch
        {
            "" or "bit" or "bits" => 1m,
            "kbit" or "kbits" => 1e3m,
            "mbit" or "mbits" => 1e6m,
            "gbit" or "gbits" => 1e9m,
            _ when unit.Contains('B') => null,
            "bps" => 1m,
            "kbps" => 1e3m,
            "mbps" => 1e6m,
            "gbps" => 1e9m,
            _ => null,
        };
    }
}
