using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Devices;

/// <summary>
/// Somebody on the link who means harm: frames of random octets, segments of any kind from anybody, forged ARP and neighbour discovery, ICMP errors,
/// fragments, and all of these with octets changed, cut off or added. The same seed makes the same frames.
/// </summary>
/// <param name="seed">Where the randomness comes from.</param>
/// <param name="victimMac">The Ethernet address of the host that is attacked.</param>
/// <param name="addresses">Its IP addresses, which are also claimed and pretended.</param>
/// <param name="neighbours">Addresses of others on the link, which are claimed and pretended.</param>
internal sealed class HostilePeer(int seed, MacAddress victimMac, IpAddress[] addresses, IpAddress[] neighbours)
{
    private static readonly ushort[] s_ports = [7, 9, 80];

    private readonly Random _random = new(seed);
    private readonly byte[] _buffer = new byte[1514];

    /// <summary>Makes the next frame; valid until the next call.</summary>
    public ReadOnlySpan<byte> Next()
    {
        int length = _random.Next(8) switch
        {
            0 => Noise(),
            1 => Arp(),
            2 => Discovery(),
            3 => Icmp(),
            4 => IPv6Headers(),
            _ => Segment(),
        };
        return _random.Next(2) == 0 ? _buffer.AsSpan(0, length) : Mutate(length);
    }

    private int Noise()
    {
        int length = _random.Next(14, _buffer.Length);
        _random.NextBytes(_buffer.AsSpan(0, length));
        Ethernet((ushort)_random.Next(65536));
        return length;
    }

    private int Segment()
    {
        IpAddress to = Pick(addresses);
        IpAddress from = Stranger(to.IsIPv6);
        var options = new byte[_random.Next(3) == 0 ? _random.Next(11) * 4 : 0];
        _random.NextBytes(options);
        bool isSyn = _random.Next(3) == 0;
        var segment = new TcpSegment
        {
            SourcePort = (ushort)_random.Next(65536),
            DestinationPort = _random.Next(4) == 0 ? (ushort)_random.Next(65536) : s_ports[_random.Next(s_ports.Length)],
            SequenceNumber = (uint)_random.NextInt64(),
            AcknowledgmentNumber = (uint)_random.NextInt64(),
            Flags = isSyn ? TcpFlags.SYN : (TcpFlags)_random.Next(512),
            Window = (ushort)_random.Next(65536),
            UrgentPointer = (ushort)_random.Next(65536),
            Options = new TcpOptions { Wire = options },
            Payload = new byte[_random.Next(4) == 0 ? _random.Next(1380) : 0],
        };
        var header = new PacketHeader(from, to) { Ttl = (byte)_random.Next(256), DontFragment = _random.Next(2) == 0 };
        int offset = Ethernet((ushort)(to.IsIPv6 ? EtherType.IPv6 : EtherType.IPv4));
        int size = PacketWriter.SizeOf(header, segment);
        PacketWriter.Write(header, segment, _buffer.AsSpan(offset, size));
        if (!to.IsIPv6 && _random.Next(16) == 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(offset + 6), (ushort)_random.Next(65536)); // a fragment, or flags that there are not
        }

