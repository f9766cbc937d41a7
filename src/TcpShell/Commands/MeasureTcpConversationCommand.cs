using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Pcap.Tables;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Sums up many conversations: how much, who talks most, how much is sent again, how long round trips take, and what fails.</summary>
/// <remarks>
/// <para>Conversations come from Import-TcpCapture, here or on other machines, from Merge-TcpConversation, or from a table of Export-TcpConversation (Get-Content x.jsonl | ConvertFrom-Json, or Import-Csv x.csv). All of them give one sum, with -By one for each group. Failures has the causes of what failed, TopTalkers the addresses that sent most.</para>
/// <para>Percentiles are those of the handshakes' round trips, one for each conversation; the value at place p·n of n sorted ones, as ClickHouse's quantileExact has it.</para>
/// </remarks>
/// <example>
/// <para>A capture in one line</para>
/// <code>1..3 | ForEach-Object { New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection }
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Measure-TcpConversation</code>
/// <para>Format-List shows the failures and the talkers as well.</para>
/// </example>
/// <example>
/// <para>Who sent most?</para>
/// <code>New-TcpConnection | Send-TcpData ('x' * 20000)
/// Export-TcpCapture lab.pcapng
/// (Import-TcpCapture lab.pcapng | Measure-TcpConversation -Top 3).TopTalkers</code>
/// <para>Each address with the octets that it sent.</para>
/// </example>
/// <example>
/// <para>What is sent again, hour by hour</para>
/// <code>New-TcpConnection | Send-TcpData 'hello'
/// Export-TcpCapture lab.pcapng
/// Import-TcpCapture lab.pcapng | Measure-TcpConversation -By Hour | Select-Object Group, RetransmissionRate</code>
/// <para>Hours are in UTC; a conversation belongs to the one in which it began.</para>
/// </example>
[Cmdlet(VerbsDiagnostic.Measure, "TcpConversation")]
[OutputType(typeof(ConversationSummary))]
public sealed class MeasureTcpConversationCommand : TcpCmdlet
{
    private ConversationMeasure? _measure;

    /// <summary>Conversations.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>By what conversations are put together: Client, Server, Port (the server's), Ended, Hour (in UTC), Host (the machine that read the capture), or File. By several, a group has all of them in common.</summary>
    [Parameter]
    [Choice(AllowsSeveral = true)]
    [ValidateNotNullOrEmpty]
    public ConversationGrouping[] By { get; set; } = [ConversationGrouping.None];

    /// <summary>How many of the addresses that sent most are named.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public int Top { get; set; } = 10;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (PSObject input in InputObject)
        {
            if (ConversationReader.Read(input) is { } conversation)
            {
                (_measure ??= new ConversationMeasure(By, Top)).Add(conversation);
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
        // null would be an object as well.
        if (_measure is not null)
        {
            WriteObject(_measure.Summaries(), enumerateCollection: true);
        }
    }
}
