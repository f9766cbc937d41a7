using System.Buffers;
using System.Buffers.Binary;
using System.Collections;
using System.Reflection;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tcp.Recovery;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Exploration;

/// <summary>
/// What two states of a network are compared by: all that decides how it goes on. Every field that a host or a connection has or will
/// have counts, unless it is named here as one that decides nothing, so that a new one cannot be forgotten. Points in time count
/// relative to now, packets by their octets without the IP identification.
/// </summary>
internal sealed class StateFingerprint
{
    // Bookkeeping, statistics, memory of the past, and what can be derived from other fields.
    private static readonly HashSet<FieldInfo> s_ignored =
    [
        .. Ignore<TcpNetwork>("_arrivals", "_names", nameof(TcpNetwork.Name), nameof(TcpNetwork.StateChanges), nameof(TcpNetwork.Trace)),
        .. Ignore<SimulatedNetwork>("_now", "_owners", "_lastConnection"),
        .. Ignore<TcpHost>(
            "_demultiplexer", "_closed", "_stateChanges", "_deadlines", "_scheduled", "_identification", "_nextId", "_calls",
            nameof(TcpHost.Network), nameof(TcpHost.Counters)),
        .. Ignore<HostedConnection>("_changes", nameof(HostedConnection.Id), nameof(HostedConnection.History), "Scheduled", "IsDirty"),
        .. Ignore<Listener>("_accepted", nameof(Listener.Accepted), nameof(Listener.BacklogDrops)),
        .. Ignore<TcpConnection>(
            "_payload", nameof(TcpConnection.Called), nameof(TcpConnection.Counters), nameof(TcpConnection.Limits), nameof(TcpConnection.LastDataReceived)),
        .. Ignore<Rack>(nameof(Rack.Sent)),
    ];

