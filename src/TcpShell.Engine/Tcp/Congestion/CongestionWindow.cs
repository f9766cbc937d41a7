namespace TcpShell.Tcp.Congestion;

/// <summary>
/// cwnd and ssthresh, with what every congestion control does alike: the initial window, slow start, the reduction, and taking it back [MUST-19].
/// </summary>
internal sealed class CongestionWindow(TcpSettings settings)
{
    // No window of a peer is larger (RFC 7323 2.3), so no growth beyond it means anything; and it cannot overflow.
    private const int Largest = 1 << 30;

    private readonly ISlowStartExit? _exit = settings.HyStart switch
    {
        HyStartMode.PlusPlus => new HyStartPlusPlus(settings.SlowStartStep),
        HyStartMode.Classic => new HyStart(settings.SlowStartStep),
        _ => null,
    };

    private double _octets = Largest;

    // What the last signal of congestion changed.
    private double _octetsBefore;
    private int _thresholdBefore;

    /// <summary>cwnd in octets; whoever sets it to a fraction of an octet will find that fraction kept.</summary>
    public double Octets
    {
        get => _octets;
        set => _octets = Math.Clamp(value, 1, Largest);
    }

    /// <summary>ssthresh in octets; as high as can be until the first sign of congestion [5681-4].</summary>
    public int Threshold { get; private set; } = int.MaxValue;

    /// <summary>SMSS.</summary>
    public int SegmentSize { get; private set; } = 536;

    /// <summary>The handshake is over.</summary>
    public void Start(int segmentSize, bool handshakeLost)
    {
        SegmentSize = segmentSize;
        Octets = handshakeLost ? segmentSize : Initial(segmentSize, settings.InitialWindowSegments); // [5681-3, 6928-2]
    }

    /// <summary>Grows in slow start.</summary>
    /// <param name="data">What was acknowledged.</param>
    /// <returns>Whether it was slow start.</returns>
    public bool TrySlowStart(in AcknowledgedData data)
    {
        if ((int)Octets >= Threshold)
        {
            return false; // [5681-5]
        }

        // HyStart, of either kind, is for the time when nothing is known of the path; later ssthresh knows better [9406-8].
        if (_exit is null || Threshold != int.MaxValue)
        {
            Grow(data, Math.Min(data.Octets, (double)SegmentSize * (settings.SlowStartStep ?? 1))); // [5681-6]
            return true;
        }

        Grow(data, _exit.Growth(data, Octets, SegmentSize));
        if (_exit.IsOver)
        {
            Threshold = (int)Octets;
        }

        return true;
    }

    /// <summary>There is congestion: ssthresh becomes a part of what was in flight, or of the window, but no less than two segments [5681-8, 9406-9, 9438-6].</summary>
    /// <param name="signal">What tells of it.</param>
    /// <param name="flightSize">FlightSize: octets sent and not acknowledged.</param>
    /// <param name="beta">Which part.</param>
    public void Reduce(CongestionSignal signal, int flightSize, double beta)
    {
        if (signal == CongestionSignal.RepeatedTimeout)
        {
            Octets = SegmentSize; // ssthresh stays what the first one made it [5681-8]
            return;
        }

        // Behind a recovery that took long there is more outstanding than was ever in the network at once: most of it waits at the peer's.
        double threshold = (settings.ReduceFromWindow ? Octets : Math.Min(flightSize, Octets)) * beta;
        _octetsBefore = Octets;
        _thresholdBefore = Threshold;
        Threshold = (int)Math.Max(threshold, 2 * SegmentSize);
        Octets = signal switch
        {
            CongestionSignal.Timeout => SegmentSize, // [5681-9]
            CongestionSignal.EcnEcho => Math.Max(threshold, SegmentSize), // nothing was lost, so one segment will do [9438-6]
            _ => Threshold,
        };
    }

    /// <summary>The last reduction was a mistake.</summary>
    public void Undo()
    {
        Octets = Math.Max(Octets, _octetsBefore);
        Threshold = Math.Max(Threshold, _thresholdBefore);
    }

    /// <summary>SMSS changes; cwnd, and what it may be set to again, stays the same number of segments [5681-20].</summary>
    public void ChangeSegmentSize(int segmentSize)
    {
        Octets = Math.Max(segmentSize, Octets * segmentSize / SegmentSize);
        _octetsBefore = _octetsBefore * segmentSize / SegmentSize;
        Threshold = Scale(Threshold, segmentSize);
        _thresholdBefore = Scale(_thresholdBefore, segmentSize);
        SegmentSize = segmentSize;
    }

    private int Scale(int threshold, int segmentSize) =>
        threshold == int.MaxValue ? threshold : (int)Math.Min(Largest, (long)threshold * segmentSize / SegmentSize);

    private void Grow(in AcknowledgedData data, double octets) => Octets += data.WindowWasFull ? octets : 0;

    /// <summary>[5681-2] Up to four segments the bound of RFC 5681 3.1; more by RFC 6928 2 [6928-1].</summary>
    private static int Initial(int segmentSize, int segments)
    {
        int classic = segmentSize > 2190 ? 2 : segmentSize > 1095 ? 3 : 4;
        return segments <= 4
            ? Math.Min(segments, classic) * segmentSize
            : Math.Min(segments * segmentSize, Math.Max(2 * segmentSize, segments * 1460));
    }
}
