using System.Buffers.Binary;

namespace TcpShell.Wire;

/// <summary>Finds the IP packet in a frame: reads over the link-layer header and what may stand between it and IP.</summary>
internal ref partial struct LinkLayer
{
    private readonly ReadOnlySpan<byte> _frame;

    private LinkLayer(ReadOnlySpan<byte> frame, int offset)
    {
        _frame = frame;
        Offset = offset;
        End = int.MaxValue;
    }

    /// <summary>Where the next header starts.</summary>
    public int Offset { get; private set; }

    /// <summary>Whether an IP packet starts at <see cref="Offset"/>.</summary>
    public bool IsIp { get; private set; }

    /// <summary>Where the IP packet ends at the latest, as a header before it says.</summary>
    public int End { get; private set; }

    /// <summary>The VLAN tags that were read over.</summary>
    public VlanIds VlanIds { get; private set; }

    /// <summary>Why there is nothing to be found.</summary>
    public DecodeProblem Problem { get; private set; }

    /// <summary>Reads the headers before IP.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="linkType">What starts at the offset.</param>
    /// <param name="offset">Where to start.</param>
    public static LinkLayer Read(ReadOnlySpan<byte> frame, LinkType linkType, int offset = 0)
    {
        var layer = new LinkLayer(frame, offset);
        layer.Read(linkType);
        return layer;
    }

    /// <summary>Reads what an EtherType announces.</summary>
    /// <param name="frame">The frame as captured.</param>
    /// <param name="type">What starts at the offset.</param>
    /// <param name="offset">Where to start.</param>
    public static LinkLayer Read(ReadOnlySpan<byte> frame, EtherType type, int offset)
    {
        var layer = new LinkLayer(frame, offset);
        layer.ReadPayload(type);
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
            case LinkType.IpOverInfiniBand:
                ReadEtherType(typeOffset: 40, nextOffset: 44);
                break;
            case LinkType.Fddi:
                Offset += 13;
                ReadSnap();
                break;
            default:
                ReadRareLink(linkType);
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
        ReadPayload((EtherType)type);
    }

    private void ReadPayload(EtherType type)
    {
        while (type is EtherType.Vlan or EtherType.ServiceVlan or EtherType.OldServiceVlan or EtherType.VnTag or EtherType.ProviderBackbone)
        {
            // VN-Tag has 4 octets before the next type; 802.1ah has 4 and the addresses of the inner frame.
            int skipped = type == EtherType.VnTag ? 4 : type == EtherType.ProviderBackbone ? 16 : 2;
            if (!TryRead16(Offset, out ushort tag) || !TryRead16(Offset + skipped, out ushort next))
            {
                return;
            }

            VlanIds = skipped == 2 ? VlanIds.Add(tag) : VlanIds;
            Offset += skipped + 2;
            type = (EtherType)next;
        }

        switch (type)
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
            case EtherType.FabricPath:
                // Tag and time to live, then the frame as it was before.
                Offset += 2;
                ReadEthernet();
                break;
            case EtherType.TransparentEthernet:
                ReadEthernet();
                break;
            case < EtherType.First:
                ReadSnap();
                break;
        }
    }

    // IEEE 802.3 frames have a length where Ethernet II has its type; IP then stands behind LLC (SAP 6), mostly with SNAP (RFC 1042).
    private void ReadSnap()
    {
        ReadOnlySpan<byte> llcAndOui = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00];
        ReadOnlySpan<byte> ipLlc = [0x06, 0x06, 0x03];
        ReadOnlySpan<byte> rest = Offset < _frame.Length ? _frame[Offset..] : [];
        if (rest.StartsWith(llcAndOui))
        {
            Offset += llcAndOui.Length;
            ReadInnerEtherType();
        }
        else if (rest.StartsWith(ipLlc))
        {
            Offset += ipLlc.Length;
            IsIp = true;
        }
        else if (llcAndOui.StartsWith(rest) || ipLlc.StartsWith(rest))
        {
            Problem = DecodeProblem.LinkHeaderCut;
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
        int length = BinaryPrimitives.ReadUInt16BigEndian(_frame[(Offset + 4)..]);
        Offset += 6;
        End = Offset + length;
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
        if (_frame.Length < Offset + 4)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        uint family = BinaryPrimitives.ReadUInt32LittleEndian(_frame[Offset..]);
        if (family > ushort.MaxValue)
        {
            family = BinaryPrimitives.ReverseEndianness(family);
        }

        Offset += 4;
        IsIp = IsIpFamily(family);
    }

    private static bool IsIpFamily(uint family) =>
        family is 2 /* IPv4 everywhere */ or 10 /* Linux */ or 23 /* Windows */ or 24 /* NetBSD, OpenBSD */ or 28 /* FreeBSD */ or 30 /* macOS */;

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
