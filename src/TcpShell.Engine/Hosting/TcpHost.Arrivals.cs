using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// Packets that arrive: checked, and handed to whom they are for.
public sealed partial class TcpHost
{
    /// <summary>A packet arrives.</summary>
    /// <param name="packet">The octets from the IP header on.</param>
    /// <param name="now">The time.</param>
    /// <returns>What became of the segment in it, and by which rule.</returns>
    public SegmentVerdict PacketArrives(ReadOnlyMemory<byte> packet, Timestamp now)
    {
        Counters.PacketsReceived++;
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        if (Refusal(decoded) is { } refused)
        {
            return refused;
        }

        TcpSegment segment = decoded.Segment;
        Endpoint local = decoded.DestinationEndpoint;
        Endpoint remote = decoded.SourceEndpoint;
        if (_demultiplexer.FindConnection(local, remote) is { } connection)
        {
            SegmentVerdict verdict = connection.Tcp.SegmentArrives(segment, remote, now, decoded.TrafficClass);
            Settle(connection, now);
            return verdict;
        }

        return _demultiplexer.FindListener(local) is { } listener
            ? ArrivesAtListener(listener, segment, local, remote, now)
            : ArrivesAtNobody(segment, local, remote);
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

    private SegmentVerdict ArrivesAtListener(Listener listener, in TcpSegment segment, Endpoint local, Endpoint remote, Timestamp now)
    {
        bool asks = segment.Flags.Has(TcpFlags.SYN) && !segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.RST);
        if (asks && listener.HalfOpen >= listener.Backlog)
        {
            listener.BacklogDrops++;
            return SegmentVerdict.Drop("4987 3.1", $"The backlog is full: {listener.HalfOpen} connections are half-open.");
        }

        TcpConnection tcp = listener.Control.Tcp.Fork(local, Mtu, _initialSequence.TimestampOffset(local, remote));
        tcp.PrepareIss(ChooseIss(local, remote, now));
        SegmentVerdict verdict = tcp.SegmentArrives(segment, remote, now);
        if (tcp.State == TcpState.Listen)
        {
            // No connection came of it; there may be a RST to send.
            while (tcp.TryPollTransmit(now, out OutgoingSegment reply))
            {
                Answer(reply.Segment, local, remote, reply.Note);
            }

            return verdict;
        }

        var connection = new HostedConnection(this, tcp, _nextId(), ConnectionRole.Server, listener.Application) { Listener = listener };
        foreach (StateChange change in listener.Control.StateChanges)
        {
            connection.Record(change);
        }

        Adopt(connection, now);
        return verdict;
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
        Answer(reset, local, remote, text);
        return new(SegmentFate.Reset, Rule, text);
    }

    private void Answer(in TcpSegment segment, Endpoint local, Endpoint remote, string note)
    {
        Counters.ResetsSent++;
        byte[] bytes = Write(local.Address, remote.Address, segment);
        _replies.Enqueue(new(bytes, TransmitReason.Reset, 1, note, 0));
    }
}
