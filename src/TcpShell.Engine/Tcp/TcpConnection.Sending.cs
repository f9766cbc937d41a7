using System.Globalization;
using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// Which data goes, new or again, as windows and loss recovery allow: RFC 9293 3.8.6, RFC 5681, RFC 6675 4 (NextSeg).
public sealed partial class TcpConnection
{
    // One entry of the retransmission queue for so many octets of send buffer, so that small segments do not cost memory without limit.
    private const int OctetsForEachSegment = 128;
    private const int SegmentsAtLeast = 64;

    private bool _retransmitNow;
    private int _restartWindow;
    private Timestamp _lastDataSent;

    private bool QueueIsFull => Unacknowledged.Count >= SegmentsAtLeast + (Settings.SendBufferSize / OctetsForEachSegment);

    /// <summary>Octets by which what is in flight may grow.</summary>
    private int CongestionRoom => (int)Math.Clamp((long)_congestion.Window - Unacknowledged.InFlight, 0, int.MaxValue);

    /// <summary>NextSeg, rule 1: what is lost goes first [6675-7, 6675-8].</summary>
    private bool TryRetransmit(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (Unacknowledged.FirstLost is not { } lost || lost.Flags.Has(TcpFlags.SYN) || (_forwardRto != ForwardRto.Off && !_retransmitNow))
        {
            return false;
        }

        // The first one goes whatever the windows say, as the timer or the ACKs demand [5681-10, 6298-11]; the others wait for room.
        // Inside of a window that shrank the old data goes again as usual [SHLD-16].
        bool fits = Math.Min(lost.Length, SendMaximumSegmentSize) <= CongestionRoom && lost.End - Snd.Una <= Snd.Wnd;
        if (!_retransmitNow && !fits)
        {
            return false;
        }

        _retransmitNow = false;
        outgoing = SendAgain(lost, lost.LostBy, NoteOf(lost), now);
        _highestRetransmitted = SeqNumber.Max(_highestRetransmitted, lost.End);
        return true;
    }

    /// <summary>
    /// NextSeg, rules 3 and 4 [6675-7]: where nothing new can be sent, what may yet be found lost; and once in a recovery its tail, which has no
    /// SACKed data behind it that could tell.
    /// </summary>
    private bool TryRetransmitEarly(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (!InRecovery || !SelectiveAcknowledgmentInForce || UsesRack || CongestionRoom < SendMaximumSegmentSize)
        {
            return false;
        }

        if (Unacknowledged.HighestSacked is { } highest && Unacknowledged.FirstUntouched(_highestRetransmitted, highest) is { } untouched)
        {
            outgoing = SendAgain(untouched, TransmitReason.FastRetransmit, "before it is known to be lost", now, both: true);
            _highestRetransmitted = untouched.End;
            return true;
        }

        if (Snd.Una > _rescued && Unacknowledged.LastNotSacked() is { } last)
        {
            _rescued = _recover;
            outgoing = SendAgain(last, TransmitReason.FastRetransmit, "rescue of the tail", now, both: true);
            return true;
        }

        return false;
    }

    /// <summary>F-RTO: up to two new segments between the first and the second ACK after a timeout [5682-1].</summary>
    private bool TryForwardRto(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (_forwardRto != ForwardRto.SecondAck)
        {
            return false;
        }

        if (_forwardSent < 2 && NextNew(overWindow: 0) is { } next)
        {
            _forwardSent++;
            outgoing = SendNew(next, TransmitReason.Data, "F-RTO: was the timeout spurious?", now);
            return true;
        }

        _forwardRto = _forwardSent == 0 ? ForwardRto.Off : ForwardRto.SecondAck; // [5682-6] nothing can go that would tell
        return false;
    }

