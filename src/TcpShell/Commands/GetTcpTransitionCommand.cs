using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Gets the edges of the TCP state diagram: which event moves a connection from which state to which, and why.</summary>
/// <remarks>
/// <para>
/// All connections here follow one table of transitions, made from RFC 9293 (figure 5 and section 3.10). This command shows it, whole or in parts. Each
/// edge says what is sent on the way, which section of the RFC asks for it, and in one sentence why.
/// </para>
/// <para>
/// What comes down the pipeline chooses edges by its properties: a connection gives those that leave its present state; a change of
/// state, from Watch-TcpState, gives the edge that was taken.
/// </para>
/// </remarks>
/// <example>
/// <para>What can happen to an open connection</para>
/// <code>Get-TcpTransition -From Established</code>
/// <para>Each line is one event: the peer's FIN, the user's close, a reset, a timeout.</para>
/// </example>
/// <example>
/// <para>All ways into TIME-WAIT, explained</para>
/// <code>Get-TcpTransition -To TIME_WAIT | Format-List</code>
/// <para>States can be written as the RFC, netstat or PowerShell write them. The list view shows the explanation of each edge.</para>
/// </example>
/// <example>
/// <para>Where a reset leads</para>
/// <code>Get-TcpTransition -Event RstArrives | Group-Object To</code>
/// <para>Nearly everywhere it ends the connection; a half-open passive connection goes back to LISTEN.</para>
/// </example>
/// <seealso href="about_TcpStates"/>
/// <seealso href="https://www.rfc-editor.org/rfc/rfc9293#section-3.3.2">RFC 9293, section 3.3.2</seealso>
[Cmdlet(VerbsCommon.Get, "TcpTransition")]
[OutputType(typeof(TcpTransition))]
public sealed class GetTcpTransitionCommand : TcpCmdlet
{
    /// <summary>The states before the change. All states if left out. A piped connection's state is taken.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("State")]
    [TcpState]
    public TcpState[]? From { get; set; }

    /// <summary>The states after the change. All states if left out.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [TcpState]
    public TcpState[]? To { get; set; }

    /// <summary>What moves the connection: a user's call, the arrival of a segment, a timer, or the host's fate. All events if left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Choice(AllowsSeveral = true)]
    public TransitionEvent[]? Event { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(TcpTransitions.All.Where(IsWanted), enumerateCollection: true);

    private bool IsWanted(TcpTransition edge) => Allows(From, edge.From) && Allows(To, edge.To) && Allows(Event, edge.Event);

    private static bool Allows<T>(T[]? wanted, T value) => wanted is null || wanted.Contains(value);
}
