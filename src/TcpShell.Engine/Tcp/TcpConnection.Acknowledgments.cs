using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// What an acknowledgment does for the sender: RFC 9293 3.10.7.4 fifth, RFC 5681, RFC 6298, RFC 2018. What follows of it is in Recovery.
public sealed partial class TcpConnection
{
    // The segments of which the present ACK is the first word that they arrived.
    private readonly List<SentSegment> _delivered = [];

    // cwnd, and nothing else, limited what was sent up to here.
    private SeqNumber _windowFullUpTo;
    private bool _spaceWanted;

    // The most octets that were in flight at once in the present window's worth of data, and where that ends.
    private int _mostInFlight;
    private SeqNumber _mostInFlightUpTo;

    private bool UsesHalfOfWindow => CongestionWindow < SlowStartThreshold && CongestionWindow / 2 < _mostInFlight;

    /// <summary>What one ACK told.</summary>
    /// <param name="Acknowledged">Octets by which SND.UNA moved.</param>
    /// <param name="Delivered">Octets of which it is the first word that they arrived [6937-2].</param>
    /// <param name="IsDuplicate">Whether it is a duplicate ACK: without SACK by RFC 5681 2, with SACK by RFC 6675 2.</param>
    /// <param name="IsBare">Whether it tells nothing at all: no data, no news, no other window.</param>
    /// <param name="Duplicate">Its D-SACK block, if it has one.</param>
    /// <param name="Echo">Its TSecr, if timestamps are in force.</param>
    private readonly record struct AckNews(int Acknowledged, int Delivered, bool IsDuplicate, bool IsBare, SackBlock? Duplicate, uint? Echo)
    {
        public bool Advances => Acknowledged > 0;
    }

    /// <summary>Takes SEG.ACK and the SACK blocks of a segment; both were judged to be of this connection.</summary>
    private void TakeAcknowledgment(in TcpSegment segment, Timestamp now)
    {
        SeqNumber una = Snd.Una;
        bool ofSyn = una == Snd.Iss;
        _awaitsPush = false; // what was held back for company has waited long enough
        bool isBare = TellsNothing(segment);
        bool waits = Unacknowledged.Count > 0;
        bool windowWasFull = una < _windowFullUpTo || (Settings.GrowHalfUsedWindow && UsesHalfOfWindow);
        int sacked = Unacknowledged.SackedOctets;
        TimeSpan? roundTrip = null;
        if (segment.AcknowledgmentNumber > una)
        {
            roundTrip = AcknowledgeUpTo(segment.AcknowledgmentNumber, ofSyn, segment, now);
        }

        SackBlock? duplicate = SelectiveAcknowledgmentInForce ? TakeSackBlocks(segment) : null;
        if (ofSyn)
        {
            RecoveryPhase = RecoveryPhase.Open;
            _delivered.Clear();
            return; // [5681-3] the handshake does not grow the window
        }

        int acknowledged = Snd.Una - una;
        int delivered = acknowledged + Unacknowledged.SackedOctets - sacked;
        bool isDuplicate = SelectiveAcknowledgmentInForce ? acknowledged == 0 && delivered > 0 : isBare && waits; // [5681-11, 6675-4]
        uint? echo = TimestampsInForce && segment.Options.Timestamps is { EchoReply: not 0 } timestamps ? timestamps.EchoReply : null;
        var news = new AckNews(acknowledged, delivered, isDuplicate, isBare && delivered == 0, duplicate, echo);
        int growth = Settings.GrowByDelivered ? NewlyTold(news) : acknowledged;
        bool grows = Recover(news, now);
        _delivered.Clear();
        bool shows = news.Advances || (Settings.GrowByDelivered && Reordering > DuplicateAckThreshold && growth > 0);
        if (grows && shows && !_ackEchoesCongestion) // [3168-5]
        {
            _congestion.Acknowledged(new(growth, now, Snd.Una, Snd.Nxt, roundTrip, Rtt.Smoothed, windowWasFull));
        }

        ScheduleProbe(news.Advances, now);
    }

    /// <summary>Octets that arrived and of which nothing was told before. Without SACK each duplicate ACK has told of a segment.</summary>
    private int NewlyTold(in AckNews news) => SelectiveAcknowledgmentInForce
        ? news.Delivered
        : Math.Max(Math.Min(news.Acknowledged, SendMaximumSegmentSize), news.Acknowledged - (_duplicateAcks * SendMaximumSegmentSize));

    /// <summary>New data, our SYN or our FIN is acknowledged.</summary>
    /// <returns>The round-trip time that was measured by it, if one could be.</returns>
    private TimeSpan? AcknowledgeUpTo(SeqNumber ack, bool ofSyn, in TcpSegment segment, Timestamp now)
    {
        int data = Math.Clamp(ack - _sendBuffer.Start, 0, _sendBuffer.Count);
        int flight = Snd.Outstanding;
        Timestamp? sampleFrom = Unacknowledged.Acknowledge(ack, _delivered);
        Snd.Una = ack;
        if (ofSyn)
        {
            // A repetition of our SYN that was due is not any more.
            _synPending = false;
            _synAgainBy = TransmitReason.Open;
        }

        if (ack > Snd.Nxt)
        {
            // The octet of a zero-window probe was taken.
            Counters.BytesSent += Math.Min(ack - Snd.Nxt, data);
            Snd.Nxt = ack;
        }

        _sendBuffer.Acknowledge(ack);
        Snd.Up = SeqNumber.Max(Snd.Up, ack);
        _urgentQueued &= Snd.Up > ack;
        _windowFullUpTo = SeqNumber.Max(_windowFullUpTo, ack);
        Counters.BytesAcknowledged += data;
        TimeSpan? roundTrip = MeasureRoundTrip(sampleFrom, ofSyn, flight, segment, now);

        _retries = 0;
        if (Unacknowledged.Count == 0)
        {
            StopRecoveryTimers(); // [6298-10]
        }
        else if (!IsLaterPartialAck(ack))
        {
            RestartRetransmissionTimer(now); // [6298-10]
        }

        Timers.Stop(TimerKind.UserTimeout);
        ArmUserTimeout(now);
        if (_spaceWanted && _sendBuffer.Free > 0)
        {
            _spaceWanted = false;
            Tell(ConnectionEventKind.SpaceAvailable, now);
        }

        return roundTrip;
    }

