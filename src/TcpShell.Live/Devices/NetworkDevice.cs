using TcpShell.Wire;

namespace TcpShell.Live.Devices;

/// <summary>A network interface of this machine on which frames can be captured and sent.</summary>
public sealed record NetworkDevice
{
    /// <summary>The name by which it is opened: <c>eth0</c>; on Windows <c>\Device\NPF_{...}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name that people use, where it is another one: <c>Ethernet 2</c> on Windows.</summary>
    public string FriendlyName { get; init; } = "";

    /// <summary>A description for people; empty where the system has none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Its Ethernet address; null where it has none, as TUN devices and <c>any</c>.</summary>
    public MacAddress? MacAddress { get; init; }

    /// <summary>Its IP addresses, each with the length of its network's prefix.</summary>
    public IReadOnlyList<AddressPrefix> Addresses { get; init; } = [];

    /// <summary>The addresses of the routers that the system reaches through it.</summary>
    public IReadOnlyList<IpAddress> Gateways { get; init; } = [];

    /// <summary>The largest IP packet that it carries, in octets; null where the system does not say.</summary>
    public int? Mtu { get; init; }

    /// <summary>Whether it is switched on.</summary>
    public bool IsUp { get; init; }

    /// <summary>Whether it is switched on and has a carrier.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Whether it is the machine talking to itself.</summary>
    public bool IsLoopback { get; init; }

    /// <summary>In one word: Up, Down, or NoCarrier.</summary>
    public string Status => IsRunning ? "Up" : IsUp ? "NoCarrier" : "Down";

    /// <summary>Whether a name means this device: its own or its friendly one, in any case.</summary>
    /// <param name="name">What a user wrote.</param>
    public bool IsNamed(string name) =>
        Name.Equals(name, StringComparison.OrdinalIgnoreCase) || (FriendlyName.Length > 0 && FriendlyName.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