    // How long after it a moment decides anything; TIME-WAIT and all retransmissions are over long before those 24 days.
    private static readonly Dictionary<FieldInfo, TimeSpan> s_memories = new()
    {
        [ObjectFields.Named(typeof(Link), "_free")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(Link), "_lastArrival")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(TcpHost), "_datagramsRefusedSince")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(TcpConnection), "_challengePeriodStart")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(TcpConnection), "_recentTimestampTaken")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(TcpConnection), "_rtoExpiry")] = TimeSpan.Zero,
        [ObjectFields.Named(typeof(TcpConnection), "_lastDataSent")] = TimeSpan.FromMinutes(2), // longer than any RTO
    };

    // Readings of a timestamp clock (RFC 7323), which ticks in milliseconds: they count relative to now as well.
    private static readonly HashSet<FieldInfo> s_clockReadings = [ObjectFields.Named(typeof(TcpConnection), "_recentTimestamp")];

    private readonly ObjectFields _fields = new();
    private readonly ArrayBufferWriter<byte> _written = new(4096);
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private Timestamp _now;

    /// <summary>The fingerprint of where a course of events has come to.</summary>
    public UInt128 Of(ScenarioRun run)
    {
        SimulatedNetwork network = run.Network;
        _written.ResetWrittenCount();
        _numbers.Clear();
        _now = network.Now;
        foreach (bool made in run.CallsMade)
        {
            Write(made ? 1 : 0);
        }

        WriteObject(network);
        WriteUnderway(run);
        foreach (TcpHost host in network.Hosts)
        {
            WriteClosed(host);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_written.WrittenSpan, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    /// <summary>A packet's octets without the IPv4 identification, which counts what its host has sent, and the checksum over it.</summary>
    public static byte[] Content(TracedPacket packet)
    {
        byte[] octets = packet.ArrivedBytes.ToArray();
        if (octets[0] >> 4 == 4)
        {
            octets.AsSpan(4, 2).Clear();
            octets.AsSpan(10, 2).Clear();
        }

        return octets;
    }

    private uint Relative(uint reading) => reading == 0 ? 0 : unchecked(reading - (uint)(_now.Nanoseconds / 1_000_000));

    /// <summary>The same with the timestamps option relative to now, and without the checksum, which covers it.</summary>
    private byte[] WithRelativeTimestamps(TracedPacket packet)
    {
        byte[] octets = Content(packet);
        DecodedPacket decoded = PacketDecoder.Decode(octets, LinkType.Raw);
        if (decoded.Status == PacketStatus.Tcp && decoded.Segment.Options.Timestamps is not null && packet.Bytes.Span.SequenceEqual(packet.ArrivedBytes.Span))
        {
            Span<byte> header = octets.AsSpan(decoded.IpHeaderLength);
            header.Slice(16, 2).Clear();
            int at = 20;
            while (header[at] != (byte)TcpOptionKind.Timestamps)
            {
                at += header[at] == (byte)TcpOptionKind.NoOperation ? 1 : header[at + 1];
            }

            foreach (Range value in (Range[])[(at + 2)..(at + 6), (at + 6)..(at + 10)])
            {
                BinaryPrimitives.WriteUInt32BigEndian(header[value], Relative(BinaryPrimitives.ReadUInt32BigEndian(header[value])));
            }
        }

        return octets;
    }

    /// <summary>Whether a field decides nothing.</summary>
    internal static bool Ignores(FieldInfo field) => s_ignored.Contains(field);

    private static IEnumerable<FieldInfo> Ignore<T>(params string[] names) => names.Select(name => ObjectFields.Named(typeof(T), name));

    private void WriteUnderway(ScenarioRun run)
    {
        // Packets in line count in their order, from each host; late ones may come in any, so they are sorted by what they are.
        List<(bool IsLate, long Wait, string From, string Content)> packets = run.Network.PlannedArrivals
            .Select(planned => (
                run.IsLate(planned.Packet),
                Math.Max(0, planned.At.Nanoseconds - _now.Nanoseconds),
                planned.Packet.From,
                Convert.ToHexString(WithRelativeTimestamps(planned.Packet))))
            .ToList();
        IEnumerable<(bool IsLate, long Wait, string From, string Content)> sorted = packets
            .Where(packet => !packet.IsLate)
            .OrderBy(packet => packet.From, StringComparer.Ordinal)
            .Concat(packets.Where(packet => packet.IsLate).OrderBy(packet => packet.Content, StringComparer.Ordinal).ThenBy(packet => packet.Wait));
        foreach ((bool isLate, long wait, _, string content) in sorted)
        {
            Write(isLate ? 1 : 0);
            Write(wait);
            WriteOctets(Convert.FromHexString(content));
        }
    }

    /// <summary>Of what is closed only that counts which the properties look at.</summary>
    private void WriteClosed(TcpHost host)
    {
        foreach (HostedConnection closed in host.ClosedConnections)
        {
            WriteValue(closed.Local);
            WriteValue(closed.Remote);
            Write(closed.Iss.Value);
            Write(closed.Irs.Value);
            Write((long)closed.Error);
            Write(closed.Sent);
            Write(closed.Received);
            Write(closed.ReceiveQueue);
        }

        Write(host.ClosedConnections.Count);
    }

    private void WriteObject(object? value)
    {
        if (value is null)
        {
            Write(0);
            return;
        }

        if (value is TcpSettings or string or Type)
        {
            Write(value.GetHashCode());
            return;
        }

        if (!value.GetType().IsValueType && !Enter(value))
        {
            return;
        }

        switch (value)
        {
            case Array { Rank: 1 } array when array.GetType().GetElementType()!.IsPrimitive:
                var octets = new byte[Buffer.ByteLength(array)];
                Buffer.BlockCopy(array, 0, octets, 0, octets.Length);
                WriteOctets(octets);
                break;
            case Delegate function:
                Write(function.Method.MetadataToken);
                WriteObject(function.Target);
                break;
            case ReadOnlyMemory<byte> memory:
                WriteOctets(memory.Span);
                break;
            case IEnumerable items when IsCollection(value):
                foreach (object? item in items)
                {
                    WriteValue(item);
                }

                Write(-1);
                break;
            default:
                WriteFields(value);
                break;
        }
    }

    /// <summary>Whether an object is met for the first time; where it is not, its number is all there is to write.</summary>
    private bool Enter(object value)
    {
        bool isNew = _numbers.TryAdd(value, _numbers.Count);
        Write(isNew ? -2 : _numbers[value]);
        return isNew;
    }

    /// <summary>The platform's own collections have versions and spare room, which are no part of what they hold.</summary>
    private static bool IsCollection(object value) => value is Array || value.GetType().Namespace is { } space && space.StartsWith("System", StringComparison.Ordinal);

    private void WriteFields(object value)
    {
        foreach (FieldInfo field in _fields.Of(value.GetType()))
        {
            if (Ignores(field))
            {
                continue;
            }

            object? content = field.GetValue(value);
            bool fades = s_memories.TryGetValue(field, out TimeSpan memory);
            if (fades && content is Timestamp moment && (moment == Timestamp.Zero || moment < _now - memory)) // never is long ago
            {
                content = _now - memory;
            }

            WriteValue(s_clockReadings.Contains(field) ? Relative((uint)content!) : content);
        }
    }

    private void WriteValue(object? value)
    {
        switch (value)
        {
            case Timestamp moment:
                // Time zero stands for never: an exploration begins later.
                Write(moment == Timestamp.MaxValue || moment == Timestamp.Zero ? long.MaxValue - moment.Nanoseconds : moment.Nanoseconds - _now.Nanoseconds);
                break;
            case TcpTimestamps:
                Write(1); // of the SYNs: that they had timestamps decides something, which ones does not
                break;
            case TimeSpan duration:
                Write(duration.Ticks);
                break;
            case bool flag:
                Write(flag ? 1 : 0);
                break;
            case double number:
                Write(BitConverter.DoubleToInt64Bits(number));
                break;
            case ulong number:
                Write(unchecked((long)number));
                break;
            case IpAddress address:
                Span<byte> octets = stackalloc byte[16];
                address.WriteTo(octets);
                WriteOctets(octets[..address.Size]);
                break;
            case Enum or IConvertible and not string:
                Write(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            default:
                WriteObject(value);
                break;
        }
    }

    private void Write(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_written.GetSpan(sizeof(long)), value);
        _written.Advance(sizeof(long));
    }

    private void WriteOctets(ReadOnlySpan<byte> octets)
    {
        Write(octets.Length);
        _written.Write(octets);
    }
}