    /// <summary>
    /// A sample where Karn allows one, else from the echoed timestamp [6298-6, 6298-7]; none from a handshake that was retransmitted [6298-12],
    /// and none from an ACK of nothing new [7323-10]. One ACK for two segments is expected: the more of them a flight brings, the less each weighs [7323-17].
    /// </summary>
    private TimeSpan? MeasureRoundTrip(Timestamp? sampleFrom, bool ofSyn, int flight, in TcpSegment segment, Timestamp now)
    {
        TimeSpan? roundTrip = sampleFrom is { } sent ? now - sent : null;
        if (roundTrip is null && !ofSyn && TimestampsInForce && segment.Options.Timestamps is { EchoReply: not 0 } timestamps)
        {
            int milliseconds = unchecked((int)(TimestampClock(now) - timestamps.EchoReply));
            roundTrip = milliseconds >= 0 ? TimeSpan.FromMilliseconds(milliseconds) : null;
        }

        if (roundTrip is { } sample)
        {
            int perAck = SegmentsPerAck * SendMaximumSegmentSize;
            Rtt.Sample(sample, Math.Max(1, (flight + perAck - 1) / perAck));
            _sampledSinceProbe = true;
        }

        return roundTrip;
    }

    /// <summary>
    /// Notes what the peer holds beyond a gap. A block outside of what was sent is ignored [2018-9]; one below what the same segment acknowledges,
    /// or inside of the block that follows it, tells of data that arrived twice [2883-2].
    /// </summary>
    /// <returns>The block that tells of data that arrived twice, if there is one.</returns>
    private SackBlock? TakeSackBlocks(in TcpSegment segment)
    {
        SackBlocks blocks = segment.Options.Sack;
        SackBlock? duplicate = null;
        for (int i = 0; i < blocks.Count; i++)
        {
            SackBlock block = blocks[i];
            if (block.Left >= block.Right || block.Right > Snd.Max)
            {
                continue;
            }

            bool belowAck = block.Right <= segment.AcknowledgmentNumber;
            bool insideOfNext = blocks.Count > 1 && block.Left >= blocks[1].Left && block.Right <= blocks[1].Right;
            if (i == 0 && (belowAck || insideOfNext))
            {
                duplicate = block;
            }
            else if (block.Left >= segment.AcknowledgmentNumber && block.Right > Snd.Una)
            {
                Unacknowledged.Sack(new(SeqNumber.Max(block.Left, Snd.Una), block.Right), _delivered);
            }
        }

        if (blocks.Count > 1)
        {
            _delivered.Sort(static (a, b) => a.SequenceNumber - b.SequenceNumber); // RACK wants them in order, and blocks come in none
        }

        return duplicate;
    }

    /// <summary>Whether a segment has neither data nor news in its fixed header; a duplicate ACK where something is in flight [5681-11].</summary>
    private bool TellsNothing(in TcpSegment segment) =>
        segment.AcknowledgmentNumber == Snd.Una
        && segment.Length == 0
        && (uint)segment.Window << Snd.WindowShift == Snd.Wnd;

    private void SetSendWindow(in TcpSegment segment, int shift)
    {
        Snd.Wnd = (uint)segment.Window << shift;
        Snd.MaxWnd = Math.Max(Snd.MaxWnd, Snd.Wnd);
        Snd.Wl1 = segment.SequenceNumber;
        Snd.Wl2 = segment.AcknowledgmentNumber;
    }

    /// <summary>
    /// The peer's window, unless the segment is older than the one that set it last [U-11]. One that acknowledges new data is never older,
    /// even if its own text is: a retransmission has a low number and a new window, and going by the number alone would leave the old window
    /// standing behind the new SND.UNA, where the peer never opened one.
    /// </summary>
    private void UpdateSendWindow(in TcpSegment segment, bool advances, Timestamp now)
    {
        if (segment.AcknowledgmentNumber < Snd.Una)
        {
            return;
        }

        _unanswered = 0;
        bool newer = advances || Snd.Wl1 < segment.SequenceNumber || (Snd.Wl1 == segment.SequenceNumber && Snd.Wl2 <= segment.AcknowledgmentNumber);
        if (!newer)
        {
            return;
        }

        bool wasClosed = Snd.Wnd == 0;
        SetSendWindow(segment, Snd.WindowShift);
        if (Snd.Wnd == 0)
        {
            _retries = 0; // [MUST-37, SHLD-17] a peer that answers is not dead, however long its window stays closed
            return;
        }

        _persistBackoff = 0;
        _probePending = false;
        if (!wasClosed)
        {
            return; // a silly window keeps its timer, however often the peer repeats it [MUST-38]
        }

        Timers.Stop(TimerKind.Persist);
        if (Unacknowledged.Count > 0)
        {
            // What was sent into the closed window was dropped there; it need not wait for its timer.
            RetransmitFront(LossCause.WindowReopened);
            RestartRetransmissionTimer(now);
        }
    }
}
