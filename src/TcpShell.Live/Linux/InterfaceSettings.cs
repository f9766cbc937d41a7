using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using TcpShell.Wire;

namespace TcpShell.Live.Linux;

/// <summary>What the kernel knows of an interface, set by ioctl: addresses, MTU, queue, up (netdevice(7)).</summary>
internal static class InterfaceSettings
{
    public const int NameSize = 16;
    public const int RequestSize = 40;

    private const nuint SetAddressRequest = 0x8916;
    private const nuint SetMaskRequest = 0x891c;
    private const nuint GetMtuRequest = 0x8921;
    private const nuint SetMtuRequest = 0x8922;
    private const nuint SetQueueLengthRequest = 0x8943;
    private const nuint GetFlagsRequest = 0x8913;
    private const nuint SetFlagsRequest = 0x8914;
    private const nuint GetIndexRequest = 0x8933;
    private const short UpAndRunning = 0x41;

    /// <summary>An ifreq with nothing but a name in it.</summary>
    public static byte[] Request(string name)
    {
        var request = new byte[RequestSize];
        Encoding.ASCII.GetBytes(name, request.AsSpan(0, NameSize - 1));
        return request;
    }

    /// <summary>Sets the MTU and the length of the queue of packets that wait to be read.</summary>
    public static void SetSizes(string name, int mtu, int queueLength)
    {
        SetNumber(name, SetMtuRequest, mtu, $"the MTU {mtu}");
        SetNumber(name, SetQueueLengthRequest, queueLength, $"the queue length {queueLength}");
    }

    /// <summary>The MTU that an interface has now; null where that cannot be asked.</summary>
    public static int? FindMtu(string name)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            byte[] request = Request(name);
            Control(Libc.AfInet, GetMtuRequest, request, "its MTU");
            return MemoryMarshal.Read<int>(request.AsSpan(NameSize));
        }
        catch (LiveException)
        {
            return null;
        }
    }

    /// <summary>Gives the kernel an address on the interface, and with it the route to its network.</summary>
    public static void SetAddress(string name, AddressPrefix prefix)
    {
        string what = $"the address {prefix}";
        if (prefix.Address.IsIPv6)
        {
            byte[] index = Request(name);
            Control(Libc.AfInet6, GetIndexRequest, index, what);
            var request = new byte[24];
            prefix.Address.WriteTo(request);
            MemoryMarshal.Write(request.AsSpan(16), prefix.Length);
            index.AsSpan(NameSize, 4).CopyTo(request.AsSpan(20));
            Control(Libc.AfInet6, SetAddressRequest, request, what);
            return;
        }

        Span<byte> octets = stackalloc byte[4];
        prefix.Address.WriteTo(octets);
        Control(Libc.AfInet, SetAddressRequest, WithAddress(name, octets), what);
        BinaryPrimitives.WriteUInt32BigEndian(octets, prefix.Length == 0 ? 0 : uint.MaxValue << (32 - prefix.Length));
        Control(Libc.AfInet, SetMaskRequest, WithAddress(name, octets), what);
    }

    /// <summary>Brings the interface up.</summary>
    public static void BringUp(string name)
    {
        byte[] request = Request(name);
        Control(Libc.AfInet, GetFlagsRequest, request, "its flags");
        short flags = (short)(MemoryMarshal.Read<short>(request.AsSpan(NameSize)) | UpAndRunning);
        MemoryMarshal.Write(request.AsSpan(NameSize), flags);
        Control(Libc.AfInet, SetFlagsRequest, request, "its flags");
    }

    /// <summary>
    /// Waits until the kernel can use an IPv6 address: not before its work queue has seen that the interface has a carrier, some milliseconds later.
    /// </summary>
    public static void WaitUntilUsable(string name, IpAddress address)
    {
        const int Tentative = 0x40;
        Span<byte> octets = stackalloc byte[16];
        address.WriteTo(octets);
        string hex = Convert.ToHexString(octets);
        for (int tries = 0; tries < 200; tries++)
        {
            // Address, index, prefix length, scope, flags, name; those of this thread's network namespace.
            string[]? fields = File.ReadLines("/proc/thread-self/net/if_inet6")
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .FirstOrDefault(line => line.Length == 6 && line[0].Equals(hex, StringComparison.OrdinalIgnoreCase) && line[5] == name);
            if (fields is not null && (Convert.ToInt32(fields[4], 16) & Tentative) == 0)
            {
                return;
            }

            Thread.Sleep(10);
        }
    }

    private static void SetNumber(string name, nuint code, int value, string what)
    {
        byte[] request = Request(name);
        MemoryMarshal.Write(request.AsSpan(NameSize), value);
        Control(Libc.AfInet, code, request, what);
    }

    // A sockaddr_in: family in the machine's order, port, address.
    private static byte[] WithAddress(string name, ReadOnlySpan<byte> address)
    {
        byte[] request = Request(name);
        MemoryMarshal.Write(request.AsSpan(NameSize), (short)Libc.AfInet);
        address.CopyTo(request.AsSpan(NameSize + 4));
        return request;
    }

    private static void Control(int family, nuint code, byte[] request, string what)
    {
        int socket = Libc.Socket(family, Libc.SockDatagram | Libc.CloseOnExec, 0);
        int result = socket < 0 ? -1 : Libc.Ioctl(socket, code, request);
        int error = Marshal.GetLastPInvokeError();
        string text = Libc.LastErrorText;
        if (socket >= 0)
        {
            Libc.Close(socket);
        }

        if (result < 0)
        {
            LiveProblem problem = error is Libc.Eperm or Libc.Eacces ? LiveProblem.PermissionDenied : LiveProblem.NotPossible;
            throw new LiveException(problem, $"The interface cannot be given {what}: {text}.");
        }
    }
}