    /// <summary>
    /// The probe of the tail, which cwnd does not hold back [8985-9]: new data if there is some, else the last segment again.
    /// </summary>
    private bool TryTailLossProbe(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        bool pending = _tailLossProbePending && RecoveryPhase == RecoveryPhase.Open;
        _tailLossProbePending = false;
        if (!pending || Unacknowledged.Back is not { } last || last.Flags.Has(TcpFlags.SYN))
        {
            return false;
        }

        Counters.TailLossProbes++;
        _sampledSinceProbe = false;
        _probeFlight = Snd.Outstanding;
        long usable = Snd.UsableWindow;
        int length = (int)Math.Min(Math.Min(_sendBuffer.OctetsOfRecord(Snd.Nxt, Unsent), SegmentRoom), usable);
        _probeWasRetransmission = length <= 0 || QueueIsFull || _waitsForEcnTimer;
        if (_probeWasRetransmission)
        {
            int most = SendMaximumSegmentSize;
            if (last.Length - (last.Flags.Has(TcpFlags.FIN) ? 1 : 0) > most)
            {
                Unacknowledged.Split(last, last.Length - most);
                last = Unacknowledged.Back;
            }

            outgoing = SendAgain(last, TransmitReason.TailLossProbe, "no ACK for two round trips", now, both: true);
        }
        else
        {
            outgoing = SendNew((length, _finQueued && length == Unsent && usable > length), TransmitReason.TailLossProbe, "no ACK for two round trips", now);
        }

        _probeEnd = Snd.Nxt;
        RestartRetransmissionTimer(now);
        return true;
    }

    private bool TrySendNew(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (Unacknowledged.FirstLost is not null || _forwardRto == ForwardRto.SecondAck) // what is lost goes first
        {
            return false;
        }

        // [3042-1, 3042-2, 3042-3, 5681-12] Each of the first two duplicate ACKs lets out one segment more. With SACK the pipe tells so by itself
        // [3042-4, 6675-6].
        bool limited = Settings.LimitedTransmit && RecoveryPhase == RecoveryPhase.Open;
        int extra = limited && !SelectiveAcknowledgmentInForce ? Math.Min(_duplicateAcks, DuplicateAckThreshold - 1) * SendMaximumSegmentSize : 0;
        RestartAfterIdle(now);
        if (NextNew(extra) is not { } next)
        {
            WatchWindow(now);
            return false;
        }

        bool beyond = RecoveryPhase == RecoveryPhase.Open && (long)Snd.Outstanding + next.Length > _congestion.Window;
        _limitedTransmitted += beyond ? next.Length : 0;
        outgoing = SendNew(next, next.Length == 0 ? TransmitReason.Close : TransmitReason.Data, beyond ? "limited transmit" : "", now);
        ScheduleProbe(restart: true, now);
        return true;
    }

    /// <summary>The next new segment that all the rules allow; null if none may go now.</summary>
    private (int Length, bool WithFin)? NextNew(int overWindow)
    {
        if (State is TcpState.SynSent or TcpState.SynReceived or TcpState.FinWait2 or TcpState.TimeWait || FinSent || QueueIsFull || _waitsForEcnTimer)
        {
            return null;
        }

        int unsent = Unsent;
        int room = SegmentRoom;
        long usable = Snd.UsableWindow; // [SHLD-15] below zero where the peer took back part of its window
        int length = (int)Math.Min(Math.Min(_sendBuffer.OctetsOfRecord(Snd.Nxt, unsent), room), usable);
        bool withFin = _finQueued && length == unsent && usable > length;
        if (length <= 0)
        {
            return withFin ? (0, true) : null;
        }

        // [5681-1] Without limited transmit SACKed data, too, keeps its place in the window until recovery begins.
        bool byPipe = Settings.LimitedTransmit || RecoveryPhase != RecoveryPhase.Open;
        long flight = byPipe ? Unacknowledged.InFlight : Snd.Outstanding;
        if (!IsWorthASegment(length, room, unsent, withFin) || flight + length > (long)_congestion.Window + overWindow)
        {
            return null;
        }

        return (length, withFin);
    }

    private OutgoingSegment SendNew((int Length, bool WithFin) next, TransmitReason reason, string note, Timestamp now)
    {
        _sendSilly = false;
        Timers.Stop(TimerKind.Persist);
        var sent = new SentSegment
        {
            SequenceNumber = Snd.Nxt,
            Length = next.Length + (next.WithFin ? 1 : 0),
            Flags = next.WithFin ? TcpFlags.FIN : TcpFlags.None,
            FirstSent = now,
            LastSent = now,
            EndsRecord = _sendBuffer.IsEndOfRecord(Snd.Nxt + next.Length),
        };
        TcpSegment segment = MakeData(sent.SequenceNumber, sent.Length, sent.Flags, now);
        Unacknowledged.Add(sent);
        Advance(sent.End);
        Counters.BytesSent += next.Length;
        _lastDataSent = now;
        NoteSent(sent.Length);
        StartRetransmissionTimer(now);
        return WithEcn(new(segment, reason, 1, note));
    }

