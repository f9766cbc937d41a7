using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 5961: the ACKs that answer what cannot be right, and how many of them.
public sealed partial class TcpConnection
{
    private Timestamp _challengePeriodStart;
    private int _challengesInPeriod;

    /// <summary>The ACK that answers an unacceptable segment: SEQ=SND.NXT, ACK=RCV.NXT.</summary>
    private SegmentVerdict AnswerWithAck(string rule, string text)
    {
        AcknowledgeAlone();
        return new(SegmentFate.Acknowledged, rule, text);
    }

    /// <summary>
    /// The same; for a segment without data out of the allowance of challenge ACKs: where two ends disagree on numbers or times, as after
    /// forged segments, each of them would answer the other's ACK with an ACK for ever [5961-5].
    /// </summary>
    private SegmentVerdict AnswerSparingly(in TcpSegment segment, string rule, string text, Timestamp now) =>
        segment.Length > 0 || TakeFromAllowance(now) ? AnswerWithAck(rule, text) : OutOfAllowance();

    /// <summary>A challenge ACK, as long as this connection's allowance lasts [5961-5].</summary>
    private SegmentVerdict Challenge(Timestamp now, string text)
    {
        if (!TakeFromAllowance(now))
        {
            return OutOfAllowance();
        }

        Counters.ChallengeAcks++;
        Reply(MakeAck(now), TransmitReason.ChallengeAck, text); // [5961-6]
        return new(SegmentFate.Challenged, "5961 4", text);
    }

    private bool TakeFromAllowance(Timestamp now)
    {
        if (now - _challengePeriodStart >= Settings.ChallengeAckPeriod)
        {
            _challengePeriodStart = now;
            _challengesInPeriod = 0;
        }

        if (_challengesInPeriod >= Settings.ChallengeAckLimit)
        {
            return false;
        }

        _challengesInPeriod++;
        return true;
    }

    private static SegmentVerdict OutOfAllowance() => SegmentVerdict.Drop("5961 7", "The allowance of challenge ACKs is used up for now.");
}
