using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Live.Devices;
using TcpShell.Tracing;

namespace TcpShell.Commands;

/// <summary>Makes packets of the library PacketDotNet of segments, for programs that work with those.</summary>
/// <remarks>
/// <para>An IPv4Packet or IPv6Packet comes out, with octets of its own, whose PayloadPacket is a TcpPacket. Send-TcpSegment -Packet takes it back, changed or not; checksums are not calculated anew then.</para>
/// <para>PacketDotNet 1.4.8 never returns from some damaged TCP options, and takes all memory meanwhile. Segments with such options are refused with an error each, so that what comes out is safe to look at.</para>
/// <para>It needs a build with SharpPcap and PacketDotNet, but not libpcap.</para>
/// </remarks>
/// <example>
/// <para>The fields as PacketDotNet names them</para>
/// <code>New-TcpConnection | Out-Null
/// Get-TcpSegment -Flags SYN | ConvertTo-PacketDotNet | ForEach-Object PayloadPacket</code>
/// <para>A TcpPacket with its ports, flags and options.</para>
/// </example>
/// <example>
/// <para>The same segment with another TTL</para>
/// <code>New-TcpConnection | Out-Null
/// $packet = Get-TcpSegment -Flags SYN | ConvertTo-PacketDotNet
/// $packet.TimeToLive = 3
/// $packet.UpdateIPChecksum()</code>
/// <para>What is changed in the packet is not changed in the segment.</para>
/// </example>
[Cmdlet(VerbsData.ConvertTo, "PacketDotNet")]
[OutputType("PacketDotNet.IPv4Packet", "PacketDotNet.IPv6Packet")]
public sealed class ConvertToPacketDotNetCommand : TcpCmdlet
{
    /// <summary>The segments: of Get-TcpSegment, Watch-TcpSegment, Import-TcpCapture -As Segment.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public SegmentRecord[] Segment { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (SegmentRecord segment in Segment)
        {
            try
            {
                object? packet = CaptureBackend.ToPacketDotNet(segment.Bytes, out string problem);
                if (packet is null)
                {
                    WriteError(ErrorRecords.SegmentNotConvertible(segment, problem));
                    continue;
                }

                WriteObject(packet);
            }
            catch (CaptureException missing)
            {
                ThrowTerminatingError(ErrorRecords.DeviceFailed(missing, segment));
            }
        }
    }
}
