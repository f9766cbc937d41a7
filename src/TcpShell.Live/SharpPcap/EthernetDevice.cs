using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using TcpShell.Live.Devices;
using TcpShell.Live.Linux;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>
/// An Ethernet device on which our host has an address of its own beside the kernel's: it asks and answers by ARP and neighbour discovery, and
/// hands IP packets in and out.
/// </summary>
/// <remarks>
/// The host has an Ethernet address of its own, too. With the device's the kernel would take its packets for misdirected ones, and forward them where
/// it is a router.
/// </remarks>
internal sealed class EthernetDevice : IPacketDevice
{
    private const int HeaderLength = 14;
    private const int UsualMtu = 1500;

    // What the kernel of the same machine sends over a virtual cable is not cut into the MTU's pieces.
    private const int LargestFrame = HeaderLength + 65535;

    // Who is woken up looks up from waiting this soon. Packets that come in end the waiting at once.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    // RFC 5227 2.4: an address is defended this often at most.
    private static readonly TimeSpan s_defendInterval = TimeSpan.FromSeconds(10);

    // What the host has not read by then it need not hear: a flood of its own packets to nobody shall take no memory.
    private const int MaximumErrors = 256;

    private readonly IDeviceCapture _capture;
    private readonly MacAddress _mac;
    private readonly IReadOnlyList<AddressPrefix> _addresses;
    private readonly IReadOnlyList<IpAddress> _gateways;
    private readonly NeighborTable _neighbors;
    private readonly object _writing = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ConcurrentQueue<byte[]> _errors = new();
    private TimeSpan _defended = -s_defendInterval;
    private byte[]? _next;
    private volatile bool _woken;
    private bool _disposed;

