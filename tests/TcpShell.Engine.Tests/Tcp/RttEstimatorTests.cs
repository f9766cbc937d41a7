using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 6298 with numbers computed by hand.</summary>
public sealed class RttEstimatorTests
{
    [Fact]
    [Trait("Proves", "6298-1")]
    [Trait("Proves", "P23")]
    public void NoSample_Rto_IsTheInitialOne()
    {
        Assert.Equal(Milliseconds(1000), new RttEstimator(TcpSettings.Linux).Rto);
        Assert.Equal(Milliseconds(3000), new RttEstimator(TcpSettings.Linux with { InitialRto = Milliseconds(3000) }).Rto);
        Assert.Null(new RttEstimator(TcpSettings.Linux).Smoothed);
    }

    [Fact]
    [Trait("Proves", "6298-2")]
    [Trait("Proves", "6298-3")]
    [Trait("Proves", "P35")]
    public void Samples_Table_AsComputedByHand()
    {
        // R; SRTT; RTTVAR; RTO = SRTT + 4 RTTVAR. Had SRTT been updated before RTTVAR, the second row would read 81.25, not 87.5.
        (double Sample, double Smoothed, double Variation, double Rto)[] table =
        [
            (200, 200, 100, 600),
            (150, 193.75, 87.5, 543.75),
            (250, 200.78125, 79.6875, 519.53125),
            (200, 200.68359375, 59.9609375, 440.52734375),
            (1000, 300.59814453125, 244.7998046875, 1279.79736328125),
        ];
        var rtt = new RttEstimator(TcpSettings.Linux);
        foreach ((double sample, double smoothed, double variation, double rto) in table)
        {
            rtt.Sample(Milliseconds(sample));
            Assert.Equal(smoothed, rtt.Smoothed!.Value.TotalMilliseconds, 0.001);
            Assert.Equal(variation, rtt.Variation!.Value.TotalMilliseconds, 0.001);
            Assert.Equal(rto, rtt.Rto.TotalMilliseconds, 0.001);
            Assert.Equal(Milliseconds(sample), rtt.Latest);
        }

        Assert.Equal(Milliseconds(150), rtt.Minimum);
    }

    [Fact]
    [Trait("Proves", "6298-8")]
    public void SteadySamples_CoarseClock_RtoIsSoFarAboveSrtt()
    {
        var rtt = new RttEstimator(TcpSettings.Linux with { RtoGranularity = Milliseconds(200) });
        for (int i = 0; i < 50; i++)
        {
            rtt.Sample(Milliseconds(100));
        }

        Assert.Equal(Milliseconds(300), rtt.Rto);
    }

    [Fact]
    [Trait("Proves", "7323-17")]
    public void FourSamplesInARoundTrip_EachWeighsAQuarter()
    {
        var rtt = new RttEstimator(TcpSettings.Linux);
        rtt.Sample(Milliseconds(200));
        rtt.Sample(Milliseconds(100), samplesPerRoundTrip: 4);
        Assert.Equal(196.875, rtt.Smoothed!.Value.TotalMilliseconds, 0.001); // 1/32 of the new one
        Assert.Equal(100, rtt.Variation!.Value.TotalMilliseconds, 0.001);
        rtt.Sample(rtt.Smoothed.Value, samplesPerRoundTrip: 4);
        Assert.Equal(93.75, rtt.Variation!.Value.TotalMilliseconds, 0.001); // 15/16
    }

    [Fact]
    [Trait("Proves", "6298-4")]
    [Trait("Proves", "6298-8")]
    public void SteadySamples_Rto_FloorAndGranularity()
    {
        var linux = new RttEstimator(TcpSettings.Linux);
        var rfc = new RttEstimator(TcpSettings.Rfc);
        var free = new RttEstimator(TcpSettings.Linux with { MinimumRto = Milliseconds(1) });
        for (int i = 0; i < 200; i++)
        {
            linux.Sample(Milliseconds(10));
            rfc.Sample(Milliseconds(10));
            free.Sample(Milliseconds(10));
        }

        Assert.Equal(Milliseconds(200), linux.Rto);
        Assert.Equal(Milliseconds(1000), rfc.Rto);
        Assert.Equal(11, free.Rto.TotalMilliseconds, 0.001); // the variation is 0, so the granularity of 1 ms stands for it
    }

    [Fact]
    [Trait("Proves", "6298-5")]
    [Trait("Proves", "6298-11")]
    [Trait("Proves", "6298-14")]
    public void Backoff_Rto_DoublesUpToTheCapUntilASample()
    {
        var rtt = new RttEstimator(TcpSettings.Linux);
        rtt.Sample(Milliseconds(100));
        int[] expected = [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, 120_000, 120_000];
        foreach (int milliseconds in expected)
        {
            Assert.Equal(Milliseconds(milliseconds), rtt.Rto);
            rtt.BackOff();
        }

        for (int i = 0; i < 1000; i++)
        {
            rtt.BackOff();
        }

        Assert.Equal(Milliseconds(120_000), rtt.Rto);
        rtt.Sample(Milliseconds(100));
        Assert.Equal(0, rtt.Backoff);
        Assert.Equal(Milliseconds(250), rtt.Rto); // RTTVAR is 37.5 now
    }

    [Fact]
    [Trait("Proves", "6298-12")]
    public void AfterSynTimeout_Rto_Is3SecondsAtLeast()
    {
        var rtt = new RttEstimator(TcpSettings.Linux);
        rtt.BackOff();
        rtt.StartAfterSynTimeout();
        Assert.Equal(Milliseconds(3000), rtt.Rto);
        var slow = new RttEstimator(TcpSettings.Linux with { InitialRto = Milliseconds(5000) });
        slow.StartAfterSynTimeout();
        Assert.Equal(Milliseconds(5000), slow.Rto);
    }

    private static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond));
}
