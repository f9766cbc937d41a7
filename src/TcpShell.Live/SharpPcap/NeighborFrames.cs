using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using PacketDotNet;
using PacketDotNet.Ndp;
using PacketDotNet.Utils;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>Frames of ARP (RFC 826) and neighbour discovery (RFC 4861), made with PacketDotNet.</summary>
internal static class NeighborFrames
{
    private const int MessageLength = 24; // type, code, checksum, flags or nothing, and the target
    private const int ChecksumOffset = 2;
    private const int OptionLength = 8;

    private static readonly PhysicalAddress s_nobody = new(new byte[6]);

    /// <summary>Asks who has an address.</summary>
    /// <param name="mac">Who asks.</param>
    /// <param name="sender">His address; unspecified to ask whether the other one is free, without claiming any.</param>
    /// <param name="target">The address that is asked for.</param>
    /// <param name="known">The Ethernet address that its owner had before, where it is only to be confirmed; null to ask everybody.</param>
    public static byte[] Question(MacAddress mac, IpAddress sender, IpAddress target, MacAddress? known = null)
    {
        if (!target.IsIPv6)
        {
            return Arp(ArpOperation.Request, mac, sender, known, target);
        }

        // RFC 4861 2.3: the group of the address's last 24 bits, whose Ethernet group has its last 32.
        byte[] address = target.ToIPAddress().GetAddressBytes();
        byte[] group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, address[13], address[14], address[15]];
        MacAddress destination = known ?? MacAddress.FromBytes([0x33, 0x33, .. group[12..]]);
        var octets = new byte[MessageLength + (sender.IsUnspecified ? 0 : OptionLength)];
        var message = new NdpNeighborSolicitationPacket(new ByteArraySegment(octets)) { TargetAddress = target.ToIPAddress() };
        if (!sender.IsUnspecified)
        {
            message.OptionsCollection = [Option(OptionTypes.SourceLinkLayerAddress, mac)];
        }

        IPAddress source = sender.IsUnspecified ? IPAddress.IPv6Any : sender.ToIPAddress();
        return Discovery(IcmpV6Type.NeighborSolicitation, octets, mac, source, destination, known is null ? new IPAddress(group) : target.ToIPAddress());
    }

    /// <summary>Tells who has an address.</summary>
    /// <param name="mac">Who has it.</param>
    /// <param name="address">The address.</param>
    /// <param name="asker">Who asked; unspecified to tell everybody.</param>
    /// <param name="askerMac">His Ethernet address; null to tell everybody.</param>
    public static byte[] Answer(MacAddress mac, IpAddress address, IpAddress asker, MacAddress? askerMac)
    {
        if (!address.IsIPv6)
        {
            // Told to everybody, it is the request that RFC 5227 calls an announcement: all who know the address take the new owner.
            return askerMac is null ? Arp(ArpOperation.Request, mac, address, null, address) : Arp(ArpOperation.Response, mac, address, askerMac, asker);
        }

        bool toAll = asker.IsUnspecified || askerMac is null;
        var octets = new byte[MessageLength + OptionLength];
        _ = new NdpNeighborAdvertisementPacket(new ByteArraySegment(octets))
        {
            TargetAddress = address.ToIPAddress(),
            Solicited = !toAll,
            Override = true,
            OptionsCollection = [Option(OptionTypes.TargetLinkLayerAddress, mac)],
        };
        MacAddress destination = toAll ? new MacAddress(0x333300000001) : askerMac!.Value;
        return Discovery(IcmpV6Type.NeighborAdvertisement, octets, mac, address.ToIPAddress(), destination, toAll ? IPAddress.Parse("ff02::1") : asker.ToIPAddress());
    }

    private static byte[] Arp(ArpOperation operation, MacAddress mac, IpAddress sender, MacAddress? targetMac, IpAddress target)
    {
        PhysicalAddress destination = targetMac is { } known ? ToPhysical(known) : new PhysicalAddress([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        return new EthernetPacket(ToPhysical(mac), destination, EthernetType.Arp)
        {
            PayloadPacket = new ArpPacket(
                operation,
                targetMac is null ? s_nobody : destination,
                target.ToIPAddress(),
                ToPhysical(mac),
                sender.IsUnspecified ? IPAddress.Any : sender.ToIPAddress()),
        }.Bytes;
    }

    /// <summary>PacketDotNet's packets of neighbour discovery cover the whole ICMPv6 message, so they are not put into one of its ICMPv6 packets.</summary>
    private static byte[] Discovery(IcmpV6Type type, byte[] message, MacAddress mac, IPAddress source, MacAddress destinationMac, IPAddress destination)
    {
        message[0] = (byte)type;
        var checksum = default(InternetChecksum);
        checksum.AddPseudoHeader(source, destination, IpProtocol.IcmpV6, message.Length);
        checksum.Add(message);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(ChecksumOffset), checksum.Value);
        var ip = new IPv6Packet(source, destination)
        {
            HopLimit = 255,
            Protocol = PacketDotNet.ProtocolType.IcmpV6,
            PayloadData = message,
            PayloadLength = (ushort)message.Length, // stays 0 otherwise
        };
        return new EthernetPacket(ToPhysical(mac), ToPhysical(destinationMac), EthernetType.IPv6) { PayloadPacket = ip }.Bytes;
    }

    private static NdpLinkLayerAddressOption Option(OptionTypes type, MacAddress mac) =>
        new(new byte[OptionLength], 0, OptionLength) { Type = type, Length = OptionLength / 8, LinkLayerAddress = ToPhysical(mac) };

    private static PhysicalAddress ToPhysical(MacAddress mac)
    {
        var octets = new byte[MacAddress.Size];
        mac.WriteTo(octets);
        return new PhysicalAddress(octets);
    }
}
