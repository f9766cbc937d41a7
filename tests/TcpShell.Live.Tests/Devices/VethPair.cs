using System.Net;
using System.Net.NetworkInformation;
using TcpShell.Live.Devices;
using TcpShell.Live.Tests.Tun;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Devices;

/// <summary>
/// Two devices joined by a cable, in a network namespace of the test's own. The kernel has addresses on the first, and nobody on the second.
/// </summary>
internal sealed class VethPair
{
    public const string Kernel = "tcpveth0";
    public const string Ours = "tcpveth1";

    private VethPair()
    {
    }

    /// <summary>Runs a test on such a pair; skips it, and says why, where that is not possible.</summary>
    public static void Run(Action<VethPair> test)
    {
        Assert.SkipUnless(CaptureBackend.IsBuiltIn, "this build has no SharpPcap: the packages are not in the NuGet cache");
        Assert.SkipWhen(CaptureBackend.Missing() is not null, $"{CaptureBackend.Missing()}");
        NetworkNamespace.Run(() =>
        {
            NetworkNamespace.Shell("ip", $"link add {Kernel} type veth peer name {Ours}");

            // The kernel's own chatter (router solicitations, duplicate address detection, multicast reports) would be counted with the test's frames.
            foreach (string device in new[] { Kernel, Ours })
            {
                File.WriteAllText($"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "1");
                NetworkNamespace.Shell("ip", $"link set {device} arp {(device == Kernel ? "on" : "off")} up");
            }

            test(new VethPair());
        });
    }

    /// <summary>Opens one of the devices.</summary>
    public static IDeviceCapture Open(string name, CaptureOptions? options = null) =>
        CaptureBackend.Open(CaptureBackend.Find(name), options ?? new CaptureOptions());

    /// <summary>Gives the kernel addresses on its device, ready to be used at once.</summary>
    public void AddKernelAddresses()
    {
        File.WriteAllText($"/proc/sys/net/ipv6/conf/{Kernel}/disable_ipv6", "0");
        NetworkNamespace.Shell("ip", $"addr add 10.78.0.1/24 dev {Kernel}");
        NetworkNamespace.Shell("ip", $"addr add fd00:78::1/64 dev {Kernel} nodad");
    }

    /// <summary>Frames that the kernel has counted on a device.</summary>
    public static long Count(string device, bool sent)
    {
        // ip -s: the line below "TX:" or "RX:" begins with bytes and packets.
        string[] lines = NetworkNamespace.Shell("ip", $"-s link show {device}").Split('\n');
        int heading = Array.FindIndex(lines, line => line.TrimStart().StartsWith(sent ? "TX:" : "RX:", StringComparison.Ordinal));
        return long.Parse(lines[heading + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A TCP segment in an Ethernet frame; its source port and sequence number tell which.</summary>
    public static byte[] Frame(int number, int length = 0, byte[]? options = null)
    {
        var header = new PacketHeader(IpAddress.Parse("10.78.0.7"), IpAddress.Parse("10.78.0.8"));
        var segment = new TcpSegment
        {
            SourcePort = (ushort)(1024 + (number % 60000)),
            DestinationPort = 80,
            SequenceNumber = (uint)number,
            Flags = TcpFlags.ACK,
            Options = new TcpOptions { Wire = options ?? [] },
            Payload = new byte[length],
        };
        var ethernet = new EthernetHeader(new MacAddress(0x020000000007), new MacAddress(0x020000000008));
        var frame = new byte[ethernet.Length + PacketWriter.SizeOf(header, segment)];
        int offset = ethernet.WriteTo(EtherType.IPv4, frame);
        PacketWriter.Write(header, segment, frame.AsSpan(offset));
        return frame;
    }

    /// <summary>Reads until nothing has come for a while.</summary>
    public static List<CapturedFrame> ReadAll(IDeviceCapture capture)
    {
        var frames = new List<CapturedFrame>();
        while (capture.TryRead(TimeSpan.FromMilliseconds(500), out CapturedFrame frame))
        {
            frames.Add(frame.Copy());
        }

        return frames;
    }
}
