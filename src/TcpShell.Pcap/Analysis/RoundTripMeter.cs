using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Measures the round trips from what one end sends to the peer's ACK of it, as the capturing point sees them.</summary>
internal struct RoundTripMeter
{
    /// <summary>From a segment with something new to the ACK of just that.</summary>
    public RttSamples Rtt;

    /// <summary>From a timestamp to its echo, about once in a round trip.</summary>
    public RttSamples TimestampRtt;

    private OutstandingSegments _outstanding;
    private long _timestampTime;
    private uint _timestamp;
    private bool _hasTimestamp;

    /// <summary>The end sends something that takes sequence space.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isRepeated">Whether it begins with something that was sent before.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void NoteSent(in SegmentSummary segment, bool isRepeated)
    {
        if (isRepeated)
        {
            _outstanding.Forget(segment.SequenceNumber);
        }
        else
        {
            _outstanding.Add(segment.End, segment.Time);
        }

        if (!_hasTimestamp && segment.Has(SegmentOptions.Timestamps))
        {
            _hasTimestamp = true;
            _timestamp = segment.TimestampValue;
            _timestampTime = segment.Time;
        }
    }

    /// <summary>The peer acknowledges something.</summary>
    /// <param name="segment">The peer's segment.</param>
    /// <returns>The round trip in nanoseconds; -1 if it tells none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long NoteAcknowledged(in SegmentSummary segment)
    {
        long rtt = _outstanding.Acknowledge(segment.AcknowledgmentNumber, segment.Time);
        if (rtt >= 0)
        {
            Rtt.Add(rtt);
        }

        if (_hasTimestamp && segment.Has(SegmentOptions.Timestamps) && unchecked((int)(segment.TimestampEcho - _timestamp)) >= 0)
        {
            _hasTimestamp = false;
            if (segment.TimestampEcho == _timestamp && segment.Time >= _timestampTime)
            {
                TimestampRtt.Add(segment.Time - _timestampTime);
            }
        }

        return rtt;
    }

    /// <summary>What waits for its ACK was sent over a connection that is no more.</summary>
    public void ForgetSent() => _outstanding = default;
}
