using System.Buffers.Binary;
using TcpShell.Hosting;
using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Fuzzing;

/// <summary>
/// Packets, right and broken, at a host with a listener: what is right leads on to new connections, what is broken must do nothing. Half of
/// those that were changed get right checksums again, so that the change is looked at.
/// </summary>
internal sealed class PacketFuzzer
{
    private const int Backlog = 16;
    private const int MostConnections = 64;
    private const int Ports = 200;
    private const int MostAnswers = 200;

    private static readonly IpAddress[] s_locals = [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("fd00::1")];
    private static readonly IpAddress[] s_remotes = [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("fd00::2")];

    private readonly SeededRandom _random;
    private readonly TcpHost _host;
    private readonly byte[] _data = new byte[1400];
    private byte[] _last = [];
    private Timestamp _now = Timestamp.FromSeconds(1);

    public PacketFuzzer(long seed)
    {
        Seed = seed;
        _random = new SeededRandom(seed, "packets");
        var secret = new byte[InitialSequence.SecretSize];
        _random.Fill(secret);
        TcpSettings settings = SettingsTable.Make(new HostPlan("fuzz", "linux", SettingsTable.Draw(_random)));
        _host = new TcpHost("fuzz", s_locals, settings with { ReceiveBufferSize = Math.Min(settings.ReceiveBufferSize, 100_000) }, secret);
        _host.Listen(new Endpoint(default, 80), _now, Applications.Echo, Backlog);
    }

    public long Seed { get; }

    public long Packets { get; private set; }

    /// <summary>Connections that were opened.</summary>
    public long Opened => _host.Listeners[0].Accepted;

    /// <summary>Packets that the host dropped before it looked for a connection.</summary>
    public long Refused => _host.Counters.BadChecksums + _host.Counters.Malformed + _host.Counters.NotForUs;

    /// <summary>Lets some packets arrive.</summary>
    /// <exception cref="InvariantException">Something is not as it must be.</exception>
    public void Run(int packets)
    {
        for (int i = 0; i < packets; i++)
        {
            byte[] packet = Make();
            _last = packet;
            if (_random.Next(3) > 0)
            {
                packet = Change(packet);
            }

            Packets++;
            _host.PacketArrives(packet, _now);
            Poll();
            if (_random.Next(16) == 0)
            {
                _now += TimeSpan.FromMilliseconds(_random.Next(500));
                _host.HandleTimeout(_now);
                Poll();
            }

            if (_host.Connections.Count > MostConnections)
            {
                HostedConnection oldest = _host.Connections[0];
                oldest.Tcp.Abort(_now);
                _host.Touch(oldest, _now);
                Poll();
            }
        }
    }

    public string Describe() => $"fuzz --start {Seed}, packet {Packets}, {_host.Connections.Count} connections: {Convert.ToHexString(_last)}";

    /// <summary>A packet as a peer could send it.</summary>
    private byte[] Make()
    {
        if (_last.Length > 0 && _random.Next(8) == 0)
        {
            return [.. _last];
        }

        HostedConnection? known = _host.Connections.Count > 0 && _random.Next(4) > 0 ? _host.Connections[_random.Next(_host.Connections.Count)] : null;
        int family = _random.Next(2);
        var segment = new TcpSegment
        {
            SourcePort = known?.Remote.Port ?? (ushort)(1000 + _random.Next(Ports)),
            DestinationPort = known?.Local.Port ?? (ushort)(_random.Next(8) == 0 ? 81 : 80),
            SequenceNumber = known?.RcvNxt ?? (SeqNumber)(uint)_random.NextUInt64(),
            AcknowledgmentNumber = known?.SndNxt ?? (SeqNumber)(uint)_random.NextUInt64(),
            Flags = known is null ? TcpFlags.SYN : TcpFlags.ACK | (_random.Next(12) == 0 ? TcpFlags.FIN : TcpFlags.None),
            Window = (ushort)_random.Next(65_536),
            Payload = known is not null && _random.Next(2) == 0 ? _data.AsMemory(0, _random.Next(_data.Length)) : default,
            Options = new TcpOptions
            {
                MaximumSegmentSize = known is null ? (ushort)_random.Next(2000) : null,
                WindowScale = known is null ? (byte)_random.Next(15) : null,
                SackPermitted = known is null,
                Timestamps = new((uint)(_now.Nanoseconds / 1_000_000), 0),
            },
        };
        var header = new PacketHeader(known?.Remote.Address ?? s_remotes[family], known?.Local.Address ?? s_locals[family]);
        byte[] packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet);
        return packet;
    }

    /// <summary>The packet with some octets changed, cut off, or added.</summary>
    private byte[] Change(byte[] packet)
    {
        packet = _random.Next(8) switch
        {
            0 => packet[.._random.Next(packet.Length + 1)],
            1 => [.. packet, .. new byte[_random.Next(64)]],
            _ => [.. packet],
        };
        for (int changes = 1 + _random.Next(4); changes > 0 && packet.Length > 0; changes--)
        {
            // Mostly in the headers, where there is something to break.
            int at = _random.Next(_random.Next(4) == 0 ? packet.Length : Math.Min(packet.Length, 80));
            packet[at] = (byte)(_random.Next(2) == 0 ? packet[at] ^ (1 << _random.Next(8)) : _random.Next(256));
        }

        if (_random.Next(2) == 0)
        {
            Mend(packet);
        }

        return packet;
    }

    /// <summary>Makes the checksums right, where there are any.</summary>
    private static void Mend(byte[] packet)
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        int ipLength = decoded.TcpOffset;
        if (!decoded.IsIPv6 && ipLength >= 20 && ipLength <= packet.Length)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), 0);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Compute(packet.AsSpan(0, ipLength)));
        }

        int end = decoded.TcpOffset + decoded.SegmentOctets.Length;
        if (decoded.Status == PacketStatus.Tcp && decoded.TcpOffset > 0 && end <= packet.Length && decoded.SegmentOctets.Length >= TcpHeader.MinimumSize)
        {
            Span<byte> octets = packet.AsSpan(decoded.TcpOffset, decoded.SegmentOctets.Length);
            BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.ChecksumOffset..], 0);
            BinaryPrimitives.WriteUInt16BigEndian(octets[TcpHeader.ChecksumOffset..], InternetChecksum.ComputeTcp(decoded.Source, decoded.Destination, octets));
        }
    }

    private void Poll()
    {
        int answers = 0;
        while (_host.TryPollTransmit(_now, out OutgoingPacket packet))
        {
            Require(++answers <= MostAnswers, "EndlessAnswers", $"More than {MostAnswers} packets answer one.");
            Require(packet.Bytes.Length <= _host.Mtu, "PacketTooLarge", $"A packet of {packet.Bytes.Length} octets is sent.");
        }

        while (_host.TryPollStateChange(out _))
        {
        }

        Listener listener = _host.Listeners[0];
        Require(listener.HalfOpen >= 0 && listener.HalfOpen <= Backlog, "Backlog", $"{listener.HalfOpen} connections are half-open.");
        Require(_host.DeadlineCount <= 8 * (MostConnections + Backlog + 1), "Deadlines", $"{_host.DeadlineCount} deadlines are kept.");
    }
}
