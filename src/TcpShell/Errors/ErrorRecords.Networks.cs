using System.Globalization;
using System.Management.Automation;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Errors;

// Errors of networks, hosts and connections.
internal static partial class ErrorRecords
{
    /// <summary>A network was handed over from another runspace.</summary>
    public static ErrorRecord NetworkOfAnotherSession(TcpNetwork network) => Create(
        new InvalidOperationException($"The network '{network.Name}' was made in another session (runspace), and cannot be used in this one."),
        "NetworkOfAnotherSession",
        ErrorCategory.InvalidOperation,
        network,
        "Make the network where it is used: New-TcpNetwork inside of the script block or job. With the same seed it does the same.");

    /// <summary>A cmdlet for labs, and the network is a real one.</summary>
    public static ErrorRecord LabNeeded(TcpNetwork network) => Create(
        new InvalidOperationException($"'{network.Name}' is a real network: its time passes by itself, and its hosts are what they are."),
        "LabNeeded",
        ErrorCategory.InvalidOperation,
        network,
        "Make a lab with New-TcpNetwork, or name one with -Network. On a real network Wait-TcpState and Start-Sleep wait.");

    /// <summary>No host has that name or address.</summary>
    public static ErrorRecord HostNotFound(string nameOrAddress, TcpNetwork network) => Create(
        new ItemNotFoundException($"There is no host '{nameOrAddress}' in network '{network.Name}'."),
        "HostNotFound",
        ErrorCategory.ObjectNotFound,
        nameOrAddress,
        network.Hosts.Count == 0
            ? "The network has no hosts yet: New-TcpHost adds them."
            : $"Its hosts are {string.Join(", ", network.Hosts)}. New-TcpHost adds another.");

    /// <summary>A host cannot be added: name or address taken or impossible.</summary>
    public static ErrorRecord HostNotPossible(ArgumentException wrong, string name) => Create(
        Plain(wrong), "HostNotPossible", ErrorCategory.InvalidArgument, name, "Use a name and unicast addresses that no other host of the network has.");

    /// <summary>One address for several hosts.</summary>
    public static ErrorRecord AmbiguousAddress(string[] names) => Create(
        new ArgumentException($"One list of addresses cannot be given to {names.Length} hosts."),
        "AmbiguousAddress",
        ErrorCategory.InvalidArgument,
        names,
        "Make the hosts one by one, each with its addresses.");

    /// <summary>A text names no end point of the network.</summary>
    public static ErrorRecord EndpointNotFound(string? text, TcpNetwork network) => Create(
        new ItemNotFoundException(text is null
            ? $"No host of network '{network.Name}' listens, so there is nobody to call."
            : $"'{text}' names no end point that can be called in network '{network.Name}'."),
        "EndpointNotFound",
        ErrorCategory.ObjectNotFound,
        text,
        $"Write an address and a port (10.0.0.2:80, [fd00::2]:80), a host and a port (server:80), or a host that listens. Ports are 1 to 65535. Hosts: {(network.Hosts.Count == 0 ? "none yet, New-TcpHost adds them" : string.Join(", ", network.Hosts))}.");

    /// <summary>No scenario has that name.</summary>
    public static ErrorRecord ScenarioNotFound(string name) => Create(
        new ItemNotFoundException($"There is no scenario '{name}'."),
        "ScenarioNotFound",
        ErrorCategory.ObjectNotFound,
        name,
        "Test-TcpScenario -ListAvailable shows what there is; -ScriptBlock explores a lab of your own.");

    /// <summary>A value is outside of what it can be.</summary>
    public static ErrorRecord ValueOutOfRange(ArgumentOutOfRangeException wrong, object? value) => Create(
        Plain(wrong), "ValueOutOfRange", ErrorCategory.InvalidArgument, value, $"Give another value for {wrong.ParamName}; Get-Help tells what it can be.");

    /// <summary>No connection has that number in the network.</summary>
    public static ErrorRecord ConnectionNotFound(int id, TcpNetwork network) => Create(
        new ItemNotFoundException($"There is no connection {id} in network '{network.Name}'."),
        "ConnectionNotFound",
        ErrorCategory.ObjectNotFound,
        id,
        "Get-TcpConnection lists what there is, with -All the closed ones as well.");

    /// <summary>-Option names a setting that does not exist.</summary>
    public static ErrorRecord UnknownOption(string name, IEnumerable<string> names) => Create(
        new ArgumentException($"There is no option '{name}'."),
        "UnknownOption",
        ErrorCategory.InvalidArgument,
        name,
        $"The options are {string.Join(", ", names)}.");

