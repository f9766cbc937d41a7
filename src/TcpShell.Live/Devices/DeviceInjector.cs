using TcpShell.Wire;

namespace TcpShell.Live.Devices;

/// <summary>Sends IP packets of anybody's making on a device, in frames that reach who they are for.</summary>
public sealed class DeviceInjector : IDisposable
{
    private readonly NetworkDevice _device;
    private readonly IDeviceCapture _capture;
    private readonly Dictionary<IpAddress, MacAddress> _neighbors = [];

    /// <summary>Opens a device for sending.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="CaptureException">It cannot be opened, or has frames that are not known here.</exception>
    public DeviceInjector(NetworkDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _capture = CaptureBackend.Open(device, new CaptureOptions { Filter = device.MacAddress is null ? "" : "arp or icmp6", Immediate = true });
        if (_capture.LinkType is not (LinkType.Ethernet or LinkType.Raw or LinkType.RawBsd or LinkType.RawOpenBsd))
        {
            _capture.Dispose();
            throw new CaptureException(CaptureError.DeviceUnsuitable, $"'{device}' has frames of link type {(ushort)_capture.LinkType}, in which nothing can be sent here.");
        }
    }

    /// <summary>Sends a packet.</summary>
    /// <param name="packet">The octets from the IP header on, legal or not.</param>
    /// <param name="destination">The Ethernet address that it is for; null to ask the link for the receiver, or for the router to it.</param>
    /// <param name="stopping">Ends the asking.</param>
    /// <exception cref="CaptureException">Nobody answers for the receiver, or the device does not take the frame.</exception>
    /// <exception cref="OperationCanceledException">The asking was ended.</exception>
    public void Send(ReadOnlySpan<byte> packet, MacAddress? destination, CancellationToken stopping)
    {
        if (_capture.LinkType != LinkType.Ethernet)
        {
            _capture.Send(packet);
            return;
        }

        MacAddress receiver = destination ?? (_device.IsLoopback ? default : Resolve(packet, stopping));
        var header = new EthernetHeader(_device.MacAddress ?? default, receiver);
        var frame = new byte[header.Length + packet.Length];
        int offset = header.WriteTo(packet[0] >> 4 == 6 ? EtherType.IPv6 : EtherType.IPv4, frame);
        packet.CopyTo(frame.AsSpan(offset));
        _capture.Send(frame);
    }

    /// <inheritdoc/>
    public void Dispose() => _capture.Dispose();

    private MacAddress Resolve(ReadOnlySpan<byte> packet, CancellationToken stopping)
    {
        IpAddress receiver = PacketDecoder.Decode(packet.ToArray(), LinkType.Raw).Receiver;
        bool isOnLink = _device.Addresses.Any(prefix => prefix.Contains(receiver));
        IpAddress hop = isOnLink ? receiver : _device.Gateways.FirstOrDefault(gateway => gateway.IsIPv6 == receiver.IsIPv6, receiver);
        if (!_neighbors.TryGetValue(hop, out MacAddress mac))
        {
            mac = CaptureBackend.FindNeighbor(_device, _capture, hop, stopping)
                ?? throw new CaptureException(CaptureError.NeighborNotFound, $"Nobody on '{_device}' answers for {hop}, so there is no Ethernet address to send to.");
            _neighbors[hop] = mac;
        }

        return mac;
    }
}
