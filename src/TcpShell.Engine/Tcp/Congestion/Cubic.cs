namespace TcpShell.Tcp.Congestion;

/// <summary>
/// CUBIC (RFC 9438 [MAY-18]): congestion avoidance along a cubic curve over time, which rises fast, rests at the window of the last loss, and then
/// searches on ever faster; but never more slowly than Reno would.
/// </summary>
/// <remarks>As in the RFC, windows are in segments here and times in seconds.</remarks>
internal sealed class Cubic(TcpSettings settings) : ICongestionControl
{
    private const double Beta = 0.7; // [9438-1]
    private const double C = 0.4;
    private const double Alpha = 3 * (1 - Beta) / (1 + Beta);

    private readonly CongestionWindow _window = new(settings);
    private Curve _curve;
    private Curve _curveBefore;

    public int Window
    {
        get => (int)_window.Octets;
        set => _window.Octets = value;
    }

    public int SlowStartThreshold => _window.Threshold;

    private double Segments
    {
        get => _window.Octets / _window.SegmentSize;
        set => _window.Octets = value * _window.SegmentSize;
    }

    public void Start(int segmentSize, bool handshakeLost) => _window.Start(segmentSize, handshakeLost);

    public void Acknowledged(in AcknowledgedData data)
    {
        if (_window.TrySlowStart(data))
        {
            _curve.Epoch = null;
            return;
        }

        TimeSpan roundTrip = data.Rtt ?? data.SmoothedRtt ?? TimeSpan.Zero;
        if (_curve.Epoch is { } epoch)
        {
            // An ACK comes a round trip after the last one at most, if there was data to send; what is beyond that was not CUBIC's time [9438-4].
            TimeSpan silence = data.Now - _curve.Last;
            TimeSpan idle = !data.WindowWasFull ? silence : silence > roundTrip ? silence - roundTrip : TimeSpan.Zero;
            _curve.Epoch = epoch + idle;
        }
        else
        {
            _curve.Begin(Segments, data.Now);
        }

        _curve.Last = data.Now;
        if (data.WindowWasFull)
        {
            Grow((double)data.Octets / _window.SegmentSize, data.SmoothedRtt ?? roundTrip);
        }
    }

    public void Congested(CongestionSignal signal, int flightSize, Timestamp now)
    {
        if (signal != CongestionSignal.RepeatedTimeout)
        {
            _curveBefore = _curve;
            _curve.Reduce(Segments, signal);
        }

        _curve.Epoch = null;
        _window.Reduce(signal, flightSize, Beta); // [9438-6]
    }

    public void Undo()
    {
        _window.Undo();
        _curve = _curveBefore; // [9438-9]
    }

    public void ChangeSegmentSize(int segmentSize) => _window.ChangeSegmentSize(segmentSize);

    private void Grow(double acknowledged, TimeSpan roundTrip)
    {
        double window = Segments;
        double time = (_curve.Last - _curve.Epoch!.Value).TotalSeconds;
        double windows = Math.Min(1, acknowledged / window);

        // What Reno would have by now, were it as gentle as this at a loss [9438-5].
        _curve.Estimate += (_curve.Estimate >= _curve.Prior ? 1 : Alpha) * windows;
        if (_curve.At(time) < _curve.Estimate)
        {
            Segments = Math.Max(window, _curve.Estimate);
            return;
        }

        // [9438-3] In a round trip from now to where the curve is then; (target - cwnd) / cwnd for each segment that is acknowledged.
        double target = Math.Clamp(_curve.At(time + roundTrip.TotalSeconds), window, 1.5 * window);
        Segments = window + ((target - window) * windows);
    }

    /// <summary>W_cubic and what goes with it.</summary>
    private struct Curve
    {
        /// <summary>W_max: where the curve rests; null if no loss has told.</summary>
        public double? Maximum;

        /// <summary>cwnd_prior: the window before the last reduction, or at which slow start was left; 0 before either.</summary>
        public double Prior;

        /// <summary>W_est.</summary>
        public double Estimate;

        /// <summary>When the curve began, moved on by the time that does not count; null before congestion avoidance begins.</summary>
        public Timestamp? Epoch;

        /// <summary>When data was last acknowledged.</summary>
        public Timestamp Last;

        // K: how long the curve takes to Maximum.
        private double _rise;
        private double _rest;

        /// <summary>W_cubic after so many seconds [9438-2].</summary>
        public readonly double At(double time)
        {
            double distance = time - _rise;
            return (C * distance * distance * distance) + _rest;
        }

        /// <summary>Congestion avoidance begins.</summary>
        public void Begin(double window, Timestamp now)
        {
            if (Prior == 0)
            {
                Prior = window; // slow start was left without a loss [9438-10]
            }

            Epoch = now;
            Estimate = window;
            _rest = Math.Max(Maximum ?? window, window);
            _rise = CubeRoot((_rest - window) / C);
        }

        /// <summary>The window will be reduced.</summary>
        public void Reduce(double window, CongestionSignal signal)
        {
            // [9438-7] A window that did not come to its old height gives room to others; [9438-8] after a timeout the curve begins at its foot.
            Maximum = signal == CongestionSignal.Timeout ? null : window < Maximum ? window * (1 + Beta) / 2 : window;
            Prior = window;
        }

        /// <summary>By Newton; Math.Cbrt may differ in its last bit from one machine to another.</summary>
        private static double CubeRoot(double value)
        {
            double root = Math.Max(value, 1);
            for (double next = root; value > 0; root = next)
            {
                next = ((2 * root) + (value / (root * root))) / 3;
                if (next >= root)
                {
                    return root; // from above it only comes down, until it is there
                }
            }

            return 0;
        }
    }
}
