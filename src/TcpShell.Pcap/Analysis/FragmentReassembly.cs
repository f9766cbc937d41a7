using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Puts IP fragments together (RFC 791, RFC 8200 4.5), in a bounded amount of memory: above it the oldest packets are given up.</summary>
internal sealed class FragmentReassembly(int maximumBytes)
{
    private const int MaximumPacket = 65_535;

    // What each fragment costs beside its octets, so that tiny ones cannot take endless memory.
    private const int Overhead = 128;
    private const long Timeout = 60_000_000_000;

    private readonly Dictionary<(IpAddress Source, IpAddress Destination, uint Id, IpProtocol Protocol), Packet> _packets = [];
    private readonly Queue<Packet> _byAge = new();
    private int _bytes;

    /// <summary>Fragments given up for want of room.</summary>
    public long Dropped { get; private set; }

    /// <summary>Takes a fragment.</summary>
    /// <param name="fragment">The fragment; its octets are copied.</param>
    /// <param name="time">When it was seen, in nanoseconds.</param>
    /// <param name="octets">The whole packet from the IP header on, if this was what it lacked.</param>
    /// <returns>Whether the packet is complete.</returns>
    public bool TryComplete(in DecodedPacket fragment, long time, out ReadOnlyMemory<byte> octets)
    {
        octets = default;
        int length = fragment.IpLength - fragment.IpHeaderLength;
        bool isCut = fragment.TcpOffset + length > fragment.Frame.Length;
        if (isCut || length <= 0 || fragment.FragmentOffset + length > MaximumPacket)
        {
            return false;
        }

        var key = (fragment.Source, fragment.Destination, fragment.Identification, fragment.Protocol);
        if (!_packets.TryGetValue(key, out Packet? packet) || time - packet.Started > Timeout)
        {
            Forget(packet);
            packet = new Packet { Key = key, Started = time };
            _packets[key] = packet;
            _byAge.Enqueue(packet);
        }

        byte[] data = fragment.Frame.Slice(fragment.TcpOffset, length).ToArray();
        packet.Add(fragment.FragmentOffset, data, isLast: !fragment.MoreFragments);
        packet.Cost += length + Overhead;
        _bytes += length + Overhead;
        if (packet.IsComplete)
        {
            octets = packet.Assemble(fragment);
            Forget(packet);
            return true;
        }

        while (_bytes > maximumBytes && _byAge.TryDequeue(out Packet? oldest))
        {
            Dropped += oldest.IsForgotten ? 0 : oldest.Count;
            Forget(oldest);
        }

        // Packets that were completed leave only their places in the queue.
        while (_byAge.TryPeek(out Packet? first) && first.IsForgotten)
        {
            _byAge.Dequeue();
        }

        return false;
    }

    private void Forget(Packet? packet)
    {
        if (packet is { IsForgotten: false })
        {
            packet.IsForgotten = true;
            _bytes -= packet.Cost;
            _packets.Remove(packet.Key);
            packet.Clear();
        }
    }

    private sealed class Packet
    {
        private readonly SortedList<int, byte[]> _pieces = [];
        private int _length = -1;

        public required (IpAddress Source, IpAddress Destination, uint Id, IpProtocol Protocol) Key { get; init; }

        public required long Started { get; init; }

        public int Cost { get; set; }

        public int Count => _pieces.Count;

        public bool IsForgotten { get; set; }

        public bool IsComplete
        {
            get
            {
                int next = 0;
                foreach ((int offset, byte[] data) in _pieces)
                {
                    if (offset > next)
                    {
                        return false;
                    }

                    next = Math.Max(next, offset + data.Length);
                }

                return _length >= 0 && next >= _length;
            }
        }

        public void Clear() => _pieces.Clear();

        public void Add(int offset, byte[] data, bool isLast)
        {
            // Of two with the same place the first counts.
            _pieces.TryAdd(offset, data);
            if (isLast)
            {
                _length = offset + data.Length;
            }
        }

        public byte[] Assemble(in DecodedPacket fragment)
        {
            int header = fragment.IsIPv6 ? PacketWriter.IPv6HeaderSize : PacketWriter.IPv4HeaderSize;
            byte[] packet = new byte[header + _length];
            Span<byte> octets = packet;
            if (fragment.IsIPv6)
            {
                octets[0] = 0x60;
                BinaryPrimitives.WriteUInt16BigEndian(octets[4..], (ushort)_length);
                octets[6] = (byte)fragment.Protocol;
                octets[7] = fragment.Ttl;
                fragment.Source.WriteTo(octets[8..]);
                fragment.Destination.WriteTo(octets[24..]);
            }
            else
            {
                octets[0] = 0x45;
                octets[1] = fragment.TrafficClass;
                BinaryPrimitives.WriteUInt16BigEndian(octets[2..], (ushort)Math.Min(packet.Length, ushort.MaxValue));
                octets[8] = fragment.Ttl;
                octets[9] = (byte)fragment.Protocol;
                fragment.Source.WriteTo(octets[12..]);
                fragment.Destination.WriteTo(octets[16..]);
                BinaryPrimitives.WriteUInt16BigEndian(octets[10..], InternetChecksum.Compute(octets[..header]));
            }

            // From the last to the first, so that of what overlaps the first one stays.
            foreach ((int offset, byte[] data) in _pieces.Reverse())
            {
                if (offset < _length)
                {
                    data.AsSpan(0, Math.Min(data.Length, _length - offset)).CopyTo(octets[(header + offset)..]);
                }
            }

            return packet;
        }
    }
}