    /// <summary>-Option has a value that the setting cannot take.</summary>
    public static ErrorRecord OptionOutOfRange(string name, object? value, Type type, Exception wrong)
    {
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        string kind = inner.IsEnum ? string.Join(" or ", Enum.GetNames(inner))
            : inner == typeof(bool) ? "$true or $false"
            : inner == typeof(TimeSpan) ? "a duration such as 200ms or 3s"
            : "a whole number up to 2147483647";
        return Create(
            new ArgumentException($"Option {name} cannot be '{value}': it is {kind}.", wrong),
            "OptionOutOfRange",
            ErrorCategory.InvalidArgument,
            value,
            $"Write -Option @{{ {name} = ... }} with {kind}.");
    }

    /// <summary>A connection ended with an error, or could not be opened.</summary>
    public static ErrorRecord ConnectionFailed(HostedConnection connection)
    {
        string cause = connection.StateChanges.Count > 0 ? $" ({connection.StateChanges[^1].Cause})" : "";
        (string id, string text, ErrorCategory category, string advice) = connection.Error switch
        {
            ConnectionError.Refused => ("ConnectionRefused", "was refused", ErrorCategory.ConnectionError, "Nothing listens there: New-TcpListener opens a port, Get-TcpConnection -State Listen shows the open ones."),
            ConnectionError.Reset => ("ConnectionReset", "was reset by the peer", ErrorCategory.ConnectionError, "Watch-TcpState -History and Get-TcpSegment show which segment did it and why."),
            ConnectionError.TimedOut => ("ConnectionTimedOut", "timed out", ErrorCategory.OperationTimeout, "The peer is down, or its segments are lost: Get-TcpSegment shows their fates, Get-TcpImpairment what is done to them."),
            ConnectionError.Unreachable => ("PeerUnreachable", "cannot be opened: an ICMP error says that the peer is unreachable", ErrorCategory.ConnectionError, "Get-TcpSegment shows which router said so and why, Get-TcpImpairment what makes routers refuse packets."),
            ConnectionError.UserTimeout => ("ConnectionTimedOut", "ran out of its user timeout", ErrorCategory.OperationTimeout, "Raise the option UserTimeout, or find out why nothing is acknowledged: Get-TcpSegment."),
            ConnectionError.HostStopped => ("HostStopped", "is gone with its host", ErrorCategory.ResourceUnavailable, "Restart-TcpHost brings the host back; the connection stays lost."),
            _ => ("ConnectionAborted", "was aborted at this end", ErrorCategory.OperationStopped, "Open a new connection."),
        };
        string known = connection.Error is ConnectionError.TimedOut or ConnectionError.UserTimeout ? Known(connection) : "";
        return Create(
            new InvalidOperationException($"The connection {connection.Local} -> {connection.Remote} {text}{cause}{known}."), id, category, connection, advice);
    }

    /// <summary>A connection is not open when the cmdlet's patience ends.</summary>
    public static ErrorRecord NotOpenYet(HostedConnection connection, TimeSpan limit) => Create(
        new TimeoutException($"The connection {connection.Local} -> {connection.Remote} is in {connection.State} after {Seconds(limit)} of {Clock(connection.Network)}{Known(connection)}."),
        "ConnectionNotOpen",
        ErrorCategory.OperationTimeout,
        connection,
        "It goes on trying: Wait-TcpState Established waits longer, Get-TcpSegment shows what happened to its SYNs.");

    // Soft errors end nothing, but are often the cause (RFC 9293 SHLD-25).
    private static string Known(HostedConnection connection) =>
        connection.LastIcmpError is { } error ? $"; {error.Source} has told by ICMP: {error}" : "";

    /// <summary>The send buffer could not take everything.</summary>
    public static ErrorRecord SendBufferFull(HostedConnection connection, int sent, int wanted) => Create(
        new InvalidOperationException($"Connection {connection.Id} took {sent} of {wanted} octets; its send buffer is full."),
        "SendBufferFull",
        ErrorCategory.LimitsExceeded,
        connection,
        connection.ReceiveQueue > 0
            ? $"This end holds {connection.ReceiveQueue} octets that nobody has received: Receive-TcpData first, the peer may wait for it. Then send the rest, from octet {sent} on."
            : $"The octets that were taken are on their way. Send the rest, from octet {sent} on, when there is room: the peer must read, or time must pass (no -NoWait, a longer -Timeout).");

    /// <summary>Less was received than asked for; the end of the stream counts as asked for where no number is given.</summary>
    public static ErrorRecord NothingReceived(HostedConnection connection, int received, int? wanted) => Create(
        new TimeoutException((wanted, received) switch
        {
            (null, 0) => $"Nothing has arrived on connection {connection.Id} (state {connection.State}).",
            (null, _) => $"Only {received} octets have arrived on connection {connection.Id} (state {connection.State}), and the peer has not closed.",
            _ => $"Only {received} of {wanted} octets have arrived on connection {connection.Id} (state {connection.State}).",
        }),
        "NothingReceived",
        ErrorCategory.OperationTimeout,
        connection,
        "The peer has sent no more: send something that it answers, or act on its end of the connection (Get-TcpConnection).");

