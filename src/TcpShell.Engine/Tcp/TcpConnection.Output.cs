using TcpShell.Wire;

namespace TcpShell.Tcp;

// What is sent, and when. TryPollTransmit looks for one reason to send after the other, the urgent ones first.
public sealed partial class TcpConnection
{
    // The answers to segments are bounded by what arrives, but nobody is forced to poll between arrivals. A live network takes 64 packets in at most.
    private const int MaximumReplies = 64;

    private static readonly byte[] s_garbage = [0];

    private readonly Queue<OutgoingSegment> _replies = new();
    private byte[] _payload = [];
    private bool _synPending;
    private TransmitReason _synAgainBy = TransmitReason.Open;
    private bool _windowUpdatePending;
    private bool _probePending;
    private bool _keepAlivePending;
    private bool _urgentQueued;
    private bool _sendSilly;

    private bool FinSent => _finQueued && Snd.Nxt == _sendBuffer.End + 1;

    /// <summary>Octets that were given by the user and never sent.</summary>
    private int Unsent => FinSent ? 0 : _sendBuffer.End - Snd.Nxt;

    /// <summary>
    /// Takes the next segment to send. Poll again until nothing is left; after every call that takes a time, anything can be ready.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="outgoing">The segment and why it is sent; its payload is valid until the next poll.</param>
    /// <returns>Whether there was a segment.</returns>
    public bool TryPollTransmit(Timestamp now, out OutgoingSegment outgoing)
    {
        bool found = _replies.TryDequeue(out outgoing) || TryAbort(now, out outgoing);
        if (!found && State is not (TcpState.Closed or TcpState.Listen))
        {
            found = TrySyn(now, out outgoing) || TryData(now, out outgoing) || TryAcknowledge(now, out outgoing);
        }

        if (!found)
        {
            Limits.Enter(CurrentLimit(), now);
            return false;
        }

        Counters.SegmentsSent++;
        if (outgoing.Segment.Flags.Has(TcpFlags.ACK))
        {
            Rcv.LastAckSent = outgoing.Segment.AcknowledgmentNumber;
        }

        return true;
    }

    private bool TryData(Timestamp now, out OutgoingSegment outgoing)
    {
        if (InterfaceIsFull)
        {
            outgoing = default;
            KeepWhatCannotGo(now);
            return false;
        }

        return TryTailLossProbe(now, out outgoing)
            || TryForwardRto(now, out outgoing)
            || TryRetransmit(now, out outgoing)
            || TrySendNew(now, out outgoing)
            || TryRetransmitEarly(now, out outgoing)
            || TryProbe(now, out outgoing);
    }

    private void Reply(in TcpSegment segment, TransmitReason reason, string note)
    {
        if (_replies.Count < MaximumReplies)
        {
            _replies.Enqueue(new(segment, reason, 1, note));
        }
    }

    // 3.10.5: the RST of an ABORT.
    private bool TryAbort(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (_abortPlaces.TryDequeue(out SeqNumber place))
        {
            outgoing = new(Make(TcpFlags.RST | TcpFlags.ACK, place, default, now), TransmitReason.Reset, 1, "the user aborts, and the peer may have got as far as here");
            return true;
        }

        if (!_abortPending)
        {
            return false;
        }

        _abortPending = false;
        outgoing = new(Make(TcpFlags.RST | TcpFlags.ACK, Snd.Nxt, default, now), TransmitReason.Reset, 1, "the user aborts");
        return true;
    }

    private bool TrySyn(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (!_synPending)
        {
            return false;
        }

        _synPending = false;
        bool answering = State != TcpState.SynSent;
        bool again = _synAgainBy != TransmitReason.Open;
        int attempt = CountSyn(again, now);
        string note = _synAgainBy == TransmitReason.RetransmissionTimeout ? TimeoutNote() : "";
        TcpSegment segment = new()
        {
            SourcePort = Local.Port,
            DestinationPort = Remote.Port,
            SequenceNumber = Snd.Iss,
            AcknowledgmentNumber = answering ? Rcv.Nxt : 0,
            Flags = EcnSynFlags(answering) | (answering ? TcpFlags.SYN | TcpFlags.ACK : TcpFlags.SYN),
            Window = SynWindow(),
            Options = SynOptions(answering, now),
        };
        outgoing = new(segment, _synAgainBy, attempt, note);
        _synAgainBy = TransmitReason.Open;
        ForgetPendingAcks();
        if (Unacknowledged.Count > 0)
        {
            StartRetransmissionTimer(now);
        }

        return true;
    }

