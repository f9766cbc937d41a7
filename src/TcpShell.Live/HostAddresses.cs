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
