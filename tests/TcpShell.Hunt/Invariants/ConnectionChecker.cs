using TcpShell.Hunt.Running;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Invariants;

/// <summary>What must be so of a connection whenever its host has done what there was to do.</summary>
internal static class ConnectionChecker
{
    // Queues are walked through now and then only, long ones seldom.
    private const int Often = 4;
    private const int Seldom = 32;
    private const int ShortQueue = 8;

    // RFC 9293 MUST-40
    private static readonly TimeSpan s_longestAckDelay = TimeSpan.FromMilliseconds(500);

    public static void Check(End end, Timestamp now, long step)
    {
        TcpConnection tcp = end.Tcp;
        CheckSendSpace(end, tcp, now);
        CheckBuffers(end, tcp);
        if (step % (tcp.Unacknowledged.Count <= ShortQueue ? Often : Seldom) == 0)
        {
            CheckQueue(end, tcp);
        }

        end.Seen.UserTimeout = tcp.UserTimeout;
        CheckTimers(end, tcp);
        if (tcp.State >= TcpState.SynReceived)
        {
            CheckReceiveSpace(end, tcp, now);
        }
    }

    /// <summary>What must be so of the sender right after a segment with new data went out.</summary>
    public static void CheckNewData(End end, in TcpSegment segment)
    {
        TcpConnection tcp = end.Tcp;
        Require(tcp.Snd.UsableWindow >= 0, "PeersWindow", $"{end} sends {-tcp.Snd.UsableWindow} octets beyond SND.WND.");

        // A FIN has no octet, so no congestion window holds it back. What counts is what is in flight as far as SACK tells; outside of a recovery,
        // and without limited transmit, all that is not acknowledged (RFC 5681 3.1). Without SACK each of the first two duplicate ACKs lets out
        // a segment more (RFC 3042); with SACK they make room themselves.
        bool limitedTransmit = tcp.Settings.LimitedTransmit;
        int inFlight = limitedTransmit || tcp.RecoveryPhase != RecoveryPhase.Open ? tcp.Unacknowledged.InFlight : tcp.Snd.Outstanding;
        int octets = inFlight - (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0);
        bool more = limitedTransmit && !tcp.SelectiveAcknowledgmentInForce && !tcp.InRecovery && tcp.Counters.DuplicateAcks > 0;
        Require(
            octets <= (long)tcp.CongestionWindow + (more ? 2 * tcp.SendMaximumSegmentSize : 0),
            "CongestionWindow",
            $"{end} has {octets} octets in flight with a congestion window of {tcp.CongestionWindow}.");
    }

    private static void CheckSendSpace(End end, TcpConnection tcp, Timestamp now)
    {
        SendSequenceSpace snd = tcp.Snd;
        Require(
            snd.Una <= snd.Nxt && snd.Nxt <= snd.Max && snd.Iss <= snd.Una,
            "SendOrder",
            $"{end}: ISS {snd.Iss}, UNA {snd.Una}, NXT {snd.Nxt}, MAX {snd.Max} are out of order.");
        Require(snd.Max - snd.Nxt <= 1, "SendOrder", $"{end}: NXT {snd.Nxt} lags behind MAX {snd.Max} by more than a probe.");
        Require(snd.Wnd < 1u << 30, "WindowSize", $"{end}: SND.WND is {snd.Wnd}.");
        bool idle = tcp.State >= TcpState.Established && tcp.Unacknowledged.Count == 0 && tcp.RecoveryPhase == RecoveryPhase.Open;
        Require(
            !idle || tcp.CongestionWindow >= tcp.SendMaximumSegmentSize,
            "CongestionWindow",
            $"{end}: a congestion window of {tcp.CongestionWindow} lets no segment of {tcp.SendMaximumSegmentSize} out.");
        NoteProgress(end, now);
    }

    /// <summary>Notes that SND.UNA has moved: what was lost before counts no more.</summary>
    public static void NoteProgress(End end, Timestamp now)
    {
        Observations seen = end.Seen;
        SeqNumber una = end.Tcp.Snd.Una;
        if (una != seen.Una)
        {
            Require(!seen.WasSynchronized || una > seen.Una, "SendOrder", $"{end}: UNA goes back from {seen.Una} to {una}.");
            seen.Una = una;
            seen.LastProgress = now;
            seen.Losses = 0;
            seen.Asked.Clear();
        }
        else if (!Waits(end.Tcp))
        {
            seen.LastProgress = now;
        }
    }

