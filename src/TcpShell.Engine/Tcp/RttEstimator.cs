namespace TcpShell.Tcp;

/// <summary>SRTT, RTTVAR and the retransmission timeout (RFC 6298 [MUST-18]).</summary>
public sealed class RttEstimator
{
    // What the RTO is set to when data starts after a SYN timed out (RFC 6298 5.7).
    private static readonly TimeSpan s_afterSynTimeout = TimeSpan.FromSeconds(3);

    private readonly TimeSpan _granularity;
    private readonly TimeSpan _minimum;
    private readonly TimeSpan _maximum;
    private TimeSpan _base;

    internal RttEstimator(TcpSettings settings)
    {
        _granularity = settings.RtoGranularity;
        _minimum = settings.MinimumRto;
        _maximum = settings.MaximumRto;
        _base = settings.InitialRto;
    }

    /// <summary>SRTT, the smoothed round-trip time; null before the first measurement.</summary>
    public TimeSpan? Smoothed { get; private set; }

    /// <summary>RTTVAR, the round-trip time's variation; null before the first measurement.</summary>
    public TimeSpan? Variation { get; private set; }

    /// <summary>The last measurement; null before the first.</summary>
    public TimeSpan? Latest { get; private set; }

    /// <summary>The smallest measurement; null before the first.</summary>
    public TimeSpan? Minimum { get; private set; }

    /// <summary>How often the timeout was doubled since the last measurement.</summary>
    public int Backoff { get; private set; }

    /// <summary>RTO, with the backoff, between floor and cap [6298-4, 6298-5].</summary>
    public TimeSpan Rto => Doubled(_base, Backoff);

    /// <summary>An interval doubled so often, but no longer than the cap: how all timers back off.</summary>
    /// <param name="interval">What is doubled.</param>
    /// <param name="times">How often.</param>
    internal TimeSpan Doubled(TimeSpan interval, int times)
    {
        // 2^30 seconds is beyond every cap, so a larger exponent changes nothing but would overflow.
        double ticks = interval.Ticks * Math.Pow(2, Math.Min(times, 30));
        return ticks >= _maximum.Ticks ? _maximum : new TimeSpan((long)ticks);
    }

    /// <summary>Takes a measurement (RFC 6298 2.2, 2.3 [6298-2, 6298-3]); it ends a backoff [6298-14].</summary>
    /// <param name="rtt">The round-trip time.</param>
    /// <param name="samplesPerRoundTrip">
    /// How many of them each round trip brings: each weighs as much less, so that the history stays as long as with one (RFC 7323 appendix G).
    /// </param>
    internal void Sample(TimeSpan rtt, int samplesPerRoundTrip = 1)
    {
        if (Smoothed is not { } smoothed || Variation is not { } variation)
        {
            Smoothed = rtt;
            Variation = rtt / 2;
        }
        else
        {
            // RTTVAR uses the SRTT of before this measurement, so it comes first.
            double alpha = 0.125 / samplesPerRoundTrip;
            double beta = 0.25 / samplesPerRoundTrip;
            Variation = (variation * (1 - beta)) + ((smoothed - rtt).Duration() * beta);
            Smoothed = (smoothed * (1 - alpha)) + (rtt * alpha);
        }

        Latest = rtt;
        Minimum = Minimum is { } minimum && minimum < rtt ? minimum : rtt;
        Backoff = 0;
        TimeSpan spread = Variation.Value * 4;
        _base = Smoothed.Value + (spread > _granularity ? spread : _granularity); // [6298-8]
        _base = _base < _minimum ? _minimum : _base;
    }

    /// <summary>Doubles the timeout (RFC 6298 5.5 [6298-11]).</summary>
    internal void BackOff() => Backoff++;

    /// <summary>What was backed off for is given up, and nothing was learned of the path.</summary>
    internal void EndBackoff() => Backoff = 0;

    /// <summary>Data starts after a SYN had to be sent again: RTO is 3 s at least (RFC 6298 5.7 [6298-12]).</summary>
    internal void StartAfterSynTimeout()
    {
        Backoff = 0;
        _base = _base < s_afterSynTimeout ? s_afterSynTimeout : _base;
    }
}
