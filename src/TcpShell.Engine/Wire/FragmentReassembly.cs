using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>
/// Puts IP fragments together (RFC 791, RFC 8200 4.5), in a bounded amount of memory: above it, and after a minute, the oldest packets are given up.
/// </summary>
/// <param name="maximumBytes">Octets that fragments may take.</param>
/// <param name="isStrict">
/// For a host: a packet whose fragments overlap or do not fit is given up, since nobody but an attacker sends such ones (RFC 5722). For an observer, who wants to see what
/// there was, the first octet in each place counts.
/// </param>
internal sealed class FragmentReassembly(int maximumBytes, bool isStrict = false)
{
    private const int MaximumPacket = 65_535;

    // What each fragment, and each packet that waits, costs beside its octets: so tiny ones, and many of them, take no more memory than is said.
    private const int Overhead = 128;
    private const int PacketOverhead = 512;
    private const long Timeout = 60_000_000_000;

    private readonly Dictionary<(IpAddress Source, IpAddress Destination, uint Id, IpProtocol Protocol), Packet> _packets = [];
    private readonly LinkedList<Packet> _byAge = new();

    /// <summary>Fragments given up for want of room.</summary>
    public long Dropped { get; private set; }

    /// <summary>Octets that the waiting fragments take.</summary>
    public int Bytes { get; private set; }

    /// <summary>Packets that lack a fragment.</summary>
    public int Count => _byAge.Count;

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

        while (_byAge.First?.Value is { } old && time - old.Started > Timeout)
        {
            Forget(old);
        }

        Packet packet = Find((fragment.Source, fragment.Destination, fragment.Identification, fragment.Protocol), time);
        if (isStrict && !packet.Fits(fragment.FragmentOffset, length, isLast: !fragment.MoreFragments, out bool isCopy))
        {
            if (!isCopy)
            {
                Forget(packet);
            }

            return false;
        }

        byte[] data = fragment.Frame.Slice(fragment.TcpOffset, length).ToArray();
        packet.Add(fragment.FragmentOffset, data, isLast: !fragment.MoreFragments);
        packet.Cost += length + Overhead;
        Bytes += length + Overhead;
        if (packet.IsComplete)
        {
            octets = packet.Assemble(fragment);
            Forget(packet);
            return true;
        }

        while (Bytes > maximumBytes && _byAge.First?.Value is { } oldest)
        {
            Dropped += oldest.Count;
            Forget(oldest);
        }

        return false;
    }

    private Packet Find((IpAddress Source, IpAddress Destination, uint Id, IpProtocol Protocol) key, long time)
    {
        if (_packets.TryGetValue(key, out Packet? packet))
        {
            if (time - packet.Started <= Timeout)
            {
                return packet;
            }

            Forget(packet);
        }

        packet = new Packet { Key = key, Started = time, Cost = PacketOverhead };
        Bytes += PacketOverhead;
        _packets[key] = packet;
        packet.Place = _byAge.AddLast(packet);
        return packet;
    }

    private void Forget(Packet packet)
    {
        Bytes -= packet.Cost;
        _packets.Remove(packet.Key);
        _byAge.Remove(packet.Place!);
    }

    private sealed class Packet
    {
        private readonly SortedList<int, byte[]> _pieces = [];
        private int _length = -1;
        private int _octets;

        public required (IpAddress Source, IpAddress Destination, uint Id, IpProtocol Protocol) Key { get; init; }

        public required long Started { get; init; }

        public int Cost { get; set; }

        public int Count => _pieces.Count;

        public LinkedListNode<Packet>? Place { get; set; }

        public bool IsComplete
        {
            get
            {
                // With overlaps there may be more than there are places, but never less where all are filled.
                if (_length < 0 || _octets < _length)
                {
                    return false;
                }

                int next = 0;
                foreach ((int offset, byte[] data) in _pieces)
                {
                    if (offset > next)
                    {
                        return false;
                    }

                    next = Math.Max(next, offset + data.Length);
                }

                return next >= _length;
            }
        }

        /// <summary>Whether a fragment goes with the others: all but the last in units of 8 octets, none in another's place or behind the last.</summary>
        /// <param name="offset">Where it begins.</param>
        /// <param name="length">Its octets.</param>
        /// <param name="isLast">Whether none comes behind it.</param>
        /// <param name="isCopy">Whether it is another copy of one that is there; then it does no harm (RFC 8200 4.5).</param>
        public bool Fits(int offset, int length, bool isLast, out bool isCopy)
        {
            isCopy = _pieces.TryGetValue(offset, out byte[]? same) && same.Length == length;
            int end = offset + length;
            bool isPossible = isLast ? _length < 0 && End <= end : length % 8 == 0 && (_length < 0 || end <= _length);
            int next = FirstFrom(offset);
            return isPossible
                && (next == 0 || _pieces.Keys[next - 1] + _pieces.Values[next - 1].Length <= offset)
                && (next == _pieces.Count || end <= _pieces.Keys[next]);
        }

        public void Add(int offset, byte[] data, bool isLast)
        {
            // Of two with the same place the first counts.
            _octets += _pieces.TryAdd(offset, data) ? data.Length : 0;
            if (isLast)
            {
                _length = offset + data.Length;
            }
        }

        private int End => _pieces.Count == 0 ? 0 : _pieces.Keys[^1] + _pieces.Values[^1].Length;

        /// <summary>The index of the first piece that begins there or later.</summary>
        private int FirstFrom(int offset)
        {
            int low = 0;
            int high = _pieces.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = _pieces.Keys[middle] < offset ? (middle + 1, high) : (low, middle);
            }

            return low;
        }

        public byte[] Assemble(in DecodedPacket fragment)
        {
            int header = fragment.IsIPv6 ? PacketWriter.IPv6HeaderSize : PacketWriter.IPv4HeaderSize;
            byte[] packet = new byte[header + _length];
            Span<byte> octets = packet;
            if (fragment.IsIPv6)
            {
                octets[0] = (byte)(0x60 | (fragment.TrafficClass >> 4));
                octets[1] = (byte)(fragment.TrafficClass << 4);
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
