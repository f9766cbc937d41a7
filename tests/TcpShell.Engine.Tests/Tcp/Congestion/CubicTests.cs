using TcpShell.Tcp;
using TcpShell.Tcp.Congestion;

namespace TcpShell.Engine.Tests.Tcp.Congestion;

/// <summary>RFC 9438, on a model of a path; windows in segments.</summary>
public sealed class CubicTests
{
    private static readonly TimeSpan s_far = TimeSpan.FromMilliseconds(100);

    [Theory]
    [Trait("Proves", "9438-1")]
    [Trait("Proves", "9438-2")]
    [Trait("Proves", "9438-3")]
    [Trait("Proves", "MAY-18")]
    [InlineData(400, 100)]
    [InlineData(1000, 100)]
    [InlineData(5000, 50)]
    [InlineData(100, 200)]
    public void AfterLoss_HundredRoundTrips_WithinOneSegmentOfTheClosedForm(int maximum, int roundTrip)
    {
        TimeSpan rtt = TimeSpan.FromMilliseconds(roundTrip);
        ModelPath path = ModelPath.AfterLoss(NewCubic(), rtt, maximum);
        Assert.Equal(maximum * 0.7, path.Segments);
        Timestamp start = path.Now + (rtt / (maximum * 0.7)); // the first ACK begins the epoch
        double rise = Math.Cbrt(maximum * 0.3 / 0.4);
        for (int i = 1; i <= 100; i++)
        {
            path.Round();
            double expected = (0.4 * Math.Pow((path.Now - start).TotalSeconds - rise, 3)) + maximum;
            Assert.True(Math.Abs(path.Segments - expected) < 1, $"After {i} round trips cwnd is {path.Segments}, and not {expected}.");
        }
    }

