using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>
/// The other end of a connection, which the script plays. It translates between the numbers of the script, which start at the initial
/// sequence numbers, and those on the wire.
/// </summary>
internal sealed class ScriptPeer(Endpoint local, Endpoint remote)
{
    private readonly Dictionary<uint, uint> _timestamps = [];
    private (uint Script, uint Live)? _firstTimestamp;
    private uint? _localIss;
    private uint? _remoteIss;
    private uint? _scriptIss;

    /// <summary>The end under test.</summary>
    public Endpoint Local { get; } = local;

    /// <summary>The end that the script plays.</summary>
    public Endpoint Remote { get; } = remote;

    /// <summary>Whether the echo of a timestamp that no outbound packet had is calculated from the first one (--tcp_ts_ecr_scaled).</summary>
    public bool ScalesTimestamps { get; init; }

    private uint LocalIss => _localIss ?? 0;

    private uint RemoteIss => _remoteIss ?? 0;

    private uint ScriptIss => _scriptIss ?? 0;

    /// <summary>Whether a packet that left the host under test belongs to this connection.</summary>
    public bool IsFor(in DecodedPacket packet) =>
        packet.Status == PacketStatus.Tcp && packet.SourceEndpoint == Local && packet.DestinationEndpoint == Remote;

    /// <summary>The packet on the wire for one that the script sends.</summary>
    public byte[] ToWire(TcpPacketEvent packet)
    {
        bool isSyn = packet.Flags.Has(TcpFlags.SYN);
        _remoteIss ??= packet.Sequence;
        uint acknowledgment = packet.Acknowledgment ?? 0;
        var segment = new TcpSegment
        {
            SourcePort = Remote.Port,
            DestinationPort = Local.Port,
            SequenceNumber = isSyn ? packet.Sequence : unchecked(packet.Sequence + RemoteIss),
            AcknowledgmentNumber = packet.Flags.Has(TcpFlags.ACK) ? unchecked(acknowledgment + LocalIss - (isSyn ? ScriptIss : 0)) : acknowledgment,
            Flags = packet.Flags,
            Window = packet.Window ?? 0,
            UrgentPointer = packet.UrgentPointer,
            Options = new TcpOptions { Wire = OptionsToWire(packet) },
            Payload = new byte[packet.PayloadLength],
        };
        var header = new PacketHeader(Remote.Address, Local.Address)
        {
            TrafficClass = packet.Ip?.TrafficClass ?? (byte)(packet.Ip?.Ecn ?? Ecn.NotEct),
            Ttl = packet.Ip?.TimeToLive ?? 64,
            FlowLabel = (uint)(packet.Ip?.FlowLabel ?? 0),
        };
        var octets = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, octets);
        return octets;
    }

    /// <summary>A segment of ours as a router quotes it that could not carry it: the headers and the length that it had.</summary>
    public byte[] Quote(uint sequence, int length)
    {
        var segment = new TcpSegment
        {
            SourcePort = Local.Port,
            DestinationPort = Remote.Port,
            SequenceNumber = unchecked(sequence + LocalIss),
            Flags = TcpFlags.ACK,
            Payload = new byte[length],
        };
        var header = new PacketHeader(Local.Address, Remote.Address);
        var octets = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, octets);
        return octets;
    }

    /// <summary>A packet of this connection as the script would write it.</summary>
    public TcpPacketEvent FromWire(in DecodedPacket packet)
    {
        TcpSegment segment = packet.Segment;
        bool isSyn = segment.Flags.Has(TcpFlags.SYN);
        if (isSyn)
        {
            _localIss ??= segment.SequenceNumber.Value;
        }

        bool acknowledges = segment.Flags.Has(TcpFlags.ACK);
        uint acknowledgment = segment.AcknowledgmentNumber.Value;
        return new TcpPacketEvent
        {
            Time = default,
            IsInbound = false,
            Ip = new ScriptIpFields { TrafficClass = packet.TrafficClass, TimeToLive = packet.Ttl, FlowLabel = (int)packet.FlowLabel },
            Flags = segment.Flags,
            Sequence = unchecked(segment.SequenceNumber.Value - LocalIss + (isSyn ? ScriptIss : 0)),
            PayloadLength = segment.Payload.Length,
            Acknowledgment = !acknowledges && acknowledgment == 0 ? null : isSyn || !acknowledges ? acknowledgment : unchecked(acknowledgment - RemoteIss),
            Window = segment.Window,
            UrgentPointer = segment.UrgentPointer,
            Options = [.. TcpOptionReader.Enumerate(segment.Options).Select(option => FromWire(option))],
        };
    }

    /// <summary>An expected SYN came: what the script calls our initial sequence number, if this is the first.</summary>
    public bool TryNameLocalIss(uint scriptIss)
    {
        bool isFirst = _scriptIss is null;
        _scriptIss ??= scriptIss;
        return isFirst;
    }

    /// <summary>
    /// A packet came: its timestamp in the script's numbers, counted from the first one that both have. The script's later echoes of what it
    /// has there mean the one on the wire.
    /// </summary>
    public TcpPacketEvent WithScriptTimestamp(TcpPacketEvent packet, TcpPacketEvent expected)
    {
        if (TimestampOf(packet) is not { } live)
        {
            return packet;
        }

        if (TimestampOf(expected) is { } script)
        {
            _timestamps[script] = live;
            _firstTimestamp ??= (script, live);
        }

        uint renumbered = _firstTimestamp is { } first ? unchecked(live - first.Live + first.Script) : live;
        return packet with { Options = [.. packet.Options!.Select(option => IsTimestamp(option) ? WithTimestamp(option, renumbered) : option)] };
    }

    private byte[] OptionsToWire(TcpPacketEvent packet)
    {
        var octets = new List<byte>(TcpOptions.MaximumSize);
        foreach (TcpOption option in packet.Options ?? [])
        {
            octets.Add((byte)option.Kind);
            if (option.Kind is TcpOptionKind.NoOperation or TcpOptionKind.EndOfList)
            {
                continue;
            }

            octets.Add((byte)(2 + option.Data.Length));
            byte[] data = option.Data.ToArray();
            if (option.Kind == TcpOptionKind.Sack)
            {
                Shift(data, LocalIss);
            }
            else if (IsTimestamp(option))
            {
                uint echo = BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(4));
                BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), EchoToWire(echo));
            }

            octets.AddRange(data);
        }

        return [.. octets];
    }

    private uint EchoToWire(uint echo)
    {
        if (_timestamps.TryGetValue(echo, out uint live))
        {
            return live;
        }

        if (ScalesTimestamps && _firstTimestamp is { } first)
        {
            return unchecked(first.Live + echo - first.Script);
        }

        // 0 is what a first SYN echoes; any other echo must be of something that the script has seen.
        return echo == 0 ? 0u : throw new ScriptUnsupported($"the timestamp echo {echo}, which no outbound packet of the script had as its value");
    }

    private TcpOption FromWire(TcpOption option)
    {
        if (option.Kind != TcpOptionKind.Sack)
        {
            return option;
        }

        byte[] data = option.Data.ToArray();
        Shift(data, unchecked(0 - RemoteIss));
        return option with { Data = data };
    }

    private static bool IsTimestamp(TcpOption option) => option.Kind == TcpOptionKind.Timestamps && option.Data.Length == 8;

    private static uint? TimestampOf(TcpPacketEvent packet)
    {
        TcpOption? option = packet.Options?.Where(IsTimestamp).Select(found => (TcpOption?)found).FirstOrDefault();
        return option is { } found ? BinaryPrimitives.ReadUInt32BigEndian(found.Data.Span) : null;
    }

    private static TcpOption WithTimestamp(TcpOption option, uint value)
    {
        byte[] data = option.Data.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(data, value);
        return option with { Data = data };
    }

    private static void Shift(Span<byte> numbers, uint by)
    {
        for (; numbers.Length >= 4; numbers = numbers[4..])
        {
            BinaryPrimitives.WriteUInt32BigEndian(numbers, unchecked(BinaryPrimitives.ReadUInt32BigEndian(numbers) + by));
        }
    }
}