    /// <summary>A segment cannot be put into a packet.</summary>
    public static ErrorRecord SegmentNotPossible(Exception wrong, object target) => Create(
        wrong is ArgumentException argument ? Plain(argument) : wrong, "SegmentNotPossible", ErrorCategory.InvalidArgument, target, "Both addresses are of one IP version, and options have at most 40 octets.");

    /// <summary>A state was not reached in time.</summary>
    public static ErrorRecord StateNotReached(HostedConnection connection, TcpState[] states, TimeSpan limit) => Create(
        new TimeoutException($"Connection {connection.Id} is in {connection.State} after {Seconds(limit)} of {Clock(connection.Network)}, not in {string.Join(" or ", states)}."),
        "StateNotReached",
        ErrorCategory.OperationTimeout,
        connection,
        "Wait longer with -Timeout, or look at what happens: Watch-TcpState.");

    /// <summary>A state cannot be reached any more.</summary>
    public static ErrorRecord StateCannotCome(HostedConnection connection, TcpState[] states) => Create(
        new InvalidOperationException(connection.State == TcpState.Closed
            ? $"Connection {connection.Id} is closed, so {string.Join(" or ", states)} cannot come."
            : $"Connection {connection.Id} stays in {connection.State}: nothing is left to happen in the network, so {string.Join(" or ", states)} cannot come."),
        "StateCannotCome",
        ErrorCategory.InvalidOperation,
        connection,
        connection.State == TcpState.Closed
            ? "Watch-TcpState -History tells how it closed. New-TcpConnection opens another."
            : "Somebody has to act: send, receive or close at one of the ends (Get-TcpConnection shows both).");

    /// <summary>A condition of Step-TcpNetwork did not come true.</summary>
    public static ErrorRecord ConditionNotReached(TcpNetwork network, ScriptBlock condition, TimeSpan limit) => Create(
        new TimeoutException(network.IsIdle
            ? $"Nothing is left to happen in network '{network.Name}', and the condition is not true."
            : $"The condition is not true after {Seconds(limit)} of {Clock(network)}."),
        "ConditionNotReached",
        ErrorCategory.OperationTimeout,
        condition,
        "Look at the condition and at what happened: Get-TcpSegment, Watch-TcpState -History.");

    /// <summary>No impairment has that number in the network.</summary>
    public static ErrorRecord ImpairmentNotFound(int id, TcpNetwork network) => Create(
        new ItemNotFoundException($"There is no impairment {id} in network '{network.Name}'."),
        "ImpairmentNotFound",
        ErrorCategory.ObjectNotFound,
        id,
        "Get-TcpImpairment lists what there is. Impairments of another network need -Network.");

    /// <summary>An object that no diagram can be made of.</summary>
    public static ErrorRecord NotDrawable(object input) => Create(
        new ArgumentException($"{KindOf(input)} cannot be drawn."),
        "NotDrawable",
        ErrorCategory.InvalidArgument,
        input,
        "Give segments (Get-TcpSegment, Import-TcpCapture -As Segment), connections, networks, or changes of state (Watch-TcpState).");

    /// <summary>A diagram of what only an end itself knows.</summary>
    public static ErrorRecord OnlyConnectionKnows(string kind, string what) => Create(
        new ArgumentException($"Segments do not show the {kind}, and there are only segments of {what}."),
        "OnlyConnectionKnows",
        ErrorCategory.InvalidArgument,
        kind,
        "Connections of a lab know it (Get-TcpConnection). Of a capture, Window and TimeSequence show what was in flight.");

    /// <summary>A kind of diagram that cannot be written in a format.</summary>
    public static ErrorRecord CannotDrawAs(string kind, string form) => Create(
        new ArgumentException($"A diagram of the kind {kind} cannot be written as {form}."),
        "CannotDrawAs",
        ErrorCategory.InvalidArgument,
        form,
        "Text draws all kinds, Svg all but State, Mermaid Sequence and State.");

    /// <summary>The sentence of an argument's exception without the name of a parameter that users do not know.</summary>
    private static ArgumentException Plain(ArgumentException wrong)
    {
        int end = wrong.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return new ArgumentException(end < 0 ? wrong.Message : wrong.Message[..end], wrong);
    }

    private static string Clock(TcpNetwork? network) => network?.IsRealTime == true ? "waiting" : "virtual time";

    private static string Seconds(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.###} s");
}
