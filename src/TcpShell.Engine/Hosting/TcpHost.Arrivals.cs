using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// Packets that arrive: checked, and handed to whom they are for.
public sealed partial class TcpHost
{
    private const int DatagramsRefusedPerSecond = 100;

    private Timestamp _datagramsRefusedSince;
    private int _datagramsRefused;

    /// <summary>A packet arrives.</summary>
    /// <param name="packet">The octets from the IP header on.</param>
    /// <param name="now">The time.</param>
    /// <returns>What became of the segment in it, and by which rule.</returns>
    public SegmentVerdict PacketArrives(ReadOnlyMemory<byte> packet, Timestamp now) => PacketArrives(PacketDecoder.Decode(packet, LinkType.Raw), now);

    /// <summary>A packet arrives that was decoded already.</summary>
    internal SegmentVerdict PacketArrives(in DecodedPacket decoded, Timestamp now)
    {
        Counters.PacketsReceived++;
        return decoded.IsIpFragment ? FragmentArrives(decoded, now) : WholePacketArrives(decoded, now);
    }

    private SegmentVerdict WholePacketArrives(in DecodedPacket decoded, Timestamp now)
    {
        if (decoded.Status == PacketStatus.IcmpError)
        {
            return IcmpErrorArrives(decoded, now);
        }

        if (decoded.Status == PacketStatus.NotTcp && IcmpEcho.TryAnswer(decoded.Frame.Span, Owns, out byte[] reply))
        {
            Reply(reply, TransmitReason.EchoReply, "");
            return SegmentVerdict.Accepted;
        }

        if (Refusal(decoded) is { } refused)
        {
            RefuseDatagram(decoded, now);
            return refused;
        }

        TcpSegment segment = decoded.Segment;
        Endpoint local = decoded.DestinationEndpoint;
        Endpoint remote = decoded.SourceEndpoint;
        if (_demultiplexer.FindConnection(local, remote) is { } connection)
        {
            if (connection.State == TcpState.TimeWait
                && connection.Settings.TimeWaitReuse
                && IsRequest(segment)
                && _demultiplexer.FindListener(local) is { } heir)
            {
                return ArrivesInTimeWait(connection, heir, segment, now, decoded.TrafficClass);
            }

            SegmentVerdict verdict = connection.Tcp.SegmentArrives(segment, remote, now, decoded.TrafficClass);
            Settle(connection, now);
            return verdict;
        }

        return _demultiplexer.FindListener(local) is { } listener
            ? ArrivesAtListener(listener, segment, local, remote, now, decoded.TrafficClass)
            : ArrivesAtNobody(segment, local, remote);
    }

