using System.Globalization;
using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>What the options at the top of a script mean for its run.</summary>
internal sealed class ScriptConfiguration(TcpScript script)
{
    private const ushort DefaultPort = 8080;

    private TimeSpan _tolerance = TimeSpan.FromMilliseconds(4);
    private double _tolerancePart = 0.125;

    /// <summary>The address of the host under test.</summary>
    public IpAddress LocalAddress { get; private set; } = IpAddress.Parse("192.168.0.1");

    /// <summary>Where bind(fd, ..., ...) binds.</summary>
    public Endpoint Bound { get; private set; }

    /// <summary>Whom connect(fd, ..., ...) calls.</summary>
    public Endpoint Remote { get; private set; }

    /// <summary>The interface's MTU in octets.</summary>
    public int Mtu { get; private set; } = 1500;

    /// <summary>How much data each of the segments has that the interface has joined into a larger inbound packet.</summary>
    public int JoinedSegmentSize { get; private set; } = int.MaxValue;

    /// <summary>The tick of the timestamp clock; zero does not look at the clock.</summary>
    public TimeSpan TimestampTick { get; private set; }

    /// <summary>Whether echoes of timestamps that the script has not seen are calculated.</summary>
    public bool ScalesTimestamps { get; private set; }

    /// <summary>Whether each segment counts, instead of as many as make up the length of the script's.</summary>
    public bool StrictSegments { get; private set; }

    /// <summary>
    /// Whether a packet that comes, but is not as the script asks for, is only warned of (<c>--non_fatal=packet</c>). That of system calls
    /// (<c>syscall</c>) changes nothing in packetdrill either.
    /// </summary>
    public bool OnlyWarnsOfPackets { get; private set; }

    /// <summary>How far an event may be off that comes so long after the one before.</summary>
    public TimeSpan Tolerance(TimeSpan distance)
    {
        TimeSpan part = distance * _tolerancePart;
        return part > _tolerance ? part : _tolerance;
    }

    /// <summary>Reads the options.</summary>
    /// <exception cref="ScriptUnsupported">One of them cannot be followed.</exception>
    public void Read()
    {
        var remoteAddress = IpAddress.Parse("192.0.2.1");
        ushort bindPort = DefaultPort;
        ushort connectPort = DefaultPort;
        if (script.FindOption("ip_version") == "ipv6")
        {
            LocalAddress = IpAddress.Parse("fd3d:fa7b:d17d::1");
            remoteAddress = IpAddress.Parse("2001:db8::1");
        }

        foreach (ScriptOption option in script.Options)
        {
            string value = (option.Value ?? "").Trim('"');
            switch (option.Name)
            {
                case "local_ip":
                    LocalAddress = Address(option, value);
                    break;
                case "remote_ip":
                    remoteAddress = Address(option, value);
                    break;
                case "bind_port":
                    bindPort = (ushort)Number(option, value, ushort.MaxValue);
                    break;
                case "connect_port":
                    connectPort = (ushort)Number(option, value, ushort.MaxValue);
                    break;
                case "tolerance_usecs":
                    _tolerance = TimeSpan.FromMicroseconds(Number(option, value, uint.MaxValue));
                    break;
                case "tolerance_percent":
                    _tolerancePart = double.TryParse(value, CultureInfo.InvariantCulture, out double percent) && percent is >= 0 and <= 100
                        ? percent / 100
                        : throw Wrong(option);
                    break;
                case "tcp_ts_tick_usecs":
                    TimestampTick = TimeSpan.FromMicroseconds(Number(option, value, uint.MaxValue));
                    break;
                case "tcp_ts_ecr_scaled":
                    ScalesTimestamps = true;
                    break;
                case "strict_segments":
                    StrictSegments = true;
                    break;
                case "mss":
                    JoinedSegmentSize = (int)Number(option, value, ushort.MaxValue);
                    break;
                case "mtu":
                    Mtu = (int)Number(option, value, ushort.MaxValue);
                    break;
                case "non_fatal":
                    string[] kinds = value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
                    OnlyWarnsOfPackets = kinds.All(kind => kind is "packet" or "syscall") ? OnlyWarnsOfPackets || kinds.Contains("packet") : throw Wrong(option);
                    break;

                // A program with IPv6 sockets that speaks IPv4 (RFC 4291 2.5.5.2) sends what one with IPv4 sockets sends.
                case "ip_version" when value is "ipv4" or "ipv4-mapped-ipv6" or "ipv6":
                // These say how packetdrill itself works on a real machine; here they mean nothing.
                case "define" or "verbose" or "debug" or "gateway_ip" or "netmask_ip" or "speed" or "init_scripts" or "is_anyip" or "send_omit_free":
                case "code_command" or "code_format" or "code_sockopt":
                    break;
                default:
                    throw Wrong(option);
            }
        }

        if (LocalAddress.IsIPv6 != remoteAddress.IsIPv6 || !LocalAddress.IsUnicast || !remoteAddress.IsUnicast || Mtu < 68)
        {
            throw new ScriptUnsupported($"a connection from {LocalAddress} to {remoteAddress} with an MTU of {Mtu}");
        }

        Bound = new Endpoint(default, bindPort);
        Remote = new Endpoint(remoteAddress, connectPort);
    }

    private static IpAddress Address(ScriptOption option, string value) =>
        IpAddress.TryParse(value.Split('/')[0], out IpAddress address) ? address : throw Wrong(option);

    private static uint Number(ScriptOption option, string value, uint maximum) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= maximum ? number : throw Wrong(option);

    private static ScriptUnsupported Wrong(ScriptOption option) => new($"the option {option}");
}
