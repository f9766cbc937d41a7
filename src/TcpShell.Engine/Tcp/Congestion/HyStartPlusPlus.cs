using TcpShell.Wire;

namespace TcpShell.Tcp.Congestion;

/// <summary>
/// HyStart++ (RFC 9406): leaves slow start when round-trip times grow, which a queue does that fills, before the queue overflows.
/// Since a jitter looks alike at first, slow start goes on more slowly for some rounds, as conservative slow start (CSS), until it is clear which it was.
/// </summary>
/// <param name="step">L, in segments: how much one ACK grows the window at most [9406-5]; null for what is said where sending is not paced.</param>
internal sealed class HyStartPlusPlus(int? step) : ISlowStartExit
{
    private const int DefaultStep = 8; // RFC 9406 4.2
    private const int SamplesNeeded = 8; // N_RTT_SAMPLE
    private const int DelayDivisor = 8; // MIN_RTT_DIVISOR
    private const int CssGrowthDivisor = 4;
    private const int CssRounds = 5;

    private static readonly TimeSpan s_leastDelay = TimeSpan.FromMilliseconds(4); // MIN_RTT_THRESH
    private static readonly TimeSpan s_mostDelay = TimeSpan.FromMilliseconds(16); // MAX_RTT_THRESH

    private SeqNumber? _roundEnd;
    private int _samples;
    private TimeSpan? _shortest;
    private TimeSpan? _shortestBefore;

    // The shortest round-trip time of the round in which CSS began; null outside of CSS.
    private TimeSpan? _cssBaseline;
    private int _cssRounds;

    /// <summary>The round-trip times stayed long for so many rounds that congestion avoidance begins.</summary>
    public bool IsOver => _cssRounds >= CssRounds;

    public double Growth(in AcknowledgedData data, double window, int segmentSize)
    {
        _roundEnd ??= data.Nxt;
        double growth = Math.Min(data.Octets, (double)(step ?? DefaultStep) * segmentSize) / (_cssBaseline is null ? 1.0 : CssGrowthDivisor); // [9406-5, 9406-6]
        TakeSample(data.Rtt);
        if (data.Una >= _roundEnd)
        {
            BeginRound();
            _roundEnd = data.Una < data.Nxt ? data.Nxt : null; // if nothing is under way, it ends with what is sent next
        }

        return growth;
    }

    // A round ends when what was sent last at its beginning is acknowledged [9406-1].
    private void BeginRound()
    {
        _shortestBefore = _shortest;
        _shortest = null;
        _samples = 0;
        _cssRounds += _cssBaseline is null ? 0 : 1; // the round in which CSS began counts, even in part [9406-7]
    }

    private void TakeSample(TimeSpan? rtt)
    {
        if (rtt is not { } sample)
        {
            return;
        }

        _shortest = _shortest < sample ? _shortest : sample; // [9406-2]
        _samples++;
        if (_samples < SamplesNeeded)
        {
            return;
        }

        if (_cssBaseline is { } baseline)
        {
            if (_shortest < baseline)
            {
                // It was jitter: back to slow start [9406-4].
                _cssBaseline = null;
                _cssRounds = 0;
            }
        }
        else if (_shortest >= _shortestBefore + Threshold(_shortestBefore))
        {
            _cssBaseline = _shortest; // [9406-3]
        }
    }

    /// <summary>How much longer than in the round before is longer: an eighth of it, but neither a trifle nor too much.</summary>
    private static TimeSpan? Threshold(TimeSpan? before)
    {
        TimeSpan? eighth = before / DelayDivisor;
        return eighth < s_leastDelay ? s_leastDelay : eighth > s_mostDelay ? s_mostDelay : eighth;
    }
}
