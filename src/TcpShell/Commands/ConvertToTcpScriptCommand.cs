using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Conversations;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Pcap.Analysis;
using TcpShell.Scripting;
using TcpShell.Scripting.Generation;
using TcpShell.Tracing;
using TcpShell.Transformation;
using TcpShell.Wire;

namespace TcpShell.Commands;

/// <summary>Makes a packetdrill script of what happened on a connection: in a lab, in the run of another script, or in a capture.</summary>
/// <remarks>
/// <para>One end is put under test. What it sent becomes what is expected of it, what reached it is sent by the script, and the calls of its program stand between. Those of a lab are known: nothing is inferred, and its scripts are exact; those of a capture are inferred: data went out when it was written, a FIN when it was closed, a reset when it was aborted; what was acknowledged was read, unless the window says otherwise. Numbers count from the initial ones. The script passes where a TCP does what the recorded one did; Invoke-TcpScript tries that on this module's TCP.</para>
/// <para>What the SYN offered stands in the script as settings of the kernel. What a script cannot say of the TCP, such as how long it delays acknowledgments, is a profile: -As Profile gives it as JSON for Invoke-TcpScript -Profile. Scripts of labs are run with -Profile lab.</para>
/// <para>A capture that was taken far from the end under test is corrected by the time that its handshake shows, and what its host joined or saw late is put where the host saw it; the script's first lines say so. A connection whose first SYN is missing gives an error, and so does a capture in which the end under test acknowledges what is not there.</para>
/// </remarks>
/// <example>
/// <para>From a lab to a script and back</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection -PassThru | ConvertTo-TcpScript > hello.pkt
/// Invoke-TcpScript hello.pkt -Profile lab</code>
/// <para>Passes: the client does again what it did.</para>
/// </example>
/// <example>
/// <para>A stream of a capture, with its server under test</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' | Out-Null
/// Export-TcpCapture lab.pcapng
/// $stream = Import-TcpCapture lab.pcapng -Stream 0
/// $stream | ConvertTo-TcpScript -Side Server > server.pkt
/// $stream | ConvertTo-TcpScript -Side Server -As Profile > server.json
/// Invoke-TcpScript server.pkt -Profile ./server.json</code>
/// <para>The script, and what the capture shows of the server's TCP.</para>
/// </example>
[Cmdlet(VerbsData.ConvertTo, "TcpScript", DefaultParameterSetName = NetworkSet)]
[OutputType(typeof(string))]
public sealed class ConvertToTcpScriptCommand : NetworkCmdlet
{
    private const string NetworkSet = "Network";
    private const string ObjectSet = "InputObject";

    private readonly List<SegmentRecord> _segments = [];
    private readonly List<TcpConversation> _conversations = [];
    private readonly HashSet<int> _streams = [];
    private int _scripts;

    /// <summary>Segments (of Get-TcpSegment or Import-TcpCapture -As Segment), connections, conversations of Import-TcpCapture, whose capture is read again, or results of Invoke-TcpScript -Trace.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public PSObject[] InputObject { get; set; } = null!;

    /// <summary>The network, of which each connection becomes a script; the current one by default.</summary>
    [Parameter(ParameterSetName = NetworkSet)]
    public TcpNetwork? Network { get; set; }

    /// <summary>The end under test: Client, which opened the connection, or Server. By default that of a connection object, or that which a script had under test; else the client.</summary>
    [Parameter]
    [Choice]
    public ScriptSide? Side { get; set; }

    /// <summary>The numbers of the streams that become scripts; by default all. Each becomes a script of its own.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    [ValidateNotNullOrEmpty]
    public int[]? Stream { get; set; }

    /// <summary>What to give: Script, or Profile, the JSON text for Invoke-TcpScript -Profile.</summary>
    [Parameter]
    [ValidateSet("Script", "Profile")]
    public string As { get; set; } = "Script";

    /// <summary>Counts times from the start of the script, not from the event before.</summary>
    [Parameter]
    public SwitchParameter AbsoluteTime { get; set; }

    /// <summary>How far an event may be from its time. By default packetdrill's 4 ms for labs and 10 ms for captures.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Tolerance { get; set; }

    /// <summary>States the windows of the end under test; else only a closed one is stated.</summary>
    [Parameter]
    public SwitchParameter Window { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == NetworkSet)
        {
            Convert(Resolve(Network));
            return;
        }

