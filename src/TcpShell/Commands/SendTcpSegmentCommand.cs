using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Live.Devices;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Puts a segment of one's own making into a network, legal or not.</summary>
/// <remarks>
/// <para>With a connection, what is not given is taken from it: its end points, SND.NXT, RCV.NXT, its window. The connection itself knows nothing of the segment. With -From and -To anybody can pretend to be anybody; what is not given is 0. With -Packet a whole packet goes as it is.</para>
/// <para>Checksums and lengths are right, unless given. The cmdlet lets virtual time pass until the segment has arrived.</para>
/// <para>With -Device the segment goes out on a real network device; that takes libpcap and the right to capture (docs/permissions.md). The link is asked for the receiver's Ethernet address, or for that of the router to it.</para>
/// </remarks>
/// <example>
/// <para>A forged reset with a guessed number</para>
/// <code>$c = New-TcpConnection
/// $c | Send-TcpSegment -Flags RST -Relative -SequenceNumber 1000 -PassThru
/// Get-TcpSegment | Select-Object -Last 1
/// (Get-TcpConnection -HostName server -Port $c.Local.Port).State</code>
/// <para>It lies inside of the window but not at its edge: the server asks back with a challenge ACK (RFC 5961) and stays.</para>
/// </example>
/// <example>
/// <para>Out of nowhere</para>
/// <code>Send-TcpSegment -From 10.0.0.9:4444 -To 10.0.0.2:80 -Flags SYN,FIN -SequenceNumber 1000 -Checksum 0xbad -PassThru | Format-List Info, Verdict</code>
/// <para>The checksum is wrong, so nothing else in it matters.</para>
/// </example>
/// <example>
/// <para>On a real network</para>
/// <code>Send-TcpSegment -Device eth0 -From 192.0.2.10:4444 -To 192.0.2.1:80 -Flags SYN -WhatIf</code>
/// <para>Without -WhatIf the frame goes out. Whatever comes back is for whoever has the address 192.0.2.10.</para>
/// </example>
[Cmdlet(VerbsCommunications.Send, "TcpSegment", DefaultParameterSetName = EndpointSet, SupportsShouldProcess = true)]
[OutputType(typeof(SegmentRecord))]
public sealed class SendTcpSegmentCommand : CraftedSegmentCmdlet
{
    private const string ConnectionSet = "Connection";
    private const string EndpointSet = "Endpoint";
    private const string PacketSet = "Packet";

    /// <summary>The connections in whose name the segment is sent.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ConnectionSet)]
    [HostedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>Packets to be sent as they are: of PacketDotNet, segments of Get-TcpSegment or Import-TcpCapture, or the octets of an IP packet.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = PacketSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = PacketDeviceSet)]
    [IpPacket]
    public ReadOnlyMemory<byte>[] Packet { get; set; } = null!;

    /// <summary>Who pretends to send it: an address and a port, or a host and a port.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EndpointSet)]
    [Parameter(Mandatory = true, ParameterSetName = DeviceSet)]
    [ListenerEndpoint]
    public string From { get; set; } = null!;

    /// <summary>Whom it is for: an address and a port, or a host and a port.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EndpointSet)]
    [Parameter(Mandatory = true, ParameterSetName = DeviceSet)]
    [ListenerEndpoint]
    public string To { get; set; } = null!;

    /// <summary>Counts the given numbers from the connection's initial ones, as listings do.</summary>
    [Parameter(ParameterSetName = ConnectionSet)]
    public SwitchParameter Relative { get; set; }

    /// <summary>The network; the current one by default.</summary>
    [Parameter(ParameterSetName = EndpointSet)]
    [Parameter(ParameterSetName = PacketSet)]
    [Alias("Interface")]
    public TcpNetwork? Network { get; set; }

    /// <summary>Leaves the time alone: the segment is only put on its way.</summary>
    [Parameter(ParameterSetName = ConnectionSet)]
    [Parameter(ParameterSetName = EndpointSet)]
    [Parameter(ParameterSetName = PacketSet)]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Gives the segment as Get-TcpSegment lists it.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName is PacketSet or PacketDeviceSet && GivenFields.FirstOrDefault() is { } field)
        {
            ThrowTerminatingError(ErrorRecords.FieldOfWholePacket(field));
        }

        switch (ParameterSetName)
        {
            case ConnectionSet:
                foreach (HostedConnection connection in Connection)
                {
                    Try(connection.Remote, () => Send(NetworkOf(connection), MakePacket(connection.Local, connection.Remote, connection, Relative), connection.Remote));
                }

                break;
            case EndpointSet:
                TcpNetwork network = Resolve(Network);
                Endpoint destination = FindEndpoint(network, To);
                Try(destination, () => Send(network, MakePacket(FindEndpoint(network, From), destination), destination));
                break;
            case DeviceSet:
                Try(To, () => SendAndGive(MakePacket(Endpoint.Parse(From), Endpoint.Parse(To)), To));
                break;
            default:
                foreach (ReadOnlyMemory<byte> packet in Packet)
                {
                    object target = PacketDecoder.Decode(packet, LinkType.Raw).Receiver;
                    Try(target, () => SendWhole(packet, target));
                }

                break;
        }
    }

    /// <summary>Without a header nobody knows who a packet is for. Whatever else is wrong with it is the user's business.</summary>
    private static ReadOnlyMemory<byte> RequireIpHeader(ReadOnlyMemory<byte> packet)
    {
        int version = packet.Length == 0 ? 0 : packet.Span[0] >> 4;
        bool isThere = (version == 4 && packet.Length >= 20) || (version == 6 && packet.Length >= 40);
        return isThere ? packet : throw new ArgumentException($"The {packet.Length} octets are no IP packet: they do not begin with an IPv4 or IPv6 header.");
    }

    private void SendWhole(ReadOnlyMemory<byte> packet, object target)
    {
        if (ParameterSetName == PacketSet)
        {
            Send(Resolve(Network), packet, target);
        }
        else
        {
            SendAndGive(RequireIpHeader(packet), target);
        }
    }

    private void SendAndGive(ReadOnlyMemory<byte> bytes, object target)
    {
        if (SendOnDevice(bytes, target) && PassThru)
        {
            var now = new Timestamp((DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100);
            WriteObject(new SegmentRecorder().Record(PacketDecoder.Decode(bytes, LinkType.Raw), now));
        }
    }

    private void Send(TcpNetwork network, ReadOnlyMemory<byte> bytes, object target)
    {
        if (!MayAct(network, target, "Send a segment of one's own making"))
        {
            return;
        }

        TracedPacket packet = network.Inject(bytes, "made by hand");
        if (!NoWait)
        {
            RunUntil(network, () => packet.Fate != PacketFate.InFlight);
        }

        if (PassThru)
        {
            WriteObject(SegmentRecorder.Record(network.Trace, network.Origin).FirstOrDefault(record => record.Number == packet.Number));
        }
    }

    private void Try(object target, Action send)
    {
        try
        {
            send();
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            WriteError(ErrorRecords.SegmentNotPossible(wrong, target));
        }
        catch (CaptureException failed) when (failed.Error == CaptureError.NeighborNotFound)
        {
            WriteError(ErrorRecords.DeviceFailed(failed, target));
        }
        catch (CaptureException failed)
        {
            ThrowTerminatingError(ErrorRecords.DeviceFailed(failed, Device));
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
