using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams.Charts;

/// <summary>The charts that people draw of the segments of one direction, seen in a lab or in a capture.</summary>
public static class SegmentCharts
{
    // Enough columns for a screen, few enough for each to have several segments.
    private const int ThroughputBins = 50;

    private static readonly ChartAxis s_time = new("time", AxisUnit.Seconds) { Minimum = 0 };
    private static readonly ChartAxis s_sequence = new("sequence number", AxisUnit.Octets) { Minimum = 0 };

    /// <summary>
    /// tcptrace's time-sequence graph: the octets of each segment, what is acknowledged and SACKed, the end of the receiver's window, and what was
    /// sent again.
    /// </summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data is drawn.</param>
    public static Chart TimeSequence(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        List<ChartPoint> sent = [];
        List<ChartPoint> again = [];
        List<ChartPoint> late = [];
        List<ChartPoint> acknowledged = [];
        List<ChartPoint> window = [];
        List<ChartPoint> sacked = [];
        long highest = 0;
        foreach (DirectionEvent seen in DirectionTrace.Read(segments, source))
        {
            if (seen.IsData)
            {
                AddBar(seen.Kind switch { DataKind.Again => again, DataKind.Late => late, _ => sent }, seen.Time, seen.First, seen.End);
                highest = Math.Max(highest, seen.End);
                continue;
            }

            // An ACK that others have overtaken takes nothing back, and its window is out of date (RFC 9293 3.10.7.4).
            if (acknowledged.Count == 0 || seen.First >= acknowledged[^1].Y)
            {
                acknowledged.Add(new(seen.Time, seen.First));
                window.Add(new(seen.Time, seen.End));
            }

            AddSack(sacked, seen);
        }

        // A window far above what is sent would press the rest flat; it limits nothing then, and is left out.
        string note = window.RemoveAll(edge => edge.Y > 2.5 * highest) > 0 ? "where the window is far above it is left out" : "";
        return new($"Time-sequence graph {Title(segments, source)}", s_time, s_sequence,
        [
            new("window", window, SeriesStyle.Steps) { Look = 4 },
            new("SACKed", sacked, SeriesStyle.PaleBars) { Look = 3 },
            new("acknowledged", acknowledged, SeriesStyle.Steps) { Look = 2 },
            new("sent", sent, SeriesStyle.Bars) { Look = 0 },
            new("out of order", late, SeriesStyle.MarkedBars) { Look = 5 },
            new("sent again", again, SeriesStyle.MarkedBars) { Look = 1 },
        ])
        {
            Note = note,
        };
    }

    /// <summary>Stevens' time-sequence graph: a point for each segment with data at its first octet, and nothing else.</summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data is drawn.</param>
    public static Chart Stevens(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        DirectionEvent[] data = [.. DirectionTrace.Read(segments, source).Where(seen => seen.IsData)];
        ChartSeries Points(string name, bool again) => new(
            name, [.. data.Where(seen => (seen.Kind == DataKind.Again) == again).Select(seen => new ChartPoint(seen.Time, seen.First))], SeriesStyle.Points);
        return new($"Time-sequence graph (Stevens) {Title(segments, source)}", s_time, s_sequence, [Points("sent", again: false), Points("sent again", again: true)]);
    }

    /// <summary>
    /// Round-trip times from each segment, SYN and FIN as well, to the first acknowledgment of its end; none of what was sent twice (Karn). Where that
    /// leaves few, timestamps tell more (RFC 7323 4). They are whole ones in a capture made at the sender; elsewhere they lack the way to it.
    /// </summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data is measured.</param>
    public static Chart RoundTripTime(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        List<ChartPoint> samples = [];
        var waiting = new Queue<DirectionEvent>();
        long ambiguous = 0;
        foreach (DirectionEvent seen in DirectionTrace.Read(segments, source, withControls: true))
        {
            if (seen.IsData)
            {
                if (seen.Kind == DataKind.New)
                {
                    waiting.Enqueue(seen);
                }
                else
                {
                    ambiguous = Math.Max(ambiguous, seen.End);
                }

                continue;
            }

            DirectionEvent? measured = null;
            while (waiting.TryPeek(out DirectionEvent oldest) && oldest.End <= seen.First)
            {
                measured = waiting.Dequeue();
            }

            if (measured is { } segment && segment.First >= ambiguous)
            {
                samples.Add(new(seen.Time, seen.Time - segment.Time));
            }
        }

        List<ChartPoint> byTimestamps = TimestampSamples(segments, source);
        string name = byTimestamps.Count > samples.Count ? "RTT by timestamps" : "RTT";
        samples = byTimestamps.Count > samples.Count ? byTimestamps : samples;
        return new($"Round-trip time {Title(segments, source)}", s_time, new("round trip", AxisUnit.Seconds) { Minimum = 0 },
        [
            new("smoothed", samples.Count > 1 ? Smoothed(samples) : []),
            new(name, samples, SeriesStyle.Points),
        ]);
    }

    // One value of the clock at a time: from the first segment that has it to the first that echoes it.
    private static List<ChartPoint> TimestampSamples(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        List<ChartPoint> samples = [];
        (uint Value, double Time)? waiting = null;
        foreach ((double time, SegmentRecord segment) in DirectionTrace.Timed(segments).Where(timed => timed.Segment.TcpOptions.Timestamps is not null))
        {
            TcpTimestamps timestamps = segment.TcpOptions.Timestamps!.Value;
            if (segment.Source == source)
            {
                // What carries nothing is not answered.
                if (segment.Length > 0 || segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN))
                {
                    waiting ??= (timestamps.Value, time);
                }
            }
            else if (segment.Destination == source && waiting is { } sent && unchecked((int)(timestamps.EchoReply - sent.Value)) >= 0)
            {
                if (timestamps.EchoReply == sent.Value)
                {
                    samples.Add(new(time, time - sent.Time));
                }

                waiting = null;
            }
        }