    private static void CheckReceiveSpace(End end, TcpConnection tcp, Timestamp now)
    {
        ReceiveSequenceSpace rcv = tcp.Rcv;
        Observations seen = end.Seen;
        if (seen.WasSynchronized)
        {
            Require(rcv.Nxt >= seen.Nxt, "ReceiveOrder", $"{end}: RCV.NXT goes back from {seen.Nxt} to {rcv.Nxt}.");
            Require(rcv.Edge >= seen.Edge, "WindowShrinks", $"{end}: the right edge goes back from {seen.Edge} to {rcv.Edge}.");
        }

        Require(rcv.Irs < rcv.Nxt && rcv.Nxt <= rcv.Edge, "ReceiveOrder", $"{end}: IRS {rcv.Irs}, NXT {rcv.Nxt}, edge {rcv.Edge} are out of order.");
        bool finReceived = tcp.State is TcpState.CloseWait or TcpState.Closing or TcpState.LastAck or TcpState.TimeWait;
        int taken = rcv.Nxt - rcv.Irs - 1 - (finReceived ? 1 : 0);
        Require(taken == tcp.Counters.BytesReceived, "ReceivedCount", $"{end}: RCV.NXT counts {taken} octets, the counter {tcp.Counters.BytesReceived}.");
        Require(
            taken == end.Received + tcp.Available,
            "NothingLost",
            $"{end}: {taken} octets were acknowledged, but the user has {end.Received} and {tcp.Available} wait.");
        seen.WasSynchronized = true;
        seen.Nxt = rcv.Nxt;
        seen.Edge = rcv.Edge;
        CheckDelayedAck(end, tcp, now);
    }

    /// <summary>Data waits for its ACK at most half a second [MUST-40], and at most two full segments do [SHLD-18].</summary>
    private static void CheckDelayedAck(End end, TcpConnection tcp, Timestamp now)
    {
        Observations seen = end.Seen;
        int owed = tcp.Rcv.Nxt - tcp.Rcv.LastAckSent;
        seen.AckOwedSince = owed <= 0 ? null : seen.AckOwedSince ?? now;
        Require(
            seen.AckOwedSince is not { } since || now - since <= s_longestAckDelay,
            "AckDelay",
            $"{end} owes an ACK of {owed} octets since {seen.AckOwedSince}.");
        Require(
            owed < 2 * tcp.ReceiveMaximumSegmentSize,
            "AckEverySecondSegment",
            $"{end} owes an ACK of {owed} octets, two segments of {tcp.ReceiveMaximumSegmentSize} or more.");
    }

    private static void CheckBuffers(End end, TcpConnection tcp)
    {
        TcpSettings settings = tcp.Settings;
        Require(tcp.SendQueue <= settings.SendBufferSize, "SendBuffer", $"{end} holds {tcp.SendQueue} octets to send.");
        Require(
            tcp.Available + tcp.OutOfOrder <= settings.ReceiveBufferSize,
            "ReceiveBuffer",
            $"{end} holds {tcp.Available} octets and {tcp.OutOfOrder} out of order in {settings.ReceiveBufferSize}.");
        Require(
            tcp.State < TcpState.Established || tcp.Rcv.Wnd + tcp.Available <= settings.ReceiveBufferSize,
            "WindowPromise",
            $"{end} offers {tcp.Rcv.Wnd} octets with {tcp.Available} waiting in a buffer of {settings.ReceiveBufferSize}.");
    }

    /// <summary>The retransmission queue holds every number from UNA to NXT once, in order.</summary>
    private static void CheckQueue(End end, TcpConnection tcp)
    {
        SeqNumber next = tcp.Snd.Una;
        foreach (SentSegment segment in tcp.Unacknowledged.Segments)
        {
            Require(
                segment.SequenceNumber == next && segment.Length > 0,
                "RetransmissionQueue",
                $"{end}: a segment of {segment.Length} at {segment.SequenceNumber} stands where {next} is due.");
            next = segment.End;
        }

        Require(
            tcp.Unacknowledged.Count == 0 || next == tcp.Snd.Nxt,
            "RetransmissionQueue",
            $"{end}: the retransmission queue ends at {next}, SND.NXT is {tcp.Snd.Nxt}.");

        // What was sent again before its first copy was known to be lost counts twice (RFC 6675 4, SetPipe).
        Require(
            tcp.Unacknowledged.InFlight >= 0 && tcp.Unacknowledged.InFlight <= 2 * tcp.Snd.Outstanding,
            "InFlight",
            $"{end}: {tcp.Unacknowledged.InFlight} octets in flight of {tcp.Snd.Outstanding} outstanding.");
    }

    /// <summary>Whoever waits for something of the peer has a timer that goes off if it does not come.</summary>
    private static void CheckTimers(End end, TcpConnection tcp)
    {
        TimerTable timers = tcp.Timers;
        bool asks = timers.WatchesFlight();
        Require(tcp.Unacknowledged.Count == 0 || asks, "TimerMissing", $"{end}: segments are outstanding, but no retransmission timer runs.");
        Require(
            tcp.State != TcpState.TimeWait || timers.IsRunning(TimerKind.TimeWait), "TimerMissing", $"{end}: TIME-WAIT has no timer.");
        Require(!Waits(tcp) || asks || timers.IsRunning(TimerKind.Persist), "TimerMissing", $"{end}: something waits to be sent, but no timer runs.");
    }

    /// <summary>Whether SYN, data or FIN wait to be sent or acknowledged.</summary>
    private static bool Waits(TcpConnection tcp) =>
        tcp.SendQueue > 0
        || tcp.Unacknowledged.Count > 0
        || tcp.State is TcpState.SynSent or TcpState.SynReceived or TcpState.FinWait1 or TcpState.Closing or TcpState.LastAck;
}
