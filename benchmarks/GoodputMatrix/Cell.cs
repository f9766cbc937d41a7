using TcpShell.Tcp;

namespace TcpShell.GoodputMatrix;

/// <summary>One measurement of the matrix.</summary>
/// <param name="Bandwidth">Bits per second.</param>
/// <param name="RoundTripMilliseconds">The round-trip time of an empty link.</param>
/// <param name="Loss">The probability that a segment with data is lost.</param>
/// <param name="Congestion">The congestion control.</param>
/// <param name="Sack">Whether SACK is in force, and with it RACK-TLP.</param>
public sealed record Cell(long Bandwidth, int RoundTripMilliseconds, double Loss, CongestionAlgorithm Congestion, bool Sack)
{
    // Long enough for the mean of random losses to show, and for a large window to build up; short enough for a run of minutes.
    private const long MostOctets = 1_000_000_000;
    private const int RoundTrips = 1500;
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(10);

    /// <summary>The bandwidths of the matrix.</summary>
    public static IReadOnlyList<long> Bandwidths { get; } = [10_000_000, 1_000_000_000];

    /// <summary>The round-trip times of the matrix, in milliseconds.</summary>
    public static IReadOnlyList<int> RoundTripTimes { get; } = [1, 20, 200];

    /// <summary>The probabilities of loss of the matrix.</summary>
    public static IReadOnlyList<double> Losses { get; } = [0, 0.001, 0.01, 0.05];

    /// <summary>The senders of the matrix.</summary>
    public static IReadOnlyList<(CongestionAlgorithm Congestion, bool Sack)> Senders { get; } =
    [
        (CongestionAlgorithm.Reno, false), (CongestionAlgorithm.Reno, true), (CongestionAlgorithm.Cubic, false), (CongestionAlgorithm.Cubic, true),
    ];

    /// <summary>All cells, by bandwidth, round-trip time, sender and loss.</summary>
    public static IEnumerable<Cell> All =>
        from bandwidth in Bandwidths
        from roundTrip in RoundTripTimes
        from sender in Senders
        from loss in Losses
        select new Cell(bandwidth, roundTrip, loss, sender.Congestion, sender.Sack);

    /// <summary>The sender in words.</summary>
    public string Sender => $"{(Congestion == CongestionAlgorithm.Cubic ? "CUBIC" : Congestion)}{(Sack ? " with SACK" : "")}";

    /// <summary>Sends for 1500 round trips, 10 s at least.</summary>
    /// <returns>Goodput: the data that the receiving program got, as a share of what the link could have carried.</returns>
    public double Measure()
    {
        TimeSpan roundTrip = TimeSpan.FromMilliseconds(RoundTripMilliseconds);
        var bottleneck = new Bottleneck(Bandwidth, roundTrip, Loss);
        bottleneck.AddFlow(settings => settings with { Congestion = Congestion, SelectiveAcknowledgment = Sack });
        TimeSpan time = roundTrip * RoundTrips;
        bottleneck.Run(time > s_least ? time : s_least, MostOctets);
        return bottleneck.ShareOfLink(bottleneck.Received[0], bottleneck.Now.ToTimeSpan());
    }
}