        return samples;
    }

    /// <summary>The receiver's window and the octets in flight over time; a closed window is marked.</summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data the window is for.</param>
    public static Chart Window(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        List<ChartPoint> window = [];
        List<ChartPoint> closed = [];
        List<ChartPoint> inFlight = [];
        long highest = 0;
        long acknowledged = 0;
        foreach (DirectionEvent seen in DirectionTrace.Read(segments, source))
        {
            if (seen.IsData)
            {
                acknowledged = highest == 0 ? Math.Max(acknowledged, seen.First) : acknowledged;
                highest = Math.Max(highest, seen.End);
            }
            else
            {
                acknowledged = Math.Max(acknowledged, seen.First);
                window.Add(new(seen.Time, seen.Segment.ScaledWindow));
                if (seen.Segment.ScaledWindow == 0)
                {
                    closed.Add(new(seen.Time, 0));
                }
            }

            inFlight.Add(new(seen.Time, Math.Max(0, highest - acknowledged)));
        }

        return new($"Window {Title(segments, source)}", s_time, new("octets", AxisUnit.Octets) { Minimum = 0 },
        [
            new("window", window, SeriesStyle.Steps) { Look = 4 },
            new("in flight", inFlight, SeriesStyle.Steps) { Look = 0 },
            new("closed", closed, SeriesStyle.Points) { Look = 1 },
        ]);
    }

    /// <summary>
    /// What was sent in each stretch of time, and what of it was acknowledged as new (goodput). It is empty where all was sent at one moment: that tells
    /// of no rate.
    /// </summary>
    /// <param name="segments">Segments of one connection, both directions, by time.</param>
    /// <param name="source">Whose data is counted.</param>
    public static Chart Throughput(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        ArgumentNullException.ThrowIfNull(segments);
        List<ChartPoint> sent = [];
        List<ChartPoint> delivered = [];
        long? acknowledged = null;
        foreach (DirectionEvent seen in DirectionTrace.Read(segments, source))
        {
            if (seen.IsData)
            {
                sent.Add(new(seen.Time, seen.Segment.Length));
                acknowledged ??= seen.First;
            }
            else if (acknowledged is { } before && seen.First > before)
            {
                delivered.Add(new(seen.Time, seen.First - before));
                acknowledged = seen.First;
            }
        }

        if (sent.DistinctBy(point => point.X).Count() < 2)
        {
            sent.Clear();
            delivered.Clear();
        }

        return new($"Throughput {Title(segments, source)}", s_time, new("throughput", AxisUnit.BitsPerSecond) { Minimum = 0 },
        [
            new("sent", Rates(sent, sent, delivered), SeriesStyle.Steps) { Look = 0 },
            new("acknowledged", Rates(delivered, sent, delivered), SeriesStyle.Steps) { Look = 2 },
        ]);
    }

    /// <summary>Octets at moments as bits per second in stretches of the same length, the same ones for both series.</summary>
    private static List<ChartPoint> Rates(List<ChartPoint> octets, params List<ChartPoint>[] all)
    {
        double[] times = [.. all.SelectMany(points => points).Select(point => point.X)];
        if (octets.Count == 0)
        {
            return [];
        }

        double start = times.Min();
        double width = AxisScale.NiceStep((times.Max() - start) / ThroughputBins);
        double[] bins = new double[(int)Math.Floor((times.Max() - start) / width) + 1];
        foreach (ChartPoint point in octets)
        {
            bins[(int)Math.Floor((point.X - start) / width)] += point.Y * 8 / width;
        }

        List<ChartPoint> rates = [.. bins.Select((rate, number) => new ChartPoint(start + (number * width), rate))];
        rates.Add(new(start + (bins.Length * width), 0));
        return rates;
    }

    /// <summary>RFC 6298's SRTT: each sample moves it by an eighth.</summary>
    private static List<ChartPoint> Smoothed(List<ChartPoint> samples)
    {
        List<ChartPoint> smoothed = [];
        foreach (ChartPoint sample in samples)
        {
            smoothed.Add(new(sample.X, smoothed.Count == 0 ? sample.Y : smoothed[^1].Y + ((sample.Y - smoothed[^1].Y) / 8)));
        }

        return smoothed;
    }

    private static void AddSack(List<ChartPoint> sacked, in DirectionEvent seen)
    {
        // Blocks are absolute; the acknowledgment number is known both ways, so their distance from it places them.
        SackBlocks blocks = seen.Segment.TcpOptions.Sack;
        SeqNumber ack = new(seen.Segment.AcknowledgmentNumber);
        for (int i = 0; i < blocks.Count; i++)
        {
            AddBar(sacked, seen.Time, seen.First + (blocks[i].Left - ack), seen.First + (blocks[i].Right - ack));
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

    private static string Title(IEnumerable<SegmentRecord> segments, Endpoint source)
    {
        foreach (SegmentRecord segment in segments)
        {
            if (segment.Icmp is null && (segment.Source == source || segment.Destination == source))
            {
                return $"{source} -> {(segment.Source == source ? segment.Destination : segment.Source)}";
            }
        }

        return $"{source}";
    }
}
