using TcpShell.Hunt.Invariants;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hunt.Running;

/// <summary>Sees every packet when it is sent and when it arrives: judges it, and notes what it means for its two ends.</summary>
internal sealed class PacketObserver
{
    private readonly SimulatedNetwork _network;
    private readonly Ends _ends;
    private readonly Func<TracedPacket, End> _register;

    /// <param name="network">The network.</param>
    /// <param name="ends">The ends.</param>
    /// <param name="register">Registers the end that sends the first packet of a connection.</param>
    public PacketObserver(SimulatedNetwork network, Ends ends, Func<TracedPacket, End> register)
    {
        (_network, _ends, _register) = (network, ends, register);
        network.PacketSent += PacketSent;
        network.PacketArrived += PacketArrived;
    }

    /// <summary>Packets that were sent.</summary>
    public long Packets { get; private set; }

    private void PacketSent(TracedPacket packet)
    {
        Packets++;
        if (packet.Reason == TransmitReason.IcmpError)
        {
            return; // a router's; it counts when it arrives
        }

        DecodedPacket decoded = packet.Decode();
        if (_ends.Find(packet.ConnectionId) is { IsLive: true } sender)
        {
            ConnectionChecker.NoteProgress(sender, _network.Now);
        }

        if (packet.Fate == PacketFate.Lost)
        {
            CountLoss(decoded);
        }

        if (packet.ConnectionId == 0)
        {
            SentByNobody(decoded);
        }
        else
        {
            SentBy(_ends.Find(packet.ConnectionId) ?? _register(packet), packet, decoded);
        }
    }

    private void SentByNobody(in DecodedPacket decoded)
    {
        PacketChecker.CheckOfNobody(decoded, _ends.Find(decoded.SourceEndpoint, decoded.DestinationEndpoint));
        if (decoded.Segment.Flags.Has(TcpFlags.SYN) && _ends.Find(decoded.DestinationEndpoint, decoded.SourceEndpoint) is { } asks)
        {
            asks.Seen.FromCookie = true;
            if (decoded.Segment.AcknowledgmentNumber == asks.Tcp.Snd.Iss + 1)
            {
                asks.Seen.NoteOffer(decoded.Segment.AcknowledgmentNumber + decoded.Segment.Window);
            }
        }
    }

    private void SentBy(End end, TracedPacket packet, in DecodedPacket decoded)
    {
        TcpSegment segment = decoded.Segment;
        PacketChecker.Check(packet, decoded, end, _ends.PeerOf(end));
        if (end.IsLive && packet.Reason == TransmitReason.Data && segment.Payload.Length > 0)
        {
            ConnectionChecker.CheckNewData(end, segment);
        }

        if (packet.Reason is TransmitReason.ZeroWindowProbe or TransmitReason.KeepAliveProbe)
        {
            end.Seen.Probed.Add(_network.Now);
            end.Seen.ProbedFirstOctet |= segment.Payload.Length > 0 && segment.SequenceNumber == end.Tcp.Snd.Iss + 1;
        }
        else if (packet.Reason == TransmitReason.Open && segment.Flags.Has(TcpFlags.ACK))
        {
            // Our SYN of a simultaneous open was not answered, but crossed.
            end.Seen.Asked.Clear();
            end.Seen.Asked.Add(_network.Now);
        }
        else if (segment.Length > 0 && segment.SequenceNumber <= end.Tcp.Snd.Una)
        {
            end.Seen.Asked.Add(_network.Now);
        }
    }

    private void PacketArrived(TracedPacket packet)
    {
        DecodedPacket decoded = packet.Decode();
        if (packet.Reason == TransmitReason.IcmpError)
        {
            if (_ends.Find(decoded.SourceEndpoint, decoded.DestinationEndpoint) is { } told)
            {
                told.Seen.IcmpErrorArrived = true; // about what it has sent
            }

            return;
        }

        bool isSyn = decoded.Segment.Flags.Has(TcpFlags.SYN);

        // What is too late is not taken even if it stands in the window: its ACK is older than any window that was ever offered (RFC 5961 5.2).
        bool taken = packet.Verdict is { Fate: SegmentFate.Accepted }
            || (!isSyn && packet.Verdict is { Fate: not (SegmentFate.Dropped or SegmentFate.Challenged) });
        if (packet.Fate != PacketFate.Delivered || !taken)
        {
            CountLoss(decoded);
        }

        if (packet.Fate == PacketFate.Delivered && _ends.Find(decoded.DestinationEndpoint, decoded.SourceEndpoint) is { } end)
        {
            ArrivedAt(end, packet, decoded.Segment);
        }
    }

    private void ArrivedAt(End end, TracedPacket packet, in TcpSegment segment)
    {
        if (segment.Flags.Has(TcpFlags.RST))
        {
            end.Seen.ResetArrived = true;
            end.Seen.OldResetArrived |= packet.ConnectionId == 0 && _ends.PeerOf(end) is { } peer && packet.Sent < peer.Began;
        }

        if (packet.Verdict is { Fate: SegmentFate.Accepted or SegmentFate.Acknowledged })
        {
            end.Seen.Probed.Clear();
            end.Seen.LossesInSilence = 0;
        }

        if (segment.Length > 0)
        {
            end.Seen.Arrived(segment.SequenceNumber, segment.End);
        }
    }

    private void CountLoss(in DecodedPacket decoded)
    {
        _ends.Find(decoded.SourceEndpoint, decoded.DestinationEndpoint)?.Seen.CountLoss();
        _ends.Find(decoded.DestinationEndpoint, decoded.SourceEndpoint)?.Seen.CountLoss();
    }
}