    private OutgoingSegment SendAgain(SentSegment segment, TransmitReason reason, string note, Timestamp now, bool both = false)
    {
        int most = SendMaximumSegmentSize;
        Unacknowledged.Collapse(segment, Math.Min(most, SegmentRoom), CongestionRoom, Snd.Una + (int)Snd.Wnd);
        if (segment.Length - (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0) > most)
        {
            Unacknowledged.Split(segment, most);
        }

        Unacknowledged.MarkSentAgain(segment, now, both);
        Counters.Retransmissions++;
        Counters.BytesRetransmitted += segment.Length;
        Counters.FastRetransmits += reason == TransmitReason.FastRetransmit ? 1 : 0;
        _lastDataSent = now;
        if (RecoveryPhase != RecoveryPhase.Open)
        {
            _spurious.SentAgain(TimestampClock(now));
        }

        NoteSent(segment.Length);
        StartRetransmissionTimer(now);
        return new(MakeData(segment.SequenceNumber, segment.Length, segment.Flags, now), reason, segment.Transmissions, note);
    }

    private void NoteSent(int octets)
    {
        _prr.Sent(octets);
        if (Snd.Una >= _mostInFlightUpTo || Unacknowledged.InFlight > _mostInFlight)
        {
            _mostInFlight = Unacknowledged.InFlight;
            _mostInFlightUpTo = Snd.Nxt;
        }

        if (CongestionRoom < SendMaximumSegmentSize)
        {
            _windowFullUpTo = Snd.Nxt; // so far cwnd was used up, and may grow when this is acknowledged
        }
    }

    /// <summary>After an idle time of more than one RTO nothing is known of the path, and cwnd begins as at the start [5681-16, 6928-3].</summary>
    private void RestartAfterIdle(Timestamp now)
    {
        bool sendsAgain = Unacknowledged.Count == 0 && WaitsToSend && Snd.UsableWindow > 0;
        if (Settings.RestartAfterIdle && sendsAgain && now - _lastDataSent > Rtt.Rto && _congestion.Window > _restartWindow)
        {
            _congestion.Window = _restartWindow;
        }
    }

    private SendLimit CurrentLimit()
    {
        if (!IsSynchronized(State) || (Unacknowledged.Count == 0 && !WaitsToSend))
        {
            return SendLimit.None;
        }

        if (Unsent == 0)
        {
            return SendSpace == 0 || UserWaits ? SendLimit.SendBuffer : SendLimit.Application;
        }

        int segment = Math.Min(Unsent, SendMaximumSegmentSize);
        bool lost = Unacknowledged.Lost > 0;
        return !lost && Snd.UsableWindow < segment && Snd.UsableWindow < CongestionRoom ? SendLimit.ReceiveWindow // of two that bind, the smaller one
            : lost || CongestionRoom < segment ? SendLimit.CongestionWindow
            : SendLimit.Application; // Nagle waits for more of it
    }

    private string NoteOf(SentSegment lost) => lost.Cause switch
    {
        LossCause.DuplicateAcks => "after 3 duplicate ACKs",
        LossCause.PartialAck => "after a partial ACK",
        LossCause.SackedAbove => "enough above it was SACKed",
        LossCause.Rack when lost.SentBefore == TimeSpan.Zero => "RACK: sent together with one that arrived",
        LossCause.Rack => string.Create(CultureInfo.InvariantCulture, $"RACK: sent {lost.SentBefore.TotalMilliseconds:0.###} ms before one that arrived"),
        LossCause.WindowReopened => "the window has opened again",
        LossCause.PacketTooBig => $"the path's MTU is {PathMtu}",
        _ => TimeoutNote(),
    };

    private string TimeoutNote() => $"RTO {Seconds(Rtt.Rto)} s next";
}
