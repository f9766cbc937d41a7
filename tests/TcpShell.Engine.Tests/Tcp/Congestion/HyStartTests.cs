using TcpShell.Tcp;
using TcpShell.Tcp.Congestion;

namespace TcpShell.Engine.Tests.Tcp.Congestion;

/// <summary>RFC 9406 with either congestion control, and the older HyStart, on a model of a path; windows in segments.</summary>
public sealed class HyStartTests
{
    public static TheoryData<CongestionAlgorithm> Both => [CongestionAlgorithm.Reno, CongestionAlgorithm.Cubic];

    [Theory]
    [Trait("Proves", "9406-5")]
    [MemberData(nameof(Both))]
    public void SlowStart_SteadyRoundTrips_DoublesAsEver(CongestionAlgorithm algorithm)
    {
        ModelPath path = Started(algorithm, out _);
        path.Rounds(6);
        Assert.Equal(10 * 64, path.Segments);
    }

    [Theory]
    [Trait("Proves", "9406-1")]
    [Trait("Proves", "9406-2")]
    [Trait("Proves", "9406-3")]
    [Trait("Proves", "9406-6")]
    [Trait("Proves", "9406-7")]
    [Trait("Proves", "9438-10")]
    [MemberData(nameof(Both))]
    public void SlowStart_RoundTripsGrow_FiveSlowerRoundsThenCongestionAvoidance(CongestionAlgorithm algorithm)
    {
        ModelPath path = Started(algorithm, out _);
        path.Rounds(2).Round(_ => Milliseconds(113)); // 100 + 100/8 and more; seen at the eighth sample
        Assert.Equal(40 + 8 + (32 / 4.0), path.Segments);
        double window = path.Segments;
        for (int i = 2; i <= 5; i++)
        {
            Assert.Equal(int.MaxValue / 1000.0, path.Threshold);
            path.Round(_ => Milliseconds(113));
            Assert.InRange(path.Segments, (window * 1.25) - 1, window * 1.25);
            window = path.Segments;
        }

        Assert.Equal(window, path.Threshold, 1.0);
        path.Rounds(3);
        Assert.InRange(path.Segments, window, window + 3); // congestion avoidance: a segment for each round trip at most
    }

    [Theory]
    [Trait("Proves", "9406-4")]
    [MemberData(nameof(Both))]
    public void CssBegun_RoundTripsShortAgain_SlowStartGoesOn(CongestionAlgorithm algorithm)
    {
        ModelPath path = Started(algorithm, out _);
        path.Rounds(2).Round(_ => Milliseconds(150)); // everything was late for a while: jitter
        double window = path.Segments;
        path.Round(_ => Milliseconds(101));
        Assert.InRange(path.Segments, (window * 2) - 7, window * 2); // eight ACKs still counted as CSS
        window = path.Segments;
        path.Rounds(8);
        Assert.Equal(window * 256, path.Segments);
    }

    [Theory]
    [Trait("Proves", "9406-3")]
    [InlineData(100, 112, false)] // below an eighth
    [InlineData(100, 112.5, true)]
    [InlineData(10, 13.9, false)] // a trifle
    [InlineData(10, 14, true)]
    [InlineData(400, 415.9, false)] // no more than 16 ms
    [InlineData(400, 416, true)]
    public void SlowStart_RoundTripsGrowBy_EighthBetweenFourAndSixteen(double before, double after, bool leaves)
    {
        ModelPath path = Started(CongestionAlgorithm.Reno, out _);
        path.Round(_ => Milliseconds(before)).Round(_ => Milliseconds(after));
        Assert.Equal(leaves, path.Segments < 40);
    }

    [Fact]
    [Trait("Proves", "9406-2")]
    public void SlowStart_SomeRoundTripsOfARoundAreLong_TheShortestCounts()
    {
        ModelPath path = Started(CongestionAlgorithm.Reno, out _);
        for (int i = 0; i < 5; i++)
        {
            path.Round(segment => Milliseconds(segment % 8 == 3 ? 100 : 180));
        }

        Assert.Equal(320, path.Segments);
    }

    [Fact]
    [Trait("Proves", "9406-3")]
    public void SlowStart_FewSamples_ProveNothing()
    {
        ModelPath path = Started(CongestionAlgorithm.Reno, out ICongestionControl reno);
        reno.Window = 7000;
        path.Round().Round(_ => Milliseconds(150), segments: 7);
        Assert.Equal(21, path.Segments);
    }