    private EthernetDevice(NetworkDevice device, IDeviceCapture capture, MacAddress mac, IReadOnlyList<AddressPrefix> addresses, IReadOnlyList<IpAddress> gateways)
    {
        Name = device.Name;
        Mtu = device.Mtu ?? UsualMtu;
        _capture = capture;
        _mac = mac;
        _addresses = addresses;
        _gateways = gateways;
        _neighbors = new NeighborTable(Ask, (to, packet) => SendPacket(to, packet), packet => Tell(IcmpErrorKind.HostUnreachable, packet));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Mtu { get; }

    /// <inheritdoc/>
    public string Kind => "Device";

    /// <summary>What the kernel has counted of frames that came in.</summary>
    public CaptureStatistics Statistics => _capture.Statistics;

    private TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <summary>Takes addresses on a device, after asking whether anybody has them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="addresses">The addresses with their networks.</param>
    /// <param name="gateways">Routers to everywhere else, one for each version of IP at most, in these networks.</param>
    /// <param name="mac">The host's Ethernet address; null for one that is made of the first address.</param>
    /// <param name="stopping">Ends the asking.</param>
    /// <exception cref="LiveException">Somebody has an address, or the device is of another kind.</exception>
    /// <exception cref="CaptureException">The device cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The asking was ended.</exception>
    public static EthernetDevice Open(
        NetworkDevice device, IReadOnlyList<AddressPrefix> addresses, IReadOnlyList<IpAddress> gateways, MacAddress? mac, CancellationToken stopping)
    {
        if (device.MacAddress is null)
        {
            throw new LiveException(LiveProblem.NotPossible, $"'{device}' is no Ethernet device, so no host can have an address on it beside the kernel's.");
        }

        if (device.IsLoopback)
        {
            throw new LiveException(LiveProblem.NotSupported, $"'{device}' is the machine talking to itself: nobody could reach a host there.");
        }

        MacAddress own = mac ?? LocalAddress(addresses[0].Address);
        if (own.IsGroup || own == default)
        {
            throw new LiveException(LiveProblem.NotPossible, $"{own} is no Ethernet address that a host can have: it is a group's, or nobody's.");
        }

        HostAddresses.Check(addresses);
        HostAddresses.CheckGateways(gateways, addresses);
        RefuseTaken(device, addresses, own, stopping);
        IDeviceCapture capture = PcapCapture.Open(device, new CaptureOptions
        {
            // What is for us, and what asks everybody for us; nothing of the rest of the network's traffic.
            Filter = $"not ether src {own} and (ether dst {own} or (ether multicast and (arp or icmp6)))",
            Promiscuous = true,

            // Each frame at once; and as every place in the buffer is as large as the largest frame then, many of them.
            Immediate = true,
            SnapLength = LargestFrame,
            BufferSize = 128 * 1024 * 1024,
        });
        try
        {
            var opened = new EthernetDevice(device, capture, own, addresses, gateways);
            foreach (AddressPrefix prefix in addresses)
            {
                opened.Announce(prefix.Address);
            }

            return opened;
        }
        catch
        {
            capture.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryRead(out byte[] packet)
    {
        // Here as well as in Wait, which nobody calls while frames come without end.
        LookAtTime();
        if (_errors.TryDequeue(out byte[]? error))
        {
            packet = error;
            return true;
        }

        while (_next is null && TryReadFrame(TimeSpan.Zero))
        {
        }

        packet = _next ?? [];
        _next = null;
        return packet.Length > 0;
    }

    /// <inheritdoc/>
    public bool TryWrite(ReadOnlySpan<byte> packet)
    {
        if (NextHop(packet) is not { } hop)
        {
            Tell(IcmpErrorKind.NetworkUnreachable, packet);
            return false;
        }

        lock (_writing)
        {
            return !_disposed && _neighbors.Send(hop, packet, Now);
        }
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan limit)
    {
        TimeSpan end = Now + limit;
        while (!_woken && _next is null && _errors.IsEmpty)
        {
            TimeSpan left = end - Now;
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            TryReadFrame(left < s_look ? left : s_look);
            LookAtTime();
        }

        _woken = false;
    }

    /// <inheritdoc/>
    public void Wake() => _woken = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
        {
            _disposed = true;
            _capture.Dispose();
        }
    }

    /// <summary>An Ethernet address that no card has (locally administered), the same for the same IP address.</summary>
    internal static MacAddress LocalAddress(IpAddress address)
    {
        // All octets count: the addresses of two IPv6 networks often end alike.
        byte[] digest = SHA256.HashData(address.ToIPAddress().GetAddressBytes());
        return MacAddress.FromBytes([0x02, 0x54, .. digest[..4]]);
    }

    /// <summary>Asks the link, and the kernel, whether anybody has the addresses.</summary>
    /// <remarks>
    /// The question comes from an Ethernet address of its own: somebody who has the same IP address may have the same Ethernet address as well, and whatever
    /// that one says would be taken for our own frames. Only where the host is to have the device's address itself it asks from that: wireless networks take no other.
    /// </remarks>
    private static void RefuseTaken(NetworkDevice device, IReadOnlyList<AddressPrefix> addresses, MacAddress own, CancellationToken stopping)
    {
        MacAddress asker = own == device.MacAddress ? own : RandomAddress();
        using IDeviceCapture capture = PcapCapture.Open(device, new CaptureOptions { Filter = "arp or icmp6", Promiscuous = true, Immediate = true });
        foreach (IpAddress address in addresses.Select(prefix => prefix.Address))
        {
            if (NeighborQuery.Ask(capture, asker, default, address, stopping) is { } owner)
            {
                throw new LiveException(LiveProblem.AddressInUse, $"The address {address} is taken: {owner} on '{device}' answers for it.");
            }

            // The kernel hears nothing of what is sent on its own device, and so does not answer.
            if (HostAddresses.FindKernelInterface(address) is { } kernel)
            {
                throw new LiveException(LiveProblem.AddressInUse, $"The address {address} is taken: this machine's kernel has it on '{kernel}'.");
            }
        }
    }

    private static MacAddress RandomAddress() => MacAddress.FromBytes([0x02, 0x54, .. RandomNumberGenerator.GetBytes(4)]);

    private void LookAtTime()
    {
        lock (_writing)
        {
            _neighbors.HandleTime(Now);
        }
    }

    /// <summary>Takes a frame. ARP and neighbour discovery are answered here; a packet for the host becomes the next one.</summary>
    /// <returns>False if there was no frame.</returns>
    private bool TryReadFrame(TimeSpan timeout)
    {
        CapturedFrame frame;
        try
        {
            if (!_capture.TryRead(timeout, out frame))
            {
                return false;
            }
        }
        catch (CaptureException gone)
        {
            throw new LiveException(LiveProblem.Gone, gone.Message);
        }

        ReadOnlySpan<byte> octets = frame.Data.Span;
        if (NeighborMessage.TryRead(octets, out NeighborMessage message))
        {
            Handle(message);
        }
        else if (IpLength(octets) is int length and > 0)
        {
            // The frame may have been padded to Ethernet's 60 octets.
            _next = octets.Slice(HeaderLength, length).ToArray();
            OffloadedChecksum.Finish(_next);
        }

        return true;
    }

    private void Handle(in NeighborMessage message)
    {
        NeighborMessage told = message;
        bool isOurs = _addresses.Any(prefix => prefix.Address == told.Address);
        lock (_writing)
        {
            if (isOurs && message.Kind == NeighborMessageKind.Question && !IsOwn(message.Sender))
            {
                TrySend(NeighborFrames.Answer(_mac, message.Address, message.Sender, message.Sender.IsUnspecified ? null : message.SenderMac));
            }
            else if (IsOwn(message.Sender) && Now - _defended >= s_defendInterval)
            {
                _defended = Now;
                TrySend(NeighborFrames.Answer(_mac, message.Sender, default, null));
            }

            bool isNeighbor = message.Sender.IsUnicast && !IsOwn(message.Sender) && _addresses.Any(prefix => prefix.Contains(told.Sender) || IsLinkLocal(told.Sender));
            if (isNeighbor)
            {
                _neighbors.Learn(message.Sender, message.SenderMac, Now, isCaller: isOurs && message.Kind == NeighborMessageKind.Question);
            }
        }
    }

    private bool IsOwn(IpAddress address) => _addresses.Any(prefix => prefix.Address == address);

    private static bool IsLinkLocal(IpAddress address) => address.IsIPv6 && address.ToIPAddress().IsIPv6LinkLocal;

    private IpAddress? NextHop(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 20 || (packet[0] >> 4 == 6 && packet.Length < 40))
        {
            return null;
        }

        var destination = IpAddress.FromBytes(packet[0] >> 4 == 6 ? packet[24..40] : packet[16..20]);
        bool isOnLink = IsLinkLocal(destination) || _addresses.Any(prefix => prefix.Contains(destination));
        return isOnLink ? destination : _gateways.Select(gateway => (IpAddress?)gateway).FirstOrDefault(gateway => gateway!.Value.IsIPv6 == destination.IsIPv6);
    }

    /// <summary>Octets of the IP packet in a frame as its header says; 0 for what is no whole IP packet.</summary>
    private static int IpLength(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < HeaderLength + 20)
        {
            return 0;
        }

        ReadOnlySpan<byte> ip = frame[HeaderLength..];
        var type = (EtherType)((frame[12] << 8) | frame[13]);
        int length = (type, ip[0] >> 4) switch
        {
            (EtherType.IPv4, 4) => (ip[2] << 8) | ip[3],
            (EtherType.IPv6, 6) => 40 + ((ip[4] << 8) | ip[5]),
            _ => 0,
        };
        return length <= ip.Length ? length : 0;
    }

