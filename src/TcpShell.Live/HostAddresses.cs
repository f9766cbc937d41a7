using System.Net;
using System.Net.NetworkInformation;
using TcpShell.Wire;

namespace TcpShell.Live;

/// <summary>Which addresses a host of our own can have beside the kernel's.</summary>
internal static class HostAddresses
{
    /// <summary>Refuses addresses that no host can have in their networks.</summary>
    /// <param name="addresses">The addresses with their networks.</param>
    /// <exception cref="LiveException">One is a group's, everybody's, loopback's, or its network's own first or last one.</exception>
    public static void Check(IReadOnlyList<AddressPrefix> addresses)
    {
        if (addresses.GroupBy(prefix => prefix.Address).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
        {
            throw new LiveException(LiveProblem.NotPossible, $"{twice.Key} stands there twice.");
        }

        foreach (AddressPrefix prefix in addresses)
        {
            if (Objection(prefix) is { } objection)
            {
                throw new LiveException(LiveProblem.NotPossible, $"{prefix} is no address that a host can have: {objection}.");
            }
        }
    }

    /// <summary>Refuses routers that the host could not use.</summary>
    /// <param name="gateways">The routers.</param>
    /// <param name="addresses">The host's addresses with their networks.</param>
    /// <exception cref="LiveException">One is in no network of the host's, or the host itself, or there are two for one version of IP.</exception>
    public static void CheckGateways(IReadOnlyList<IpAddress> gateways, IReadOnlyList<AddressPrefix> addresses)
    {
        foreach (IpAddress gateway in gateways)
        {
            if (addresses.Any(prefix => prefix.Address == gateway))
            {
                throw new LiveException(LiveProblem.NotPossible, $"The gateway {gateway} is the host's own address: it has to be a router's.");
            }

            if (!addresses.Any(prefix => prefix.Contains(gateway)))
            {
                throw new LiveException(LiveProblem.NotPossible, $"The gateway {gateway} is in none of the networks {string.Join(", ", addresses)}.");
            }
        }

        if (gateways.GroupBy(gateway => gateway.IsIPv6).FirstOrDefault(same => same.Skip(1).Any()) is { } several)
        {
            throw new LiveException(LiveProblem.NotPossible, $"A host has one gateway for {(several.Key ? "IPv6" : "IPv4")}, not {string.Join(" and ", several)}.");
        }
    }

    /// <summary>Why nobody can be reached at an address from a host on a link; null where somebody may be there.</summary>
    /// <param name="target">The address.</param>
    /// <param name="addresses">The host's addresses with their networks.</param>
    public static string? WhyUnreachable(IpAddress target, IReadOnlyList<AddressPrefix> addresses) =>
        IPAddress.IsLoopback(target.ToIPAddress()) ? "loopback addresses do not leave a machine (RFC 1122 3.2.1.3)"
        : !target.IsIPv6 && addresses.Any(prefix => prefix.Contains(target) && 32 - prefix.Length >= 2 && target == prefix.Last) ? "it is the network's broadcast address (RFC 1122 3.2.1.3)"
        : null;

    /// <summary>The name of this machine's interface on which its kernel has an address; null if it has it on none.</summary>
    /// <param name="address">The address.</param>
    public static string? FindKernelInterface(IpAddress address)
    {
        IPAddress wanted = address.ToIPAddress();
        return NetworkInterface.GetAllNetworkInterfaces()
            .FirstOrDefault(own => own.GetIPProperties().UnicastAddresses.Any(entry => HasSameOctets(entry.Address, wanted)))?.Name;
    }

    // A link-local address of the system's own carries the number of its interface.
    private static bool HasSameOctets(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    private static string? Objection(AddressPrefix prefix)
    {
        IpAddress address = prefix.Address;
        if (!address.IsUnicast)
        {
            return "it is unspecified, multicast or broadcast";
        }

        if (IPAddress.IsLoopback(address.ToIPAddress()))
        {
            return "a machine keeps loopback addresses to itself (RFC 1122 3.2.1.3)";
        }

        if (address.ToIPAddress().IsIPv4MappedToIPv6)
        {
            return "it stands for an IPv4 address, and no packet may bear it (RFC 4291 2.5.5.2)";
        }

        if (prefix.Length == 0)
        {
            return "its network would be the whole world";
        }

        // Networks of one or two addresses have no others than their hosts' (RFC 3021, RFC 6164).
        if ((address.Size * 8) - prefix.Length < 2)
        {
            return null;
        }

        return address == prefix.First ? "it means the network itself (RFC 1122 3.2.1.3, RFC 4291 2.6.1)"
            : !address.IsIPv6 && address == prefix.Last ? "it is the network's broadcast address (RFC 1122 3.2.1.3)"
            : null;
    }
}
