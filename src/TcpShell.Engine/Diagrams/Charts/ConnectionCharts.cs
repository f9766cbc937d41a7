using TcpShell.Hosting;

namespace TcpShell.Diagrams.Charts;

/// <summary>The charts of what a connection knows of itself; <see cref="SegmentCharts"/> has those of what can be seen from outside.</summary>
public static class ConnectionCharts
{
    private static readonly ChartAxis s_time = new("time", AxisUnit.Seconds);

    /// <summary>cwnd, ssthresh and what was in flight, over time.</summary>
    /// <param name="connection">The connection.</param>
    public static Chart CongestionWindow(HostedConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        IReadOnlyList<ConnectionSample> samples = connection.History.Samples;
        return new(TitleOf("Congestion window", connection), s_time, new ChartAxis("octets", AxisUnit.Octets) { Minimum = 0 },
        [
            Series("in flight", samples, sample => sample.InFlight, SeriesStyle.Steps),
            Series("ssthresh", samples, sample => sample.Ssthresh == int.MaxValue ? null : sample.Ssthresh, SeriesStyle.Steps),
            Series("cwnd", samples, sample => IsStarted(sample) ? sample.Cwnd : null, SeriesStyle.Steps),
        ]);
    }

    /// <summary>Measured round-trip times, SRTT and RTO, over time (RFC 6298).</summary>
    /// <param name="connection">The connection.</param>
    public static Chart RoundTripTime(HostedConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        IReadOnlyList<ConnectionSample> samples = connection.History.Samples;
        return new(TitleOf("Round-trip time", connection), s_time, new ChartAxis("round trip", AxisUnit.Seconds) { Minimum = 0 },
        [
            Series("RTO", samples, sample => sample.Rto.TotalSeconds, SeriesStyle.Steps),
            Series("RTTVAR", samples, sample => sample.RttVar?.TotalSeconds, SeriesStyle.Steps),
            Series("SRTT", samples, sample => sample.Srtt?.TotalSeconds, SeriesStyle.Steps),
            Series("RTT", samples, sample => sample.Rtt?.TotalSeconds, SeriesStyle.Points),
        ]);
    }

    private static double Seconds(Timestamp time) => (time - Timestamp.Zero).TotalSeconds;

    private static bool IsStarted(ConnectionSample sample) => sample.Srtt is not null;

    private static ChartSeries Series(string name, IReadOnlyList<ConnectionSample> samples, Func<ConnectionSample, double?> value, SeriesStyle style)
    {
        List<ChartPoint> points = [];
        foreach (ConnectionSample sample in samples)
        {
            if (value(sample) is { } known)
            {
                points.Add(new(Seconds(sample.Time), known));
            }
        }

        return new(name, points, style);
    }

    private static string TitleOf(string what, HostedConnection connection) => $"{what}, {connection.Local} -> {connection.Remote}";
}
