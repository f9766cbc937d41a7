using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Lists the interfaces that this session has made and not removed.</summary>
/// <remarks>
/// <para>Each is a network with one host: what Get-TcpConnection, Get-TcpSegment and Watch-TcpState take as -Interface.</para>
/// </remarks>
/// <example>
/// <para>All of them</para>
/// <code>Get-TcpInterface</code>
/// <para>With their addresses, connections and packets.</para>
/// </example>
/// <example>
/// <para>Clean up</para>
/// <code>Get-TcpInterface | Remove-TcpInterface</code>
/// <para>Peers get a FIN, and whoever does not answer it a RST.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "TcpInterface")]
[OutputType(typeof(LiveNetwork))]
public sealed class GetTcpInterfaceCommand : TcpCmdlet
{
    /// <summary>Only those with these names, or objects of New-TcpInterface; wildcards are understood.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [InterfaceName]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name ?? ["*"])
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
            LiveNetwork[] found = [.. Lab.Interfaces.Where(candidate => pattern.IsMatch(candidate.Name))];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(ErrorRecords.InterfaceNotFound(name));
            }

            WriteObject(found, enumerateCollection: true);
        }
    }
}
