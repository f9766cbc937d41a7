using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using TcpShell.Live.Linux;
using TcpShell.Wire;

namespace TcpShell.Live.Tun;

/// <summary>
/// A TUN device of Linux: an interface of the kernel's whose cable ends in this process. It exists as long as it is open, so nothing is left
/// behind however the process ends.
/// </summary>
public sealed class TunDevice : IPacketDevice
{
    private const string Path = "/dev/net/tun";
    private const nuint SetInterfaceRequest = 0x400454ca;
    private const short TunWithoutHeader = 0x1001;

    // The kernel sends bursts of as much as a congestion window; what does not fit into the queue is lost.
    private const int QueueLength = 4096;
    private const int LargestPacket = 65535;

    private readonly object _closing = new();
    private readonly byte[] _buffer = new byte[LargestPacket];
    private readonly Libc.PollFd[] _waited;
    private readonly int _wake;
    private int _fd;

    private TunDevice(string name, int mtu, int fd, int wake)
    {
        Name = name;
        Mtu = mtu;
        _fd = fd;
        _wake = wake;
        _waited = [new() { Fd = fd, Events = Libc.PollIn }, new() { Fd = wake, Events = Libc.PollIn }];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Mtu { get; }

    /// <inheritdoc/>
    public string Kind => "Tun";

    /// <summary>Makes a device and brings it up. It takes CAP_NET_ADMIN.</summary>
    /// <param name="name">Its name, at most 15 characters.</param>
    /// <param name="kernel">The kernel's own addresses on it; the routes to their networks lead here.</param>
    /// <param name="mtu">The largest IP packet that it carries, 68 to 65535 octets; with IPv6 at least 1280.</param>
    /// <exception cref="LiveException">It cannot be made.</exception>
    public static TunDevice Open(string name, IReadOnlyList<AddressPrefix> kernel, int mtu = 1500)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (!OperatingSystem.IsLinux())
        {
            throw new LiveException(LiveProblem.NotSupported, "TUN devices are there on Linux only.");
        }

        if (name is not { Length: > 0 and < InterfaceSettings.NameSize } || !name.All(letter => letter is > ' ' and <= '~' and not '/' and not ':' and not '%'))
        {
            throw new LiveException(LiveProblem.NotPossible, $"'{name}' is no name of an interface: those have 1 to 15 letters, digits or signs, but no '/', ':' or '%'.");
        }

        HostAddresses.Check(kernel);
        if (mtu < (kernel.Any(prefix => prefix.Address.IsIPv6) ? 1280 : 68) || mtu > LargestPacket)
        {
            throw new LiveException(LiveProblem.NotPossible, $"An MTU of {mtu} octets cannot be: IPv4 takes 68 to 65535, IPv6 1280 or more.");
        }

        int fd = Libc.Open(Path, Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        if (fd < 0)
        {
            throw Refused(name);
        }

        try
        {
            byte[] request = InterfaceSettings.Request(name);
            MemoryMarshal.Write(request.AsSpan(InterfaceSettings.NameSize), TunWithoutHeader);
            if (Libc.Ioctl(fd, SetInterfaceRequest, request) < 0)
            {
                throw Refused(name);
            }

            foreach (AddressPrefix prefix in kernel)
            {
                if (HostAddresses.FindKernelInterface(prefix.Address) is { } other)
                {
                    throw new LiveException(LiveProblem.AddressInUse, $"The kernel has the address {prefix.Address} already, on '{other}'.");
                }
            }

            InterfaceSettings.SetSizes(name, mtu, QueueLength);
            InterfaceSettings.BringUp(name);
            foreach (AddressPrefix prefix in kernel)
            {
                InterfaceSettings.SetAddress(name, prefix);
            }

            foreach (AddressPrefix prefix in kernel.Where(prefix => prefix.Address.IsIPv6))
            {
                InterfaceSettings.WaitUntilUsable(name, prefix.Address);
            }

            int wake = Libc.EventFd(0, Libc.NonBlocking | Libc.CloseOnExec);
            return wake >= 0 ? new TunDevice(name, mtu, fd, wake) : throw Refused(name);
        }
        catch
        {
            Libc.Close(fd);
            throw;
        }
    }

    /// <summary>The kernel's own addresses on a device that leads to a host, where nobody names any: one in each of the host's networks.</summary>
    /// <param name="own">The host's addresses with their networks.</param>
    public static IReadOnlyList<AddressPrefix> KernelAddressesFor(IReadOnlyList<AddressPrefix> own)
    {
        ArgumentNullException.ThrowIfNull(own);
        IpAddress[] taken = [.. own.Select(prefix => prefix.Address)];
        var kernel = new List<AddressPrefix>();
        foreach (AddressPrefix prefix in own)
        {
            if (!kernel.Any(other => other.Contains(prefix.Address)) && prefix.Neighbour(taken) is { } neighbour)
            {
                kernel.Add(prefix with { Address = neighbour });
            }
        }

        return kernel;
    }

    /// <summary>Refuses addresses of a host that the kernel could not reach behind such a device.</summary>
    /// <param name="own">The host's addresses with their networks.</param>
    /// <param name="kernel">The kernel's own addresses on the device.</param>
    /// <exception cref="LiveException">An address is none of a host, is the kernel's, or in no network of the kernel's there.</exception>
    public static void CheckHost(IReadOnlyList<AddressPrefix> own, IReadOnlyList<AddressPrefix> kernel)
    {
        ArgumentNullException.ThrowIfNull(own);
        HostAddresses.Check(own);
        foreach (IpAddress address in own.Select(prefix => prefix.Address))
        {
            if (kernel.Any(prefix => prefix.Address == address) || HostAddresses.FindKernelInterface(address) is not null)
            {
                throw new LiveException(LiveProblem.AddressInUse, $"The address {address} is taken: it is one of the kernel's.");
            }

            if (!kernel.Any(prefix => prefix.Contains(address)))
            {
                throw new LiveException(
                    LiveProblem.NotPossible,
                    $"The kernel would have no route to {address}: its own address on the interface has to be another one of the same network, such as 10.77.0.1/24 for 10.77.0.2/24.");
            }
        }
    }

    /// <inheritdoc/>
    public bool TryRead(out byte[] packet)
    {
        packet = [];
        while (true)
        {
            nint count = Libc.Read(_fd, ref _buffer[0], _buffer.Length);
            if (count > 0)
            {
                packet = _buffer.AsSpan(0, (int)count).ToArray();
                return true;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Libc.Eagain)
            {
                return false;
            }

            if (error != Libc.Eintr)
            {
                throw new LiveException(LiveProblem.Gone, $"The interface {Name} is gone: {Libc.LastErrorText}.");
            }
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ReadOnlySpan<byte> packet)
    {
        while (Libc.Write(_fd, packet[0], packet.Length) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Libc.Eintr)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan limit)
    {
        (long seconds, long ticks) = Math.DivRem(Math.Max(0, limit.Ticks), TimeSpan.TicksPerSecond);
        Libc.Poll(_waited, (nuint)_waited.Length, new Libc.TimeSpec { Seconds = (nint)seconds, Nanoseconds = (nint)(ticks * 100) }, 0);
        if (_waited[1].Returned != 0)
        {
            var count = new byte[8];
            Libc.Read(_wake, ref count[0], count.Length);
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        ReadOnlySpan<byte> one = BitConverter.GetBytes(1L);
        Libc.Write(_wake, one[0], one.Length);
    }

    /// <summary>Removes the device. Nobody may be reading or writing.</summary>
    public void Dispose()
    {
        lock (_closing)
        {
            if (_fd >= 0)
            {
                Libc.Close(_fd);
                Libc.Close(_wake);
                _fd = -1;
            }
        }
    }

    private static LiveException Refused(string name)
    {
        int error = Marshal.GetLastPInvokeError();
        string text = Libc.LastErrorText;
        return error switch
        {
            Libc.Eperm or Libc.Eacces => new(LiveProblem.PermissionDenied, $"The interface {name} cannot be made without the right to administer networks: {text}."),
            Libc.Enoent or Libc.Enodev => new(LiveProblem.NotSupported, $"This system has no {Path}: {text}."),
            _ when error == Libc.Ebusy || NetworkInterface.GetAllNetworkInterfaces().Any(other => other.Name == name) => new(LiveProblem.InUse, $"There is an interface {name} already."),
            _ => new(LiveProblem.Failed, $"The interface {name} cannot be made: {text}."),
        };
    }
}
