using System.Buffers.Binary;

namespace TcpShell.Wire;

// Link layers that captures have now and then: wireless, ARCNET, logs of netfilter, a router's own headers.
internal ref partial struct LinkLayer
{
    private void ReadRareLink(LinkType linkType)
    {
        switch (linkType)
        {
            case LinkType.Ieee80211:
                ReadIeee80211(isPadded: false);
                break;
            case LinkType.Radiotap:
                ReadRadiotap();
                break;
            case LinkType.ArcnetLinux:
                ReadArcnet();
                break;
            case LinkType.JuniperEthernet:
                ReadJuniper();
                break;
            case LinkType.NetfilterLog:
                ReadNetfilterLog();
                break;
            case LinkType.EthernetMPacket:
                ReadMPacket();
                break;
            default:
                Problem = DecodeProblem.LinkTypeUnsupported;
                break;
        }
    }

    // The header's length is its third field, little-endian like all of them. Of its values only the flags matter: whether the
    // driver padded the 802.11 header to a multiple of 4.
    private void ReadRadiotap()
    {
        const int FixedSize = 8;
        if (_frame.Length < Offset + FixedSize)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        ReadOnlySpan<byte> header = _frame[Offset..];
        int length = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
        uint present = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        int field = FixedSize;
        for (uint more = present; (more & 0x80000000) != 0 && field + 4 <= Math.Min(length, header.Length); field += 4)
        {
            more = BinaryPrimitives.ReadUInt32LittleEndian(header[field..]);
        }

        const uint HasTime = 1;
        const uint HasFlags = 2;
        field = (present & HasTime) != 0 ? ((field + 7) & ~7) + 8 : field;
        bool isPadded = (present & HasFlags) != 0 && field < Math.Min(length, header.Length) && (header[field] & 0x20) != 0;
        Offset += length;
        ReadIeee80211(isPadded);
    }

    // IEEE 802.11 9.2: frame control, duration, three or four addresses, QoS and HT control where the bits say so. Only data frames
    // that carry something and are not encrypted are read.
    private void ReadIeee80211(bool isPadded)
    {
        const int Data = 2;
        if (_frame.Length < Offset + 24)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        int control = BinaryPrimitives.ReadUInt16LittleEndian(_frame[Offset..]);
        int subtype = (control >> 4) & 0xf;
        bool isProtected = (control & 0x4000) != 0;
        if (((control >> 2) & 3) != Data || (subtype & 4) != 0 || isProtected)
        {
            return;
        }

        int size = (control & 0x0300) == 0x0300 ? 30 : 24;
        bool isAggregate = false;
        if ((subtype & 8) != 0)
        {
            isAggregate = _frame.Length > Offset + size && (_frame[Offset + size] & 0x80) != 0;
            size += (control & 0x8000) != 0 ? 6 : 2;
        }

        // Of frames put together (A-MSDU) the first is read; it has addresses and a length of its own.
        Offset += (isPadded ? (size + 3) & ~3 : size) + (isAggregate ? 14 : 0);
        ReadSnap();
    }

    // Addresses, an offset of 2 octets, the protocol; RFC 1201 has flags and a number behind it, RFC 1051 nothing.
    private void ReadArcnet()
    {
        const int SimpleIp = 240;
        const int Ip = 212;
        const int IpV6 = 196;
        if (_frame.Length < Offset + 5)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        byte protocol = _frame[Offset + 4];
        Offset += 5;
        if (protocol is Ip or IpV6)
        {
            // An octet other than 0 begins a packet that was split; what its later parts hold cannot be read alone.
            if (Offset >= _frame.Length)
            {
                Problem = DecodeProblem.LinkHeaderCut;
                return;
            }

            const int Exception = 0xff;
            bool isException = _frame[Offset] == Exception;
            IsIp = isException || _frame[Offset] == 0;
            Offset += isException ? 7 : 3;
        }
        else
        {
            IsIp = protocol == SimpleIp;
        }
    }

    // "MGC", flags, extensions of a stated length if bit 7 says so, and Ethernet unless bit 1 says that the router took it off.
    private void ReadJuniper()
    {
        ReadOnlySpan<byte> magic = "MGC"u8;
        if (_frame.Length < Offset + 6 || !_frame.Slice(Offset, 3).SequenceEqual(magic))
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        byte flags = _frame[Offset + 3];
        Offset += (flags & 0x80) != 0 ? 6 + BinaryPrimitives.ReadUInt16BigEndian(_frame[(Offset + 4)..]) : 4;
        if ((flags & 2) == 0)
        {
            ReadEthernet();
        }
    }

    // Family, version, resource; then attributes, each with length and type in the byte order of the machine, padded to 4.
    private void ReadNetfilterLog()
    {
        const int Payload = 9;
        if (_frame.Length < Offset + 4)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        uint family = _frame[Offset];
        Offset += 4;
        while (_frame.Length >= Offset + 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(_frame[Offset..]);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(_frame[(Offset + 2)..]) & 0x7fff;
            if (type == Payload)
            {
                Offset += 4;
                IsIp = IsIpFamily(family);
                return;
            }

            if (length < 4)
            {
                break;
            }

            Offset += (length + 3) & ~3;
        }

        Problem = DecodeProblem.LinkHeaderCut;
    }

    // Octets 55 of the preamble, then the delimiter, which tells whether this is a frame's start (IEEE 802.3br 99.3).
    private void ReadMPacket()
    {
        int end = Math.Min(_frame.Length, Offset + 8);
        while (Offset < end && _frame[Offset] == 0x55)
        {
            Offset++;
        }

        if (Offset == end)
        {
            Problem = DecodeProblem.LinkHeaderCut;
            return;
        }

        byte delimiter = _frame[Offset++];
        if (delimiter is 0xd5 or 0xe6 or 0x4c or 0x7f or 0xb3)
        {
            ReadEthernet();
        }
    }
}