    /// <summary>Keeps our SYN until it is acknowledged.</summary>
    /// <returns>Which transmission this is, from 1.</returns>
    private int CountSyn(bool again, Timestamp now)
    {
        Counters.Retransmissions += again ? 1 : 0;
        if (Unacknowledged.Front is { } sent && sent.Flags.Has(TcpFlags.SYN))
        {
            // The SYN,ACK of a simultaneous open is no repetition, but an ACK of it can as well be one of our first SYN (Karn).
            Unacknowledged.MarkSentAgain(sent, now);
            return again ? sent.Transmissions : 1;
        }

        if (again)
        {
            return 2; // only the two-way handshake repeats a SYN that it does not keep
        }

        Advance(Snd.Iss + 1);
        if (State == TcpState.Established)
        {
            // The two-way handshake believes at once: our SYN counts as acknowledged without anybody having done so.
            Snd.Una = Snd.Nxt;
            return 1;
        }

        Unacknowledged.Add(new() { SequenceNumber = Snd.Iss, Length = 1, Flags = TcpFlags.SYN, FirstSent = now, LastSent = now });
        return 1;
    }

    private bool WaitsToSend => Unsent > 0 || (_finQueued && !FinSent);

    /// <summary>Data waits, nothing is in flight that could bring an ACK, and the window is closed or silly: the persist timer sees to it.</summary>
    private void WatchWindow(Timestamp now)
    {
        if (WaitsToSend && Unacknowledged.Count == 0 && !Timers.IsRunning(TimerKind.Persist) && !_probePending && !_waitsForEcnTimer)
        {
            Timers.Set(TimerKind.Persist, now + PersistInterval()); // [SHLD-29]
        }
    }

    /// <summary>
    /// A probe of a closed window carries one octet beyond it, or the FIN if there is no data [MUST-35, MUST-36]; or nothing at all, with a number
    /// that the peer must answer.
    /// </summary>
    private bool TryProbe(Timestamp now, out OutgoingSegment outgoing)
    {
        outgoing = default;
        if (_probePending)
        {
            _probePending = false;
            bool data = Unsent > 0;
            if (WaitsToSend)
            {
                Counters.ZeroWindowProbes++;
                if (!Settings.ZeroWindowProbeData)
                {
                    outgoing = new(Make(TcpFlags.ACK, Snd.Nxt - 1, default, now), TransmitReason.ZeroWindowProbe, _unanswered, "");
                    return true;
                }

                Snd.Max = SeqNumber.Max(Snd.Max, Snd.Nxt + 1); // the peer may take the octet after all
                outgoing = new(MakeData(Snd.Nxt, 1, data ? TcpFlags.None : TcpFlags.FIN, now), TransmitReason.ZeroWindowProbe, _unanswered, "");
                return true;
            }
        }

        if (_keepAlivePending)
        {
            _keepAlivePending = false;
            Counters.KeepAliveProbes++;
            ReadOnlyMemory<byte> garbage = Settings.KeepAliveGarbage ? s_garbage : default; // [SHLD-12, MAY-6]
            outgoing = new(Make(TcpFlags.ACK, Snd.Nxt - 1, garbage, now), TransmitReason.KeepAliveProbe, _keepAliveProbesSent, "");
            return true;
        }

        return false;
    }

