using System.ComponentModel;
using System.Management.Automation;
using System.Reflection;
using TcpShell.Completion;
using TcpShell.Hosting;
using TcpShell.Live.Devices;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Abstractions;

/// <summary>What makes up a segment of one's own making, field by field, and the device on which it may go out.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CraftedSegmentCmdlet : NetworkCmdlet
{
    /// <summary>The parameter set of a segment that goes out on a device.</summary>
    protected const string DeviceSet = "Device";

    /// <summary>The parameter set of a whole packet that goes out on a device.</summary>
    protected const string PacketDeviceSet = "PacketDevice";

    private static readonly HashSet<string> s_places = [nameof(Device), nameof(DestinationMac)];

    private DeviceInjector? _injector;

    /// <summary>The control bits: SYN,ACK or S. or SA; ACK with a connection and None without one by default.</summary>
    [Parameter]
    [TcpFlags]
    public TcpFlags? Flags { get; set; }

    /// <summary>The sequence number.</summary>
    [Parameter]
    [Alias("Seq")]
    public uint? SequenceNumber { get; set; }

    /// <summary>The acknowledgment number.</summary>
    [Parameter]
    [Alias("Ack")]
    public uint? AcknowledgmentNumber { get; set; }

    /// <summary>The window as it stands in the header, not scaled.</summary>
    [Parameter]
    public ushort? Window { get; set; }

    /// <summary>The urgent pointer.</summary>
    [Parameter]
    public ushort UrgentPointer { get; set; }

    /// <summary>Text (as UTF-8), or octets.</summary>
    [Parameter]
    [AllowEmptyString]
    [Payload]
    public byte[]? Payload { get; set; }

    /// <summary>The octets of the options, at most 40; padded with zeros to whole words. By default none, or the connection's timestamps where they are in force.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public byte[]? Option { get; set; }

    /// <summary>The reserved bits, 0 to 7.</summary>
    [Parameter]
    [ValidateRange(0, 7)]
    public byte ReservedBits { get; set; }

    /// <summary>A checksum that is not calculated.</summary>
    [Parameter]
    public ushort? Checksum { get; set; }

    /// <summary>A data offset in words that is not calculated, 0 to 15.</summary>
    [Parameter]
    [ValidateRange(0, 15)]
    public byte? DataOffset { get; set; }

    /// <summary>Time to live, IPv6's hop limit.</summary>
    [Parameter]
    public byte Ttl { get; set; } = 64;

    /// <summary>The network device on which it goes out: a name of Get-TcpDevice. End points are addresses then, not names.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DeviceSet)]
    [Parameter(Mandatory = true, ParameterSetName = PacketDeviceSet)]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = null!;

    /// <summary>The Ethernet address that the frame is for, such as 02:00:0a:00:00:01; by default the link is asked for it.</summary>
    [Parameter(ParameterSetName = DeviceSet)]
    [Parameter(ParameterSetName = PacketDeviceSet)]
    public MacAddress? DestinationMac { get; set; }

    /// <summary>The fields that were given, by the names of their parameters.</summary>
    protected IEnumerable<string> GivenFields => typeof(CraftedSegmentCmdlet)
        .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Select(property => property.Name)
        .Where(name => MyInvocation.BoundParameters.ContainsKey(name) && !s_places.Contains(name));

    /// <summary>Makes the packet.</summary>
    /// <param name="source">Who pretends to send it.</param>
    /// <param name="destination">Whom it is for.</param>
    /// <param name="connection">The connection that lends what was not given; null for none.</param>
    /// <param name="isRelative">Whether the given numbers count from the connection's initial ones.</param>
    /// <returns>The octets from the IP header on.</returns>
    /// <exception cref="ArgumentException">It cannot be put into a packet: the addresses are of two versions of IP, for example.</exception>
    protected byte[] MakePacket(Endpoint source, Endpoint destination, HostedConnection? connection = null, bool isRelative = false)
    {
        TcpSegment segment = MakeSegment(source, destination, connection, isRelative);
        var header = new PacketHeader(source.Address, destination.Address) { Ttl = Ttl };
        var packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet, new HeaderOverrides { Checksum = Checksum, DataOffset = DataOffset });
        return packet;
    }

    /// <summary>Sends a packet on <see cref="Device"/>, if the user agrees.</summary>
    /// <param name="bytes">The octets from the IP header on.</param>
    /// <param name="target">Whom it is for, in the user's words.</param>
    /// <returns>Whether it was sent.</returns>
    /// <exception cref="CaptureException">The device cannot be used, or nobody answers for the receiver.</exception>
    /// <exception cref="OperationCanceledException">The user has stopped the pipeline.</exception>
    protected bool SendOnDevice(ReadOnlyMemory<byte> bytes, object target)
    {
        if (!ShouldProcess(Device, $"Send a segment of one's own making to {target}"))
        {
            return false;
        }

        _injector ??= new DeviceInjector(CaptureBackend.Find(Device));
        _injector.Send(bytes.Span, DestinationMac, CancelToken);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _injector?.Dispose();
        base.Dispose(disposing);
    }

    private TcpSegment MakeSegment(Endpoint source, Endpoint destination, HostedConnection? connection, bool isRelative)
    {
        SeqNumber sequence = SequenceNumber is { } seq
            ? isRelative ? new SeqNumber(unchecked(connection!.Iss.Value + seq)) : seq
            : connection?.SndNxt ?? 0;
        SeqNumber acknowledgment = AcknowledgmentNumber is { } ack
            ? isRelative ? new SeqNumber(unchecked(connection!.Irs.Value + ack)) : ack
            : connection?.RcvNxt ?? 0;
        TcpOptions options = Option is null ? connection?.Tcp.CurrentOptions(connection.Network!.Now) ?? default : new TcpOptions { Wire = Option };
        return new TcpSegment
        {
            SourcePort = source.Port,
            DestinationPort = destination.Port,
            SequenceNumber = sequence,
            AcknowledgmentNumber = acknowledgment,
            Flags = Flags ?? (connection is null ? TcpFlags.None : TcpFlags.ACK),
            ReservedBits = ReservedBits,
            Window = Window ?? (ushort)Math.Min(connection is null ? 0 : connection.RcvWnd >> connection.RcvScale, ushort.MaxValue),
            UrgentPointer = UrgentPointer,
            Options = options,
            Payload = Payload ?? [],
        };
    }
}