    private static bool IsRequest(in TcpSegment segment) =>
        segment.Flags.Has(TcpFlags.SYN) && !segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.RST);

    /// <summary>A request for the ends of a connection in TIME-WAIT: a newer one is taken up, an old duplicate is not [MAY-2, SHLD-4].</summary>
    private SegmentVerdict ArrivesInTimeWait(HostedConnection old, Listener listener, in TcpSegment syn, Timestamp now, byte trafficClass)
    {
        if (!old.Tcp.IsOlderThan(syn, listener.Control.Settings.Timestamps))
        {
            return SegmentVerdict.Drop("6191 2", "The connection is in TIME-WAIT, and this request is not newer than its last segment.");
        }

        return ArrivesAtListener(listener, syn, old.Local, old.Remote, now, trafficClass, old);
    }

    private void RefuseDatagram(in DecodedPacket decoded, Timestamp now)
    {
        // RFC 4443 2.4 (f): only so many, or a flood would make another one.
        if (now - _datagramsRefusedSince >= TimeSpan.FromSeconds(1))
        {
            _datagramsRefusedSince = now;
            _datagramsRefused = 0;
        }

        if (decoded.Status == PacketStatus.NotTcp && decoded.IpChecksumValid != false && _datagramsRefused < DatagramsRefusedPerSecond
            && UdpRefusal.TryAnswer(decoded.Frame.Span, Owns, out byte[] error))
        {
            _datagramsRefused++;
            Reply(error, TransmitReason.IcmpError, "there are no UDP ports here");
        }
    }

    private SegmentVerdict? Refusal(in DecodedPacket packet)
    {
        if (packet.Status == PacketStatus.Malformed)
        {
            Counters.Malformed++;
            return SegmentVerdict.Drop("9293 3.1", packet.ProblemText ?? "Its headers cannot be.");
        }

        if (packet.IpChecksumValid == false || packet.TcpChecksumValid == false)
        {
            Counters.BadChecksums++;
            return SegmentVerdict.Drop("9293 3.1", "Its checksum is wrong, so nothing in it can be trusted."); // [MUST-3]
        }

        if (packet.Status != PacketStatus.Tcp || !Owns(packet.Destination) || !packet.Source.IsUnicast) // [MUST-57, MUST-63]
        {
            Counters.NotForUs++;
            return SegmentVerdict.Drop("9293 3.9.2.3", packet.Status == PacketStatus.Tcp
                ? "Its addresses are none of a connection with this host."
                : $"It is no whole TCP segment ({packet.Status}).");
        }

        return null;
    }

    private SegmentVerdict ArrivesAtListener(
        Listener listener,
        in TcpSegment segment,
        Endpoint local,
        Endpoint remote,
        Timestamp now,
        byte trafficClass,
        HostedConnection? predecessor = null)
    {
        if (IsRequest(segment))
        {
            // A request that reopens a connection is as good as one that has proved where it comes from: it takes no new memory.
            if (predecessor is null && UsesCookie(listener))
            {
                return AnswerWithCookie(listener, segment, local, remote, now, trafficClass);
            }

            if (listener.IsFull)
            {
                listener.BacklogDrops++;
                return SegmentVerdict.Drop("4987 3.1", $"The backlog is full: {listener.HalfOpen} connections are half-open.");
            }
        }
        else if (ReadCookie(listener, segment, local, remote, now) is { } request)
        {
            return OpenFromCookie(listener, request, segment, local, remote, now, trafficClass);
        }
        else if (MayFollowCookie(listener, segment, now))
        {
            return SegmentVerdict.Drop("4987 3.6", "The ACK of a SYN cookie may have been lost before it, and comes again.");
        }

        TcpConnection tcp = Fork(listener, local, remote);
        SeqNumber iss = ChooseIss(local, remote, now);
        tcp.PrepareIss(predecessor is null ? iss : SeqNumber.Max(iss, predecessor.Tcp.Snd.Max + 1)); // [MAY-2] above the old one's last
        SegmentVerdict verdict = tcp.SegmentArrives(segment, remote, now, trafficClass);
        if (tcp.State == TcpState.Listen)
        {
            // No connection came of it; there may be a RST to send.
            while (tcp.TryPollTransmit(now, out OutgoingSegment reply))
            {
                Answer(reply.Segment, local, remote, reply.Note, tcp.Settings);
            }

            return verdict;
        }

        AcceptFrom(listener, tcp, predecessor, now);
        return verdict;
    }

    private TcpConnection Fork(Listener listener, Endpoint local, Endpoint remote) =>
        listener.Control.Tcp.Fork(local, UsableMtu, _initialSequence.TimestampOffset(local, remote));

    private void AcceptFrom(Listener listener, TcpConnection tcp, HostedConnection? predecessor, Timestamp now)
    {
        var connection = new HostedConnection(this, tcp, _nextId(), ConnectionRole.Server, listener.Application)
        {
            Listener = listener,
            Predecessor = predecessor,
        };
        foreach (StateChange change in listener.Control.StateChanges)
        {
            connection.Record(change);
        }

        if (predecessor is not null)
        {
            _demultiplexer.Remove(predecessor, predecessor.Local, predecessor.Remote);
        }

        Adopt(connection, now);
    }

    private SegmentVerdict ArrivesAtNobody(in TcpSegment segment, Endpoint local, Endpoint remote)
    {
        const string Rule = "9293 3.10.7.1";
        Counters.NoConnection++;
        if (Settings.TwoWayHandshake && segment.Flags.Has(TcpFlags.SYN | TcpFlags.ACK))
        {
            // The two-way variant knows no refusal of an unexpected answer: that is what is wrong with it.
            return SegmentVerdict.Drop("none (teaching only)", "With a two-way handshake an unexpected SYN,ACK is not refused.");
        }

        if (TcpConnection.ResetFor(segment) is not { } reset)
        {
            return SegmentVerdict.Drop(Rule, "A RST for a connection that does not exist.");
        }

        string text = $"There is no connection and no listener at {local}.";
        Answer(reset, local, remote, text, Settings);
        return new(SegmentFate.Reset, Rule, text);
    }

    private void Answer(in TcpSegment segment, Endpoint local, Endpoint remote, string note, TcpSettings settings)
    {
        Counters.ResetsSent++;
        Reply(Write(local.Address, remote.Address, segment, settings), TransmitReason.Reset, note);
    }
}