        return offset + size;
    }

    private int Arp()
    {
        int offset = Ethernet(0x0806);
        Span<byte> arp = _buffer.AsSpan(offset, 28);
        _random.NextBytes(arp);
        BinaryPrimitives.WriteUInt64BigEndian(arp, 0x0001_0800_0604_0000UL | (uint)_random.Next(1, 3));
        Pick(_random.Next(2) == 0 ? addresses : neighbours, isIPv6: false).WriteTo(arp[14..]);
        Pick(_random.Next(2) == 0 ? addresses : neighbours, isIPv6: false).WriteTo(arp[24..]);
        return offset + arp.Length;
    }

    private int Discovery()
    {
        IpAddress from = _random.Next(2) == 0 ? Stranger(isIPv6: true) : Pick(neighbours, isIPv6: true);
        int length = 24 + (_random.Next(4) * 8);
        Span<byte> icmp = IPv6(from, Pick(addresses, isIPv6: true), IpProtocol.IcmpV6, 255, length);
        _random.NextBytes(icmp);
        icmp[0] = (byte)_random.Next(133, 138);
        icmp[1] = 0;
        Pick(_random.Next(2) == 0 ? addresses : neighbours, isIPv6: true).WriteTo(icmp[8..]);
        if (length > 24)
        {
            icmp[24] = (byte)_random.Next(1, 6);
            icmp[25] = (byte)_random.Next(0, 3);
        }

        return FinishIcmpV6(icmp);
    }

    private int Icmp()
    {
        bool isIPv6 = _random.Next(2) == 0;
        int length = 8 + _random.Next(64);
        Span<byte> icmp = isIPv6
            ? IPv6(Stranger(true), Pick(addresses, true), IpProtocol.IcmpV6, 64, length)
            : IPv4(Stranger(false), Pick(addresses, false), IpProtocol.Icmp, length);
        _random.NextBytes(icmp);
        icmp[0] = isIPv6 ? (byte)_random.Next(1, 130) : (byte)_random.Next(0, 20);
        if (length > 48 && !isIPv6)
        {
            // About a packet that the host may have sent.
            icmp[8] = 0x45;
            icmp[17] = (byte)IpProtocol.Tcp;
            Pick(addresses, false).WriteTo(icmp[20..]);
        }

        if (isIPv6)
        {
            return FinishIcmpV6(icmp);
        }

        icmp[2..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Compute(icmp));
        return 14 + 20 + length;
    }

    private int IPv6Headers()
    {
        Span<byte> chain = IPv6(Stranger(true), Pick(addresses, true), IpProtocol.Tcp, 64, 8 * _random.Next(1, 40));
        _random.NextBytes(chain);
        byte[] kinds = [0, 43, 44, 60, 6, 51, 135];
        _buffer[14 + 6] = kinds[_random.Next(kinds.Length)];
        for (int at = 0; at < chain.Length; at += 8)
        {
            chain[at] = kinds[_random.Next(kinds.Length)];
            chain[at + 1] = (byte)_random.Next(3);
        }

        return 14 + 40 + chain.Length;
    }

    private ReadOnlySpan<byte> Mutate(int length)
    {
        for (int changes = _random.Next(1, 6); changes > 0; changes--)
        {
            _buffer[_random.Next(12, length)] = (byte)_random.Next(256);
        }

        return _buffer.AsSpan(0, _random.Next(4) switch
        {
            0 => _random.Next(14, length + 1),
            1 => Math.Min(_buffer.Length, length + _random.Next(64)),
            _ => length,
        });
    }

    private int Ethernet(ushort type)
    {
        bool toAll = _random.Next(8) == 0;
        (toAll ? new MacAddress(0xffff_ffff_ffff) : victimMac).WriteTo(_buffer);
        new MacAddress(0x0200_0000_0000UL | (uint)_random.Next()).WriteTo(_buffer.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(12), type);
        return 14;
    }

    private Span<byte> IPv4(IpAddress from, IpAddress to, IpProtocol protocol, int length)
    {
        Span<byte> ip = _buffer.AsSpan(Ethernet((ushort)EtherType.IPv4), 20);
        ip.Clear();
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + length));
        ip[8] = 64;
        ip[9] = (byte)protocol;
        from.WriteTo(ip[12..]);
        to.WriteTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip));
        return _buffer.AsSpan(14 + 20, length);
    }

    private Span<byte> IPv6(IpAddress from, IpAddress to, IpProtocol protocol, byte hopLimit, int length)
    {
        Span<byte> ip = _buffer.AsSpan(Ethernet((ushort)EtherType.IPv6), 40);
        ip.Clear();
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)length);
        ip[6] = (byte)protocol;
        ip[7] = hopLimit;
        from.WriteTo(ip[8..]);
        to.WriteTo(ip[24..]);
        return _buffer.AsSpan(14 + 40, length);
    }

    private int FinishIcmpV6(Span<byte> icmp)
    {
        icmp[2..4].Clear();
        var checksum = default(InternetChecksum);
        checksum.AddPseudoHeader(IpAddress.FromBytes(_buffer.AsSpan(22, 16)), IpAddress.FromBytes(_buffer.AsSpan(38, 16)), IpProtocol.IcmpV6, icmp.Length);
        checksum.Add(icmp);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], checksum.Value);
        return 14 + 40 + icmp.Length;
    }

    /// <summary>An address on the link or beyond it, a nonsensical one, or the victim's own.</summary>
    private IpAddress Stranger(bool isIPv6)
    {
        var octets = new byte[isIPv6 ? 16 : 4];
        if (_random.Next(16) == 0)
        {
            return Pick(addresses, isIPv6);
        }

        Pick(neighbours, isIPv6).WriteTo(octets);
        _random.NextBytes(_random.Next(2) == 0 ? octets.AsSpan(octets.Length - 1) : octets);
        return IpAddress.FromBytes(octets);
    }

    private IpAddress Pick(IpAddress[] from) => from[_random.Next(from.Length)];

    private IpAddress Pick(IpAddress[] from, bool isIPv6) => Array.Find(from, address => address.IsIPv6 == isIPv6);
}
