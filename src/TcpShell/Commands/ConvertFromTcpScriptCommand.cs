using System.Collections;
using System.Management.Automation;
using System.Text;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Scripting;

namespace TcpShell.Commands;

/// <summary>Reads scripts in the packetdrill language and gives what happens in them as objects.</summary>
/// <remarks>
/// <para>A script says what a program and the other end of a connection do at which time, and what the TCP under test must answer. Each packet, system call, code block and command line becomes one object with its time, its line and its parts; nothing is run. Written as text, an event is packetdrill's notation again.</para>
/// <para>A text that is no script gives one error, with line, column and what was expected there.</para>
/// </remarks>
/// <example>
/// <para>The segments that a TCP must send</para>
/// <code>@'
/// 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
/// +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
/// +0 > S 0:0(0) &lt;mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7&gt;
/// +1 > S 0:0(0) &lt;mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale 7&gt;
/// '@ | ConvertFrom-TcpScript | Where-Object Kind -EQ OutboundPacket</code>
/// <para>A SYN, and the same one a second later.</para>
/// </example>
/// <example>
/// <para>A whole script with its options</para>
/// <code>$script = '--tolerance_usecs=10000', '0 close(3) = 0' | ConvertFrom-TcpScript -As Script
/// $script.FindOption('tolerance_usecs')
/// "$script"</code>
/// <para>The value of an option, and the script as text again.</para>
/// </example>
[Cmdlet(VerbsData.ConvertFrom, "TcpScript", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ScriptEvent), typeof(TcpScript))]
public sealed class ConvertFromTcpScriptCommand : FileCmdlet
{
    private const string InputObjectSet = "InputObject";

    private readonly StringBuilder _text = new();
    private Dictionary<string, string> _definitions = [];

    /// <summary>The text of one script; several strings are its lines.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [AllowEmptyString]
    public string[] InputObject { get; set; } = null!;

    /// <summary>Files with scripts; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = null!;

    /// <summary>Files with scripts, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = null!;

    /// <summary>Words of the script and what they stand for, a number or a text; they go before the script's own --define.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Define { get; set; } = new Dictionary<string, string>();

    /// <summary>What to give: Event, one object for each event; or Script, one object for each script, with its options.</summary>
    [Parameter]
    [ValidateSet("Event", "Script")]
    public string As { get; set; } = "Event";

    /// <inheritdoc/>
    protected override void BeginProcessing() => _definitions = ScriptFile.Definitions(this, Define);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            // Beyond what a script may have, the rest makes no difference.
            foreach (string line in InputObject)
            {
                if (_text.Length <= TcpScript.MaximumLength)
                {
                    _text.Append(line).Append('\n');
                }
            }

            return;
        }

        foreach (string file in ResolveFiles(ParameterSetName == PathSet ? Path : LiteralPath))
        {
            try
            {
                Convert(ScriptFile.Read(file), file);
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                WriteError(ErrorRecords.FileNotReadable(failed, file));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == InputObjectSet)
        {
            Convert(_text.ToString(), null);
        }
    }

    private void Convert(string text, string? file)
    {
        TcpScript script;
        try
        {
            script = TcpScript.Parse(text, file, _definitions);
        }
        catch (TcpScriptException wrong)
        {
            WriteError(ErrorRecords.ScriptNotUnderstood(wrong, file));
            return;
        }

        if (As == "Script")
        {
            WriteObject(script);
        }
        else
        {
            WriteObject(script.Events, enumerateCollection: true);
        }
    }
}