    [Fact]
    [Trait("Proves", "9406-5")]
    public void SlowStart_AckOfManySegments_EightCount()
    {
        Started(CongestionAlgorithm.Reno, out ICongestionControl reno);
        reno.Acknowledged(new(10_000, Timestamp.Zero, 10_000, 10_000, null, null, WindowWasFull: true));
        Assert.Equal(18_000, reno.Window);
    }

    [Theory]
    [Trait("Proves", "9406-8")]
    [Trait("Proves", "9406-9")]
    [MemberData(nameof(Both))]
    public void AfterLoss_SlowStart_IsThePlainOne(CongestionAlgorithm algorithm)
    {
        ModelPath path = Started(algorithm, out ICongestionControl control);
        path.Rounds(4);
        path.Lose(CongestionSignal.Timeout);
        Assert.Equal(1, path.Segments);
        path.Rounds(4).Round(_ => Milliseconds(150)).Round(_ => Milliseconds(200));
        Assert.Equal(64, path.Segments);
        control.Acknowledged(new(10_000, path.Now, 0, 0, null, null, WindowWasFull: true));
        Assert.Equal(65, path.Segments); // [5681-6]
    }

    [Theory]
    [Trait("Proves", "9406-9")]
    [InlineData(nameof(CongestionSignal.Loss))]
    [InlineData(nameof(CongestionSignal.EcnEcho))]
    public void Css_Congestion_CongestionAvoidanceAtOnce(string signal)
    {
        ModelPath path = Started(CongestionAlgorithm.Reno, out _);
        path.Rounds(2).Round(_ => Milliseconds(150));
        double window = path.Segments;
        path.Lose(Enum.Parse<CongestionSignal>(signal));
        path.Round(_ => Milliseconds(150));
        Assert.InRange(path.Segments, window / 2, (window / 2) + 1);
    }

    [Theory]
    [InlineData(100, 112, false)]
    [InlineData(100, 113, true)]
    [InlineData(10, 13.9, false)]
    [InlineData(10, 14.1, true)]
    [InlineData(400, 415, false)]
    [InlineData(400, 417, true)]
    public void Classic_RoundTripsGrow_SlowStartEndsAtTheNinthSample(double shortest, double after, bool ends)
    {
        ModelPath path = Started(CongestionAlgorithm.Cubic, out _, HyStartMode.Classic, milliseconds: 1000);
        path.Round(_ => Milliseconds(shortest)); // below 16 segments only the shortest is learned
        path.Round(_ => Milliseconds(after));
        Assert.Equal(ends ? 28 : int.MaxValue / 1000.0, path.Threshold);
        Assert.Equal(ends ? 28 : 40, path.Segments, 1.0);
    }

    [Fact]
    public void Classic_AcksComeAsATrainOfHalfARoundTrip_SlowStartEnds()
    {
        ModelPath path = Started(CongestionAlgorithm.Cubic, out _, HyStartMode.Classic); // ACKs are spread over all of the 100 ms
        path.Rounds(2);
        Assert.Equal(40, path.Segments); // 5 ms apart are no train
        path.Round();
        Assert.Equal(80, path.Segments); // 2.5 ms neither
        path.Round();
        Assert.InRange(path.Threshold, 120, 121); // after half a round trip of ACKs 1.25 ms apart
    }

    [Fact]
    public void Classic_FewSegments_NothingIsConcluded()
    {
        ModelPath path = Started(CongestionAlgorithm.Cubic, out ICongestionControl cubic, HyStartMode.Classic);
        cubic.Window = 3000;
        path.Round().Round(_ => Milliseconds(200));
        Assert.Equal(12, path.Segments);
    }

    private static ModelPath Started(
        CongestionAlgorithm algorithm, out ICongestionControl control, HyStartMode mode = HyStartMode.PlusPlus, double milliseconds = 100)
    {
        TcpSettings settings = TcpSettings.Linux with { HyStart = mode };
        control = algorithm == CongestionAlgorithm.Reno ? new Reno(settings) : new Cubic(settings);
        control.Start(ModelPath.Smss, handshakeLost: false);
        return new ModelPath(control, Milliseconds(milliseconds));
    }

    private static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
