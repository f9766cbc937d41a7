using TcpShell.Wire;

namespace TcpShell.Live.Devices;

/// <summary>
/// Whether packets can be captured and sent on this machine's interfaces, and the way to do it. That takes SharpPcap, with which this assembly may
/// or may not have been built, and libpcap (Npcap on Windows), which may or may not be installed. Nothing else depends on either.
/// </summary>
public static class CaptureBackend
{
    /// <summary>Whether this assembly was built with SharpPcap.</summary>
    public static bool IsBuiltIn =>
#if WITH_SHARPPCAP
        true;
#else
        false;
#endif

    /// <summary>What is missing and what to do about it, in one or two sentences; null if interfaces can be captured on.</summary>
    public static string? Missing()
    {
#if WITH_SHARPPCAP
        return SharpPcap.PcapLibrary.Missing();
#else
        return "This build of TcpShell has no SharpPcap, so it cannot capture on interfaces. "
            + "Build it where the packages SharpPcap and PacketDotNet can be restored: ./build.ps1 -WithSharpPcap.";
#endif
    }

    /// <summary>The devices of this machine, in libpcap's order: the likeliest first.</summary>
    /// <exception cref="CaptureException">The backend is missing, or the devices cannot be listed.</exception>
    public static IReadOnlyList<NetworkDevice> Devices()
    {
        Require();
#if WITH_SHARPPCAP
        return SharpPcap.PcapDevices.List();
#else
        return [];
#endif
    }

    /// <summary>The device with a name.</summary>
    /// <param name="name">Its name or friendly name.</param>
    /// <exception cref="CaptureException">The backend is missing, or there is no such device.</exception>
    public static NetworkDevice Find(string name)
    {
        IReadOnlyList<NetworkDevice> devices = Devices();
        return devices.FirstOrDefault(device => device.IsNamed(name)) ?? throw new CaptureException(
            CaptureError.DeviceNotFound,
            devices.Count == 0 ? $"There is no device '{name}', nor any other that this user can see." : $"There is no device '{name}'.");
    }

    /// <summary>Opens a device.</summary>
    /// <param name="device">One of <see cref="Devices"/>.</param>
    /// <param name="options">How.</param>
    /// <exception cref="CaptureException">The backend is missing, the user may not, the device or the filter is wrong.</exception>
    public static IDeviceCapture Open(NetworkDevice device, CaptureOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        Require();
#if WITH_SHARPPCAP
        return SharpPcap.PcapCapture.Open(device, options);
#else
        throw new InvalidOperationException(); // not reached: the line before has thrown
#endif
    }

    /// <summary>Takes addresses on an Ethernet device for a host of our own, after asking whether anybody has them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="addresses">The addresses with their networks, at least one.</param>
    /// <param name="gateways">Routers to everywhere else, one for each version of IP at most, in these networks.</param>
    /// <param name="mac">The host's Ethernet address; null for one that is made of the first address.</param>
    /// <param name="stopping">Ends the asking.</param>
    /// <returns>The host's side of the device, for a <see cref="LiveNetwork"/>.</returns>
    /// <exception cref="LiveException">Somebody has an address, or the device is of another kind.</exception>
    /// <exception cref="CaptureException">The backend is missing, or the device cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The asking was ended.</exception>
    public static IPacketDevice OpenHost(
        NetworkDevice device, IReadOnlyList<AddressPrefix> addresses, IReadOnlyList<IpAddress> gateways, MacAddress? mac, CancellationToken stopping)
    {
        Require();
#if WITH_SHARPPCAP
        return SharpPcap.EthernetDevice.Open(device, addresses, gateways, mac, stopping);
#else
        throw new InvalidOperationException(); // not reached: the line before has thrown
#endif
    }

    /// <summary>Asks the link of an Ethernet device who has an address, by ARP or neighbour discovery. It takes a second if nobody answers.</summary>
    /// <param name="device">The device.</param>
    /// <param name="capture">The same device, open; it must not be read meanwhile.</param>
    /// <param name="address">The address.</param>
    /// <param name="stopping">Ends the waiting.</param>
    /// <returns>The Ethernet address of whoever has it; null if nobody answers.</returns>
    /// <exception cref="CaptureException">The device has failed.</exception>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    internal static MacAddress? FindNeighbor(NetworkDevice device, IDeviceCapture capture, IpAddress address, CancellationToken stopping)
    {
#if WITH_SHARPPCAP
        IpAddress sender = device.Addresses.Select(prefix => prefix.Address).FirstOrDefault(own => own.IsIPv6 == address.IsIPv6);
        return SharpPcap.NeighborQuery.Ask(capture, device.MacAddress!.Value, sender, address, stopping);
#else
        throw new CaptureException(CaptureError.BackendMissing, Missing()!);
#endif
    }

    /// <summary>Makes a PacketDotNet packet (IPv4Packet or IPv6Packet) of a TCP segment.</summary>
    /// <param name="octets">The octets from the IP header on.</param>
    /// <param name="problem">Why the segment cannot be given to PacketDotNet, which never returns from some damaged ones; empty if it can.</param>
    /// <returns>The packet; null if there is a problem.</returns>
    /// <exception cref="CaptureException">This build has no PacketDotNet. libpcap is not needed.</exception>
    public static object? ToPacketDotNet(ReadOnlyMemory<byte> octets, out string problem)
    {
#if WITH_SHARPPCAP
        return SharpPcap.PacketDotNetConverter.ToPacket(octets, out problem);
#else
        throw new CaptureException(CaptureError.BackendMissing, Missing()!);
#endif
    }

    /// <summary>The octets of a PacketDotNet packet from its IP header on, as they stand in it.</summary>
    /// <param name="packet">Any object.</param>
    /// <returns>Null if it is no such packet, or one without an IP header.</returns>
    public static byte[]? FromPacketDotNet(object packet)
    {
#if WITH_SHARPPCAP
        return SharpPcap.PacketDotNetConverter.ToOctets(packet);
#else
        return null;
#endif
    }

    private static void Require()
    {
        if (Missing() is { } missing)
        {
            throw new CaptureException(CaptureError.BackendMissing, missing);
        }
    }
}
