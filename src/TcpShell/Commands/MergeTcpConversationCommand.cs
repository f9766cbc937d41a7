using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Pcap.Tables;

namespace TcpShell.Commands;

/// <summary>Makes one conversation of the pieces of it that several captures or machines have.</summary>
/// <remarks>
/// <para>Pieces belong together that have the same two ends, unless their initial sequence numbers tell them apart or one begins with a SYN after another has ended. Pieces of one place follow each other in time, and their counts are added up; of several places, which saw the same segments, the larger count holds for each end. Who is the client says the piece that saw most of the handshake. So a file per hour, two taps with one direction each, and both ends' captures all give one conversation.</para>
/// <para>Conversations may come from this session, from remoting or from jobs, or be rows of a table of Export-TcpConversation. What comes out is plain data, by the time of the first segment; Host and File name where the pieces were.</para>
/// </remarks>
/// <example>
/// <para>A capture that was cut in two</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
/// Get-TcpSegment | Where-Object Number -le 4 | Export-TcpCapture one.pcapng
/// Get-TcpSegment | Where-Object Number -gt 4 | Export-TcpCapture two.pcapng
/// Import-TcpCapture one.pcapng, two.pcapng | Merge-TcpConversation</code>
/// <para>One conversation, opened in the first file and closed in the second.</para>
/// </example>
/// <example>
/// <para>What both ends saw of the same connection</para>
/// <code>Add-TcpImpairment -Drop -DataOnly -Count 1
/// New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture client.pcapng -HostName client
/// Export-TcpCapture server.pcapng -HostName server
/// Import-TcpCapture client.pcapng, server.pcapng | Merge-TcpConversation | Format-List Client, Packets, Parts, File</code>
/// <para>The lost segment, which the server never saw, is counted; all others count once.</para>
/// </example>
[Cmdlet(VerbsData.Merge, "TcpConversation")]
[OutputType(typeof(ConversationData))]
public sealed class MergeTcpConversationCommand : TcpCmdlet
{
    private readonly List<ConversationData> _pieces = [];

    /// <summary>Conversations and pieces of conversations.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (PSObject input in InputObject)
        {
            if (ConversationReader.Read(input) is { } conversation)
            {
                _pieces.Add(conversation);
            }
            else
            {
                WriteError(ErrorRecords.NotAConversation(input));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (ConversationData merged in ConversationMerge.Merge(_pieces))
        {
            ThrowIfStopping();
            WriteObject(merged);
        }
    }
}
