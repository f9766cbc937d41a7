using System.Buffers.Binary;
using System.Runtime.InteropServices;
using TcpShell.Wire;

namespace TcpShell.Packetdrill.Interop;

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Start;
    public nint Length;
}

/// <summary>struct msghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nint VectorCount;
    public ControlMessage* Control;
    public nint ControlLength;
    public int Flags;
}

/// <summary>struct cmsghdr with an int as its data.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlMessage
{
    public nint Length;
    public int Level;
    public int Type;
    public int Data;
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

/// <summary>struct epoll_event, which has no padding on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct EpollEntry
{
    public uint Events;
    public long Data;
}

/// <summary>struct timeval.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeValue
{
    public nint Seconds;
    public nint Microseconds;
}

/// <summary>struct sockaddr_in and sockaddr_in6.</summary>
internal static class SocketAddress
{
    private const int InternetFamily = 2;
    private const int Internet6Family = 10;
    private const int PortOffset = 2;
    private const int AddressOffset = 4;
    private const int Address6Offset = 8;
    private const int Size = 16;
    private const int Size6 = 28;

    /// <summary>Reads an address. An IPv4 address mapped to IPv6 is the IPv4 address.</summary>
    /// <returns>The address; null if it is of another family.</returns>
    public static Endpoint? Read(ReadOnlySpan<byte> octets)
    {
        ushort family = octets.Length < Size ? (ushort)0 : BitConverter.ToUInt16(octets);
        if (family != InternetFamily && (family != Internet6Family || octets.Length < Size6))
        {
            return null;
        }

        ushort port = BinaryPrimitives.ReadUInt16BigEndian(octets[PortOffset..]);
        if (family == InternetFamily)
        {
            return new Endpoint(IpAddress.FromBytes(octets.Slice(AddressOffset, 4)), port);
        }

        var address = new System.Net.IPAddress(octets.Slice(Address6Offset, 16));
        return new Endpoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }

    /// <summary>Writes an address.</summary>
    /// <returns>Its size.</returns>
    public static int Write(Endpoint endpoint, Span<byte> octets)
    {
        bool isIPv6 = endpoint.Address.IsIPv6;
        octets[..(isIPv6 ? Size6 : Size)].Clear();
        BitConverter.TryWriteBytes(octets, (ushort)(isIPv6 ? Internet6Family : InternetFamily));
        BinaryPrimitives.WriteUInt16BigEndian(octets[PortOffset..], endpoint.Port);
        endpoint.Address.WriteTo(octets[(isIPv6 ? Address6Offset : AddressOffset)..]);
        return isIPv6 ? Size6 : Size;
    }
}
