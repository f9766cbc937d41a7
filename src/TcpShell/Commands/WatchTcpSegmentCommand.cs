using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Watching;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Shows TCP segments as they pass: on a network device, or in a capture file that another program is still writing.</summary>
/// <remarks>
/// <para>The segments are the same objects that Get-TcpSegment and Import-TcpCapture -As Segment give, with times counted from 1970. It runs until -Count segments were given, -Duration is over, or Ctrl-C ends it; a file that is not waited for ends it as well. Frames that are no TCP are passed over.</para>
/// <para>A device needs libpcap and the right to capture: docs/permissions.md. What the system had no room for, because the pipeline was too slow, is told with a warning that has the kernel's own count.</para>
/// <para>It needs the same memory whether it runs for a minute or for days. With Export-TcpCapture -MaximumSize or -RotateAfter the files stay small, too.</para>
/// </remarks>
/// <example>
/// <para>What the browser does</para>
/// <code>Watch-TcpSegment -Interface eth0 -Filter 'tcp port 443' -Duration 10s</code>
/// <para>The filter is libpcap's, as for tcpdump.</para>
/// </example>
/// <example>
/// <para>A capture of days, in files of an hour, a week of them</para>
/// <code>Watch-TcpSegment eth0 -Filter tcp | Export-TcpCapture trace.pcapng -RotateAfter 1h -MaximumFiles 168</code>
/// <para>Ctrl-C ends it, and every file is whole.</para>
/// </example>
/// <example>
/// <para>A file that tcpdump still writes</para>
/// <code>Watch-TcpSegment -Path ./growing.pcap -Wait -Count 100</code>
/// <para>First what is in it, then what comes, as tail -f does.</para>
/// </example>
[Cmdlet(VerbsCommon.Watch, "TcpSegment", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(SegmentRecord))]
public sealed class WatchTcpSegmentCommand : WatchCmdlet
{
    private long _given;

    /// <summary>Ends after so many segments.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>Shows sequence numbers in Info as they stand in the headers, not relative to the initial ones.</summary>
    [Parameter]
    public SwitchParameter Absolute { get; set; }

    /// <inheritdoc/>
    private protected override void Watch(FrameWatch watch)
    {
        var recorder = new SegmentRecorder(ConversationsKept);
        while ((Count is null || _given < Count) && watch.TryRead(out CapturedFrame frame))
        {
            DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
            SegmentRecord? segment = recorder.Record(packet, frame.Timestamp, frame.Comment ?? "", (int)Math.Min(frame.Number, int.MaxValue));
            if (segment is not null)
            {
                segment.Absolute = Absolute;
                _given++;
                WriteObject(segment);
            }
        }
    }
}
