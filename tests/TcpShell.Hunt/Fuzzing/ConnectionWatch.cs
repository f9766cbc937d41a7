using TcpShell.Hunt.Invariants;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Fuzzing;

/// <summary>What must be so of a connection whatever arrives, cheap enough to be looked at after every segment.</summary>
internal sealed class ConnectionWatch(TcpConnection connection)
{
    private SeqNumber? _highestAck;
    private SeqNumber _una;
    private SeqNumber _nxt;
    private SeqNumber _edge;
    private bool _wasSynchronized;
    private int _steps;

    /// <summary>Judges a segment that was sent.</summary>
    public void CheckSent(in OutgoingSegment outgoing)
    {
        TcpSegment segment = outgoing.Segment;
        bool isSyn = segment.Flags.Has(TcpFlags.SYN);
        Require(segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.SYN | TcpFlags.RST), "Form", $"{segment} has no ACK [U-19].");
        Require(segment.ReservedBits == 0, "Form", $"{segment} has reserved bits [U-20].");
        Require(
            isSyn || (segment.Options.MaximumSegmentSize is null && segment.Options.WindowScale is null && !segment.Options.SackPermitted),
            "Form",
            $"{segment} has an option of a SYN.");
        Require(
            segment.Payload.IsEmpty || segment.Payload.Length <= connection.SendMaximumSegmentSize,
            "SegmentSize",
            $"{segment} is larger than {connection.SendMaximumSegmentSize}.");
        Require(TcpOptionWriter.SizeOf(segment.Options) <= TcpOptions.MaximumSize, "Form", $"{segment} has too many options.");

        // A refusal has numbers of the segment that it refuses, not of the connection.
        if (!segment.Flags.Has(TcpFlags.RST) && segment.Flags.Has(TcpFlags.ACK) && connection.State >= TcpState.SynReceived)
        {
            Require(_highestAck is not { } before || segment.AcknowledgmentNumber >= before, "AckMonotonic", $"{segment} comes after an ACK of {_highestAck}.");
            _highestAck = segment.AcknowledgmentNumber;
        }
    }

    /// <summary>Judges the connection after everything was sent.</summary>
    public void CheckState()
    {
        TcpSettings settings = connection.Settings;
        Require(connection.SendQueue <= settings.SendBufferSize, "SendBuffer", $"{connection.SendQueue} octets wait to be sent.");
        Require(
            connection.Available + connection.OutOfOrder <= settings.ReceiveBufferSize,
            "ReceiveBuffer",
            $"{connection.Available} and {connection.OutOfOrder} octets are kept in {settings.ReceiveBufferSize}.");
        Require(
            connection.Unacknowledged.Count <= connection.SendQueue + 2,
            "RetransmissionQueue",
            $"{connection.Unacknowledged.Count} segments stand for {connection.SendQueue} octets.");
        if (connection.State is TcpState.Closed or TcpState.Listen)
        {
            _wasSynchronized = false;
            _highestAck = null;
            Require(connection.State == TcpState.Listen || connection.PollTimeout() is null, "TimerLeft", $"A timer runs in CLOSED.");
            return;
        }

        CheckNumbers();
        CheckTimers();
        if (++_steps % 16 == 0)
        {
            CheckQueue();
        }
    }

    private void CheckNumbers()
    {
        SendSequenceSpace snd = connection.Snd;
        ReceiveSequenceSpace rcv = connection.Rcv;
        Require(
            snd.Iss <= snd.Una && snd.Una <= snd.Nxt && snd.Nxt <= snd.Max,
            "SendOrder",
            $"ISS {snd.Iss}, UNA {snd.Una}, NXT {snd.Nxt}, MAX {snd.Max} are out of order.");
        Require(
            connection.Unacknowledged.InFlight >= 0 && connection.Unacknowledged.InFlight <= 2 * snd.Outstanding,
            "InFlight",
            $"{connection.Unacknowledged.InFlight} of {snd.Outstanding} octets are in flight.");
        Require(connection.CongestionWindow > 0, "CongestionWindow", $"The congestion window is {connection.CongestionWindow}.");
        if (connection.State < TcpState.SynReceived)
        {
            return;
        }

        Require(rcv.Irs < rcv.Nxt && rcv.Nxt <= rcv.Edge, "ReceiveOrder", $"IRS {rcv.Irs}, NXT {rcv.Nxt}, edge {rcv.Edge} are out of order.");
        Require(
            rcv.Wnd + (uint)connection.Available <= connection.Settings.ReceiveBufferSize,
            "WindowPromise",
            $"{rcv.Wnd} octets are offered with {connection.Available} waiting in {connection.Settings.ReceiveBufferSize}.");
        Require(
            !_wasSynchronized || (snd.Una >= _una && rcv.Nxt >= _nxt && rcv.Edge >= _edge),
            "GoesBack",
            $"UNA {_una} to {snd.Una}, RCV.NXT {_nxt} to {rcv.Nxt}, edge {_edge} to {rcv.Edge}: one of them went back.");
        (_una, _nxt, _edge, _wasSynchronized) = (snd.Una, rcv.Nxt, rcv.Edge, true);
    }

    private void CheckTimers()
    {
        TimerTable timers = connection.Timers;
        bool asks = timers.WatchesFlight();
        Require(connection.Unacknowledged.Count == 0 || asks, "TimerMissing", $"Segments are outstanding in {connection.State}, and no timer runs.");
        Require(connection.State != TcpState.TimeWait || timers.IsRunning(TimerKind.TimeWait), "TimerMissing", $"TIME-WAIT has no timer.");
        bool waits = connection.SendQueue > 0 || connection.State is TcpState.FinWait1 or TcpState.Closing or TcpState.LastAck or TcpState.SynSent or TcpState.SynReceived;
        Require(!waits || asks || timers.IsRunning(TimerKind.Persist), "TimerMissing", $"Something waits to be sent in {connection.State}, and no timer runs.");
    }

    private void CheckQueue()
    {
        SeqNumber next = connection.Snd.Una;
        foreach (SentSegment segment in connection.Unacknowledged.Segments)
        {
            Require(segment.SequenceNumber == next && segment.Length > 0, "RetransmissionQueue", $"A segment stands at {segment.SequenceNumber}, not at {next}.");
            next = segment.End;
        }

        Require(
            connection.Unacknowledged.Count == 0 || next == connection.Snd.Nxt, "RetransmissionQueue", $"The queue ends at {next}, not at {connection.Snd.Nxt}.");
    }
}
