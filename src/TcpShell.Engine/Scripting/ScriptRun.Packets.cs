using TcpShell.Wire;

namespace TcpShell.Scripting;

// The packets of a script: those that go in, and those that must come out.
internal sealed partial class ScriptRun
{
    private const int FirstRemotePort = 50000;
    private const int LastRemotePort = 65535;

    private readonly Dictionary<(ushort Local, ushort Remote), ScriptPeer> _peers = [];
    private int _remotePort = FirstRemotePort;

    /// <summary>The connection under test; null where the next packet begins one.</summary>
    private ScriptPeer? Peer { get; set; }

    private ScriptPeer AddPeer(Endpoint local, Endpoint remote)
    {
        var peer = new ScriptPeer(local, remote) { ScalesTimestamps = _configuration.ScalesTimestamps };
        _peers[(local.Port, remote.Port)] = peer;
        return peer;
    }

    /// <summary>Another port of the other end for each connection, from the first one again after the last.</summary>
    private ushort NextRemotePort()
    {
        var port = (ushort)_remotePort;
        _remotePort = _remotePort == LastRemotePort ? FirstRemotePort : _remotePort + 1;
        return port;
    }

    private void Inject(PacketEvent packet)
    {
        if (packet is IcmpPacketEvent icmp)
        {
            InjectIcmp(icmp);
            return;
        }

        var segment = (TcpPacketEvent)packet;
        ScriptPeer peer = PeerOf(segment) ?? (Peer = AddPeer(
            new Endpoint(_configuration.LocalAddress, segment.Ports?.Destination ?? _configuration.Bound.Port),
            new Endpoint(_configuration.Remote.Address, segment.Ports?.Source ?? NextRemotePort())));
        Host.Deliver(peer.ToWire(segment), packet.Text);
    }

    /// <summary>An ICMP error, sent by the other end, about a segment of ours.</summary>
    private void InjectIcmp(IcmpPacketEvent icmp)
    {
        ScriptPeer peer = Peer ?? throw new ScriptFailure($"a connection that {icmp.Text} is about", "none", "There is no connection that this error could be about.");
        (byte type, byte code) = IcmpWords.NumbersOf(icmp, peer.Remote.Address.IsIPv6);
        byte[] quoted = peer.Quote(icmp.QuotedSequence, icmp.QuotedLength);
        Host.Deliver(IcmpWriter.Write(peer.Remote.Address, quoted, type, code, (int)Math.Min(icmp.NextHopMtu ?? 0, ushort.MaxValue)), icmp.Text);
    }

    /// <summary>The connection that a packet of the script belongs to; null where it begins one.</summary>
    private ScriptPeer? PeerOf(TcpPacketEvent packet)
    {
        if (packet.Ports is not { } ports)
        {
            return Peer;
        }

        return _peers.GetValueOrDefault(packet.IsInbound ? (ports.Destination, ports.Source) : ports);
    }

    /// <summary>Initial sequence numbers are learned from the packets that the script takes, as packetdrill does it.</summary>
    private void Learn(in DecodedPacket packet)
    {
        bool isTcp = packet.Status == PacketStatus.Tcp;
        if (isTcp && _peers.TryGetValue((packet.SourceEndpoint.Port, packet.DestinationEndpoint.Port), out ScriptPeer? peer) && peer.IsFor(packet))
        {
            peer.FromWire(packet);
        }
    }

    private void Expect(PacketEvent packet, Timestamp scheduled)
    {
        var expected = (TcpPacketEvent)packet;
        ScriptPeer peer = PeerOf(expected) ?? throw new ScriptFailure(expected.Text, "nothing", "There is no connection that could send this packet.");
        (TcpPacketEvent actual, Timestamp time) = Collect(expected, peer, scheduled);
        if (expected.Flags.Has(TcpFlags.SYN) && actual.Flags.Has(TcpFlags.SYN) && peer.TryNameLocalIss(expected.Sequence))
        {
            actual = actual with { Sequence = expected.Sequence };
        }

        actual = peer.WithScriptTimestamp(actual, expected);
        if (FindFailure(expected, actual, time, scheduled) is not { } failure)
        {
            return;
        }

        // As in packetdrill, a packet of another length is never only warned of: what follows could not be told apart.
        if (!_configuration.OnlyWarnsOfPackets || actual.PayloadLength != expected.PayloadLength)
        {
            throw failure;
        }

        _warnings.Add($"{_script.Path ?? "script"}:{expected.Line}: {failure.Reason} Expected {failure.Expected}, but got {failure.Actual}.");
    }