    /// <summary>A segment with data from the send buffer, or a bare FIN. Sequence space of a FIN is counted in <paramref name="length"/>.</summary>
    private TcpSegment MakeData(SeqNumber sequence, int length, TcpFlags flags, Timestamp now)
    {
        int count = length - (flags.Has(TcpFlags.FIN) ? 1 : 0);
        if (_payload.Length < count)
        {
            _payload = new byte[Math.Max(count, SendMaximumSegmentSize)];
        }

        _sendBuffer.CopyTo(sequence, _payload.AsSpan(0, count));
        flags |= TcpFlags.ACK | (IsPushed(sequence, count) ? TcpFlags.PSH : TcpFlags.None);
        return Make(flags, sequence, _payload.AsMemory(0, count), now);
    }

    /// <summary>Every segment but a SYN is made here; it acknowledges all that was received [U-19].</summary>
    private TcpSegment Make(TcpFlags flags, SeqNumber sequence, ReadOnlyMemory<byte> payload, Timestamp now)
    {
        ForgetPendingAcks();
        bool isReset = flags.Has(TcpFlags.RST);
        bool urgent = Snd.Up > sequence && !isReset && Snd.Up > Snd.Una;
        flags |= _echoesCongestion && !isReset ? TcpFlags.ECE : TcpFlags.None; // [3168-4]
        TcpOptions options = SegmentOptions(payload.Length, now);
        if (options.Sack.Count > 0)
        {
            _duplicate = null; // [2883-1] it was told, and is told once
        }

        _userTimeoutPending &= options.UserTimeout is null || isReset;

        return new TcpSegment
        {
            SourcePort = Local.Port,
            DestinationPort = Remote.Port,
            SequenceNumber = sequence,
            AcknowledgmentNumber = Rcv.Nxt,
            Flags = urgent ? flags | TcpFlags.URG : flags,
            UrgentPointer = urgent ? (ushort)Math.Min(ushort.MaxValue, Snd.Up - sequence) : (ushort)0, // [MUST-31]
            Window = AdvertisedWindow(),
            Options = options,
            Payload = payload,
        };
    }

    private void Advance(SeqNumber next)
    {
        Snd.Nxt = next;
        Snd.Max = SeqNumber.Max(Snd.Max, next);
    }

    /// <summary>The window of a SYN is not scaled [7323-2]; whole segments, so that the first flight fills it evenly.</summary>
    private ushort SynWindow()
    {
        int window = Math.Min(_reassembler.Free, ushort.MaxValue);
        window = window > ReceiveMaximumSegmentSize ? window - (window % ReceiveMaximumSegmentSize) : window;
        Rcv.Edge = SeqNumber.Max(Rcv.Edge, Rcv.Nxt + window); // a SYN,ACK that goes again takes nothing back that an ACK has told since
        Rcv.Told = (uint)window;
        return (ushort)window;
    }

    /// <summary>RCV.WND as it goes into the header. Its right edge moves by worthwhile steps only [MUST-39] and never back [SHLD-14];
    /// while the user takes nothing it stays closed [MAY-8].</summary>
    private ushort AdvertisedWindow()
    {
        SeqNumber edge = LargestEdge();
        if (edge - Rcv.Edge >= WorthwhileStep)
        {
            Rcv.Edge = edge;
        }

        var window = (ushort)Math.Min(Rcv.Wnd >> Rcv.WindowShift, ushort.MaxValue);
        Rcv.Told = (uint)window << Rcv.WindowShift;
        return window;
    }

    private int WorthwhileStep => Math.Min(Settings.ReceiveBufferSize / 2, ReceiveMaximumSegmentSize);

    private SeqNumber LargestEdge() => Rcv.Nxt + (int)Math.Min(_reassembler.Free, (long)ushort.MaxValue << Rcv.WindowShift);

    /// <summary>Whether the peer should hear that the window has opened: it may be stuck, or the step is a large one.</summary>
    private bool WindowWouldOpenMuch()
    {
        int step = LargestEdge() - Rcv.Edge;
        long largest = Math.Min(Settings.ReceiveBufferSize, (long)ushort.MaxValue << Rcv.WindowShift);
        return step >= WorthwhileStep && (Rcv.Told < ReceiveMaximumSegmentSize || step >= largest / 4);
    }
}