        foreach (PSObject input in InputObject)
        {
            Take(input.BaseObject is PSCustomObject ? input : input.BaseObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        WriteStreams(_segments, "", null);
        foreach ((TcpConversation conversation, List<SegmentRecord> segments) in new CaptureImport(this, new(), filter: null, CancelToken).SegmentsOfEach(_conversations))
        {
            WriteStreams(segments, System.IO.Path.GetFileName(conversation.Files[0]), conversation);
        }

        foreach (int stream in (Stream ?? []).Where(stream => !_streams.Contains(stream)))
        {
            WriteError(ErrorRecords.StreamNotFound(stream, _streams));
        }

        // Whoever sends them to one file gets something that is no script.
        if (_scripts > 1)
        {
            WriteWarning($"{_scripts} connections became {_scripts} texts, and each needs a file of its own: -Stream chooses, and so does a connection as input.");
        }
    }

    private void Take(object input)
    {
        switch (input)
        {
            case SegmentRecord segment:
                _segments.Add(segment);
                break;
            case HostedConnection connection:
                Convert(connection);
                break;
            case TcpNetwork network:
                Convert(Resolve(network));
                break;
            case TcpConversation conversation when ConversationReader.CanReadAgain(conversation):
                _conversations.Add(conversation);
                break;
            case ScriptResult { Verdict: ScriptVerdict.Invalid } invalid:
                WriteError(ErrorRecords.ScriptNotRun(invalid));
                break;
            case ScriptResult result:
                WriteStreams(result.Segments, System.IO.Path.GetFileName(result.Path) ?? "", result);
                break;
            default:
                WriteError(ConversationReader.Read(PSObject.AsPSObject(input)) is null ? ErrorRecords.NotScriptable(input) : ErrorRecords.NoCaptureFile(input));
                break;
        }
    }

    private void Convert(TcpNetwork network) => WriteStreams(SegmentRecorder.Record([.. network.Trace]), $"network '{network.Name}'", network);

    private void Convert(HostedConnection connection)
    {
        TcpNetwork network = NetworkOf(connection);
        IEnumerable<SegmentRecord> segments = SegmentRecorder.Record([.. network.Trace]).Where(connection.Joins);

        // The same addresses and ports may have been used before.
        SegmentRecord[] own = [.. segments.GroupBy(segment => segment.Stream)
            .Where(stream => stream.Any(segment => segment.ConnectionId == connection.Id))
            .SelectMany(stream => stream)];
        ScriptSide role = connection.Role == ConnectionRole.Server ? ScriptSide.Server : ScriptSide.Client;
        WriteStreams(own, $"connection {connection.Id} of network '{network.Name}'", connection, role);
    }

    /// <summary>Makes a script of each stream.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="origin">Where they come from, in words.</param>
    /// <param name="input">Of what they are, where it is an error that there are none; null for segments themselves.</param>
    /// <param name="side">The end that the input stands for; null if it stands for none.</param>
    private void WriteStreams(IEnumerable<SegmentRecord> segments, string origin, object? input, ScriptSide? side = null)
    {
        IGrouping<int, SegmentRecord>[] streams = [.. segments.GroupBy(segment => segment.Stream)];
        _streams.UnionWith(streams.Select(stream => stream.Key));
        if (streams.Length == 0 && input is not null)
        {
            WriteError(ErrorRecords.NoSegments(origin == "" ? "the run of a script" : origin, input));
        }

        foreach (IGrouping<int, SegmentRecord> stream in streams.Where(stream => Stream?.Contains(stream.Key) ?? true))
        {
            ThrowIfStopping();
            SegmentRecord[] own = [.. stream.DistinctBy(segment => segment.Number)];
            var options = new ScriptGenerationOptions
            {
                Side = Side ?? side ?? SideUnderTest(own),
                AbsoluteTimes = AbsoluteTime,
                Tolerance = Tolerance,
                StateWindows = Window,
                Origin = side is null ? $"{(origin == "" ? "" : $"{origin}, ")}stream {stream.Key}" : origin,
            };
            try
            {
                GeneratedScript script = ScriptGenerator.Generate(own, options);
                if (!script.ExpectsPackets)
                {
                    WriteError(ErrorRecords.NothingUnderTest(options.Side, options.Origin));
                    continue;
                }

                WriteObject(As == "Profile" ? script.Profile.ToJson() : script.Text.TrimEnd('\n'));
                _scripts++;
            }
            catch (ScriptGenerationException impossible)
            {
                WriteError(ErrorRecords.CannotMakeScript(impossible, options.Origin));
            }
        }
    }

    /// <summary>In the run of a script, whom the script does not play.</summary>
    private static ScriptSide SideUnderTest(SegmentRecord[] segments) =>
        segments is [var first, ..] && first.From == ScriptResult.PeerName && !first.Flags.Has(TcpFlags.ACK) ? ScriptSide.Server : ScriptSide.Client;
}
