using TcpShell.Hosting;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams.Charts;

/// <summary>The charts that people draw of TCP connections.</summary>
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

    /// <summary>
    /// The time-sequence graph of one direction: the octets of each segment, what is acknowledged, the end of the receiver's window, and what was
    /// sent again.
    /// </summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data is drawn.</param>
    public static Chart TimeSequence(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        List<ChartPoint> sent = [];
        List<ChartPoint> again = [];
        List<ChartPoint> acknowledged = [];
        List<ChartPoint> window = [];
        List<ChartPoint> sacked = [];
        Endpoint remote = default;
        long highest = 0;
        foreach (SegmentRecord segment in segments)
        {
            if (segment.Source == source)
            {
                remote = segment.Destination;
                long first = segment.RelativeSequenceNumber;
                AddBar(segment.Attempt > 1 || first < highest ? again : sent, Seconds(segment.Time), first, first + segment.Length);
                highest = Math.Max(highest, first + segment.Length);
            }
            else if (segment.Destination == source && IsAcknowledgment(segment))
            {
                double time = Seconds(segment.Arrived ?? segment.Time);
                acknowledged.Add(new(time, segment.RelativeAcknowledgmentNumber));
                window.Add(new(time, segment.RelativeAcknowledgmentNumber + (double)segment.ScaledWindow));
                AddSack(sacked, segment, time);
            }
        }

        // A window far above what is sent would press the rest flat; it limits nothing then, and is left out.
        window.RemoveAll(edge => edge.Y > 2.5 * highest);
        return new($"Time-sequence graph {source} -> {remote}", s_time, new ChartAxis("sequence number", AxisUnit.Octets) { Minimum = 0 },
        [
            new("window", window, SeriesStyle.Steps),
            new("acknowledged", acknowledged, SeriesStyle.Steps),
            new("SACKed", sacked, SeriesStyle.Bars),
            new("sent", sent, SeriesStyle.Bars),
            new("sent again", again, SeriesStyle.Bars),
        ]);
    }

    private static bool IsAcknowledgment(SegmentRecord segment) =>
        segment.Flags.Has(TcpFlags.ACK) && !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST) && segment.Fate != PacketFate.Lost;

    private static void AddSack(List<ChartPoint> sacked, SegmentRecord segment, double time)
    {
        // Blocks are absolute; the acknowledgment number is known both ways, so their distance from it places them.
        SackBlocks blocks = segment.TcpOptions.Sack;
        SeqNumber ack = segment.AcknowledgmentNumber;
        for (int i = 0; i < blocks.Count; i++)
        {
            long origin = segment.RelativeAcknowledgmentNumber;
            AddBar(sacked, time, origin + (blocks[i].Left - ack), origin + (blocks[i].Right - ack));
        }
    }

    private static void AddBar(List<ChartPoint> bars, double time, double from, double to)
    {
        if (to > from)
        {
            bars.Add(new(time, from));
            bars.Add(new(time, to));
        }
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
