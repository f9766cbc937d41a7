using TcpShell.Tcp.Congestion;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// Explicit congestion notification (RFC 3168 [SHLD-8]).
public sealed partial class TcpConnection
{
    private const TcpFlags EcnFlags = TcpFlags.ECE | TcpFlags.CWR;

    // Whether our last SYN asked. Whoever has once asked or agreed echoes marks, even if nothing comes of it.
    private bool _ecnAsked;
    private bool _ecnOffered;

    // The receiver's half: ECE goes out with every ACK until the peer's CWR.
    private bool _echoesCongestion;

    // The sender's half: an ACK with ECE lets no window grow; the first new data tells that the window was reduced; with a window of one segment it waits for the timer.
    private bool _ackEchoesCongestion;
    private bool _cwrPending;
    private bool _waitsForEcnTimer;

    // What was sent before the last reduction ends here, and can only tell of the same congestion; null once more is acknowledged.
    private SeqNumber? _reductionEnd;
    private bool _reducedByEcho;

    /// <summary>Whether new data is sent as ECN-capable: both SYNs agreed on it (RFC 3168 6.1.1).</summary>
    public bool EcnInForce { get; private set; }

    /// <summary>Whether the window was reduced for a mark, and what was sent before is not yet all acknowledged (Linux's state CWR).</summary>
    public bool IsReducedByEcho => _reducedByEcho && _reductionEnd is not null;

    /// <summary>The control bits of our SYN that ask for ECN, or of our SYN,ACK that agree to it [3168-1].</summary>
    private TcpFlags EcnSynFlags(bool answering)
    {
        if (answering)
        {
            _ecnOffered |= EcnInForce;
            return EcnInForce ? TcpFlags.ECE : TcpFlags.None;
        }

        // Who does not answer may be behind something that drops such SYNs [3168-8].
        _ecnAsked = Settings.Ecn == EcnMode.Request && Unacknowledged.Front is not { Transmissions: > 1 };
        _ecnOffered |= _ecnAsked;
        return _ecnAsked ? EcnFlags : TcpFlags.None;
    }

    /// <summary>The peer's SYN, or its SYN,ACK: what it says of ECN counts only if it never said anything else [3168-1, 3168-2].</summary>
    private void NegotiateEcn(in TcpSegment syn)
    {
        bool willing = State switch
        {
            TcpState.Listen => Settings.Ecn != EcnMode.Off,
            TcpState.SynSent => _ecnAsked,
            _ => EcnInForce,
        };
        TcpFlags form = syn.Flags.Has(TcpFlags.ACK) ? TcpFlags.ECE : EcnFlags; // ECE and CWR in a SYN,ACK are reserved bits that were reflected
        EcnInForce = willing && (syn.Flags & EcnFlags) == form;
    }

    /// <summary>
    /// A RST answers our SYN, which asked for ECN: some old firewalls do that, so the SYN goes once more without it [3168-8].
    /// </summary>
    private bool TryWithoutEcn()
    {
        if (!_ecnAsked)
        {
            return false;
        }

        _synPending = true;
        _synAgainBy = TransmitReason.Open;
        return true;
    }

    /// <summary>The receiver's half: CWR ends the echo, whatever packet it comes on, and CE begins it (again) [3168-4, 3168-9].</summary>
    private void TakeCongestionMark(in TcpSegment segment)
    {
        if (segment.Flags.Has(TcpFlags.CWR))
        {
            _echoesCongestion = false;
        }

        _echoesCongestion |= _ecnOffered && ReceivedTrafficClass.ToEcn() == Ecn.Ce;
    }

    /// <summary>The sender's half: a mark that is echoed is as good as a loss, once in a window [3168-5].</summary>
    private void TakeCongestionEcho(in TcpSegment segment, Timestamp now)
    {
        _ackEchoesCongestion = EcnInForce && segment.Flags.Has(TcpFlags.ECE);
        if (!_ackEchoesCongestion || segment.AcknowledgmentNumber < Snd.Una || segment.AcknowledgmentNumber <= _reductionEnd)
        {
            return;
        }

        // The window cannot get smaller than one segment, but the pace can [3168-7, 9438-11].
        _waitsForEcnTimer |= _congestion.Window <= SendMaximumSegmentSize;
        ReduceWindow(CongestionSignal.EcnEcho, Snd.Outstanding, now);
    }

    /// <summary>After an acknowledgment: who waits for the timer needs one that runs.</summary>
    private void SettleEcn(Timestamp now)
    {
        if (Snd.Una > _reductionEnd)
        {
            _reductionEnd = null;
        }

        if (_waitsForEcnTimer && State != TcpState.TimeWait && !RecoveryTimerRuns)
        {
            RestartRetransmissionTimer(now);
        }
    }

    /// <summary>Tells the congestion control of congestion, and the peer that the window is reduced.</summary>
    /// <param name="signal">What tells of it.</param>
    /// <param name="flightSize">FlightSize: octets sent and not acknowledged.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether the window is reduced by it, and not already by a mark of the same window.</returns>
    private bool ReduceWindow(CongestionSignal signal, int flightSize, Timestamp now)
    {
        if (InRecovery)
        {
            _congestion.Window = _congestion.SlowStartThreshold; // recovery has steered it; this is what it will leave behind
        }

        bool alreadyDone = signal == CongestionSignal.Loss && _reducedByEcho && _reductionEnd is not null;
        if (!alreadyDone) // a loss in a window whose mark was answered is the same congestion [3168-5]
        {
            _congestion.Congested(signal, flightSize, now);
        }

        _reductionEnd = Snd.Max;
        _reducedByEcho = alreadyDone || signal == CongestionSignal.EcnEcho;
        _cwrPending = EcnInForce;
        return !alreadyDone;
    }

    /// <summary>New data, and only that, is ECN-capable: ECT(0); the first of it after a reduction says so [3168-2, 3168-3, 3168-6].</summary>
    private OutgoingSegment WithEcn(in OutgoingSegment newData)
    {
        if (!EcnInForce || newData.Segment.Payload.IsEmpty)
        {
            return newData;
        }

        TcpFlags reduced = _cwrPending ? TcpFlags.CWR : TcpFlags.None;
        _cwrPending = false;
        return newData with { Ecn = Ecn.Ect0, Segment = newData.Segment with { Flags = newData.Segment.Flags | reduced } };
    }
}
