using TcpShell.Engine.Tests.Diagrams;
using TcpShell.GoodputMatrix;
using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>How much of a link the sender makes use of, in virtual time; benchmarks/GoodputMatrix measures and draws all of it.</summary>
/// <remarks>Not beside other tests, some of which look at how much memory is taken.</remarks>
[CollectionDefinition(nameof(GoodputTests), DisableParallelization = true)]
[Collection(nameof(GoodputTests))]
public class GoodputTests
{
    private const long Megabit = 1_000_000;

    /// <summary>The cells that take no second each.</summary>
    public static TheoryData<int, double, CongestionAlgorithm, bool> QuickCells =>
    [
        (1, 0.01, CongestionAlgorithm.Cubic, true),
        (1, 0.05, CongestionAlgorithm.Reno, true),
        (20, 0.01, CongestionAlgorithm.Cubic, false),
        (20, 0.01, CongestionAlgorithm.Cubic, true),
        (20, 0.05, CongestionAlgorithm.Reno, false),
        (200, 0.05, CongestionAlgorithm.Cubic, true),
    ];

    [Theory]
    [MemberData(nameof(QuickCells))]
    public void QuickCell_Measured_IsWhatTheSnapshotSays(int roundTrip, double loss, CongestionAlgorithm congestion, bool sack)
    {
        var cell = new Cell(10 * Megabit, roundTrip, loss, congestion, sack);
        string line = File.ReadLines(Snapshot.PathOf("goodput-matrix")).Single(candidate => candidate.StartsWith(MatrixText.Head(cell), StringComparison.Ordinal));
        string[] entries = line[MatrixText.Head(cell).Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(entries[Cell.Losses.ToList().IndexOf(loss)], MatrixText.Entry(cell.Measure()));
    }

    /// <summary>
    /// RFC 9438 5.1: with random losses of probability p the mean window is (C (3 + beta) / (4 (1 - beta)))^(1/4) (RTT / p)^(3/4) segments, but
    /// no less than Reno's sqrt(3 / 2p) (Mathis et al.), which is the larger one here: 12 segments.
    /// </summary>
    [Theory]
    [Trait("Proves", "8985-6")]
    [Trait("Proves", "9438-5")]
    [InlineData(CongestionAlgorithm.Reno)]
    [InlineData(CongestionAlgorithm.Cubic)]
    public void OnePercentLossAndTwentyMilliseconds_Rack_WhatTheModelsPredict(CongestionAlgorithm congestion)
    {
        double predicted = Model.ShareOfLink(Model.CubicWindow(0.01, 0.02), 0.02, 1000 * Megabit);
        Assert.Equal(0.0071, predicted, 0.0001);
        double measured = new Cell(1000 * Megabit, 20, 0.01, congestion, Sack: true).Measure();
        Assert.True(measured > 0.9 * predicted, $"{measured:P3} of the link, where theory says {predicted:P3}.");
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(20, false)]
    [InlineData(50, true)]
    public void TwoCubicFlows_OneLink_NeitherGetsMoreThanSixtyPercent(int roundTrip, bool sack)
    {
        var link = new Bottleneck(10 * Megabit, TimeSpan.FromMilliseconds(roundTrip), loss: 0);
        link.AddFlow(settings => settings with { SelectiveAcknowledgment = sack });
        link.Run(TimeSpan.FromSeconds(10));
        link.AddFlow(settings => settings with { SelectiveAcknowledgment = sack }); // it finds the link full
        link.Run(TimeSpan.FromSeconds(10));
        long[] before = [.. link.Received];
        link.Run(TimeSpan.FromSeconds(40));
        long first = link.Received[0] - before[0];
        long second = link.Received[1] - before[1];
        Assert.InRange((double)first / (first + second), 0.4, 0.6);
        Assert.True(link.ShareOfLink(first + second, TimeSpan.FromSeconds(40)) > 0.9);
    }
}
