using TcpShell.Wire;

namespace TcpShell.Tcp.Congestion;

/// <summary>
/// HyStart (Ha and Rhee, "Taming the elephants: New TCP slow start", 2011) with the numbers of Linux's CUBIC: slow start ends at once where the
/// round-trip times of a round are longer than the shortest ever, or where the ACKs of a round come as a train that is half as long as that.
/// </summary>
/// <param name="step">How many segments one ACK grows the window at most; null for one (RFC 5681 3.1).</param>
internal sealed class HyStart(int? step) : ISlowStartExit
{
    private const int LeastWindow = 16; // segments; below, there are too few ACKs in a round
    private const int SamplesNeeded = 8;
    private const int DelayDivisor = 8;
    private const int TrainDivisor = 2;

    private static readonly TimeSpan s_leastDelay = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan s_mostDelay = TimeSpan.FromMilliseconds(16);
    private static readonly TimeSpan s_trainGap = TimeSpan.FromMilliseconds(2);

    private TimeSpan? _shortestEver;
    private SeqNumber? _roundEnd;
    private Timestamp _roundStart;
    private Timestamp _lastOfTrain;
    private TimeSpan _shortest;
    private int _samples;

    public bool IsOver { get; private set; }

    public double Growth(in AcknowledgedData data, double window, int segmentSize)
    {
        _shortestEver = _shortestEver < data.Rtt ? _shortestEver : data.Rtt ?? _shortestEver;
        if (_shortestEver is { } shortestEver && window >= LeastWindow * segmentSize)
        {
            if (_roundEnd is not { } end || data.Una > end)
            {
                BeginRound(data);
            }

            IsOver = IsTrainLong(data.Now, shortestEver) || IsDelayLong(data.Rtt, shortestEver);
        }

        return IsOver ? 0 : Math.Min(data.Octets, (double)(step ?? 1) * segmentSize);
    }

    private void BeginRound(in AcknowledgedData data)
    {
        _roundEnd = data.Nxt;
        _roundStart = _lastOfTrain = data.Now;
        _shortest = TimeSpan.MaxValue;
        _samples = 0;
    }

    /// <summary>ACKs close behind each other for so long: that much data is what the path holds.</summary>
    private bool IsTrainLong(Timestamp now, TimeSpan shortestEver)
    {
        if (now - _lastOfTrain > s_trainGap)
        {
            return false;
        }

        _lastOfTrain = now;
        return now - _roundStart > shortestEver / TrainDivisor;
    }

    private bool IsDelayLong(TimeSpan? rtt, TimeSpan shortestEver)
    {
        if (rtt is not { } sample)
        {
            return false;
        }

        _shortest = sample < _shortest ? sample : _shortest;
        TimeSpan longer = shortestEver / DelayDivisor;
        longer = longer < s_leastDelay ? s_leastDelay : longer > s_mostDelay ? s_mostDelay : longer;
        return ++_samples > SamplesNeeded && _shortest > shortestEver + longer;
    }
}
