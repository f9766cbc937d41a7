using System.Net.NetworkInformation;
using System.Numerics;
using SharpPcap;
using SharpPcap.LibPcap;
using TcpShell.Live.Devices;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>The devices that libpcap sees.</summary>
internal static class PcapDevices
{
    // PCAP_IF_... of pcap.h, which SharpPcap gives as a number.
    private const uint LoopbackFlag = 1;
    private const uint UpFlag = 2;
    private const uint RunningFlag = 4;

    // What else libpcap can capture on Linux, none of it with IP packets.
    private static readonly string[] s_others = ["bluetooth", "dbus-", "usbmon"];

    /// <summary>All network devices, asked for anew: SharpPcap's own list is made once and never again.</summary>
    public static IReadOnlyList<NetworkDevice> List()
    {
        NetworkInterface[] interfaces = NetworkInterface.GetAllNetworkInterfaces();
        return
        [
            .. Find()
                .Where(device => !s_others.Any(other => device.Name.StartsWith(other, StringComparison.Ordinal)))
                .Select(device => Describe(device, interfaces)),
        ];
    }

    /// <summary>SharpPcap's device of a name, closed.</summary>
    public static LibPcapLiveDevice Get(string name) =>
        Find().FirstOrDefault(device => device.Name == name)
        ?? throw new CaptureException(CaptureError.DeviceNotFound, $"There is no device '{name}' any more.");

    private static LibPcapLiveDeviceList Find()
    {
        try
        {
            return LibPcapLiveDeviceList.New();
        }
        catch (PcapException failed)
        {
            throw new CaptureException(CaptureError.DeviceFailed, $"libpcap cannot list the devices: {failed.Message}", failed);
        }
    }

    private static NetworkDevice Describe(LibPcapLiveDevice device, NetworkInterface[] interfaces)
    {
        NetworkInterface? system = interfaces.FirstOrDefault(candidate => device.Name.EndsWith(candidate.Id, StringComparison.Ordinal));
        byte[] mac = device.MacAddress?.GetAddressBytes() ?? [];
        return new NetworkDevice
        {
            Name = device.Name,
            FriendlyName = device.Interface?.FriendlyName is { } friendly && friendly != device.Name ? friendly : "",
            Description = device.Description ?? "",
            MacAddress = mac.Length == MacAddress.Size ? MacAddress.FromBytes(mac) : null,
            Addresses = [.. device.Addresses.Where(address => address.Addr?.ipAddress is not null).Select(ToPrefix)],
            Gateways = [.. (device.Interface?.GatewayAddresses ?? []).Select(address => (IpAddress)address)],
            Mtu = MtuOf(system),
            IsUp = (device.Flags & UpFlag) != 0,
            IsRunning = (device.Flags & (UpFlag | RunningFlag)) == (UpFlag | RunningFlag),
            IsLoopback = (device.Flags & LoopbackFlag) != 0,
        };
    }

    /// <summary>The mask's leading ones; the whole address where there is no mask.</summary>
    private static AddressPrefix ToPrefix(PcapAddress address)
    {
        IpAddress own = address.Addr!.ipAddress!;
        int length = own.Size * 8;
        if (address.Netmask?.ipAddress is { } mask && mask.GetAddressBytes() is { } octets && octets.Length == own.Size)
        {
            length = octets.Sum(octet => BitOperations.PopCount(octet));
        }

        return new AddressPrefix(own, length);
    }

    private static int? MtuOf(NetworkInterface? system)
    {
        try
        {
            IPInterfaceProperties? properties = system?.GetIPProperties();
            int? mtu = system?.Supports(NetworkInterfaceComponent.IPv4) == true ? properties?.GetIPv4Properties()?.Mtu : properties?.GetIPv6Properties()?.Mtu;
            return mtu > 0 ? mtu : null;
        }
        catch (NetworkInformationException)
        {
            // The interface is gone since, or has neither version of IP.
            return null;
        }
    }
}