    private void Ask(IpAddress address, MacAddress? known)
    {
        IpAddress sender = _addresses.Select(prefix => prefix.Address).FirstOrDefault(own => own.IsIPv6 == address.IsIPv6);
        TrySend(NeighborFrames.Question(_mac, sender, address, known));
    }

    /// <summary>
    /// Tells our host by ICMP, as a router would, that a segment of its own could not be delivered (RFC 1122 3.2.2.1, RFC 4443 3.1). Nobody is told of
    /// anything but a segment, and of none that bears another's address.
    /// </summary>
    private void Tell(IcmpErrorKind error, ReadOnlySpan<byte> packet, int mtu = 0)
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet.ToArray(), LinkType.Raw);
        if (decoded.Status == PacketStatus.Tcp && IsOwn(decoded.Sender) && _errors.Count < MaximumErrors)
        {
            _errors.Enqueue(IcmpWriter.Write(decoded.Sender, packet, error, mtu));
            Wake();
        }
    }

    private void Announce(IpAddress address) => TrySend(NeighborFrames.Answer(_mac, address, default, null));

    /// <summary>Sends a packet. One that is larger than what the device takes by now is told of, as a router would (RFC 1191 4, RFC 8201 4).</summary>
    private bool SendPacket(MacAddress destination, ReadOnlySpan<byte> packet)
    {
        var frame = new byte[HeaderLength + packet.Length];
        new EthernetHeader(_mac, destination).WriteTo(packet[0] >> 4 == 6 ? EtherType.IPv6 : EtherType.IPv4, frame);
        packet.CopyTo(frame.AsSpan(HeaderLength));
        bool isTaken = TrySend(frame);
        if (!isTaken && InterfaceSettings.FindMtu(Name) is { } mtu && mtu < packet.Length)
        {
            Tell(IcmpErrorKind.PacketTooBig, packet, mtu);
        }

        return isTaken;
    }

    /// <summary>What the device does not take is lost, as frames are: it is down, or the frame too long. Whether it is gone shows in the next reading.</summary>
    private bool TrySend(ReadOnlySpan<byte> frame)
    {
        try
        {
            _capture.Send(frame);
            return true;
        }
        catch (CaptureException)
        {
            return false;
        }
    }
}
