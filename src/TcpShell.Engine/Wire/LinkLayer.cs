using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Finds the IP packet in a frame: reads over the link-layer header and what may stand between it and IP.</summary>
internal ref struct LinkLayer
{
    private readonly ReadOnlySpan<byte> _frame;

    private LinkLayer(ReadOnlySpan<byte> frame)
    {
        _frame = frame;
    }

    /// <summary>Where the next header starts.</summary>
    public int Offset { get; private set; }

    /// <summary>Whether an IP packet starts at <see cref="Offset"/>.</summary>
    public bool IsIp { get; private set; }

    /// <summary>The VLAN tags that were read over.</summary>
    public VlanIds VlanIds { get; private set; }

    /// <summary>Why there is nothing to be found.</summary>
    public DecodeProblem Problem { get; private set; }

    /// <summary>Reads the headers before IP.</summary>
    public static LinkLayer Read(ReadOnlySpan<byte> frame, LinkType linkType)
    {
        var layer = new LinkLayer(frame);
        layer.Read(linkType);
        return layer;
    }

    private void Read(LinkType linkType)
    {
        switch (linkType)
        {
            case LinkType.Ethernet:
                ReadEthernet();
                break;
            case LinkType.Raw or LinkType.RawBsd or LinkType.RawOpenBsd or LinkType.IPv4 or LinkType.IPv6:
                IsIp = true;
                break;
            case LinkType.LinuxSll:
                ReadEtherType(typeOffset: 14, nextOffset: 16);
                break;
            case LinkType.LinuxSll2:
                ReadEtherType(typeOffset: 0, nextOffset: 20);
                break;
            case LinkType.Null or LinkType.Loop:
                ReadAddressFamily();
                break;
            case LinkType.Ppp or LinkType.PppHdlc:
                ReadPpp();
                break;
            case LinkType.PppEthernet:
                ReadPppoe();
                break;
            case LinkType.CiscoHdlc:
                ReadEtherType(typeOffset: 2, nextOffset: 4);
                break;
            default:
                Problem = DecodeProblem.LinkTypeUnsupported;
                break;
        }
    }

    private void ReadEthernet() => ReadEtherType(EthernetHeader.EtherTypeOffset, EthernetHeader.Size);

    // Follows a chain of EtherTypes, through VLAN tags, to IP or to anything else. Each step moves forward, so it ends with the frame.
    private void ReadEtherType(int typeOffset, int nextOffset)
    {
        int start = Offset;
        if (!TryRead16(start + typeOffset, out ushort type))
        {
            return;
        }

        Offset = start + nextOffset;
        while ((EtherType)type is EtherType.Vlan or EtherType.ServiceVlan or EtherType.OldServiceVlan)
        {
            if (!TryRead16(Offset, out ushort tag) || !TryRead16(Offset + 2, out type))
            {
                return;
            }

            VlanIds = VlanIds.Add(tag);
            Offset += 4;
        }

        switch ((EtherType)type)
        {
            case EtherType.IPv4 or EtherType.IPv6:
                IsIp = true;
                break;
            case EtherType.PppoeSession:
                ReadPppoe();
                break;
            case EtherType.Mpls or EtherType.MplsMulticast:
                ReadMpls();
                break;
            case < EtherType.First:
                ReadSnap();
                break;
        }
    }

    // IEEE 802.3 frames have a length where Ethernet II has its type; IP then stands behind LLC and SNAP (RFC 1042).
    private void ReadSnap()
    {
        ReadOnlySpan<byte> llcAndOui = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00];
        if (_frame.Length - Offset >= 8 && _frame.Slice(Offset, 6).SequenceEqual(llcAndOui))
        {
            Offset += 6;
            ReadInnerEtherType();
        }
    }

    private void ReadInnerEtherType()
    {
        if (TryRead16(Offset, out ushort type))
        {
            Offset += 2;
            IsIp = (EtherType)type is EtherType.IPv4 or EtherType.IPv6;
        }
    }

    // RFC 3032: labels until one with the bottom-of-stack bit. What comes then is not said; IP shows its version.
    private void ReadMpls()
    {
        bool isBottom = false;
        while (!isBottom)
        {
            if (Offset + 4 >= _frame.Length)
            {
                Problem = DecodeProblem.LinkHeaderCut;
                return;
            }

            isBottom = (_frame[Offset + 2] & 1) != 0;
            Offset += 4;
        }

        IsIp = _frame[Offset] >> 4 is 4 or 6;
    }

    // RFC 2516: version and type, code (0 is session data), session, length; then PPP.
    private void ReadPppoe()
    {
        if (Offset + 6 > _frame.Length)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        bool isSession = _frame[Offset + 1] == 0;
        Offset += 6;
        if (isSession)
        {
            ReadPpp();
        }
    }

    // RFC 1661 and 1662: address and control may be missing, and the protocol's upper octet when it is 0.
    private void ReadPpp()
    {
        if (TryRead16(Offset, out ushort start) && start == 0xff03)
        {
            Offset += 2;
        }

        if (Offset >= _frame.Length)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        int protocol = _frame[Offset++];
        if ((protocol & 1) == 0)
        {
            if (Offset >= _frame.Length)
            {
                Problem = DecodeProblem.LinkHeaderCut;
                return;
            }

            protocol = (protocol << 8) | _frame[Offset++];
        }

        const int IPv4 = 0x21;
        const int IPv6 = 0x57;
        const int Mpls = 0x281;
        IsIp = protocol is IPv4 or IPv6;
        if (protocol == Mpls)
        {
            ReadMpls();
        }
    }

    // The family's number for IPv6 differs between systems; the octets' order is that of the capturing machine.
    private void ReadAddressFamily()
    {
        if (_frame.Length < 4)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        const uint IPv4 = 2;
        uint family = BinaryPrimitives.ReadUInt32LittleEndian(_frame);
        if (family > ushort.MaxValue)
        {
            family = BinaryPrimitives.ReverseEndianness(family);
        }

        Offset = 4;
        IsIp = family is IPv4 or 10 /* Linux */ or 23 /* Windows */ or 24 /* NetBSD, OpenBSD */ or 28 /* FreeBSD */ or 30 /* macOS */;
    }

    private bool TryRead16(int offset, out ushort value)
    {
        bool isThere = offset + 2 <= _frame.Length;
        value = isThere ? BinaryPrimitives.ReadUInt16BigEndian(_frame[offset..]) : (ushort)0;
        if (!isThere)
        {
            Problem = DecodeProblem.LinkHeaderCut;
        }

        return isThere;
    }
}