    private ScriptFailure? FindFailure(TcpPacketEvent expected, TcpPacketEvent actual, Timestamp time, Timestamp scheduled)
    {
        TimeSpan timestampTolerance = _configuration.Tolerance(Host.Now - Timestamp.Zero);
        string? difference = _comparison!.FindDifference(expected, actual, timestampTolerance);
        actual = actual with { Ip = ScriptComparison.StatedIn(expected.Ip, actual.Ip!) };
        return difference is null
            ? FindFailureOfTime(expected, actual, time, scheduled)
            : new ScriptFailure(expected.Text, $"{actual.Text} at {time}", $"In the packet {difference}.");
    }

    private ScriptFailure? FindFailureOfTime(TcpPacketEvent expected, TcpPacketEvent actual, Timestamp time, Timestamp scheduled)
    {
        if (expected.Time.Kind == ScriptTimeKind.Any)
        {
            return null;
        }

        TimeSpan tolerance = Tolerance(scheduled);
        Timestamp latest = scheduled + (expected.Time.End - expected.Time.Start);
        if (time >= scheduled - tolerance && time <= latest + tolerance)
        {
            return null;
        }

        string when = expected.Time.IsExact ? $"{scheduled}" : $"{scheduled} to {latest}";
        return new ScriptFailure($"{expected.Text} at {when}", $"{actual.Text} at {time}", $"The packet comes {(time < scheduled ? "early" : "late")}.");
    }

    /// <summary>Takes the next packet of a connection; as many as are needed for the script's length, unless each counts (--strict_segments).</summary>
    private (TcpPacketEvent Packet, Timestamp Time) Collect(TcpPacketEvent expected, ScriptPeer peer, Timestamp scheduled)
    {
        (TcpPacketEvent whole, Timestamp time) = Take(expected, peer, scheduled);
        int size = whole.PayloadLength;
        int last = size;
        while (!_configuration.StrictSegments && whole.PayloadLength > 0 && whole.PayloadLength < expected.PayloadLength)
        {
            (TcpPacketEvent next, time) = Take(expected, peer, scheduled);
            bool fits = next.PayloadLength > 0
                && next.Acknowledgment == whole.Acknowledgment
                && next.Window == whole.Window
                && last == size
                && next.Sequence == unchecked(whole.Sequence + (uint)whole.PayloadLength)
                && whole.PayloadLength + next.PayloadLength <= expected.PayloadLength
                && !next.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST);
            if (!fits)
            {
                string came = $"{Shown(whole)}, then {Shown(next)} at {time}";
                throw new ScriptFailure(expected.Text, came, "The packets do not make up the one that the script asks for.");
            }

            last = next.PayloadLength;
            whole = next with
            {
                Sequence = whole.Sequence,
                PayloadLength = whole.PayloadLength + next.PayloadLength,
                Flags = (next.Flags & ~TcpFlags.CWR) | (whole.Flags & TcpFlags.CWR), // the first one tells of a reduction, the last one has the rest
            };
        }

        return (whole, time);
        string Shown(TcpPacketEvent packet) => peer.WithScriptTimestamp(packet with { Ip = null }, expected).Text;
    }

    private (TcpPacketEvent Packet, Timestamp Time) Take(TcpPacketEvent expected, ScriptPeer peer, Timestamp scheduled)
    {
        // How long a packet that does not come is waited for. For a packet of any time: until nothing can happen any more.
        Timestamp deadline = expected.Time.Kind == ScriptTimeKind.Any
            ? Timestamp.MaxValue
            : scheduled + (expected.Time.End - expected.Time.Start) + TimeSpan.FromSeconds(2);
        while (true)
        {
            while (Host.Emitted.TryDequeue(out EmittedPacket emitted))
            {
                Learn(emitted.Packet);
                if (peer.IsFor(emitted.Packet))
                {
                    return (Checked(emitted, peer), emitted.Time);
                }

                _unlisted++;
            }

            if (!Host.TryStep(deadline))
            {
                throw new ScriptFailure(
                    $"{expected.Text} at {(expected.Time.Kind == ScriptTimeKind.Any ? "any time" : scheduled)}", "nothing", "The packet does not come.");
            }
        }
    }

    private static TcpPacketEvent Checked(EmittedPacket emitted, ScriptPeer peer)
    {
        TcpPacketEvent packet = peer.FromWire(emitted.Packet);
        bool isWhole = emitted.Packet.IpChecksumValid != false && emitted.Packet.TcpChecksumValid != false;
        if (!isWhole || emitted.Packet.Segment.ReservedBits != 0 || emitted.Packet.Segment.Payload.Span.IndexOfAnyExcept((byte)0) >= 0)
        {
            throw new ScriptFailure(
                "a packet with right checksums, no reserved bits and a payload of zeros", $"{packet.Text} at {emitted.Time}", "The packet is damaged.");
        }

        return packet;
    }
}