    [Fact]
    [Trait("Proves", "9438-5")]
    public void ShortRoundTrip_GrowsLikeReno()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), TimeSpan.FromMilliseconds(1), 20);
        path.Rounds(10);
        Assert.InRange(path.Segments, 14 + (10 * 0.529) - 0.5, 14 + (10 * 0.529)); // a little less, as a window grows while it is acknowledged
        path.Rounds(3); // to the window of before the loss
        double before = path.Segments;
        Assert.InRange(before, 20, 21.5);
        path.Rounds(10);
        Assert.InRange(path.Segments, before + 9.5, before + 10);
    }

    [Fact]
    [Trait("Proves", "9438-4")]
    public void Idle_ThenDataAgain_NoJump()
    {
        Cubic cubic = NewCubic();
        ModelPath path = ModelPath.AfterLoss(cubic, s_far, 400).Rounds(60);
        Cubic other = NewCubic();
        ModelPath busy = ModelPath.AfterLoss(other, s_far, 400).Rounds(61);
        path.Idle(10);
        path.Round();
        Assert.InRange(path.Segments, busy.Segments - 0.5, busy.Segments + 0.5); // ten seconds later the curve would be at 560
    }

    [Fact]
    [Trait("Proves", "9438-4")]
    public void ApplicationLimited_NeitherGrowthNorTime()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), s_far, 400).Rounds(60);
        ModelPath busy = ModelPath.AfterLoss(NewCubic(), s_far, 400).Rounds(61);
        double before = path.Segments;
        for (int i = 0; i < 100; i++)
        {
            path.Round(windowWasFull: false, segments: 20);
        }

        Assert.Equal(before, path.Segments);
        path.Round();
        Assert.InRange(path.Segments, busy.Segments - 0.5, busy.Segments + 0.5);
    }

    [Theory]
    [Trait("Proves", "9438-6")]
    [InlineData(nameof(CongestionSignal.Loss), 100, 70, 70)]
    [InlineData(nameof(CongestionSignal.EcnEcho), 100, 70, 70)]
    [InlineData(nameof(CongestionSignal.Timeout), 100, 70, 1)]
    [InlineData(nameof(CongestionSignal.Loss), 2, 2, 2)]
    [InlineData(nameof(CongestionSignal.EcnEcho), 2, 2, 1.4)]
    [InlineData(nameof(CongestionSignal.EcnEcho), 1, 2, 1)]
    public void Congested_WindowAndThreshold_SeventyPercentOfTheFlight(string signal, int flight, double threshold, double window)
    {
        Cubic cubic = NewCubic();
        cubic.Start(ModelPath.Smss, handshakeLost: false);
        cubic.Window = 150_000; // FlightSize counts, not cwnd
        cubic.Congested(Enum.Parse<CongestionSignal>(signal), flight * ModelPath.Smss, Timestamp.Zero);
        Assert.Equal((window, threshold), (cubic.Window / 1000.0, cubic.SlowStartThreshold / 1000.0));
    }

    [Fact]
    [Trait("Proves", "5681-8")]
    [Trait("Proves", "9438-6")]
    public void LossBehindALongRecovery_OutstandingBeyondTheWindow_DoesNotCount()
    {
        Cubic cubic = NewCubic();
        cubic.Start(ModelPath.Smss, handshakeLost: false);
        cubic.Window = 50_000;
        cubic.Congested(CongestionSignal.Loss, 500_000, Timestamp.Zero); // most of it waits in the peer's reassembly
        Assert.Equal((35_000, 35_000), (cubic.Window, cubic.SlowStartThreshold));
    }

    [Fact]
    [Trait("Proves", "9438-7")]
    public void SecondLossBelowTheOldMaximum_CurveRestsLower()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), s_far, 400).Rounds(20);
        double window = path.Segments;
        Assert.InRange(window, 350, 399);
        path.Lose();
        double maximum = window * 1.7 / 2;
        int roundTrips = (int)(Math.Cbrt((maximum - (window * 0.7)) / 0.4) * 10);
        path.Rounds(roundTrips);
        Assert.InRange(path.Segments, maximum - 1, maximum + 1);
    }

    [Fact]
    [Trait("Proves", "9438-7")]
    public void SecondLossAboveTheOldMaximum_CurveRestsThere()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), s_far, 400).Rounds(100);
        double window = path.Segments;
        Assert.InRange(window, 401, 450);
        path.Lose();
        path.Rounds((int)(Math.Cbrt(window * 0.3 / 0.4) * 10));
        Assert.InRange(path.Segments, window - 1, window + 1);
    }

    [Fact]
    [Trait("Proves", "9438-8")]
    public void Timeout_SlowStartThenCurveFromItsFoot()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), s_far, 400);
        path.Lose(CongestionSignal.Timeout);
        Assert.Equal((1, 196), (path.Segments, path.Threshold));
        path.Lose(CongestionSignal.RepeatedTimeout);
        Assert.Equal((1, 196), (path.Segments, path.Threshold));
        path.Rounds(8);
        Assert.InRange(path.Segments, 196, 200);
        double foot = path.Segments;
        path.Rounds(50);
        Assert.InRange(path.Segments, foot + (0.4 * Math.Pow(5, 3)) - 3, foot + (0.4 * Math.Pow(5, 3)) + 3);
    }

    [Fact]
    [Trait("Proves", "9438-5")]
    [Trait("Proves", "9438-8")]
    public void Timeout_BelowTheWindowBeforeIt_RenosShareIsTheGentleOne()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), TimeSpan.FromMilliseconds(1), 100); // so short that the curve is flat
        path.Lose(CongestionSignal.Timeout); // at 70
        path.Rounds(6);
        Assert.InRange(path.Segments, 49, 50);
        path.Rounds(20);
        Assert.InRange(path.Segments, 49 + (20 * 0.5), 50 + (20 * 0.56)); // 0.53 a round trip, until the 70 are there again
        path.Rounds(50);
        Assert.InRange(path.Segments, 95, 102); // and one a round trip from there on
    }

    [Fact]
    public void ReduceFromWindow_WhatWasInFlightDoesNotCount()
    {
        var cubic = new Cubic(TcpSettings.Linux with { ReduceFromWindow = true });
        cubic.Start(ModelPath.Smss, handshakeLost: false);
        cubic.Window = 10_000;
        cubic.Congested(CongestionSignal.Timeout, 1000, Timestamp.Zero);
        Assert.Equal((1000, 7000), (cubic.Window, cubic.SlowStartThreshold));
    }

    [Theory]
    [Trait("Proves", "9438-9")]
    [InlineData(nameof(CongestionSignal.Loss))]
    [InlineData(nameof(CongestionSignal.EcnEcho))]
    [InlineData(nameof(CongestionSignal.Timeout))]
    public void SpuriousSignal_Undone_TheCurveGoesOn(string signal)
    {
        Cubic cubic = NewCubic();
        ModelPath path = ModelPath.AfterLoss(cubic, s_far, 400).Rounds(30);
        ModelPath untroubled = ModelPath.AfterLoss(NewCubic(), s_far, 400).Rounds(30);
        path.Lose(Enum.Parse<CongestionSignal>(signal));
        Assert.True(path.Segments < untroubled.Segments);
        if (signal == nameof(CongestionSignal.Timeout))
        {
            path.Lose(CongestionSignal.RepeatedTimeout);
        }

        cubic.Undo();
        for (int i = 0; i < 70; i++)
        {
            Assert.Equal(untroubled.Segments, path.Segments);
            Assert.Equal(untroubled.Threshold, path.Threshold);
            path.Round();
            untroubled.Round();
        }
    }

    [Fact]
    [Trait("Proves", "9438-3")]
    public void LargeStep_AtMostOneAndAHalfWindowsInARoundTrip()
    {
        ModelPath path = ModelPath.AfterLoss(NewCubic(), TimeSpan.FromSeconds(5), 20); // the curve multiplies in such a round trip
        for (int i = 0; i < 20; i++)
        {
            double before = path.Segments;
            path.Round();
            Assert.InRange(path.Segments, before, (before * 1.5) + 1);
        }

        Assert.True(path.Segments > 1000);
    }

    [Fact]
    [Trait("Proves", "5681-20")]
    public void SmallerSegments_SameNumberOfThem()
    {
        Cubic cubic = NewCubic();
        ModelPath.AfterLoss(cubic, s_far, 400);
        cubic.ChangeSegmentSize(500);
        Assert.Equal(280 * 500, cubic.Window);
    }

    private static Cubic NewCubic() => new(TcpSettings.Linux with { HyStart = HyStartMode.Off });
}
